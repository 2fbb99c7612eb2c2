"""Tables among lines: what stands in aligned columns, row after row.

In: the rows of a page laid flat (`layout.rows_of`). Out: `Table`s, and the items that belong to none.

A table begins with a row of at least two items and grows while rows keep to its columns: no item may touch two of
them. It counts when its columns share an edge or a middle, and when they are not columns of running text.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from visual_agent_tools.layout import Cell, Item, Table
from visual_agent_tools.lines import median

_Row = list[Item]
_Band = tuple[float, float]


def find_tables(rows: Sequence[_Row]) -> tuple[list[Table], list[Item]]:
    """The tables, and all items outside them."""
    tables: list[Table] = []
    rest: list[Item] = []
    start = 0
    while start < len(rows):
        end, bands = _grow(rows, start)
        block = rows[start:end]
        if not _fits(block, bands):
            end = start  # The first row has columns of its own: it is not this table's header.
        if end - start >= 2 and _is_table(block, bands):
            tables.append(_table(block, bands))
            start = end
        else:
            rest += rows[start]
            start += 1
    return tables, rest


def _grow(rows: Sequence[_Row], start: int) -> tuple[int, list[_Band]]:
    """How far a table that begins at `start` reaches (end excluded), and its columns left to right."""
    if len(rows[start]) < 2:
        return start + 1, []
    bands = _add([], rows[start])
    assert bands is not None
    end = start + 1
    height = median([item.box.height for item in rows[start]])
    for index in range(start + 1, len(rows)):
        row, previous = rows[index], rows[index - 1]
        gap = min(i.box.y1 for i in row) - max(i.box.y2 for i in previous)
        wider = _add(bands, row)
        larger = median([i.box.height for i in row]) / median([i.box.height for i in previous])
        if gap > 3.2 * height or wider is None or not 0.55 < larger < 1.8:
            break
        if len(row) == 1 and len(wider) > len(bands):
            break
        bands = wider
        if len(row) > 1 or gap < 0.8 * height:
            end = index + 1
    while end > start + 1 and len(rows[end - 1]) == 1 and _column(bands, rows[end - 1][0]) == 0:
        end -= 1  # A single line at the left is the text below the table.
    return end, bands


def _fits(block: Sequence[_Row], bands: Sequence[_Band]) -> bool:
    """Whether at least half of the first row's items have company in their columns."""
    used = {_column(bands, item) for row in block[1:] for item in row}
    return not bands or sum(_column(bands, item) in used for item in block[0]) >= 0.5 * len(block[0])


def _add(bands: Sequence[_Band], row: _Row) -> list[_Band] | None:
    """The columns with a row's items taken in; None where an item would join two columns, or two items one."""
    result = list(bands)
    used: set[int] = set()
    for item in row:
        touched = [i for i, band in enumerate(result) if _overlap(band, item) > 0.15]
        if len(touched) > 1:
            return None
        if not touched:
            result.append((item.box.x1, item.box.x2))
            used.add(len(result) - 1)
        elif touched[0] in used:
            return None
        else:
            x1, x2 = result[touched[0]]
            result[touched[0]] = (min(x1, item.box.x1), max(x2, item.box.x2))
            used.add(touched[0])
    merged = sorted(result)
    if any(a[1] > b[0] for a, b in pairwise(merged)):
        return None
    return merged


def _overlap(band: _Band, item: Item) -> float:
    """Shared width as a share of the narrower one."""
    shared = min(band[1], item.box.x2) - max(band[0], item.box.x1)
    return shared / min(band[1] - band[0], item.box.width)


def _column(bands: Sequence[_Band], item: Item) -> int:
    return max(range(len(bands)), key=lambda i: min(bands[i][1], item.box.x2) - max(bands[i][0], item.box.x1))


def _is_table(block: Sequence[_Row], bands: Sequence[_Band]) -> bool:
    if len(bands) < 2 or sum(len(row) > 1 for row in block) < 2:
        return False
    height = median([item.box.height for row in block for item in row])
    columns: list[list[Item]] = [[] for _ in bands]
    for row in block:
        for item in row:
            columns[_column(bands, item)].append(item)
    if sum(_is_running_text(column) for column in columns) >= 2:
        return False
    return sum(_aligned(column, height) for column in columns) >= max(2, 0.6 * len(bands))


def _is_running_text(column: Sequence[Item]) -> bool:
    """Whether the column's entries are as long as lines of prose (a Hanzi counts as two letters) and fill it."""
    units = median([sum(2 if "\u3000" < c < "\uff00" else 1 for c in item.line.text) for item in column])
    widths = [item.box.width for item in column]
    return units >= 24 and median(widths) > 0.75 * max(widths)


def _aligned(column: Sequence[Item], height: float) -> bool:
    """Whether most items share their left edge, their right edge or their middle."""
    if len(column) < 2:
        return False
    for values in (
        [i.box.x1 for i in column],
        [i.box.x2 for i in column],
        [i.box.center[0] for i in column],
    ):
        middle = median(values)
        if sum(abs(value - middle) < 0.8 * height for value in values) >= 0.6 * len(values):
            return True
    return False


def _table(block: Sequence[_Row], bands: Sequence[_Band]) -> Table:
    """The block's rows as cells; a row that goes on in the line below is one row."""
    gaps = [min(i.box.y1 for i in row) - max(i.box.y2 for i in before) for before, row in pairwise(block)]
    usual = median([gap for gap, row in zip(gaps, block[1:], strict=True) if len(row) > 1])
    rows: list[list[list[Item]]] = []
    for index, row in enumerate(block):
        cells: list[list[Item]] = [[] for _ in bands]
        for item in row:
            cells[_column(bands, item)].append(item)
        height = median([item.box.height for item in row])
        goes_on = index > 0 and len(row) < len(bands) and gaps[index - 1] < usual - 0.25 * height
        if goes_on and all(rows[-1][i] for i, cell in enumerate(cells) if cell):
            for i, cell in enumerate(cells):
                rows[-1][i] += cell
        else:
            rows.append(cells)
    return Table(
        tuple(tuple(Cell(tuple(item.line for item in cell)) if cell else None for cell in row) for row in rows)
    )
