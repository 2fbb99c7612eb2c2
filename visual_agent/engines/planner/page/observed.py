"""What a tool said, read back: lines, tables, regions, counts, differences.

In: the text of an observation, in the forms that the tools write. Out: `Observed`. Text read from pictures stands in
it as data: a line is taken only in the exact place and form in which the tool writes lines, so a line of a picture
that imitates an observation stays a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from visual_agent.engines.planner.text.folding import mended

_NAME = r"[A-Za-z]\w*(?:\.[a-z]+\d+)*"
_BOX = r"\((-?\d+),(-?\d+),(-?\d+),(-?\d+)\)"
_READING = re.compile(rf"({_NAME}) is (\d+)x(\d+) pixels: (?:(\d+) lines? of text|no text found)(?: in {_BOX})?\.")
_LINE = re.compile(rf"\[(r\d+)\] {_BOX}(?: (\d\.\d+))?(?: (.*))?")
_TABLE = re.compile(rf"Table \d+ {_BOX}: \d+ rows, \d+ columns")
_CELL = re.compile(r"\s*(?:\[(r\d+)\]\s?(.*))?\s*", re.DOTALL)
_CROP = re.compile(rf"({_NAME}) is (\d+)x(\d+) pixels: the part {_BOX} of ({_NAME})")
_FOUND = re.compile(rf"({_NAME}): (?:(\d+) regions? for|nothing found for) ")
_COUNT = re.compile(rf"({_NAME}): (\d+) for ")
_COMPARED = re.compile(rf"({_NAME}) and ({_NAME}): (.*)")
_CHANGE = re.compile(
    rf"(?:\[(r\d+)\] ({_NAME}) {_BOX})?(?: \| )?(?:\[(r\d+)\] ({_NAME}) {_BOX})? "
    r"(text changed|text added|text removed|looks different)(?:: (.*))?"
)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Item:
    """A line or a table cell: its region id, text, box in pixels of its picture, and the reader's score."""

    id: str
    text: str
    box: Box
    score: float = 1.0

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.box[3] - self.box[1]

    @property
    def middle(self) -> tuple[float, float]:
        """Middle point (x, y)."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: regions and boxes on each side (None where that side has none), what kind, the texts."""

    before: Item | None
    after: Item | None
    kind: str
    text: str


@dataclass(frozen=True)
class Observed:
    """One observation.

    `kind` is "reading", "crop", "found", "count", "compared" or "other" (the tool refused or failed, too);
    `image` the picture it is about. Lines and cells are in pixels of that picture.
    """

    kind: str
    image: str = ""
    size: tuple[int, int] = (0, 0)
    lines: tuple[Item, ...] = ()
    tables: tuple[tuple[tuple[Item | None, ...], ...], ...] = ()
    part: Box | None = None
    parent: str = ""
    other: str = ""
    verdict: str = ""
    changes: tuple[Change, ...] = ()


def read(text: str) -> Observed:
    """Read an observation; what has no known form is of kind "other"."""
    text = text.strip()
    for pattern, reader in (
        (_READING, _reading),
        (_CROP, _crop),
        (_COMPARED, _compared),
        (_FOUND, _found),
        (_COUNT, _counted),
    ):
        match = pattern.match(text)
        if match:
            return reader(match, text)
    return Observed("other", verdict=text[:200])


def _floats(groups: tuple[str | None, ...]) -> Box:
    a, b, c, d = (float(g or 0) for g in groups)
    return a, b, c, d


def _item(match: re.Match[str]) -> Item:
    score = float(match[6]) if match[6] else 1.0
    return Item(match[1], mended((match[7] or "").strip()), _floats(match.groups()[1:5]), score)


def _reading(head: re.Match[str], text: str) -> Observed:
    size = (int(head[2]), int(head[3]))
    part = _floats(head.groups()[4:8]) if head[5] else None
    rows = text.splitlines()
    lines: list[Item] = []
    tables = []
    at, inside = 1, False
    wanted = int(head[4] or 0)
    while at < len(rows):
        row = rows[at]
        if not inside and row.strip() == "<<<":
            inside = True
        elif inside and row.strip() == ">>>" and len(lines) >= wanted:
            inside = False
        elif inside and (match := _LINE.fullmatch(row)):
            lines.append(_item(match))
        elif table := _TABLE.match(row):  # Inside the marks; observations recorded earlier have tables below them.
            body = []
            while at + 1 < len(rows) and rows[at + 1].startswith("|"):
                at += 1
                body.append(rows[at])
            tables.append(_table(_floats(table.groups()), body))
        at += 1
    return Observed("reading", head[1], size, tuple(lines), tuple(t for t in tables if t), part=part)


def _table(box: Box, rows: list[str]) -> tuple[tuple[Item | None, ...], ...]:
    """Cells of the rows; their boxes are estimated from the table's: even rows, columns as wide as their texts."""
    cells = [[_CELL.fullmatch(c) for c in row.strip().removeprefix("|").removesuffix("|").split("|")] for row in rows]
    count = max((len(r) for r in cells), default=0)
    if not count:
        return ()
    widths = [1.0] * count
    for row in cells:
        for i, cell in enumerate(row):
            widths[i] = max(widths[i], _width(cell[2]) if cell and cell[2] else 0.0)
    gap = 2.0
    scale = (box[2] - box[0]) / (sum(widths) + gap * (count - 1))
    lefts = [box[0] + scale * (sum(widths[:i]) + gap * i) for i in range(count)]
    step = (box[3] - box[1]) / max(len(rows), 1)
    out = []
    for r, row in enumerate(cells):
        items: list[Item | None] = []
        for i in range(count):
            cell = row[i] if i < len(row) else None
            if cell is None or not cell[1]:
                items.append(None)
                continue
            top = box[1] + step * r
            place = (lefts[i], top + 0.1 * step, lefts[i] + scale * widths[i], top + 0.9 * step)
            items.append(Item(cell[1], mended((cell[2] or "").strip()), place))
        out.append(tuple(items))
    return tuple(out)


def _width(text: str) -> float:
    """Width of a text in units of a Latin letter."""
    return sum(2.0 if ord(c) > 0x2E7F else 1.0 for c in text)


def _crop(head: re.Match[str], text: str) -> Observed:
    size = (int(head[2]), int(head[3]))
    return Observed("crop", head[1], size, part=_floats(head.groups()[3:7]), parent=head[8], verdict=text[:200])


def _found(head: re.Match[str], text: str) -> Observed:
    return Observed("found", head[1], lines=_regions(text))


def _counted(head: re.Match[str], text: str) -> Observed:
    return Observed("count", head[1], lines=_regions(text))


def _regions(text: str) -> tuple[Item, ...]:
    return tuple(_item(m) for row in text.splitlines()[1:] if (m := _LINE.fullmatch(row)))


def _compared(head: re.Match[str], text: str) -> Observed:
    changes = []
    for row in text.splitlines()[1:]:
        match = _CHANGE.match(row)
        if match and (match[1] or match[7]):
            before = Item(match[1], "", _floats(match.groups()[2:6])) if match[1] else None
            after = Item(match[7], "", _floats(match.groups()[8:12])) if match[7] else None
            if after is None and before is not None and match[2] == head[2]:
                before, after = None, before
            changes.append(Change(before, after, match[13], (match[14] or "").strip()))
    return Observed("compared", head[1], other=head[2], verdict=head[3].strip(), changes=tuple(changes))
