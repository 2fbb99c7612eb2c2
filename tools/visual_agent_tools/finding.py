"""Where the text lines of a picture are.

In: a BGR array of any size. Out: quads in its pixels, corners clockwise from the top left of an upright line.

Pictures up to about 2000 pixels are looked at whole, larger ones in tiles of 1280 that overlap by 192, so 12 px type
in a picture of 6000x4000 is seen at its own size; tiles without edges are skipped, the others shrunk to where edges
are. One more look at the whole picture, scaled down, finds type that is too large for the tiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visual_agent.geometry import Box
from visual_agent_tools.ocr import Point, Quad, detect, each

if TYPE_CHECKING:
    from visual_agent_tools.ocr import Array

TILE = 1280
OVERLAP = 192
_WHOLE_SIDE = 2000
_WHOLE_AREA = 2_400_000
_COARSE_SIDE = 960
_SMALL_AREA = 1_000_000
#: Type of this height (pixels) is left to the look at the whole picture, when tiles are used.
_LARGE_TYPE = 64


@dataclass(frozen=True, slots=True)
class _Found:
    """A quad, its box, and whether a tile's inner edge may have cut it."""

    quad: Quad
    box: Box
    cut: bool


def find_quads(array: Array) -> list[Quad]:
    """The text lines of a BGR array, in its pixels, top to bottom."""
    height, width = array.shape[:2]
    if height < 4 or width < 4:
        return []
    if max(height, width) <= _WHOLE_SIDE and height * width <= _WHOLE_AREA:
        found = _look(array, (0, 0, width, height), _zoom(width, height))
    else:
        tiles = [part for tile in _tiles(width, height) if (part := _trim(array, tile)) is not None]
        found = _join([f for some in each(lambda part: _look(array, part), tiles) for f in some])
    if max(height, width) >= 1.25 * _COARSE_SIDE:
        coarse = _look(array, (0, 0, width, height), _COARSE_SIDE / max(height, width))
        found = _merge(found, coarse)
    return [f.quad for f in sorted(_mend(found), key=lambda f: (f.box.y1, f.box.x1))]


def _zoom(width: int, height: int) -> float:
    """How much to enlarge a small picture: whoever cut a few words out of a page wants them read."""
    longest, shortest = max(width, height), min(width, height)
    # On screens and charts of usual size the detector finds a few labels more this way (none was lost).
    zoom = 1.35 if width * height <= _SMALL_AREA else 1.0
    if longest < 480:
        zoom = max(zoom, min(480 / longest, 3.0))
    if shortest < 40:
        zoom = max(zoom, min(40 / shortest, 4.0))
    return zoom


def _spans(length: int) -> list[tuple[int, int]]:
    """Starts and ends of equal tiles over `length` pixels, at most TILE long, overlapping by at least OVERLAP."""
    if length <= TILE:
        return [(0, length)]
    count = -(-(length - OVERLAP) // (TILE - OVERLAP))
    size = -(-(length + (count - 1) * OVERLAP) // count)
    starts = [round(i * (length - size) / (count - 1)) for i in range(count)]
    return [(start, start + size) for start in starts]


def _tiles(width: int, height: int) -> list[tuple[int, int, int, int]]:
    return [(x1, y1, x2, y2) for y1, y2 in _spans(height) for x1, x2 in _spans(width)]


def _trim(array: Array, tile: tuple[int, int, int, int]) -> tuple[int, int, int, int] | None:
    """The tile shrunk to where neighbouring pixels differ, or None for a blank one.

    A side is only moved inwards past empty pixels, so trimming cuts nothing.
    """
    import cv2
    import numpy as np

    x1, y1, x2, y2 = tile
    grey = cv2.cvtColor(array[y1:y2, x1:x2], cv2.COLOR_BGR2GRAY)
    steps = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 24
    rows, columns = np.flatnonzero(steps.any(axis=1)), np.flatnonzero(steps.any(axis=0))
    if rows.size < 4 or columns.size < 2:
        return None
    pad = 24
    return (
        max(x1 + int(columns[0]) - pad, x1),
        max(y1 + int(rows[0]) - pad, y1),
        min(x1 + int(columns[-1]) + pad, x2),
        min(y1 + int(rows[-1]) + pad, y2),
    )


def _look(array: Array, part: tuple[int, int, int, int], zoom: float = 1.0) -> list[_Found]:
    """Detect in one part of the array; quads come back in the array's pixels."""
    import cv2
    import numpy as np

    x1, y1, x2, y2 = part
    view = array[y1:y2, x1:x2]
    if zoom != 1.0:
        how = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
        view = cv2.resize(view, None, fx=zoom, fy=zoom, interpolation=how)
    zx, zy = view.shape[1] / (x2 - x1), view.shape[0] / (y2 - y1)
    # A margin in the edge's colour: type that touches the edge is found, and no side is resampled to fit the network.
    edge = np.concatenate([view[0], view[-1], view[:, 0], view[:, -1]])
    left, top = 16, 16
    right, bottom = 16 + -(view.shape[1] + 32) % 32, 16 + -(view.shape[0] + 32) % 32
    colour = [float(v) for v in np.median(edge, axis=0)]
    view = cv2.copyMakeBorder(view, top, bottom, left, right, cv2.BORDER_CONSTANT, value=colour)
    height, width = array.shape[:2]
    found = []
    for quad, _ in detect(view):
        corners: list[Point] = [
            (min(max((x - left) / zx + x1, 0), width), min(max((y - top) / zy + y1, 0), height)) for x, y in quad
        ]
        a, b, c, d = corners
        box = Box.around(corners)
        near = 3
        cut = (
            (x1 > 0 and box.x1 <= x1 + near)
            or (y1 > 0 and box.y1 <= y1 + near)
            or (x2 < width and box.x2 >= x2 - near)
            or (y2 < height and box.y2 >= y2 - near)
        )
        found.append(_Found((a, b, c, d), box, cut))
    return found


def _mend(found: Sequence[_Found]) -> list[_Found]:
    """Neighbours on one level whose boxes touch made one: the detector sometimes breaks a line between two letters."""
    done: list[_Found] = []
    for item in sorted(found, key=lambda f: f.box.x1):
        for i, other in enumerate(done):
            if _touch(other, item):
                box = other.box.union(item.box)
                done[i] = _Found(_upright(box), box, other.cut or item.cut)
                break
        else:
            done.append(item)
    return done


def _touch(left: _Found, right: _Found) -> bool:
    a, b = left.box, right.box
    low, high = sorted((a.height, b.height))
    if high > 1.35 * low or abs(a.center[1] - b.center[1]) > 0.2 * low or max(a.width, b.width) < high:
        return False
    level = all(abs(f.quad[0][1] - f.quad[1][1]) < 0.15 * f.box.height for f in (left, right))
    gap = b.x1 - a.x2
    return level and -0.6 * low < gap < 0.1 * low


def _join(found: Sequence[_Found]) -> list[_Found]:
    """One entry per line: copies from two tiles merged, pieces cut by tile edges joined or dropped."""
    whole: list[_Found] = []
    for item in sorted((f for f in found if not f.cut), key=lambda f: -f.box.area):
        if all(_inside(item.box, other.box) < 0.6 for other in whole):
            whole.append(item)
    pieces = [f for f in found if f.cut and all(_inside(f.box, w.box) < 0.6 for w in whole)]
    joined: list[_Found] = []
    for item in sorted(pieces, key=lambda f: (f.box.x1, f.box.y1)):
        for i, other in enumerate(joined):
            if _same_line(item.box, other.box):
                box = item.box.union(other.box)
                joined[i] = _Found(_upright(box), box, True)
                break
        else:
            joined.append(item)
    # A joined line may hold whole ones that stood in the tiles' overlap.
    kept = [w for w in whole if all(_inside(w.box, j.box) < 0.6 for j in joined)]
    return kept + joined


def _inside(box: Box, other: Box) -> float:
    """The share of `box` that lies in `other`."""
    return box.intersection(other) / box.area


def _same_line(a: Box, b: Box) -> bool:
    """Whether two cut pieces overlap as parts of one line do: along it, at the same height (or lying: the same x)."""
    if not a.intersection(b):
        return False
    across = min(a.y2, b.y2) - max(a.y1, b.y1)
    along = min(a.x2, b.x2) - max(a.x1, b.x1)
    return across >= 0.6 * max(a.height, b.height) or along >= 0.6 * max(a.width, b.width)


def _upright(box: Box) -> Quad:
    return (box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)


def _merge(fine: Sequence[_Found], coarse: Sequence[_Found]) -> list[_Found]:
    """The fine look's lines, but large type as the coarse look saw it.

    A large coarse box gives way when whole fine lines of clearly smaller height lie in it: it is a paragraph then.
    """
    large = []
    for item in coarse:
        if min(item.box.width, item.box.height) < _LARGE_TYPE:
            continue
        within = [f for f in fine if _inside(f.box, item.box) > 0.6]
        covered = sum(f.box.area for f in within) / item.box.area
        if any(_inside(item.box, f.box) > 0.7 for f in fine):
            continue
        if covered > 0.3 and all(f.box.height < 0.6 * item.box.height and not f.cut for f in within):
            continue
        large.append(item)
    small = [f for f in fine if all(_inside(f.box, item.box) <= 0.6 for item in large)]
    return small + large
