"""Tables among lines: what stands in aligned columns, row after row.

In: the rows of a page laid flat (`layout.rows_of`). Out: `Table`s, and the items that belong to none.

A table begins with a row of at least two items and grows while rows keep to its columns: no item may touch two of
them. It counts when its columns share an edge or a middle, and when they are not columns of running text.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from visual_agent_tools.layout import Item, Table, cell_of
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
        bands = _beside(block, bands)
        if end - start >= 2 and _is_table(block, bands):
            table = _table(block, bands)
            # Labels of a map or a chart stand in rows, too, but leave most places empty.
            if sum(cell is not None for row in table.rows for cell in row) < 0.58 * len(table.rows) * len(bands):
                rest += [item for row in block for item in row]
            else:
                tables.append(table)
            start = end
        else:
            rest += rows[start]
            start += 1
    return tables, rest


def _grow(rows: Sequence[_Row], start: int) -> tuple[int, list[_Band]]:
    """How far a table that begins at `start` reaches (end excluded), and its columns left to right."""
    if len(rows[start]) < 2 or (bands := _add([], rows[start : start + 1])) is None:
        return start + 1, []
    end = start + 1
    height = median([item.box.height for item in rows[start]])
    for index in range(start + 1, len(rows)):
        row, previous = rows[index], rows[index - 1]
        gap = min(i.box.y1 for i in row) - max(i.box.y2 for i in previous)
        wider = _add(bands, rows[start : index + 1])
        larger = min(i.box.height for i in row) / min(i.box.height for i in previous)
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


def _beside(block: Sequence[_Row], bands: Sequence[_Band]) -> list[_Band]:
    """The columns with each one that holds only a header joined to the neighbour that has none."""
    result = list(bands)
    for i in range(len(result) - 2, -1, -1):
        filled = [[any(_column(result, item) == k for item in row) for row in block] for k in (i, i + 1)]
        alone = any(column[0] and not any(column[1:]) for column in filled)
        if alone and len(block) > 2 and not any(a and b for a, b in zip(*filled, strict=True)):
            result[i : i + 2] = [(result[i][0], result[i + 1][1])]
    return result


def _add(bands: Sequence[_Band], rows: Sequence[_Row]) -> list[_Band] | None:
    """The columns of all rows but the last with the last row's items taken in.

    An item that touches two columns makes them one where no row has entries in both (a header beside its numbers);
    else it is a cell that spans them. A line on its own that does so, or two items in one column, do not fit: None.
    """
    result = list(bands)
    for item in rows[-1]:
        touched = [band for band in result if _overlap(band, item) > 0.15]
        if any(sum(_overlap(band, other) > 0.15 for band in touched for other in row) > 1 for row in rows[:-1]):
            if len(rows[-1]) == 1:
                return None
            continue
        reach = [(item.box.x1, item.box.x2), *touched]
        joined = (min(x1 for x1, _ in reach), max(x2 for _, x2 in reach))
        result = sorted([band for band in result if band not in touched] + [joined])
    if any(a[1] > b[0] for a, b in pairwise(result)):
        return None
    for row in rows if len(result) < len(bands) + len(rows[-1]) else rows[-1:]:
        columns = [_column(result, item) for item in row]
        if len(set(columns)) < len(columns):
            return None
    return result


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
    return Table(tuple(tuple(cell_of(cell) for cell in row) for row in rows))
