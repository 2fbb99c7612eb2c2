"""Boxes, regions and frames: the only place that knows pixel arithmetic.

In: numbers in pixels of one picture, or in a model's grid. Out: `Box`, `Region`, `Transform`, overlaps.
A box is half open: it covers x1 <= x < x2 and y1 <= y < y2; a whole picture is (0, 0, width, height).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from visual_agent.errors import BoxError

#: Qwen-VL's grid: thousandths of the picture's side, [0, 1000). Drawing divides by this number.
GRID = 1000


def _is_number(value: float) -> bool:
    try:
        return math.isfinite(value)
    except (TypeError, OverflowError):  # text; an int beyond every float
        return False


def _whole(low: float, high: float) -> tuple[int, int]:
    """A span in whole pixels, rounded; one that rounds to nothing becomes the pixel it starts in."""
    first, last = round(low), round(high)
    return (first, last) if first < last else (math.floor(low), math.floor(low) + 1)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle `x1, y1, x2, y2` in pixels of one picture, with x1 < x2 and y1 < y2."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        if not all(_is_number(v) for v in self.as_tuple()):
            raise BoxError("A box needs four finite numbers; give x1, y1, x2, y2 in pixels of the named picture.")
        if self.x1 >= self.x2 or self.y1 >= self.y2:
            raise BoxError(
                f"Box {self.as_tuple()} has no area; give x1 < x2 and y1 < y2 "
                "(left, top, right, bottom in pixels of the named picture)."
            )

    @classmethod
    def around(cls, points: Iterable[Sequence[float]]) -> Box:
        """The smallest box that holds all `points` (x, y), at least one; it is at least one pixel wide and high."""
        pairs = [(float(p[0]), float(p[1])) for p in points]
        if not pairs:
            raise BoxError("A box needs points to go around; give at least one.")
        xs, ys = zip(*pairs, strict=True)
        x1, y1, x2, y2 = min(xs), min(ys), max(xs), max(ys)
        return cls(x1, y1, max(x2, x1 + 1), max(y2, y1 + 1))

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """Middle point (x, y)."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def as_tuple(self) -> tuple[float, float, float, float]:
        """`(x1, y1, x2, y2)`."""
        return self.x1, self.y1, self.x2, self.y2

    def rounded(self) -> tuple[int, int, int, int]:
        """Whole pixels, at least one wide and high; a box inside a picture stays inside it."""
        x1, x2 = _whole(self.x1, self.x2)
        y1, y2 = _whole(self.y1, self.y2)
        return x1, y1, x2, y2

    def intersection(self, other: Box) -> float:
        """Shared area in square pixels, 0 where the boxes do not touch."""
        w = min(self.x2, other.x2) - max(self.x1, other.x1)
        h = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(w, 0.0) * max(h, 0.0)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        shared = self.intersection(other)
        total = self.area + other.area - shared
        return shared / total if total > 0 else 0.0  # 0 where boxes are so thin that their area underflows

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies in the box."""
        return self.x1 <= x < self.x2 and self.y1 <= y < self.y2

    def union(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(min(self.x1, other.x1), min(self.y1, other.y1), max(self.x2, other.x2), max(self.y2, other.y2))

    def expanded(self, margin: float) -> Box:
        """Grown on every side by `margin` times the box's longer side (0.3 = 30 %)."""
        d = margin * max(self.width, self.height)
        return Box(self.x1 - d, self.y1 - d, self.x2 + d, self.y2 + d)

    def clipped(self, size: tuple[int, int]) -> Box:
        """The part inside a picture of `size` (width, height); BoxError if there is none."""
        w, h = size
        x1, y1, x2, y2 = max(self.x1, 0), max(self.y1, 0), min(self.x2, w), min(self.y2, h)
        if x1 >= x2 or y1 >= y2:
            raise BoxError(
                f"Box {self.rounded()} lies outside the picture of {w}x{h} pixels; "
                f"give x within 0..{w} and y within 0..{h}."
            )
        return Box(x1, y1, x2, y2)

    def to_grid(self, size: tuple[int, int], grid: int = GRID) -> tuple[int, int, int, int]:
        """Pixels of a picture of `size` (width, height) to whole grid units, clamped to 0..grid-1."""
        w, h = size
        raw = (self.x1 / w, self.y1 / h, self.x2 / w, self.y2 / h)
        x1, y1, x2, y2 = (min(max(round(v * grid), 0), grid - 1) for v in raw)
        return x1, y1, x2, y2

    @classmethod
    def from_grid(cls, numbers: Sequence[float], size: tuple[int, int], grid: int = GRID) -> Box:
        """Grid units to pixels of a picture of `size`; corners are ordered, a side of 0 becomes one unit."""
        if len(numbers) != 4:
            raise BoxError(f"A box needs four numbers, not {len(numbers)}; give x1, y1, x2, y2.")
        w, h = size
        x1, x2 = sorted((float(numbers[0]), float(numbers[2])))
        y1, y2 = sorted((float(numbers[1]), float(numbers[3])))
        x2, y2 = (x1 + 1 if x1 == x2 else x2), (y1 + 1 if y1 == y2 else y2)
        return cls(x1 / grid * w, y1 / grid * h, x2 / grid * w, y2 / grid * h)


@dataclass(frozen=True, slots=True)
class Transform:
    """Axis-aligned map from a derived picture's pixels to its parent's: `x -> x * sx + tx`, likewise y.

    A crop that starts at (left, top), is resized from `w` to `W` pixels and then padded by `p` pixels at its left has
    `sx = w / W` and `tx = left - p * sx`. `sx` and `sy` are positive: nothing is mirrored.
    """

    sx: float = 1.0
    sy: float = 1.0
    tx: float = 0.0
    ty: float = 0.0

    def __post_init__(self) -> None:
        if not (all(_is_number(v) for v in (self.sx, self.sy, self.tx, self.ty)) and self.sx > 0 and self.sy > 0):
            raise BoxError(f"{self} maps no boxes; give finite numbers, and scales sx and sy above 0.")

    def apply(self, box: Box) -> Box:
        """A box of the derived picture in the parent's pixels."""
        return Box(
            box.x1 * self.sx + self.tx,
            box.y1 * self.sy + self.ty,
            box.x2 * self.sx + self.tx,
            box.y2 * self.sy + self.ty,
        )

    def inverse(self) -> Transform:
        """The map from the parent's pixels to the derived picture's."""
        return Transform(1 / self.sx, 1 / self.sy, -self.tx / self.sx, -self.ty / self.sy)

    def then(self, outer: Transform) -> Transform:
        """First this map, then `outer` (the parent's own map to its parent)."""
        return Transform(
            self.sx * outer.sx,
            self.sy * outer.sy,
            self.tx * outer.sx + outer.tx,
            self.ty * outer.sy + outer.ty,
        )


@dataclass(frozen=True, slots=True)
class Region:
    """A phrase and its box: the currency of the tools.

    `frame` is the ledger name of the picture whose pixels `box` is in; `score` is 0..1, or None where the
    source gives none; `source` says who found it ("ocr", "model", "detector", "compare", ...); `id` is the
    ledger's short name for it ("r3"), empty until the ledger has recorded it.
    """

    phrase: str
    box: Box
    frame: str = ""
    score: float | None = None
    source: str = ""
    id: str = ""

    def moved(self, box: Box, frame: str) -> Region:
        """The same region in another frame."""
        return replace(self, box=box, frame=frame)


def suppress(regions: Iterable[Region], threshold: float = 0.5) -> list[Region]:
    """Non-maximum suppression: of regions in one frame that overlap by IoU > `threshold`, keep the best.

    A missing score counts as 0.5. The kept regions come best first. (Greedy NMS, as in Felzenszwalb et al. 2010.)
    """
    kept: list[Region] = []
    for region in sorted(regions, key=lambda r: -(0.5 if r.score is None else r.score)):
        if all(region.frame != k.frame or region.box.iou(k.box) <= threshold for k in kept):
            kept.append(region)
    return kept
