"""Rules and edges drawn on a page: the cells that they close.

In: an RGB picture, its lines, and the page's slant. Out: `Group`s of `Area`s: cells that share rules,
as boxes on the page laid flat. A table drawn with rules is a group of many cells; a card or a coloured panel a group of
one. Dashed rules, filled headers and shaded rows count: any straight edge does that is longer than a few letters.

Method (plain morphology): differences across a direction, averaged along it; what remains after opening with a long
bar is a rule. Rules that begin and end at the same places get sides, so that rows ruled only above and below close,
too. The regions between rules (connected components) are the cells; text is painted over first, so strokes are none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from visual_agent.geometry import Box
from visual_agent_tools.lines import median

if TYPE_CHECKING:
    from PIL.Image import Image

    from visual_agent_tools.ocr import Array

#: Pictures are looked at with this many pixels at most, and type at this height (pixels) at most.
_MOST_PIXELS, _TYPE = 4_000_000, 24
#: Grey levels an edge must differ by, averaged along it.
_STEP = 5.0


@dataclass(frozen=True, slots=True)
class Area:
    """A cell of a group: its box on the flat page, and the rows and columns (first, last) it covers."""

    box: Box
    rows: tuple[int, int]
    columns: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Group:
    """Cells that share rules: how many rows and columns their edges make, and the cells."""

    rows: int
    columns: int
    areas: tuple[Area, ...]

    @property
    def box(self) -> Box:
        """The smallest box around all cells."""
        return Box.around((x, y) for a in self.areas for x, y in ((a.box.x1, a.box.y1), (a.box.x2, a.box.y2)))


def find_groups(image: Image, boxes: Sequence[Box], angle: float) -> list[Group]:
    """Groups of cells that rules close, on the page turned by `-angle` (radians) about its top left corner.

    `boxes` are those of the text, on the turned page.
    """
    if len(boxes) < 2:
        return []
    height = median([min(box.width, box.height) for box in boxes])
    if height < 1:
        return []
    scale = min(1.0, _TYPE / height, (_MOST_PIXELS / (image.width * image.height)) ** 0.5)
    grey, (dx, dy) = _flat(image, angle, scale)
    texts = [
        (int(b.x1 * scale - dx), int(b.y1 * scale - dy), int(b.x2 * scale - dx) + 1, int(b.y2 * scale - dy) + 1)
        for b in boxes
    ]
    near = max(0.6 * height, 8 / scale)  # A rule is some pixels thick here.
    found = _cells(_rules(grey, texts, height * scale), height * scale)
    cells = [Box((a + dx) / scale, (b + dy) / scale, (c + dx) / scale, (d + dy) / scale) for a, b, c, d in found]
    cells = [cell for cell in cells if min(cell.width, cell.height) > near]
    return [group for some in _neighbours(cells, near) for group in _without_gaps(some, boxes, near)]


def _without_gaps(cells: Sequence[Box], texts: Sequence[Box], near: float) -> list[Group]:
    """The group, or the groups left when the empty strips between cards and what runs beside the rows are taken out."""
    group = make_group(cells, near)
    out = []
    for area in group.areas:
        inside = [t for t in texts if area.box.contains(*t.center)]
        through = area.columns[1] - area.columns[0] + 1 == group.columns > 1
        through = through or area.rows[1] - area.rows[0] + 1 == group.rows > 1
        beside = group.columns > 1 and area.rows[1] - area.rows[0] >= 2 and len(inside) >= 3
        if (through and not inside) or beside:
            out.append(area.box)
    if not out:
        return [group]
    kept = [make_group(some, near) for some in _neighbours([c for c in cells if c not in out], near)]
    return kept + [make_group([box], near) for box in out if any(box.contains(*t.center) for t in texts)]


def _flat(image: Image, angle: float, scale: float) -> tuple[Array, tuple[float, float]]:
    """The grey page laid flat and scaled, and where its corner lies (add it to get flat coordinates)."""
    import cv2
    import numpy as np

    grey: Array = np.asarray(image.convert("L"))
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if abs(angle) < math.radians(0.1):
        return grey, (0.0, 0.0)
    height, width = grey.shape
    cos, sin = math.cos(-angle), math.sin(-angle)
    corners = Box.around((x * cos - y * sin, x * sin + y * cos) for x in (0, width) for y in (0, height))
    matrix = np.array([[cos, -sin, -corners.x1], [sin, cos, -corners.y1]])
    size = math.ceil(corners.width), math.ceil(corners.height)
    return cv2.warpAffine(grey, matrix, size, borderMode=cv2.BORDER_REPLICATE), (corners.x1, corners.y1)


def _rules(grey: Array, texts: Sequence[tuple[int, int, int, int]], height: float) -> Array:
    """A mask (0 or 255) of the rules and straight edges, those that belong together closed at their ends."""
    import cv2
    import numpy as np

    long = max(round(2.5 * height), 20)
    grey = grey.copy()
    for x1, y1, x2, y2 in texts:
        place = np.s_[max(y1 - 1, 0) : max(y2 + 1, 0), max(x1 - 1, 0) : max(x2 + 1, 0)]
        if grey[place].size:
            grey[place] = np.median(grey[place])
    masks: list[Array] = []
    for horizontal in (True, False):
        view = grey if horizontal else np.ascontiguousarray(grey.T)
        soft = cv2.blur(view.astype(np.float32), (max(round(height), 9), 1))
        steps = np.zeros_like(soft)
        steps[1:-1] = np.abs(soft[2:] - soft[:-2])
        mask = np.where(steps > _STEP, 255, 0).astype(np.uint8)
        bar = np.ones((1, long), np.uint8)
        mask = cv2.morphologyEx(cv2.dilate(mask, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, bar)
        if horizontal:
            _mend(mask, texts)
        # Closed along itself: dashes, and holes where other things touch the rule.
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, max(round(height), 3)), np.uint8))
        masks.append(mask if horizontal else np.ascontiguousarray(mask.T))
    shadow = np.zeros_like(grey)
    d = round(0.4 * height)
    for x1, y1, x2, y2 in texts:
        shadow[max(y1 - d, 0) : max(y2 + d, 0), max(x1 - d, 0) : max(x2 + d, 0)] = 1
    flat, upright = (_without(mask, shadow) for mask in masks)
    _close_sides(flat, upright, height)
    joined: Array = cv2.morphologyEx(cv2.bitwise_or(flat, upright), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    joined[[0, -1]] = 255
    joined[:, [0, -1]] = 255
    return joined


def _without(mask: Array, shadow: Array) -> Array:
    """The mask without the pieces that run along texts only: letters' edges in a photo, underlines."""
    import cv2
    import numpy as np

    count, labels = cv2.connectedComponents(mask)
    area = np.bincount(labels.ravel(), minlength=count)
    beside = np.bincount(labels.ravel(), weights=shadow.ravel(), minlength=count)
    keep = beside < 0.85 * area
    keep[0] = False
    return np.where(keep[labels], 255, 0).astype(np.uint8)


def _mend(flat: Array, texts: Sequence[tuple[int, int, int, int]]) -> None:
    """Draw level rules on where a text was painted over that touches them: they go on at both its ends."""
    height, width = flat.shape
    for x1, y1, x2, y2 in texts:
        left, right = x1 - 4, x2 + 4
        if left < 0 or right >= width:
            continue
        reach = (y2 - y1) // 4
        for y in (*range(y1 - 3, y1 + reach), *range(y2 - reach, y2 + 3)):
            if 0 <= y < height and flat[y, left] and flat[y, right]:
                flat[y, left:right] = 255


def _close_sides(flat: Array, upright: Array, height: float) -> None:
    """Draw sides between three or more level rules that begin and end at the same places."""
    import cv2
    import numpy as np

    _, labels, stats, _ = cv2.connectedComponentsWithStats(flat)
    rules: list[tuple[int, int, int, int]] = []  # x and y of the left end, x and y of the right end
    for number, (x, _, w, h, _) in enumerate(stats.tolist()):
        if number and w > 6 * height and h < max(height, 0.1 * w):
            left, right = (int(np.flatnonzero(labels[:, c] == number).mean()) for c in (x, x + w - 1))
            rules.append((x, left, x + w - 1, right))
    used: set[tuple[int, int, int, int]] = set()
    for rule in rules:
        if rule in used:
            continue
        same = [r for r in rules if abs(r[0] - rule[0]) < 0.7 * height and abs(r[2] - rule[2]) < 0.7 * height]
        used.update(same)
        same.sort(key=lambda r: r[1])
        for above, below in pairwise(same) if len(same) >= 3 else ():
            cv2.line(upright, above[:2], below[:2], 255, 3)
            cv2.line(upright, above[2:], below[2:], 255, 3)


def _cells(rules: Array, height: float) -> list[tuple[int, int, int, int]]:
    """Boxes of the regions between rules that are as good as rectangular and can hold a line of text."""
    import cv2

    outlines, tree = cv2.findContours(255 - rules, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline, (_, _, _, parent) in zip(outlines, tree[0] if tree is not None else (), strict=True):
        if parent >= 0:
            continue  # The outline of a hole.
        x, y, w, h = cv2.boundingRect(outline)
        # Holes count as filled: a card may hold other cells.
        if h >= 0.8 * height and w >= 0.8 * height and cv2.contourArea(outline) >= 0.7 * w * h:
            found.append((x, y, x + w, y + h))
    return found


def _neighbours(cells: Sequence[Box], near: float) -> list[list[Box]]:
    """Cells grouped: those that lie side by side, or one above the other, with only a rule between them."""
    groups: list[list[Box]] = []
    for cell in sorted(cells, key=lambda c: (c.y1, c.x1)):
        grown = Box(cell.x1 - near, cell.y1 - near, cell.x2 + near, cell.y2 + near)
        touching = [g for g in groups if any(_side_by_side(grown, other, near) for other in g)]
        groups = [g for g in groups if g not in touching]
        groups.append([cell, *(other for g in touching for other in g)])
    return groups


def _side_by_side(grown: Box, other: Box, near: float) -> bool:
    across = min(grown.x2, other.x2) - max(grown.x1, other.x1)
    along = min(grown.y2, other.y2) - max(grown.y1, other.y1)
    return min(across, along) > 0 and max(across, along) > 2 * near and min(across, along) < 2 * near


def make_group(cells: Sequence[Box], near: float) -> Group:
    """Rows and columns of neighbouring cells; edges closer than `near` are one."""

    def edges(values: Sequence[float]) -> list[float]:
        found: list[list[float]] = []
        for value in sorted(values):
            if found and value - found[-1][-1] <= near:
                found[-1].append(value)
            else:
                found.append([value])
        return [sum(some) / len(some) for some in found]

    xs = edges([v for c in cells for v in (c.x1, c.x2)])
    ys = edges([v for c in cells for v in (c.y1, c.y2)])

    def span(known: list[float], low: float, high: float) -> tuple[int, int]:
        def nearest(value: float) -> int:
            return min(range(len(known)), key=lambda i: abs(known[i] - value))

        first = min(nearest(low), len(known) - 2)
        return first, max(nearest(high) - 1, first)

    areas = [Area(c, span(ys, c.y1, c.y2), span(xs, c.x1, c.x2)) for c in cells]
    return Group(len(ys) - 1, len(xs) - 1, tuple(areas))
