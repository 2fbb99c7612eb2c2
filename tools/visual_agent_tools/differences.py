"""Where two aligned pictures look different.

In: two RGB arrays (height, width, 3; uint8) and their `Alignment`. Out: boxes in the first picture's pixels, and the
part of it that could be compared.

The second picture is laid on the first (at most 1500 pixels a side), its colours are fitted to the first's, and a pixel
counts as different only when it lies outside the range of the other picture's 3x3 neighbourhood: edges that are half a
pixel off do not count, new or missing strokes do. SSIM (Wang et al. 2004) must agree for faint differences. What is
left is looked at again at full size, allowing for a small local shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visual_agent.geometry import Box, Transform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visual_agent_tools.alignment import Alignment

    Array = NDArray[np.uint8]
    Floats = NDArray[np.float32]

WORK_SIDE = 1500
#: Grey levels by which a pixel must leave its range: to belong to a difference, and to begin one.
_FAINT, _CLEAR = 14.0, 30.0
_SSIM_FAINT = 0.6
#: Grey levels taken off a difference for each grey level of contrast that both pictures have there.
_BUSY = 0.4
_LOCAL_SHIFT = 3
_MOST = 60


@dataclass(frozen=True, slots=True)
class Differences:
    """`boxes` in the first picture's pixels, top to bottom; `compared` is the part of it that the second one shows."""

    boxes: tuple[Box, ...]
    compared: Box
    #: Share of the compared part that differs, 0..1.
    share: float


@dataclass(frozen=True, slots=True)
class _Laid:
    """Both pictures in one frame: the second laid on the first, with the mask of what it covers."""

    first: Floats
    second: Floats
    mask: Array


def find_differences(first: Array, second: Array, alignment: Alignment) -> Differences:
    """The boxes of `first` in which `second` looks different; see the module's docstring."""
    import numpy as np

    height, width = first.shape[:2]
    scale = min(1.0, WORK_SIDE / max(height, width), _grain(alignment.matrix))
    whole = Box(0, 0, width, height)
    laid = _lay(first, second, alignment, whole, scale, margin=max(2, round(max(height, width) * scale / 250)))
    if not laid.mask.any():
        return Differences((), whole, 0.0)
    gains = _color_fit(laid)
    laid = _fitted(laid, gains)
    score = _outside(laid)
    faint, clear = _thresholds(score, laid.mask)
    seeds = score > clear
    grown = (score > faint) & ((_ssim(laid) < _SSIM_FAINT) | seeds)
    to_full = Transform(width / laid.first.shape[1], height / laid.first.shape[0])
    boxes = [to_full.apply(box) for box in _components(grown, seeds)]
    exact = alignment.method == "position" and scale == 1.0
    if not exact:
        boxes = [box for box in boxes if _stands(first, second, alignment, box, gains, (faint, clear))]
    boxes = _merged(boxes, max(4.0, 0.012 * max(height, width)))
    ys, xs = np.nonzero(laid.mask)
    compared = to_full.apply(Box(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1))
    share = float(grown.sum()) / float(np.count_nonzero(laid.mask))
    return Differences(tuple(sorted(boxes, key=lambda b: (b.y1, b.x1))), compared, share)


def looks_different(first: Array, second: Array, alignment: Alignment, box: Box) -> bool:
    """Whether `second` differs inside one box of `first`, judged at full size with room for a local shift."""
    return _stands(first, second, alignment, box, None, (_FAINT, _CLEAR))


def _lay(first: Array, second: Array, alignment: Alignment, part: Box, scale: float, margin: int) -> _Laid:
    """`part` of the first picture at `scale`, and the second one laid on it; `margin` is cut off the seen area."""
    import cv2
    import numpy as np

    x1, y1, x2, y2 = part.rounded()
    size = (max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale)))
    near = first[y1:y2, x1:x2]
    if scale < 1:
        near = np.asarray(cv2.resize(near, size, interpolation=cv2.INTER_AREA), np.uint8)
    # From the shrunk part's pixels to the first picture's; pixel centres are at whole numbers.
    sx, sy = (x2 - x1) / size[0], (y2 - y1) / size[1]
    place = np.array([[sx, 0, x1 + sx / 2 - 0.5], [0, sy, y1 + sy / 2 - 0.5], [0, 0, 1]])
    matrix = alignment.matrix @ place
    grain = _grain(matrix)
    if grain > 1.25:
        # Sampling every third pixel would alias; shrink first, as the first picture was.
        small = (max(1, round(second.shape[1] / grain)), max(1, round(second.shape[0] / grain)))
        fx, fy = small[0] / second.shape[1], small[1] / second.shape[0]
        second = np.asarray(cv2.resize(second, small, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = np.array([[fx, 0, fx / 2 - 0.5], [0, fy, fy / 2 - 0.5], [0, 0, 1]]) @ matrix
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    far = cv2.warpPerspective(second, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.warpPerspective(np.full(second.shape[:2], 255, np.uint8), matrix, size, flags=flags)
    mask = np.asarray(seen == 255, np.uint8)
    if margin and not mask.all():
        mask = np.asarray(cv2.erode(mask, np.ones((2 * margin + 1,) * 2, np.uint8), borderValue=1), np.uint8)
    soft = [np.asarray(cv2.GaussianBlur(i, (0, 0), 0.8), np.float32) for i in (near, far)]
    return _Laid(soft[0], soft[1], mask)


def _grain(matrix: NDArray[np.float64]) -> float:
    """Pixels of the second picture for one of the first. Both are compared at the coarser one's detail."""
    import numpy as np

    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2] / matrix[2, 2]))))


def _color_fit(laid: _Laid) -> tuple[Floats, Floats]:
    """Gain and offset per channel that bring the second picture's colours to the first's, changes left out."""
    import numpy as np

    seen = laid.mask > 0
    step = max(1, int(np.sqrt(np.count_nonzero(seen) / 40_000)))
    picked = np.zeros_like(seen)
    picked[::step, ::step] = seen[::step, ::step]
    lines = [_line(laid.second[..., c][picked], laid.first[..., c][picked]) for c in range(3)]
    gains, offsets = zip(*lines, strict=True)
    return np.asarray(gains, np.float32), np.asarray(offsets, np.float32)


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Gain and offset of the line from `x` to `y`, by the medians of brightness classes (Theil and Sen).

    Least squares would follow what most pixels are: on a dark ground it fits a line to noise.
    """
    import numpy as np

    if x.size == 0:
        return 1.0, 0.0
    off = y - x
    middle = float(np.median(off))
    usual = np.abs(off - middle) <= 50
    classes = ((x[usual] + y[usual]) / 16).astype(int)
    found = []
    for number in np.unique(classes):
        members = classes == number
        if np.count_nonzero(members) >= 20:
            found.append((float(np.median(x[usual][members])), float(np.median(y[usual][members]))))
    slopes = [(q[1] - p[1]) / (q[0] - p[0]) for i, p in enumerate(found) for q in found[:i] if abs(q[0] - p[0]) > 20]
    gain = float(np.median(slopes)) if slopes else 1.0
    if not 0.5 < gain < 2:
        return 1.0, middle
    return gain, float(np.median([py - gain * px for px, py in found]))


def _fitted(laid: _Laid, gains: tuple[Floats, Floats]) -> _Laid:
    """The second picture in the first's colours. What was burnt out, or drowned in black, may have been anything."""
    import numpy as np

    second = np.clip(laid.second * gains[0] + gains[1], 0, 255)
    second = np.where(laid.second > 250, np.maximum(second, laid.first), second)
    second = np.where(laid.second < 5, np.minimum(second, laid.first), second)
    return _Laid(laid.first, np.asarray(second, np.float32), laid.mask)


def _outside(laid: _Laid) -> Floats:
    """By how many grey levels each pixel leaves the range of the other picture's 3x3 neighbourhood, either way."""
    import cv2
    import numpy as np

    around = np.ones((3, 3), np.uint8)
    score = np.zeros(laid.first.shape, np.float32)
    for one, other in ((laid.first, laid.second), (laid.second, laid.first)):
        low, high = cv2.erode(other, around), cv2.dilate(other, around)
        score = np.maximum(score, np.maximum(one - high, low - one))
    busy = np.minimum(_contrast(laid.first), _contrast(laid.second))
    return np.asarray(np.maximum(score.max(axis=2) - _BUSY * busy, 0) * laid.mask, np.float32)


def _contrast(image: Floats) -> Floats:
    """Standard deviation of the grey levels around each pixel. JPEG errs more where there is more to see."""
    import cv2
    import numpy as np

    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    mean, square = (cv2.boxFilter(i, cv2.CV_32F, (9, 9)) for i in (gray, gray * gray))
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)), np.float32)


def _thresholds(score: Floats, mask: Array) -> tuple[float, float]:
    """Faint and clear, raised where the whole picture is noisy (JPEG, a scan)."""
    import numpy as np

    noise = float(np.percentile(score[mask > 0], 90))
    return max(_FAINT, 2.5 * noise), max(_CLEAR, 4.0 * noise)


def _ssim(laid: _Laid) -> Floats:
    """The SSIM map of the grey pictures, -1..1."""
    import cv2
    import numpy as np
    from skimage.metrics import structural_similarity

    gray = [cv2.cvtColor(i, cv2.COLOR_RGB2GRAY) for i in (laid.first, laid.second)]
    if min(gray[0].shape) < 7:
        return np.zeros(gray[0].shape, np.float32)
    _, result = structural_similarity(gray[0], gray[1], data_range=255.0, full=True)
    return np.asarray(result, np.float32)


def _components(grown: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> list[Box]:
    """Boxes around connected differences that hold at least a few clear pixels."""
    import cv2
    import numpy as np

    side = max(grown.shape)
    reach = max(3, round(side / 150)) | 1
    joined = cv2.morphologyEx(grown.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    clear = np.bincount(labels[seeds], minlength=count)
    least = max(4, round((side / 400) ** 2))
    boxes = []
    for number in range(1, count):
        x, y, w, h, _ = (int(v) for v in stats[number])
        if clear[number] >= least:
            boxes.append(Box(x, y, x + w, y + h))
    return boxes


def _stands(
    first: Array,
    second: Array,
    alignment: Alignment,
    box: Box,
    gains: tuple[Floats, Floats] | None,
    limits: tuple[float, float],
) -> bool:
    """Whether a difference is still there at full size when the second picture may move a little."""
    import numpy as np

    height, width = first.shape[:2]
    room = 2 * _LOCAL_SHIFT + 2
    part = Box(box.x1 - room, box.y1 - room, box.x2 + room, box.y2 + room).clipped((width, height))
    scale = min(1.0, 600 / max(part.width, part.height), _grain(alignment.matrix))
    laid = _lay(first, second, alignment, part, scale, margin=0)
    if min(laid.mask.shape) <= 2 * _LOCAL_SHIFT + 2:
        return True
    moved = (_fitted(laid, gains) if gains else laid).second
    rest = None
    for dx, dy in _shifts():
        score = _outside(_Laid(laid.first, np.roll(moved, (dy, dx), (0, 1)), laid.mask))
        inner = score[_LOCAL_SHIFT:-_LOCAL_SHIFT, _LOCAL_SHIFT:-_LOCAL_SHIFT]
        left = int((inner > limits[1]).sum())
        rest = left if rest is None else min(rest, left)
        if rest < 4:
            return False
    return True


def _shifts() -> list[tuple[int, int]]:
    span = range(-_LOCAL_SHIFT, _LOCAL_SHIFT + 1)
    return sorted(((x, y) for x in span for y in span), key=lambda s: abs(s[0]) + abs(s[1]))


def _merged(boxes: Sequence[Box], gap: float) -> list[Box]:
    """Boxes closer than `gap` pixels become one; parts of one change are not told apart."""
    merged: list[Box] = []
    for box in sorted(boxes, key=lambda b: -b.area)[: 10 * _MOST]:
        here = box
        again = True
        while again:
            again = False
            for other in merged:
                reach = Box(here.x1 - gap, here.y1 - gap, here.x2 + gap, here.y2 + gap)
                if reach.intersection(other) > 0:
                    merged.remove(other)
                    here, again = here.union(other), True
                    break
        merged.append(here)
    return merged[:_MOST]
