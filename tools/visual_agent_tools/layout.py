"""Reading order: lines laid flat, in rows and columns.

In: `Line`s of one picture in any order, and the picture for its rules. Out: `Layout`: tables as rows and columns of
cells, and the lines outside them in reading order (columns of prose one after the other, all else row by row).

Skewed pages are laid flat first: by the lines' own direction, also when the page lies on its side.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visual_agent.geometry import Box
from visual_agent_tools.lines import Line, median

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell: its lines top to bottom."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The lines' texts with a space between."""
        return " ".join(line.text for line in self.lines)

    @property
    def box(self) -> Box:
        """The smallest box around the lines, in the picture's pixels."""
        return Box.around(point for line in self.lines for point in line.quad)

    @property
    def score(self) -> float:
        """The weakest line's score."""
        return min(line.score for line in self.lines)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, as many in each row; None is an empty cell."""

    rows: tuple[tuple[Cell | None, ...], ...]

    @property
    def box(self) -> Box:
        """The smallest box around all cells, in the picture's pixels."""
        boxes = [cell.box for row in self.rows for cell in row if cell]
        return Box.around(corner for box in boxes for corner in ((box.x1, box.y1), (box.x2, box.y2)))


@dataclass(frozen=True, slots=True)
class Layout:
    """The lines outside tables in reading order, and the tables top to bottom."""

    lines: tuple[Line, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A line and its box on the page laid flat; or several lines that are read together (`inner`), and their box."""

    line: Line
    box: Box
    inner: tuple[Line, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its line, or all those it holds."""
        return self.inner or (self.line,)

    @property
    def y(self) -> float:
        """Height of its middle."""
        return self.box.center[1]


def arrange(lines: Sequence[Line], image: Image | None = None) -> Layout:
    """Tables, and the other lines in reading order; the picture shows rules, frames and panels."""
    from visual_agent_tools.blocks import arrange_blocks
    from visual_agent_tools.rulings import find_groups

    items = flatten(lines)
    groups = [] if image is None else find_groups(image, [item.box for item in items], slant(lines))
    return arrange_blocks(items, groups)


def in_order(lines: Sequence[Line]) -> list[Line]:
    """All lines in reading order, those of tables row by row."""
    return [item.line for item in order(flatten(lines))]


def flatten(lines: Sequence[Line]) -> list[Item]:
    """The lines with their boxes on a page turned so that text runs level."""
    angle = slant(lines)
    if abs(angle) < math.radians(0.1):
        return [Item(line, line.box) for line in lines]
    cos, sin = math.cos(-angle), math.sin(-angle)
    return [Item(line, Box.around((x * cos - y * sin, x * sin + y * cos) for x, y in line.quad)) for line in lines]


def slant(lines: Iterable[Line]) -> float:
    """The direction most text runs in (radians, clockwise from the right), by length."""
    known = []
    for line in lines:
        (x1, y1), (x2, y2) = line.quad[0], line.quad[1]
        if line.length > 1.5 * line.height:
            known.append((math.atan2(y2 - y1, x2 - x1), line.length))
    if not known:
        return 0.0
    # Angles near +-180 degrees are neighbours: look at all of them from the longest line's direction.
    base = max(known, key=lambda pair: pair[1])[0]
    turned = sorted(((angle - base + math.pi) % (2 * math.pi) - math.pi, length) for angle, length in known)
    half, passed = sum(length for _, length in turned) / 2, 0.0
    for angle, length in turned:
        passed += length
        if passed >= half:
            return angle + base
    return base


def cell_of(items: Iterable[Item]) -> Cell | None:
    """Items as a cell, their lines in the given order; None for none."""
    lines = tuple(line for item in items for line in item.lines)
    return Cell(lines) if lines else None


def rows_of(items: Iterable[Item]) -> list[list[Item]]:
    """Items on one level grouped, each group left to right, the groups top to bottom."""
    known = list(items)
    return [[known[i] for i in row] for row in rows_of_boxes([item.box for item in known])]


def rows_of_boxes(boxes: Sequence[Box]) -> list[list[int]]:
    """Indices of boxes grouped by level, left to right in each row, rows top to bottom."""
    rows: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda i: boxes[i].center[1]):
        row = rows[-1] if rows else []
        level = sum(boxes[i].center[1] for i in row) / len(row) if row else -math.inf
        reach = 0.5 * min([boxes[index].height, *(boxes[i].height for i in row)])
        if row and boxes[index].center[1] - level <= reach:
            row.append(index)
        else:
            rows.append([index])
    return [sorted(row, key=lambda i: boxes[i].x1) for row in rows]


def order(items: Sequence[Item]) -> list[Item]:
    """Reading order: bands between lines that cross the gutter, in each band the left column before the right."""
    gutter = _gutter(items)
    if gutter is None:
        return [item for row in rows_of(items) for item in (reversed(row) if _upright_columns(row) else row)]
    crossing = [i for i in items if i.box.x1 < gutter < i.box.x2]
    result: list[Item] = []
    band: list[Item] = []
    for item in sorted(items, key=lambda i: i.y):
        if item in crossing:
            result += _columns(band, gutter)
            result.append(item)
            band = []
        else:
            band.append(item)
    return result + _columns(band, gutter)


def _upright_columns(row: Sequence[Item]) -> bool:
    """Whether a row is made of lines of Hanzi that run down: they are read from the right."""
    tall = all(i.box.height > 1.5 * i.box.width and len(i.line.text) > 1 and i.line.text[0] > "\u2fff" for i in row)
    return len(row) > 1 and tall and not any(item.inner for item in row)


def _columns(band: Sequence[Item], gutter: float) -> list[Item]:
    left = [i for i in band if i.box.x2 <= gutter]
    right = [i for i in band if i.box.x1 >= gutter]
    return order(left) + order(right)


def _gutter(items: Sequence[Item]) -> float | None:
    """Where a page of prose columns is divided, or None: no gap, or what stands beside it is no prose."""
    if len(items) < 6:
        return None
    height = median([i.box.height for i in items])
    left, right = min(i.box.x1 for i in items), max(i.box.x2 for i in items)
    narrow_items = [i for i in items if i.box.width < 0.6 * (right - left)]
    best: tuple[int, float] | None = None
    reach = -math.inf
    for item in sorted(narrow_items, key=lambda i: i.box.x1):
        if reach > -math.inf and item.box.x1 - reach > 0.6 * height:
            x = (reach + item.box.x1) / 2
            sides = [i for i in items if i.box.x2 <= x], [i for i in items if i.box.x1 >= x]
            crossing = len(items) - len(sides[0]) - len(sides[1])
            if all(_is_prose(side, height) for side in sides) and crossing <= 0.34 * len(items):
                best = min(best or (crossing, x), (crossing, x))
        reach = max(reach, item.box.x2)
    return best[1] if best else None


def _is_prose(items: Sequence[Item], height: float) -> bool:
    """Whether lines look like a column of running text: at least three, most of them long and filling the column."""
    if len(items) < 3:
        return False
    widths = sorted(i.box.width for i in items)
    typical, full = widths[len(widths) // 2], widths[-1]
    return typical > 7 * height and typical > 0.7 * full
