"""Every number of a page with what it is called: the row it stands in, its column, the words around it.

In: a `Page`. Out: `Figure`s, from tables, loose rows, charts, cards, lines and sentences alike, so that calculations
need not know what a page looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from visual_agent.engines.planner.fields.tables import spelled
from visual_agent.engines.planner.figures.running import paragraphs, told
from visual_agent.engines.planner.page.charts import axis_numbers, charts
from visual_agent.engines.planner.page.grids import Grid
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, across, labelled
from visual_agent.engines.planner.page.records import transposed
from visual_agent.engines.planner.text.folding import has_han
from visual_agent.engines.planner.text.values import Value, is_numeric, values

_PRICED = re.compile(r"[…:：]|\.{3}|[£$€¥￥]\s?\d|\d\s?元")
"""A line with a value of its own, which is no name for others."""
_KINDS = ("amount", "percent", "number", "duration", "time", "date")


@dataclass(frozen=True)
class Figure:
    """A number: `name` is what its row is called, `head` its column's heading and unit, `also` what else stands near.

    `row` and `column` are the same for figures of one row or one column; `last` ones stand at their row's end.
    """

    number: float
    kind: str
    text: str
    name: str
    head: str
    also: str
    id: str
    row: str
    column: str
    page: str
    last: bool = False


def figures(page: Page) -> list[Figure]:
    """All figures of a page; a number may occur several times, under different names."""
    found = [f for n, grid in enumerate(page.grids) for f in _of_grid(grid, f"{page.name} table {n}", page)]
    turned = [(n, transposed(grid)) for n, grid in enumerate(page.grids) if grid.kind == "list"]
    found += [f for n, g in turned if g is not None for f in _of_grid(g, f"{page.name} table {n} turned", page)]
    for n, grid in enumerate(charts(page)):
        found += _of_grid(grid, f"{page.name} chart {n}", page)
    scale = {i.id for i in axis_numbers(page)}
    found += [f for f in _of_rows(page) if f.id not in scale]
    found += _of_blocks(page)
    names = {f.name for f in found}
    found += [f for f in _of_lines(page) if not any(page.known[f.id].text.strip() in name for name in names)]
    found += _of_sentences(page)
    last = {f.row: f.id for f in found}
    return [replace(f, last=True) if last[f.row] == f.id else f for f in found]


def valued(text: str) -> list[Value]:
    """The values of a text that can be reckoned with."""
    found = [v for v in values(text) if v.kind in _KINDS and (v.number is not None or v.day is not None)]
    return [v for v in found if v.kind != "number" or any(c.isdigit() for c in v.text)]


def clocked(found: Sequence[Figure], pages: Sequence[Page]) -> list[Figure]:
    """Dates of one day as the times beside them, in minutes; as they are where one has none."""
    if {f.kind for f in found} != {"date"} or len({f.number for f in found}) > 1:
        return list(found)
    known = {i: item for p in pages for i, item in p.known.items()}
    times = [[v for v in values(known[f.id].text) if v.kind == "time"] if f.id in known else [] for f in found]
    if not all(len(t) == 1 and t[0].number is not None for t in times):
        return list(found)
    return [
        replace(f, number=t[0].number or 0.0, kind="time", text=t[0].text) for f, t in zip(found, times, strict=True)
    ]


def _leading(text: str) -> Value | None:
    """The value that a cell stands for: it is the cell, or begins it ("22 per hour"); None for any other text."""
    found = valued(text)
    if found and (is_numeric(text) or (found[0].start <= 1 and found[0].kind in ("amount", "time"))):
        return found[0]
    return None


def magnitude(value: Value) -> float:
    """A value's number, a date's as its ordinal; 0 where it has none."""
    return value.number if value.number is not None else float(value.day.toordinal() if value.day else 0)


def _made(value: Value, item: Item, name: str, head: str, also: str, row: str, column: str, page: Page) -> Figure:
    head = f"{head} {item.text.replace(value.text, ' ')}".strip()
    return Figure(magnitude(value), value.kind, value.text, name, head, also, item.id, row, column, page.name)


def _of_grid(grid: Grid, key: str, page: Page) -> Iterator[Figure]:
    starts = _block_starts(grid)
    heads = spelled([grid.head(c) for c in range(grid.width)])
    for r, row in enumerate(grid.body):
        labels: list[str] = []
        for c, cell in enumerate(row):
            if c in starts:
                labels = []
            value = _leading(cell.text) if cell is not None else None
            if cell is None:
                continue
            if value is None or (c == 0 and grid.width > 1 and value.kind not in ("time", "date")):
                labels.append(cell.text)
                continue
            if c == 0 and value.kind == "time":
                labels.append(cell.text)
            rest = [x.text for x in row if x is not None and x is not cell and _leading(x.text) is None]
            name = heads[c] if len(grid.body) == 1 and heads[c] else " ".join(labels if c else rest[:1])
            if name:
                also = " ".join((*rest, grid.title))
                yield _made(value, cell, name, heads[c], also, f"{key} row {r}", f"{key} column {c}", page)


def _block_starts(grid: Grid) -> set[int]:
    """Columns in which a second list begins beside the first, as on payslips: earnings, amount, deductions, amount."""
    numeric = [
        bool(column) and sum(_leading(i.text) is not None for i in column) >= 0.6 * len(column)
        for column in (grid.column(c) for c in range(grid.width))
    ]
    heads = [grid.head(c).strip() for c in range(grid.width)]
    twice = {h for h in heads if h and heads.count(h) > 1}
    alternating = grid.width >= 4 and numeric == [bool(c % 2) for c in range(grid.width)]
    if not twice and not alternating:
        return set()
    return {c for c in range(1, grid.width) if not numeric[c] and numeric[c - 1]}


def _of_rows(page: Page) -> Iterator[Figure]:
    """Loose lines side by side: a name and the numbers to its right, up to the next name."""
    columns = _columns(page)
    for r, row in enumerate(page.rows):
        name: Item | None = None
        block = 0
        for item in row:
            value = _leading(item.text)
            if value is None:
                name, block = item, block + 1
            elif name is not None:
                label = " ".join(t.text for t in (name, _beneath(name, page)) if t is not None)
                bar = len(row) == 2
                key = f"{page.name} rows {'of two' if bar else columns.get(item.id, 0)}"
                head = "" if bar else _head_over(item, page)
                for v in reversed(valued(item.text)):
                    yield _made(v, item, label, head, "", f"{page.name} row {r} {block}", key, page)


def _columns(page: Page) -> dict[str, int]:
    """Loose numbers by column: those whose right edges lie in one line."""
    found: dict[str, int] = {}
    last, column = -1e9, 0
    for item in sorted((i for i in page.loose if is_numeric(i.text)), key=lambda i: i.box[2]):
        column += item.box[2] - last > 0.6 * item.height
        last = item.box[2]
        found[item.id] = column
    return found


def _beneath(name: Item, page: Page) -> Item | None:
    """The line close under a name that goes on about it: a candidate's party, an item's remark."""
    near = [
        i
        for i in page.loose
        if i is not name
        and not is_numeric(i.text)
        and -0.3 * name.height < i.box[1] - name.box[3] < 0.6 * name.height
        and across(i, name) > 0.3
    ]
    alone = [i for i in near if not any(i in row and len(row) > 1 for row in page.rows)]
    return alone[0] if alone else None


def _head_over(item: Item, page: Page) -> str:
    """The nearest text without a number above an item: its column's heading."""
    over = [i for i in page.loose if i.box[3] <= item.middle[1] and across(i, item) > 0.3 and not is_numeric(i.text)]
    return max(over, key=lambda i: i.box[3]).text if over else ""


def _of_lines(page: Page) -> Iterator[Figure]:
    """Labels and values inside one line, with or without a colon: "Fee: 12", "Seats 90", "a table…… 40"."""
    prose = {i.id for lines in paragraphs(page) if _runs_on(" ".join(x.text for x in lines), len(lines)) for i in lines}
    for n, item in enumerate(page.lines):
        for part in re.split(r"\s*[|·•;；]\s*", item.text) if item.id not in prose else ():
            marked = re.search(r"[:：]\s*[^\d\s]|[^\d][:：]\s*\d", part) is not None
            for label, text in labelled(part) if marked else [(part, part)]:
                found = valued(text)
                if not found or not (marked or found[-1].start > 0 or found[-1].kind == "amount"):
                    continue
                value = found[0] if marked else found[-1]
                name = label if marked else part.replace(value.text, " ")
                name = re.sub(r"[.…·_\s]{2,}", " ", name).strip(" :：-–")
                if sum(c.isalpha() for c in name) >= 2 and len(name) < 60:
                    key = f"{page.name} line {n}"
                    yield _made(value, item, name, "", "", key, f"{page.name} lines", page)


def _runs_on(text: str, lines: int) -> bool:
    """Whether lines that stand close are sentences rather than a list."""
    return lines > 1 and re.search(r"[.,;，。；]\s?\w", text) is not None and "…" not in text


def _of_blocks(page: Page) -> Iterator[Figure]:
    """Cards: a name over lines with labels and values."""
    for n, block in enumerate(page.blocks):
        if not 2 <= len(block) <= 8 or is_numeric(block[0].text) or _PRICED.search(block[0].text):
            continue
        rest = " ".join(i.text for i in block[1:])
        for item in block[1:]:
            found = [v for v in valued(item.text) if v.kind != "date"]
            if len(found) == 1 and len(item.text) < 40:
                head = item.text.replace(found[0].text, " ").strip()
                key = f"{page.name} cards {head.casefold()}"
                yield _made(found[0], item, block[0].text, head, rest, f"{page.name} card {n}", key, page)


def _of_sentences(page: Page) -> Iterator[Figure]:
    """Numbers in running text, called by the words around them in their clause: "387 hedgehogs"."""
    for n, sentence in enumerate(told(page)):
        if len(sentence.text) < 25:
            continue
        for value in valued(sentence.text):
            before, after = sentence.text[: value.start], sentence.text[value.end :]
            right = re.match(r"\s?[^\s\d,，。;；.!?]{2,}", after)
            left = re.split(r"[,，。;；!?]\s", before)[-1]
            name = right[0] if right and value.kind in ("number", "duration") else " ".join(left.split()[-4:])
            if has_han(name):
                name = name[-8:] if name == left else name[:4]
            if name.strip():
                item = Item(sentence.ids[0], value.text, (0, 0, 0, 0))
                where = f"{page.name} sentence {n}"
                yield _made(value, item, name, "", sentence.text, where, f"{page.name} sentences", page)
