"""Reading order and tables of a page on which rules, frames and panels are drawn.

In: items on the flat page and the groups of cells that rules close (`rulings`). Out: `Layout`.

- A group of at least two rows and columns is a table. A cell's lines are one cell, in the rows and columns its rules
  give it. A cell that spans rows is repeated in each; one that spans columns stands in the first. Two header rows
  become one: a header over several columns is put before each of theirs ("2023 H1"). A title or note that spans all
  columns is no part of the table. Rows that are ruled only here and there are divided by their text.
- Rows ruled only above and below are rows of a table when their entries stand in columns.
- What stands in a frame or a panel is read together; tables in it are found as on a page of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from visual_agent.geometry import Box
from visual_agent_tools.layout import Item, Layout, Table, cell_of, order, rows_of
from visual_agent_tools.lines import median
from visual_agent_tools.rulings import Area, Group
from visual_agent_tools.tables import find_tables

_Row = list[Item]
_Cells = dict[Area, list[Item]]


def arrange_blocks(items: Sequence[Item], groups: Sequence[Group]) -> Layout:
    """Tables and the other lines of a flat page, given its groups of cells."""
    rest = list(items)
    tables: list[Table] = []
    # Tables first, the largest first: a frame inside a cell is only a part of that cell.
    for group in sorted(groups, key=lambda g: -len(g.areas)):
        cells = _fill(group, rest)
        held = {id(item) for some in cells.values() for item in some}
        # Text that stands across rules was not written into these cells.
        across = any(group.box.contains(*item.box.center) and id(item) not in held for item in rest)
        table = _ruled_table(group, cells) if group.rows > 1 and group.columns > 1 and not across else None
        if table is not None:
            used = {id(item) for item in table[1]}
            rest = [item for item in rest if id(item) not in used]
            tables.append(table[0])
    for group in sorted(groups, key=lambda g: g.box.area):
        rest, found = _fold(group, rest)
        tables += found
    more, rest = _plain(rest)
    lines = tuple(line for item in rest for line in item.lines)
    return Layout(lines, tuple(sorted(tables + more, key=lambda t: t.box.y1)))


def _fill(group: Group, items: Sequence[Item]) -> _Cells:
    """Which items stand in which cell."""
    cells: _Cells = {area: [] for area in group.areas}
    for item in items:
        if not group.box.contains(*item.box.center):
            continue
        best = max(group.areas, key=lambda a: a.box.intersection(item.box))
        if best.box.intersection(item.box) > 0.6 * item.box.area:
            cells[best].append(item)
    return cells


def _plain(items: Sequence[Item]) -> tuple[list[Table], list[Item]]:
    """Tables by alignment, and the other items in order; folded blocks stay out of tables."""
    tables, rest = find_tables(rows_of([item for item in items if not item.inner]))
    return tables, order([*rest, *(item for item in items if item.inner)])


def _fold(group: Group, items: list[Item]) -> tuple[list[Item], list[Table]]:
    """The items with each cell's made one block, and the tables found in the cells."""
    cells, last = _fill(group, items), []
    if group.columns == 1 and group.rows > 1:
        cells = _with_first_row(group, cells, items)
        rows = [row for some in cells.values() for row in _band_rows(some)]
        tables, left = find_tables(rows)
        if tables:
            inside = {id(item) for some in cells.values() for item in some}
            return [i for i in items if id(i) not in inside] + left, tables
        last = [_next_to(group, items, cells, below=True)]
    tables = []
    for some in [*cells.values(), *last]:
        if len(some) < 2 or len(some) == len(items):
            continue
        found, left = _plain(some)
        tables += found
        inside = {id(item) for item in some}
        items = [item for item in items if id(item) not in inside]
        if left:
            lines = tuple(line for item in left for line in item.lines)
            items.append(Item(lines[0], _around(left), lines))
    return items, tables


def _around(items: Sequence[Item]) -> Box:
    return Box.around((x, y) for i in items for x, y in ((i.box.x1, i.box.y1), (i.box.x2, i.box.y2)))


def _with_first_row(group: Group, cells: _Cells, items: Sequence[Item]) -> _Cells:
    """Rows top to bottom, with one before the first where rules are drawn only below rows."""
    ordered = dict(sorted(cells.items(), key=lambda pair: pair[0].box.y1))
    first = _next_to(group, items, cells, below=False)
    return {Area(_around(first), (-1, -1), (0, 0)): first, **ordered} if first else ordered


def _next_to(group: Group, items: Sequence[Item], cells: _Cells, below: bool) -> list[Item]:
    """What stands above the first or below the last of several rows as in one more; nothing if that is taller."""
    box = group.box
    high = 1.15 * median([area.box.height for area in group.areas])
    low, end = (box.y2, box.y2 + high) if below else (box.y1 - high, box.y1)
    found = [
        i for i in items if not i.inner and box.x1 <= i.box.center[0] <= box.x2 and low <= i.box.y1 and i.box.y2 <= end
    ]
    most = max((len(rows_of(some)) for some in cells.values()), default=0)
    return found if len(rows_of(found)) <= most else []


def _band_rows(items: Sequence[Item]) -> list[_Row]:
    """The rows of text between two rules: one where some entries have more lines than others, else one a line."""
    rows = rows_of(items)
    if not 1 < len(rows) <= 4:
        return rows
    stacks: list[list[Item]] = []
    for item in sorted(items, key=lambda i: i.box.y1):
        over = [s for s in stacks if min(s[0].box.x2, item.box.x2) - max(s[0].box.x1, item.box.x1) > 0]
        if len(over) > 1:
            return rows
        if over:
            over[0].append(item)
        else:
            stacks.append([item])
    if len(stacks) < 2 or min(map(len, stacks)) == len(rows):
        return rows
    joined = [Item(s[0].line, _around(s), tuple(i.line for i in s) if len(s) > 1 else ()) for s in stacks]
    return [sorted(joined, key=lambda i: i.box.x1)]


def _ruled_table(group: Group, cells: _Cells) -> tuple[Table, list[Item]] | None:
    """The table a group draws and the items in it, or None: cards side by side, a chart, a plan."""
    cells = _parted(group, cells)
    filled = [area for area in cells if cells[area]]
    title = [area for area in filled if _is_note(area, group)]
    body = [area for area in filled if area not in title]
    rows = {area.rows[0] for area in body}  # Where text begins: a shaded part of a cell makes no row.
    columns = sorted({area.columns[0] for area in body})
    covered = {row for area in filled for row in range(area.rows[0], area.rows[1] + 1)}
    if len(rows) < 2 or len(columns) < 2 or len(covered) < group.rows or len(filled) < 0.4 * len(group.areas):
        return None
    levels = [len(rows_of(cells[area])) for area in body]
    if median(levels) > 3 or (median(levels) > 1 and len(body) <= 4):
        return None
    grid = _grid(body, cells, sorted(rows), columns)
    table = tuple(tuple(cell_of(item for level in rows_of(items) for item in level) for items in row) for row in grid)
    return Table(table), [item for area in body for item in cells[area]]


def _parted(group: Group, cells: _Cells) -> _Cells:
    """The cells with each one divided whose entries stand side by side in several columns: a rule was too faint."""
    bands: dict[int, list[Box]] = {}
    for area in group.areas:
        if area.columns[0] == area.columns[1]:
            bands.setdefault(area.columns[0], []).append(area.box)
    middles = {column: median([box.center[0] for box in boxes]) for column, boxes in bands.items()}
    result: _Cells = {}
    for area, items in cells.items():
        known = [column for column in middles if area.columns[0] <= column <= area.columns[1]]
        parts: _Cells = {}
        for item in items if len(known) > 1 else ():
            column = min(known, key=lambda c: abs(middles[c] - item.box.center[0]))
            parts.setdefault(replace(area, columns=(column, column)), []).append(item)
        apart = len(parts) > 1 and any(len(row) > 1 for row in rows_of(items))
        result.update(parts if apart else {area: items})
    return result


def _is_note(area: Area, group: Group) -> bool:
    """Whether a cell spans all columns in the first or the last row: a title or a note."""
    return area.columns == (0, group.columns - 1) and (area.rows[0] == 0 or area.rows[1] == group.rows - 1)


def _grid(body: Sequence[Area], cells: _Cells, rows: Sequence[int], columns: Sequence[int]) -> list[list[list[Item]]]:
    """The items of each place of the table; header rows joined, rows without rules between them divided."""
    place = {row: i for i, row in enumerate(rows)}
    grid: list[list[list[Item]]] = [[[] for _ in columns] for _ in rows]
    depth = _header_rows(body, rows)
    for area in sorted(body, key=lambda a: a.rows[0]):
        first, last = place[area.rows[0]], max(i for row, i in place.items() if row <= area.rows[1])
        covered = [i for i, column in enumerate(columns) if area.columns[0] <= column <= area.columns[1]]
        for row in range(first, last + 1):
            for column in covered if first < depth else covered[:1]:
                grid[row][column] += cells[area]
    if depth:
        header = [list({id(i): i for row in grid[:depth] for i in row[c]}.values()) for c in range(len(columns))]
        grid = [header, *grid[depth:]]
    return [row for cells_of_row in grid for row in _divide(cells_of_row)]


def _header_rows(body: Sequence[Area], rows: Sequence[int]) -> int:
    """How many rows at the top are one header in several levels; 0 where there is just one.

    In its first row every cell spans columns or rows, and a cell that spans columns has several below it.
    """
    top = [area for area in body if area.rows[0] == rows[0]]
    wide = [area for area in top if area.columns[1] > area.columns[0]]
    if not wide or any(area.columns[0] == area.columns[1] and area.rows[0] == area.rows[1] for area in top):
        return 0
    for area in wide:
        below = [a for a in body if a.rows[0] == area.rows[1] + 1 and a.columns[0] >= area.columns[0]]
        if sum(a.columns[1] <= area.columns[1] for a in below) < 2:
            return 0
    depth = 0
    while depth < len(rows) and any(a.columns[1] > a.columns[0] for a in body if a.rows[0] == rows[depth]):
        depth += 1
    return depth + 1 if depth + 1 < len(rows) else 0


def _divide(row: list[list[Item]]) -> list[list[list[Item]]]:
    """One row, or the rows of text in it when three or more stand side by side in most columns."""
    levels = rows_of([item for cell in row for item in cell])
    full = [level for level in levels if sum(any(i in cell for i in level) for cell in row) >= 2]
    if len(levels) < 3 or len(full) < 0.7 * len(levels):
        return [row]
    return [[[item for item in cell if item in level] for cell in row] for level in levels]
