"""What was read of one picture, arranged: rows, grids, and every label with the value it may have.

In: the lines and tables of readings. Out: `Page` with `Grid`s and `Pair`s. A pair is only a possibility ("below" and
"beside" both stand in a form); `fields.py` decides which of them a question means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from visual_agent.engines.planner.asked.extracts import looks_like_name
from visual_agent.engines.planner.page.grids import Grid, arrange
from visual_agent.engines.planner.page.labels import defined, is_role, prefixed
from visual_agent.engines.planner.page.observed import Item, Observed
from visual_agent.engines.planner.text.folding import has_han
from visual_agent.engines.planner.text.values import is_numeric, values
from visual_agent.engines.planner.text.words import Words, words

_COLON = re.compile(r"[:：]\s*")
_GREETING = re.compile(r"\s*((?:Dear|To|Attn:?)(?![a-z])|尊敬的|致)\s*[:：]?\s*([^\d,，:：]{2,40}?)\s*[,，:：]?\s*$")
_RANGE = re.compile(r"\s*(?:[-–—~至到]|to|until|till)\s*")
_CODE = re.compile(
    r"(.{2,40}?(?:\bno\b\.?|\bnumber|#|\bcode|\bid|\bref\b\.?|\blot|\bbatch|号码?|编号|代码))"
    r"\s*[:：]?\s*([A-Z0-9][A-Z0-9 /.-]*\d[A-Z0-9 /.-]*)\s*$",
    re.IGNORECASE,
)
_LEADER = re.compile(r"[.·…_\s]{3,}")


@dataclass(frozen=True)
class Pair:
    """A label and a value that may belong to it.

    `label` and `value` are texts, `ids` the regions of the value, `label_ids` those of the label. `context` are texts
    that the value stands under as well (column headings, a section's title). `relation` says how they stand:
    "colon", "cell", "beside", "below", "above", "inside", "card". `prior` is 0..1.
    """

    label: str
    value: str
    ids: tuple[str, ...]
    label_ids: tuple[str, ...]
    relation: str
    prior: float
    context: tuple[str, ...] = ()
    score: float = 1.0


@dataclass(frozen=True)
class Page:
    """One picture as it was read. `lines` are all lines and cells in reading order."""

    name: str
    size: tuple[int, int]
    lines: tuple[Item, ...]
    loose: tuple[Item, ...]
    grids: tuple[Grid, ...]
    known: dict[str, Item] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """Everything that stands on the page."""
        return "\n".join(i.text for i in self.lines)

    @cached_property
    def words(self) -> Words:
        """The page's text, ready for comparing."""
        return words(self.text)

    @cached_property
    def rows(self) -> list[list[Item]]:
        """The loose lines by row, top to bottom, each from left to right."""
        return rows_of(self.loose)

    @cached_property
    def every_row(self) -> list[list[Item]]:
        """The rows of the loose lines and of the tables."""
        return [*self.rows, *(row for grid in self.grids for row in grid.filled)]

    @cached_property
    def blocks(self) -> list[list[Item]]:
        """Loose lines that stand close under each other, as a sentence that wraps or a card."""
        return blocks_of(self.loose)

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every label with a value that may belong to it."""
        return [*_grid_pairs(self), *_line_pairs(self), *_neighbours(self), *_block_pairs(self), *_unmarked(self)]

    def weakest(self, ids: Iterable[str]) -> float:
        """The least score of some regions (0..1), 1 where none is known."""
        return min((self.known[i].score for i in ids if i in self.known), default=1.0)


def build(name: str, readings: Sequence[Observed]) -> Page:
    """One picture's page from everything that was read of it; of two readings of a place the better one stays."""
    lines: list[Item] = []
    tables = []
    size = (0, 0)
    for reading in readings:
        size = reading.size
        if reading.part is None:
            lines, tables = list(reading.lines), list(reading.tables)
            continue
        known = {i.id for i in lines} | {c.id for t in tables for r in t for c in r if c}
        fresh = [i for i in reading.lines if i.id not in known]
        lines = _replace(lines, fresh)
    grids, loose = arrange(tables, lines)
    cells = [c for g in grids for c in g.cells]
    every = sorted([*loose, *cells], key=lambda i: (i.middle[1], i.box[0]))
    ordered = tuple(i for row in rows_of(every) for i in row)
    return Page(name, size, ordered, tuple(loose), tuple(grids), {i.id: i for i in ordered})


def _replace(lines: list[Item], fresh: Iterable[Item]) -> list[Item]:
    """A second look at a place takes over where it is at least as sure."""
    for item in fresh:
        same = [o for o in lines if _overlap(o, item) > 0.5]
        if all(o.score <= item.score for o in same):
            lines = [o for o in lines if o not in same] + [item]
    return lines


def _overlap(a: Item, b: Item) -> float:
    """Shared area over the smaller one's."""
    w = min(a.box[2], b.box[2]) - max(a.box[0], b.box[0])
    h = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    small = min((i.box[2] - i.box[0]) * (i.box[3] - i.box[1]) for i in (a, b))
    return max(w, 0) * max(h, 0) / max(small, 1e-6)


def rows_of(items: Iterable[Item]) -> list[list[Item]]:
    """Items by row: an item joins a row when its middle is within half a line's height of its nearest neighbour's."""
    rows: list[list[Item]] = []
    for item in sorted(items, key=lambda i: i.middle[1]):
        for row in reversed(rows[-4:]):
            near = min(row, key=lambda o: abs(o.middle[0] - item.middle[0]))
            apart = abs(near.middle[1] - item.middle[1])
            if apart < 0.5 * min(near.height, item.height) + 1 and not _same_columns(near, item):
                row.append(item)
                break
        else:
            rows.append([item])
    return [sorted(row, key=lambda i: i.box[0]) for row in rows]


def _same_columns(a: Item, b: Item) -> bool:
    """Whether two items stand over each other rather than side by side."""
    return min(a.box[2], b.box[2]) - max(a.box[0], b.box[0]) > 0.3 * min(a.box[2] - a.box[0], b.box[2] - b.box[0])


def across(a: Item, b: Item) -> float:
    """Shared width over the narrower one's, negative when apart."""
    return (min(a.box[2], b.box[2]) - max(a.box[0], b.box[0])) / max(min(a.box[2] - a.box[0], b.box[2] - b.box[0]), 1)


def blocks_of(items: Sequence[Item]) -> list[list[Item]]:
    """Groups of lines close under each other, top to bottom."""
    ordered = sorted(items, key=lambda i: i.box[1])
    group = {id(i): [i] for i in ordered}
    for index, upper in enumerate(ordered):
        for lower in ordered[index + 1 :]:
            gap = lower.box[1] - upper.box[3]
            if gap > 1.2 * max(upper.height, lower.height):
                break
            if gap > 0.9 * min(upper.height, lower.height) or across(upper, lower) < 0.3:
                continue
            one, two = group[id(upper)], group[id(lower)]
            if one is not two:
                one.extend(two)
                for member in two:
                    group[id(member)] = one
    found = {id(g): g for g in group.values()}
    return [sorted(g, key=lambda i: (i.box[1], i.box[0])) for g in found.values()]


# --- pairs ---------------------------------------------------------------------------------------------------------


def _grid_pairs(page: Page) -> list[Pair]:
    found = []
    for grid in page.grids:
        for label, value, context, weight in grid.readings():
            if complete(value) or any(complete(i) for i in label):
                continue
            found.append(
                Pair(
                    " ".join(i.text for i in label),
                    value.text,
                    (value.id,),
                    tuple(i.id for i in label),
                    "cell",
                    weight,
                    context,
                    value.score,
                )
            )
    return found


def _line_pairs(page: Page) -> list[Pair]:
    """Labels and values inside one line: "Date: 3 May", "TOTAL 12.30", "P2 spaces left 137"."""
    found = []
    for item in page.lines:
        heading = _heading(page, item)
        around = (*heading, item.text)
        if complete(item):
            whole = labelled(item.text) if not re.search(r"\s[·•|]\s", item.text) else []
            found += [_inside(item, label, value, "colon", 1.0, heading) for label, value in whole]
        greeted = _GREETING.match(item.text)
        if greeted:
            found.append(_inside(item, greeted[1], greeted[2], "colon", 1.0, heading))
        code = _CODE.match(item.text)
        if not code:
            found += [_inside(item, label, value, "inside", 0.9, around) for label, value in split_line(item.text)]
        else:
            found.append(_inside(item, code[1], code[2], "inside", 0.97, heading))
        found += [_inside(item, label, value, "inside", 1.0, heading) for label, value in spaced(item.text)]
        segments = [s.strip() for s in re.split(r"\s*[·•|]\s*", item.text) if s.strip()]
        found += [_inside(item, segments[0], s, "inside", 0.85, around) for s in segments[1:] if not complete(item)]
        marked = [s for s in segments if len(segments) > 1 and _COLON.search(s)]
        found += [_inside(item, label, v, "colon", 1.0, heading) for s in marked for label, v in labelled(s)]
    return found


def labelled(text: str) -> list[tuple[str, str]]:
    """The labels and values of "Name: Ann  Room: 4"."""
    marks = list(re.finditer(r"(?:^|(?<=\s))([^\s:：][^:：]{0,24}?)[:：]\s*(?!//)", text))
    marks = [m for n, m in enumerate(marks) if n == 0 or (" " not in m[1] and not m[1][-1].isdigit())]
    out = []
    for mark, after in zip(marks, [*marks, None][1:], strict=True):
        value = text[mark.end() : after.start() if after else len(text)].strip()
        if value:
            out.append((mark[1].strip(), value))
    whole = _COLON.split(text, maxsplit=1)
    return out if len(out) > 1 else [(whole[0].strip(), whole[1].strip())]


def spaced(text: str) -> list[tuple[str, str]]:
    """The labels and values of "收件人 罗静宜  件数 2": labels that the lexicon knows with only a space behind."""
    parts = text.split()
    if len(parts) < 2 or not has_han(parts[0]) or _COLON.search(text.replace(parts[-1], "")):
        return []
    if len(parts) == 2 and len(parts[0]) <= 4 and looks_like_name(parts[1]) and not looks_like_name(parts[0]):
        return [(parts[0], parts[1])]
    marks = [n for n, p in enumerate(parts[:-1]) if _names_field(p) and (n == 0 or not _names_field(parts[n - 1]))]
    if not marks or marks[0]:
        return []
    out = []
    for start, end in zip(marks, [*marks[1:], len(parts)], strict=True):
        out.append((parts[start], parts[start + 1]))
        if end > start + 2:
            out.append((parts[start], " ".join(parts[start + 1 : end])))
    return out


def _names_field(text: str) -> bool:
    """Whether a word is a label: Hanzi that the lexicon knows as a whole."""
    said = words(text)
    return len(text) <= 8 and len(said.terms) == 1 and said.terms[0].kind == "concept" and not values(text)


def split_line(text: str) -> list[tuple[str, str]]:
    """The values in a line, each with its label: what stands before it, and the unit right behind it."""
    found = []
    for clause in re.split(r"[;；,，。·•|]\s*(?!\d{3}(?!\d))", text):
        inside = values(clause)
        before = ""
        for n, value in enumerate(inside):
            start = inside[n - 1].end if n else 0
            unit = re.match(r"\s?(?!至|到|to\b|until\b)[^\W\d_]+", clause[value.end :])
            rest = clause[start : value.start] + " " + (unit[0] if unit else "")
            if len(inside) == 1:
                rest = clause[: value.start] + " " + clause[value.end :]
            if n and _RANGE.fullmatch(clause[start : value.start]) and inside[n - 1].kind == value.kind:
                found.append((before, clause[inside[n - 1].start : value.end]))
                rest = f"{before} {rest} ends"
            before = rest
            if re.search(r"[(（]\s*$", clause[: value.start]):
                continue  # "rice (10 kg)": a remark on the label
            rest = _LEADER.sub(" ", rest).strip(" :：-–—.=*(（)）/@")
            if sum(c.isalpha() for c in rest) >= 1:
                found.append((rest, value.text))
    return found


def is_code(text: str) -> bool:
    """Whether a line is a label with an identifier ("Tracking no. SB 7741"), whose digits are no values."""
    return _CODE.match(text) is not None


def complete(item: Item) -> bool:
    """Whether a line holds label and value itself ("Date: 3 May", "TOTAL 12.30"), so that it is neither to others."""
    parts = _COLON.split(item.text, maxsplit=1)
    return len(parts) == 2 and bool(parts[0].strip()) and bool(parts[1].strip()) and not re.search(r"\d$", parts[0])


def _inside(item: Item, label: str, value: str, relation: str, prior: float, context: tuple[str, ...]) -> Pair:
    ids = (item.id,)
    return Pair(label.strip(), value.strip(), ids, ids, relation, prior, context, item.score)


def _heading(page: Page, item: Item) -> tuple[str, ...]:
    """The nearest line above without digits and values that is as long at most: a section's title."""
    best = None
    for other in page.loose:
        if other is item or other.box[3] > item.box[1] + 0.3 * item.height or is_numeric(other.text):
            continue
        if across(other, item) <= 0 or _COLON.search(other.text[:-1]):
            continue
        if best is None or other.box[3] > best.box[3]:
            best = other
    return (best.text,) if best is not None and len(best.text) < 60 else ()


def _neighbours(page: Page) -> list[Pair]:
    """The loose line to the right of a line, the one below it, and the number above it."""
    single = [i for i in page.loose if not complete(i)]
    below = {i.id: under for i in single if (under := _under(i, single)) is not None}
    found = []
    for row in page.rows:
        for label, value in pairwise(row):
            if complete(label) or complete(value) or not _may_label(label):
                continue
            prior = 0.6 if _captions(label, value, below) else 0.95
            found.append(_pair(label, value, "beside", prior, _heading(page, label)))
    for label in single:
        if not _may_label(label):
            continue
        if label.id in below:
            tight = _gap(label, below[label.id]) < 0.5 * label.height
            prior = 0.95 if tight and _stands_apart(label, below) else 0.85
            found.append(_pair(label, below[label.id], "below", prior, ()))
        above = [
            o
            for o in single
            if o is not label and o.box[3] <= label.middle[1] and across(label, o) > 0.4 and is_numeric(o.text)
        ]
        if above and not is_numeric(label.text):
            value = max(above, key=lambda o: o.box[3])
            found.append(_pair(label, value, "above", 0.7 if _near(value, label, 2.0) else 0.6, ()))
    return found


def _under(label: Item, items: Sequence[Item]) -> Item | None:
    """The nearest line close below another."""
    near = [
        o
        for o in items
        if o is not label and o.box[1] >= label.middle[1] and across(label, o) > 0.2 and _near(label, o, 2.2)
    ]
    return min(near, key=lambda o: o.box[1], default=None)


def _gap(upper: Item, lower: Item) -> float:
    return lower.box[1] - upper.box[3]


def _stands_apart(label: Item, below: dict[str, Item]) -> bool:
    """Whether a label and the line under it are a couple: what follows stands clearly farther away."""
    value = below[label.id]
    after = below.get(value.id)
    return after is None or _gap(value, after) > max(0.6 * value.height, 2 * max(_gap(label, value), 1.0))


def _captions(left: Item, right: Item, below: dict[str, Item]) -> bool:
    """Whether two lines side by side are both small captions over values of their own."""
    if left.id not in below or right.id not in below:
        return False
    alike = abs(left.height - right.height) < 0.2 * left.height
    tight = all(_gap(i, below[i.id]) < 0.5 * i.height for i in (left, right))
    return alike and tight and _stands_apart(left, below) and _stands_apart(right, below)


def _may_label(item: Item) -> bool:
    """Whether a line is short enough for a label; running text labels nothing."""
    text = item.text.strip()
    if re.search(r"\s?[·•|]\s?\S", text):
        return False
    width = sum(2 if ord(c) > 0x2E7F else 1 for c in text)
    closing = text.endswith((".", "。", ",", "，", ";")) and len(text.split()) > 3
    return width <= 44 and len(text.split()) <= 7 and not closing


def _near(upper: Item, lower: Item, lines: float) -> bool:
    return lower.box[1] - upper.box[3] < lines * max(upper.height, lower.height)


def _pair(label: Item, value: Item, relation: str, prior: float, context: tuple[str, ...]) -> Pair:
    text = label.text.rstrip(" :：")
    score = min(label.score, value.score)
    return Pair(text, value.text, (value.id,), (label.id,), relation, prior, context, score)


def _block_pairs(page: Page) -> list[Pair]:
    """Cards and wrapped sentences: the first line of a block is the label of every other line in it."""
    found = []
    for block in page.blocks:
        if len(block) < 2 or len(block) > 12 or any(complete(i) for i in block):
            continue
        head = block[0]
        if not _may_label(head):
            continue
        for item in block[1:]:
            context = tuple(i.text for i in block if i is not item and i is not head)
            found.append(_pair(head, item, "card", 0.75, context[:3]))
    return found


def _unmarked(page: Page) -> list[Pair]:
    """Labels without a colon: at a line's start, in brackets behind a party, under the name of who signs."""
    found = []
    for item in page.lines:
        start = prefixed(item.text)
        if start is not None:
            found.append(_inside(item, *start, "inside", 0.95, _heading(page, item)))
        found += [_inside(item, label, value, "inside", 1.0, ()) for label, value in defined(item.text)]
        if is_role(item.text) and not item.text.isupper():
            over = [
                o
                for o in page.lines
                if o is not item and o.box[3] <= item.middle[1] and across(item, o) > 0.4 and _near(o, item, 1.0)
            ]
            name = max(over, key=lambda o: o.box[3], default=None)
            if name is not None and looks_like_name(name.text) and not is_role(name.text):
                found.append(_pair(item, name, "above", 1.0, ()))
    return found
