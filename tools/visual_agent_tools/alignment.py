"""Alignment of two pictures of the same thing: where each pixel of the first is in the second.

In: two RGB arrays (height, width, 3; uint8) of any sizes. Out: an `Alignment` (a homography with the number of matches
behind it), or `NotAligned` with the reason in plain words.

ORB features (Rublee et al. 2011) with Lowe's ratio test and USAC-MAGSAC (Barath et al. 2020); SIFT (Lowe 2004) as the
second try; pictures of one size of which one has too little texture for either are tried as they lie. What is found is
refined by ECC (Evangelidis and Psarakis 2008) and must pass checks on shape, overlap and spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.uint8]
    Matrix = NDArray[np.float64]

#: Features are looked for on copies of at most this side (pixels).
FEATURE_SIDE = 1000
_FEATURES = 3000
#: Below this side (pixels) there is no room for features.
_LEAST_SIDE = 32
_RATIO = 0.75
_LEAST_MATCHES = 25
_REPROJECTION = 3.0
_LEAST_OVERLAP = 0.2
_LEAST_CORRELATION = 0.5
#: Pixels (at FEATURE_SIDE) that a tile may lie off after alignment.
_MAY_MOVE = 2


@dataclass(frozen=True, eq=False)
class Alignment:
    """`matrix` (3x3) takes points (x, y, 1) of the first picture to the second, in pixels of both.

    `method` is "orb", "sift" or "position" (the pictures lie on each other as they are); `matches` counts the feature
    pairs that agree, 0 for "position".
    """

    matrix: Matrix
    method: str
    matches: int

    def points(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Points of the first picture in the second."""
        return _project(self.matrix, points)

    def back(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Points of the second picture in the first."""
        import numpy as np

        return _project(np.asarray(np.linalg.inv(self.matrix), np.float64), points)


@dataclass(frozen=True, slots=True)
class NotAligned:
    """`why` completes the sentence "they cannot be aligned: ..."."""

    why: str


_TOO_SMALL = NotAligned("one of them is too small")
_TOO_PLAIN = NotAligned("one of them has too little detail to hold on to")


def align(first: Array, second: Array) -> Alignment | NotAligned:
    """Find how `first` lies on `second`; see the module's docstring."""
    import cv2

    gray = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (first, second)]
    small, scales = zip(*(_limited(image) for image in gray), strict=True)
    one_size = first.shape == second.shape
    if one_size and _same_place(small[0], small[1]):
        return _position()
    is_small = min(min(image.shape) for image in gray) < _LEAST_SIDE
    found = _TOO_SMALL if is_small else _by_details(small, scales)
    if one_size and found in (_TOO_SMALL, _TOO_PLAIN) and _same_place(small[0], small[1], both=True):
        return _position()
    return found


def _by_details(small: Sequence[Array], scales: Sequence[float]) -> Alignment | NotAligned:
    """The homography that the features of two shrunk pictures agree on, between the originals."""
    failure = _TOO_PLAIN
    for method in ("orb", "sift"):
        found = _by_features(small[0], small[1], method)
        if isinstance(found, Alignment):
            found = _refined(found, small[0], small[1])
            problem = _problem(found, small[0], small[1])
            if problem is None:
                return Alignment(_rescaled(found.matrix, scales[0], scales[1]), found.method, found.matches)
            found = NotAligned(problem)
        failure = found
    return failure


def _limited(gray: Array) -> tuple[Array, float]:
    import cv2
    import numpy as np

    scale = min(1.0, FEATURE_SIDE / max(gray.shape))
    if scale == 1.0:
        return gray, scale
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _position() -> Alignment:
    import numpy as np

    return Alignment(np.eye(3), "position", 0)


def _same_place(first: Array, second: Array, *, both: bool = False) -> bool:
    """Whether the pictures lie on each other as they are: most tiles correlate best, and strongly, without a shift.

    Tiles with texture in the first picture vote; with `both`, those with texture in both, so that what only one of them
    shows is no evidence against it.
    """
    import numpy as np

    votes, good = 0, 0
    for a, b in _tiles(first, second):
        spread = min(float(a.std()), float(b.std())) if both else float(a.std())
        if spread < 4:
            continue
        votes += 1
        good += _correlation(a, b) > 0.9 and _moved(a, b) < 0.3
    if votes == 0:
        return bool(np.median(np.abs(first.astype(np.float32) - second)) < 8)
    return good >= 0.7 * votes


def _tiles(first: Array, second: Array) -> list[tuple[Array, Array]]:
    height, width = first.shape
    side = max(32, min(height, width) // 6)
    return [
        (first[y : y + side, x : x + side], second[y : y + side, x : x + side])
        for y in range(0, max(1, height - side // 2), side)
        for x in range(0, max(1, width - side // 2), side)
    ]


def _correlation(a: Array, b: Array) -> float:
    import numpy as np

    x, y = a.astype(np.float64) - a.mean(), b.astype(np.float64) - b.mean()
    scale = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / scale if scale > 0 else 0.0


def _moved(a: Array, b: Array) -> float:
    """How far (pixels) phase correlation says `b` lies from `a`."""
    import cv2
    import numpy as np

    window = cv2.createHanningWindow((a.shape[1], a.shape[0]), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(a.astype(np.float32), b.astype(np.float32), window)
    return float(np.hypot(dx, dy))


def _by_features(first: Array, second: Array, method: str) -> Alignment | NotAligned:
    import cv2
    import numpy as np

    # SIFT lies on a finer scale space; without a limit one textured lawn costs seconds.
    features: Any = cv2  # OpenCV's own stubs lack both names.
    detector = features.ORB_create(_FEATURES) if method == "orb" else features.SIFT_create(_FEATURES)
    norm = cv2.NORM_HAMMING if method == "orb" else cv2.NORM_L2
    (points_a, marks_a), (points_b, marks_b) = (detector.detectAndCompute(i, None) for i in (first, second))
    if marks_a is None or marks_b is None or min(len(marks_a), len(marks_b)) < _LEAST_MATCHES:
        return _TOO_PLAIN
    pairs = cv2.BFMatcher(norm).knnMatch(marks_a, marks_b, k=2)
    good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < _RATIO * p[1].distance]
    if len(good) < _LEAST_MATCHES:
        return NotAligned(f"they share too few details ({len(good)} matches)")
    source = np.array([points_a[m.queryIdx].pt for m in good], np.float64)
    target = np.array([points_b[m.trainIdx].pt for m in good], np.float64)
    matrix, inliers = cv2.findHomography(
        source, target, cv2.USAC_MAGSAC, _REPROJECTION, maxIters=5000, confidence=0.999
    )
    count = int(inliers.sum()) if inliers is not None else 0
    if matrix is None or count < _LEAST_MATCHES or count < 0.2 * len(good):
        return NotAligned(f"their details do not agree on one view ({count} of {len(good)} matches)")
    return Alignment(np.asarray(matrix, np.float64), method, count)


def _refined(found: Alignment, first: Array, second: Array) -> Alignment:
    """The same, brought to a fraction of a pixel; ECC shrugs off brightness and small changes."""
    import cv2
    import numpy as np

    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-5)
    try:
        _, matrix = cv2.findTransformECC(
            first, second, found.matrix.astype(np.float32), cv2.MOTION_HOMOGRAPHY, stop, None, 5
        )
    except cv2.error:
        return found  # It did not converge; the features' answer stands and is checked next.
    moved = np.abs(np.subtract(_project(matrix, _corners(first)), _project(found.matrix, _corners(first)))).max()
    if not np.isfinite(moved) or moved > 0.02 * max(first.shape):
        return found
    return Alignment(np.asarray(matrix, np.float64), found.method, found.matches)


def _problem(found: Alignment, first: Array, second: Array) -> str | None:
    """Why the homography cannot be trusted, or None."""
    import cv2
    import numpy as np

    corners = np.array(found.points(_corners(first)), np.float32)
    if not np.isfinite(corners).all() or not cv2.isContourConvex(corners):
        return "what fits best would fold the picture"
    denominators = np.array([[x, y, 1.0] for x, y in _corners(first)]) @ found.matrix[2]
    if denominators.min() <= 0 or denominators.max() / denominators.min() > 3:
        return "what fits best would tilt the picture too far"
    grows = abs(float(cv2.contourArea(corners))) / first.size
    if not 1 / 30 < grows < 30:
        return "what fits best would change the size too much"
    frame = np.array(_corners(second), np.float32)
    shared, _ = cv2.intersectConvexConvex(corners, frame)
    smaller = min(abs(float(cv2.contourArea(corners))), float(second.size))
    if shared < _LEAST_OVERLAP * smaller:
        return "they overlap too little"
    return _viewpoint_problem(found, first, second)


def _viewpoint_problem(found: Alignment, first: Array, second: Array) -> str | None:
    """A homography holds for a plane or a turning camera; from another place near and far parts move apart.

    Every tile of the first picture is looked for in the second, laid on the first; in a true fit it is where it was.
    """
    import cv2
    import numpy as np

    size = (first.shape[1], first.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = np.asarray(cv2.warpPerspective(second, found.matrix, size, flags=flags), np.uint8)
    inside = cv2.warpPerspective(np.full_like(second, 255), found.matrix, size, flags=flags)
    stays = moves = lost = 0
    side, reach = max(24, min(first.shape) // 10), max(6, max(first.shape) // 50)
    for y in range(reach, first.shape[0] - side - reach, side):
        for x in range(reach, first.shape[1] - side - reach, side):
            wide = (slice(y - reach, y + side + reach), slice(x - reach, x + side + reach))
            tile = first[y : y + side, x : x + side]
            if inside[wide].min() < 255 or tile.std() < 6:
                continue
            scores = cv2.matchTemplate(warped[wide], tile, cv2.TM_CCOEFF_NORMED)
            _, best, _, (dx, dy) = cv2.minMaxLoc(scores)
            if best < _LEAST_CORRELATION:
                lost += 1
            elif max(abs(dx - reach), abs(dy - reach)) > _MAY_MOVE and best > scores[reach, reach] + 0.05:
                moves += 1
            else:
                stays += 1
    votes = stays + moves + lost
    if moves > 0.15 * votes:
        return "they were taken from different places (near and far parts moved apart)"
    if votes and stays < 0.4 * votes:
        return "too little of them fits together"
    return None


def _corners(gray: Array) -> list[tuple[float, float]]:
    height, width = gray.shape
    return [(0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))]


def _project(matrix: Matrix, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    import numpy as np

    at = np.array([[x, y, 1.0] for x, y in points]) @ np.asarray(matrix, np.float64).T
    return [(float(x), float(y)) for x, y in at[:, :2] / at[:, 2:]]


def _rescaled(matrix: Matrix, first: float, second: float) -> Matrix:
    """A map between shrunk pictures as a map between the originals. Pixel centres are at whole numbers in OpenCV."""
    import numpy as np

    def shrink(scale: float) -> Matrix:
        return np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5], [0, 0, 1]])

    result = np.linalg.inv(shrink(second)) @ matrix @ shrink(first)
    return np.asarray(result / result[2, 2], np.float64)
