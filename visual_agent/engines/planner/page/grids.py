"""Tables: which cells are headings, and which label each value has.

In: tables as they were read (cells or nothing) and the lines around them. Out: `Grid`s.

Three kinds of tables stand on documents and are told apart by where their labels are: a "list" has a heading row over
rows of records, a "form" alternates label and value from left to right, a "stack" rows of labels and of values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from visual_agent.engines.planner.page.labels import prefixed
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.text.values import is_numeric, of_kind, values
from visual_agent.engines.planner.text.words import words

Row = tuple[Item | None, ...]
Table = Sequence[Row]


@dataclass(frozen=True)
class Grid:
    """One table. `heads` are the heading cells of each column (outermost first), `body` the rows under them.

    `kind` is "list", "form" or "stack"; forms and stacks keep all rows in `body`.
    """

    kind: str
    heads: tuple[tuple[Item, ...], ...]
    body: tuple[Row, ...]
    extra: tuple[Item, ...] = ()
    title: str = ""

    @cached_property
    def cells(self) -> tuple[Item, ...]:
        """All cells, headings included, without repeats."""
        seen: dict[str, Item] = {}
        for cell in (*self.extra, *(h for head in self.heads for h in head), *(c for row in self.filled for c in row)):
            seen.setdefault(cell.id, cell)
        return tuple(seen.values())

    @cached_property
    def filled(self) -> list[list[Item]]:
        """The rows of the body without their empty cells."""
        return [[c for c in row if c is not None] for row in self.body]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.heads)

    def head(self, column: int) -> str:
        """A column's heading as one text."""
        return " ".join(h.text for h in self.heads[column])

    def column(self, index: int) -> list[Item]:
        """The body cells of a column that are not empty."""
        return [row[index] for row in self.body if row[index] is not None]  # type: ignore[misc]

    def readings(self) -> Iterator[tuple[tuple[Item, ...], Item, tuple[str, ...], float]]:
        """(label cells, value cell, context texts, weight 0..1) for every value the grid may mean."""
        if self.kind == "list":
            yield from self._records()
            if not any(self.heads):
                yield from self._vertical()
            return
        for r, row in enumerate(self.body):
            for c, cell in enumerate(row):
                if cell is None:
                    continue
                right = next((x for x in row[c + 1 :] if x is not None), None)
                below = self.body[r + 1][c] if r + 1 < len(self.body) else None
                sure, other = (right, below) if self.kind == "form" else (below, right)
                if sure is not None:
                    fits = c % 2 == 0 if self.kind == "form" else r % 2 == 0
                    yield (cell,), sure, (), 1.0 if fits else 0.6
                if other is not None:
                    yield (cell,), other, (), 0.45

    def _vertical(self) -> Iterator[tuple[tuple[Item, ...], Item, tuple[str, ...], float]]:
        """Neighbours above and below, for names in two languages and figures over their captions."""
        for upper, lower in pairwise(self.body):
            for a, b in zip(upper, lower, strict=True):
                if a is not None and b is not None:
                    yield (a,), b, (), 0.5
                    yield (b,), a, (), 0.45

    def _records(self) -> Iterator[tuple[tuple[Item, ...], Item, tuple[str, ...], float]]:
        for row in self.body:
            first = next((c for c in row if c is not None), None)
            for c, cell in enumerate(row):
                if cell is None or cell is first:
                    continue
                others = tuple(x.text for x in row if x is not None and x is not cell and x is not first)
                label = (first, *self.heads[c]) if first is not None else self.heads[c]
                yield label, cell, others, 0.95


def arrange(tables: Sequence[Table], lines: Sequence[Item]) -> tuple[list[Grid], list[Item]]:
    """Grids from tables, and the lines that none of them took as a heading."""
    loose = list(lines)
    grids = []
    for table in _joined([_unmerged(_tidy(t)) for t in tables], lines):
        if not table or len(table[0]) < 2 or _holds_pairs(table):
            loose += [c for row in table for c in row if c]
            continue
        grid, used = _grid(table, loose)
        loose = [i for i in loose if all(i is not u for u in used)]
        grids.append(replace(grid, title=_title(table, loose)))
    return grids, loose


def _holds_pairs(table: list[Row]) -> bool:
    """Whether most cells hold label and value themselves ("Date: 3 May"): lines side by side, no table."""
    cells = [c for row in table for c in row if c]
    return sum(
        (bool(re.search(r"\S[:：]\s*\S", c.text)) and not re.search(r"\d[:：]\d", c.text))
        or prefixed(c.text) is not None
        for c in cells
    ) > 0.5 * len(cells)


def _title(table: list[Row], loose: list[Item]) -> str:
    """The line right above a table: the section that its rows belong to."""
    cells = [c for row in table for c in row if c]
    top, height = min(c.box[1] for c in cells), sum(c.height for c in cells) / len(cells)
    left, right = min(c.box[0] for c in cells), max(c.box[2] for c in cells)
    near = [
        i
        for i in loose
        if i.box[3] <= top + 0.4 * height
        and top - i.box[3] < 2.5 * height
        and i.box[0] < right
        and i.box[2] > left - height
    ]
    best = max(near, key=lambda i: i.box[3], default=None)
    return best.text if best is not None and not is_numeric(best.text) and len(best.text) < 40 else ""


def _tidy(table: Table) -> list[Row]:
    """The table without empty columns; two neighbouring columns that share no row are one (a heading set aside)."""
    columns = [list(c) for c in zip(*table, strict=True)] if table else []
    columns = [c for c in columns if any(c)]
    merged: list[list[Item | None]] = []
    for column in columns:
        last = merged[-1] if merged else None
        if (
            last
            and all(not (a and b) for a, b in zip(last, column, strict=True))
            and min(_filled(last), _filled(column)) == 1
        ):
            merged[-1] = [a or b for a, b in zip(last, column, strict=True)]
        else:
            merged.append(column)
    rows = [tuple(row) for row in zip(*merged, strict=True)] if merged else []
    return _closed_up(rows)


def _closed_up(rows: list[Row]) -> list[Row]:
    """Rows of a crooked page put together again: one with its first cells only, the next with the others only."""
    out: list[Row] = []
    for row in rows:
        last = out[-1] if out else None
        if (
            last is not None
            and len(row) == 2
            and last[0]
            and not last[1]
            and row[1]
            and not row[0]
            and is_numeric(row[1].text)
        ):
            out[-1] = (last[0], row[1])
        else:
            out.append(row)
    return out


_CODE = re.compile(r"[A-Z]{1,5}-?\d[\w-]*")
_UNIT = re.compile(r"[-+]?[£$€¥]?\d[\d.,:]*\s?[^\W\d_]{1,8}\.?$")


def _unmerged(rows: list[Row]) -> list[Row]:
    """The table with a column cut that was read as one of several: "Qty Price Sum" over "3 2.50 7.50"."""
    if len(rows) < 3:
        return rows
    columns: list[list[Item | None]] = []
    for column in zip(*rows, strict=True):
        parts = [c.text.split() if c is not None else [] for c in column]
        size = len(parts[0])
        if size < 2 or any(len(p) != size for p in parts) or not _several(parts, [c.text for c in column if c]):
            columns.append(list(column))
            continue
        columns += [[_piece(c, p, k) for c, p in zip(column, parts, strict=True)] for k in range(size)]
    return [tuple(row) for row in zip(*columns, strict=True)]


def _several(parts: Sequence[Sequence[str]], texts: Sequence[str]) -> bool:
    """Whether the words of a column's cells are values of their own: all but one numbers or codes, under as many heads."""
    if any(any(d.isdigit() for d in p) for p in parts[0]) or any(_UNIT.fullmatch(t) for t in texts[1:]):
        return False
    if any(v.kind in ("date", "time", "phone", "duration") for t in texts[1:] for v in values(t)):
        return False
    plain = [all(is_numeric(p[k]) or _CODE.fullmatch(p[k]) for p in parts[1:]) for k in range(len(parts[0]))]
    return sum(plain) >= len(plain) - 1


def _piece(cell: Item | None, parts: Sequence[str], index: int) -> Item | None:
    """One word of a cell, in its share of the cell's width."""
    if cell is None:
        return None
    x1, y1, x2, y2 = cell.box
    step = (x2 - x1) / len(parts)
    return replace(cell, text=parts[index], box=(x1 + index * step, y1, x1 + (index + 1) * step, y2))


def _filled(column: Sequence[Item | None]) -> int:
    return sum(c is not None for c in column)


def _joined(tables: list[list[Row]], lines: Sequence[Item]) -> list[list[Row]]:
    """Tables that go on under each other with the same columns as one."""
    out: list[list[Row]] = []
    for table in tables:
        if out and table and _goes_on(out[-1], table) and not _between(out[-1], table, lines):
            out[-1] = out[-1] + table
        else:
            out.append(table)
    return out


def _between(upper: list[Row], lower: list[Row], lines: Sequence[Item]) -> bool:
    """Whether a line stands between two tables: the heading of the second."""
    end = max(c.box[3] for r in upper for c in r if c)
    start = min(c.box[1] for r in lower for c in r if c)
    left = min(c.box[0] for r in lower for c in r if c)
    right = max(c.box[2] for r in lower for c in r if c)
    return any(
        end - 0.5 * i.height < i.middle[1] < start + 0.5 * i.height and left - 9 < i.middle[0] < right for i in lines
    )


def _goes_on(upper: list[Row], lower: list[Row]) -> bool:
    if not upper or len(upper[0]) != len(lower[0]):
        return False
    a = [c for row in upper for c in row if c]
    b = [c for row in lower for c in row if c]
    height = sum(c.height for c in a) / len(a) * 1.25
    gap = min(c.box[1] for c in b) - max(c.box[3] for c in a)
    edges = (
        abs(min(c.box[0] for c in a) - min(c.box[0] for c in b)),
        abs(max(c.box[2] for c in a) - max(c.box[2] for c in b)),
    )
    numeric = [_numeric_columns(t) for t in (upper[1:] or upper, lower)]
    return -height < gap < 1.6 * height and max(edges) < 3 * height and numeric[0] == numeric[1]


def _numeric_columns(rows: Sequence[Row]) -> list[bool]:
    return [any(c and is_numeric(c.text) for c in column) for column in zip(*rows, strict=True)]


def labelness(text: str) -> float:
    """How much a text looks like a label: 1 with a word of the lexicon and no digits, 0 for a value."""
    if is_numeric(text):
        return 0.0
    said = words(text)
    if text.rstrip().endswith((":", "：")):
        return 1.0
    known = any(t.concepts and not t.weak for t in said.terms)
    digits = any(v.kind not in ("weekday", "number") for v in values(text))
    return (0.9 if known else 0.45) - (0.3 if digits else 0.0)


def _grid(table: list[Row], loose: list[Item]) -> tuple[Grid, list[Item]]:
    start = _first_head(table) or _titled(table)
    loose += [c for row in table[:start] for c in row if c]
    table = table[start:]
    kind = "list" if start else _kind(table)
    if kind != "list":
        return Grid(kind, ((),) * len(table[0]), tuple(table)), []
    heads: list[list[Item]] = [[] for _ in table[0]]
    body = list(table)
    while len(body) > 1 and _is_head(body[0], body[1:]):
        for c, cell in enumerate(body[0]):
            if cell is not None:
                heads[c].append(cell)
        body = body[1:]
    used = _above(heads, table, loose)
    return Grid("list", tuple(tuple(h) for h in heads), tuple(body)), used


def _first_head(table: list[Row]) -> int:
    """Where the table begins: figures over a heading row ("41 to ship") stand by themselves."""
    for index, row in enumerate(table[:3]):
        full = [c for c in row if c is not None]
        bare = all(not any(d.isdigit() for d in c.text) for c in full)
        if (
            index
            and bare
            and len(full) >= max(3, len(row) - 1)
            and len(table) - index > 2
            and _is_head(row, table[index + 1 :])
        ):
            before = [c for r in table[:index] for c in r if c]
            return index if all(any(d.isdigit() for d in c.text) for c in before) else 0
    return 0


def _titled(table: list[Row]) -> int:
    """1 where the first row is a title over a full row of headings of their own, which needs no groups over it."""
    if len(table) < 4 or len(table[0]) < 3 or table[0][0] is not None:
        return 0
    title = [c.text for c in table[0] if c is not None]
    heads = [c.text for c in table[1] if c is not None]
    if len(title) > len(heads) - 2 or len(heads) < len(table[1]) or len(set(heads)) < len(heads):
        return 0
    worded = not any(d.isdigit() for t in (*title, *heads) for d in t)
    return int(worded and _is_head(table[1], table[2:]))


def _kind(table: list[Row]) -> str:
    """Where the labels are: in the first row, in every other column, or in every other row."""
    width, height = len(table[0]), len(table)
    if _alternates(table):
        return "stack"

    def mean(cells: Sequence[Item | None]) -> float:
        full = [labelness(c.text) for c in cells if c is not None]
        return sum(full) / len(full) if full else 0.0

    first, rest = mean(table[0]), mean([c for r in table[1:] for c in r])
    even = mean([c for r in table for c in r[::2]])
    odd = mean([c for r in table for c in r[1::2]])
    upper = mean([c for r in table[::2] for c in r])
    lower = mean([c for r in table[1::2] for c in r])
    left = mean([r[0] for r in table])
    stacked = upper - lower if height % 2 == 0 else -1.0
    scores = {
        "list": first - rest + (0.25 if width > 2 and height > 2 else 0.0),
        "form": _form_score(even, odd, width) + (0.1 if width == 2 and left > 0.6 else 0.0),
        "stack": stacked if stacked >= 0.35 or height == 2 else -1.0,
    }
    if width >= 3 and (height >= 3 and scores["form"] < 0.3) and any(_numeric_columns(table[1:])[1:]):
        scores["list"] += 0.2
    headed = width == 2 and height >= 3 and table[0][1] is not None and labelness(table[0][1].text) >= 0.8
    headed = headed and not _says_much(table)
    if headed and _is_head(table[0], table[1:]) and not is_numeric(table[0][0].text if table[0][0] else ""):
        scores["list"] += 0.8
    if height == 2 and width >= 2 and first > 0.6 and rest < 0.5:
        scores["list"] += 0.3
    return max(scores, key=lambda k: scores[k])


def _says_much(table: list[Row]) -> bool:
    """Whether the second column says a different thing in each row, as a form does: a day, amounts, numbers, words."""
    kinds = [_sort(row[1].text) for row in table if row[1] is not None]
    return kinds[0] == "weekday" or len(set(kinds)) >= 4


def _sort(text: str) -> str:
    found = values(text)
    if found and found[0].kind == "weekday":
        return "weekday"
    return found[0].kind if found and is_numeric(text) else "text"


def _alternates(table: list[Row]) -> bool:
    """Whether rows of labels and rows of their values take turns all the way down."""
    if len(table) < 4 or len(table) % 2:
        return False
    means = []
    for row in table:
        full = [labelness(c.text) for c in row if c is not None]
        means.append(sum(full) / max(len(full), 1))
    gaps = [upper - lower for upper, lower in zip(means[::2], means[1::2], strict=True)]
    return min(gaps) > 0 and sum(gaps) / len(gaps) >= 0.35 and min(means[::2]) >= 0.6


def _form_score(even: float, odd: float, width: int) -> float:
    """How much every other column looks like labels."""
    if width % 2:
        return -1.0
    return even - odd + (0.4 if width > 2 and even >= 0.7 and odd <= 0.5 else 0.0)


def _is_head(row: Row, rest: Sequence[Row]) -> bool:
    """Whether a row is a heading: labels or years over values, never a record like the ones below it."""
    full = [c for c in row if c is not None]
    if not full:
        return False
    if _days(row) >= 2 and _days(row) >= len(full) - 1 and not any(_days(r) for r in rest):
        return True
    columns = [[r[n].text for r in rest if r[n] is not None] for n in range(len(row))]  # type: ignore[union-attr]
    if any(c is not None and _goes_on_as(c.text, columns[n]) for n, c in enumerate(row)):
        return False
    numeric = [(c.text, columns[n]) for n, c in enumerate(row) if c is not None and is_numeric(c.text)]
    years = sum(_is_year(c.text) or _is_period(c.text) for c in full)
    if len(numeric) > years and not all(_measures_column(text, below) for text, below in numeric):
        return False
    below = [any(r[c] is not None and is_numeric(r[c].text) for r in rest) for c in range(len(row))]  # type: ignore[union-attr]
    if any(b and row[c] is not None for c, b in enumerate(below)):
        return True
    labels = sum(labelness(c.text) for c in full) / len(full)
    others = [labelness(c.text) for r in rest for c in r if c is not None]
    return labels > 0.6 and labels > sum(others) / max(len(others), 1) + 0.1


def _form(text: str) -> str:
    """A text with its digits and letters alike: "E7" and "E12" have one form."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text.strip()))


def _goes_on_as(text: str, below: Sequence[str]) -> bool:
    """Whether a code is one of those that most of its column has under it, so that its row is a record."""
    code = _form(text)
    return bool(below) and "9" in code and " " not in code and all(_form(t) == code for t in below)


def _measures_column(text: str, below: Sequence[str]) -> bool:
    """Whether a number with its unit can head a column: "50 m" over times, "250 g" over prices."""
    if _is_year(text) or _is_period(text):
        return True
    bare = [t for t in below if is_numeric(t) and not any(c.isalpha() for c in t)]
    return _MEASURE.fullmatch(text.strip()) is not None and len(bare) > 0.6 * len(below)


_MEASURE = re.compile(r"(?:[<>≤≥]\s?)?\d[\d.,]*(?:\s?[-–]\s?\d[\d.,]*)?\s?[^\W\d_]{1,8}\+?")


def _days(row: Row) -> int:
    """How many cells of a row are days of the week and nothing else."""
    return sum(c is not None and any(v.text == c.text.strip() for v in of_kind(c.text, "weekday")) for c in row)


def _row_of(items: Sequence[Item], size: int) -> list[Item]:
    """The items of one height that are as many as asked, left to right; none where there is no such row."""
    for first in items:
        row = [i for i in items if abs(i.middle[1] - first.middle[1]) < 0.5 * first.height]
        if len(row) == size:
            return sorted(row, key=lambda i: i.box[0])
    return []


def _is_period(text: str) -> bool:
    """Texts such as "2023 H1", "Q2 2024", "2024年上半年": a heading, for all its digits."""
    return (
        re.fullmatch(
            r"(?:(?:19|20)\d\d\s*年?\s*[A-Za-z上下第一二三四半年季度Q]+\d?|[A-Za-z]+\d?\s*(?:19|20)\d\d)", text.strip()
        )
        is not None
    )


def _is_year(text: str) -> bool:
    return bool(re.fullmatch(r"(?:19|20)\d\d\s*年?", text.strip()))


def _above(heads: list[list[Item]], table: list[Row], loose: list[Item]) -> list[Item]:
    """Heading lines that stand over the table and were not taken for its row: added to `heads`, returned."""
    cells = [c for row in table for c in row if c]
    top, height = min(c.box[1] for c in cells), sum(c.height for c in cells) / len(cells) * 1.25
    left, right = min(c.box[0] for c in cells), max(c.box[2] for c in cells)
    near = [
        i
        for i in loose
        if top - 2.6 * height < i.middle[1] <= top + 0.3 * height and left - height < i.middle[0] < right + height
    ]
    groups = [" ".join(h.text for h in head) for head in heads]
    repeats = max((groups.count(g) for g in groups if g), default=1)
    wide = sorted((i for i in near if values(i.text) or len(i.text) < 20), key=lambda i: i.box[0])
    used: list[Item] = []
    if repeats > 1:
        spans = _row_of(wide, repeats)
        if spans:
            named = [c for c, g in enumerate(groups) if g and groups.count(g) == repeats]
            share = max(len(named) // repeats, 1)
            for place, c in enumerate(named):
                heads[c].insert(0, spans[min(place // share, repeats - 1)])
            used += spans
    bare = [c for c, head in enumerate(heads) if not head]
    over = [i for i in wide if all(i is not u for u in used)]
    rest = [i for i in over if top - i.box[3] < 0.6 * i.height]
    if len(rest) < len(bare) and len(bare) == len(heads) > 2:
        rest = [i for i in over if top - i.box[3] < i.height]
    plain = all(not is_numeric(i.text) or _is_year(i.text) for i in rest)
    if plain and len(rest) == len(bare) and bare and (len(bare) > 1 or used or any(heads)):
        for c, item in zip(bare, rest, strict=True):
            heads[c].append(item)
        used += rest
    return used
