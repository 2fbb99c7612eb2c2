"""From a picture to its lines: where to look, at which scale, which way up, and what to believe.

In: an upright RGB picture (any size). Out: `Line`s in its pixels, in no particular order (`layout` orders them).

1. Find: the detector sees the picture in tiles at its own scale (small pictures enlarged), and large ones once more
   as a whole for type that is bigger than a tile. Lines cut by a tile's edge are joined again.
2. Turn: a few lines are read all four ways to see which way up the page lies.
3. Split: a found line is cut where a gap wider than its height, or a rule, runs through it: fields and cells.
4. Read: each piece from the original pixels. Weak ones get a second look: enlarged, with a margin, turned.
5. Believe: scores under 0.65 go, single characters need 0.95 unless they stand among good lines of their size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visual_agent.geometry import Box
from visual_agent_tools.finding import find_quads
from visual_agent_tools.labels import tidy
from visual_agent_tools.lines import Line, distance, median, narrow, slice_quad, turn_quad
from visual_agent_tools.ocr import LINE_HEIGHT, Quad, Reading, each, recognise

if TYPE_CHECKING:
    from PIL.Image import Image

    from visual_agent_tools.ocr import Array

#: Below this score a reading is noise (garbage from turned text scores 0.6 to 0.7, good text 0.97).
KEEP_SCORE = 0.65
#: A lone character is a ghost below this score: photos without text give some.
KEEP_SINGLE = 0.95
#: A single character that fills this share of a picture needs that score: a photo's shapes, or one letter cut out.
_LARGE_SHARE, _KEEP_LARGE = 0.08, 0.985
_WEAK = 0.88
_SECOND_LOOKS = 32
_SAMPLE = 6
_ROOM = 0.35
#: Crops longer than this many times their height are read at four fifths of their width first, which saves
#: that much time. Narrow letters can get lost that way, seen up to 0.981: below _SURE the line is read in full.
_LONG, _NARROW, _SURE = 8, 0.8, 0.99


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line or field to read: the pixels the recogniser sees, and the quad that is reported.

    The quad is drawn close around the ink; it lies between `start` and `end` (0..1) of the crop's width.
    """

    quad: Quad
    crop: Array
    start: float = 0.0
    end: float = 1.0

    def line(self, reading: Reading) -> Line:
        width = max(self.end - self.start, 1e-6)
        centers = [min(max((c - self.start) / width, 0.0), 1.0) for c in reading.centers]
        text = narrow(reading.text)
        begin, end = len(text) - len(text.lstrip()), len(text.rstrip())
        return Line(text[begin:end], self.quad, reading.score, tuple(centers[begin:end]))


def scan(image: Image) -> list[Line]:
    """All text lines of an upright RGB picture, in its pixels, unordered."""
    import numpy as np

    array: Array = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
    quads = find_quads(array)
    quarters = _lying(array, quads)
    lines = _read_all(array, [turn_quad(quad, quarters) for quad in quads])
    if not quarters and _upside_down(array, lines):
        lines = _read_all(array, [turn_quad(quad, 2) for quad in quads])
    weak = sorted((i for i, line in enumerate(lines) if line.score < _WEAK), key=lambda i: -lines[i].length)
    better = each(lambda i: _second_look(array, lines[i]), weak[:_SECOND_LOOKS])
    for i, line in zip(weak, better, strict=False):
        lines[i] = line
    return tidy(_believe(lines, image.width * image.height))


def _read_all(array: Array, quads: Sequence[Quad]) -> list[Line]:
    pieces = [piece for quad in quads for piece in _pieces(array, quad)]
    return each(lambda piece: _read(array, piece), pieces)


def _cut_out(array: Array, quad: Quad) -> Array:
    """The quad's pixels as an upright crop; tall type is shrunk to twice the recogniser's height."""
    import cv2
    import numpy as np

    width, height = distance(quad[0], quad[1]), distance(quad[0], quad[3])
    scale = min(1.0, 2 * LINE_HEIGHT / max(height, 1))
    w, h = max(round(width * scale), 1), max(round(height * scale), 1)
    source = np.array(quad, dtype=np.float32)
    target = np.array([[0, 0], [w, 0], [w, h], [0, h]], dtype=np.float32)
    if scale < 0.6:
        # Warping alone would skip pixels of large type: shrink its surroundings properly first.
        box = Box.around(quad).expanded(0.02)
        x1, y1 = max(int(box.x1), 0), max(int(box.y1), 0)
        part = array[y1 : int(box.y2) + 1, x1 : int(box.x2) + 1]
        array = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        source = (source - np.array([x1, y1], dtype=np.float32)) * scale
    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target)
    crop: Array = cv2.warpPerspective(array, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return crop


def _recognise_quad(array: Array, quad: Quad) -> Reading:
    return recognise(_cut_out(array, quad))


def _is_tall(quad: Quad) -> bool:
    return distance(quad[0], quad[3]) > 1.5 * distance(quad[0], quad[1])


def _lying(array: Array, quads: Sequence[Quad]) -> int:
    """How many quarter turns clockwise a page was turned on which most text runs up or down: 1 or 3, else 0."""
    length = {quad: max(distance(quad[0], quad[1]), distance(quad[0], quad[3])) for quad in quads}
    tall = [quad for quad in quads if _is_tall(quad)]
    if sum(length[quad] for quad in tall) <= 0.5 * sum(length.values()):
        return 0
    return max((1, 3), key=lambda quarters: _sample_score(array, [turn_quad(quad, quarters) for quad in tall]))


def _upside_down(array: Array, lines: Sequence[Line]) -> bool:
    """Whether the page reads clearly better upside down. Only asked where it reads badly as it is."""
    level = [line for line in lines if not _is_tall(line.quad) and line.text]
    letters = sum(len(line.text) for line in level)
    if not letters or sum(line.score * len(line.text) for line in level) / letters >= 0.85:
        return False
    quads = [line.quad for line in level]
    turned = _sample_score(array, [turn_quad(quad, 2) for quad in quads])
    return turned > _sample_score(array, quads) + 0.05


def _sample_score(array: Array, quads: Sequence[Quad]) -> float:
    """Mean score by length of a few lines, those nearest to ten letters long: clear, and quick to read."""
    sample = sorted(quads, key=lambda q: abs(distance(q[0], q[1]) - 6 * distance(q[0], q[3])))[:_SAMPLE]
    readings = each(lambda quad: _recognise_quad(array, quad), sample)
    letters = sum(len(reading.text) for reading in readings)
    return sum(reading.score * len(reading.text) for reading in readings) / letters if letters else 0.0


def _pieces(array: Array, quad: Quad) -> list[_Piece]:
    """The fields of a line: cut at gaps wider than the line is high, and at rules drawn through it."""
    if _is_tall(quad):
        return [_Piece(quad, _cut_out(array, quad))]
    # With room above and below: a rule goes on there, a letter's stem does not.
    roomy = _cut_out(array, _across(quad, -_ROOM, 1 + _ROOM))
    over = round(roomy.shape[0] * _ROOM / (1 + 2 * _ROOM))
    crop = roomy[over : max(roomy.shape[0] - over, over + 1)]
    ink = _ink(roomy)
    fields = [] if ink is None else _fields(ink, over)
    if ink is None or not fields:
        return [_Piece(quad, crop)]
    ink = ink[over : over + crop.shape[0]]
    height, width = ink.shape
    pad = round(0.2 * height)
    pieces = []
    for left, right in fields:
        x1, x2 = (0, width) if len(fields) == 1 else (max(left - pad, 0), min(right + pad, width))
        top, bottom = _level(ink[:, left:right])
        close = max(left - 1, x1), max(top - 1, 0), min(right + 1, x2), min(bottom + 1, height)
        start, end = (close[0] - x1) / (x2 - x1), (close[2] - x1) / (x2 - x1)
        pieces.append(_Piece(_inner(quad, close, (width, height)), crop[:, x1:x2], start, end))
    return pieces


def _fields(ink: Array, over: int) -> list[tuple[int, int]]:
    """First and last column (excluded) of each run of ink that a wide gap or a rule separates from the next.

    `ink` has `over` rows above and below the line itself.
    """
    import numpy as np

    height = ink.shape[0] - 2 * over
    above, below = ink[: over + height].mean(axis=0), ink[over:].mean(axis=0)
    rule = np.maximum(above, below) > 0.97
    drawn = ink[over + int(0.12 * height) : over + max(int(0.88 * height), 1)].any(axis=0) & ~rule
    edges = np.flatnonzero(np.diff(np.concatenate(([False], drawn, [False])).astype(np.int8)))
    fields: list[tuple[int, int]] = []
    for left, right in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if fields:
            gap = left - fields[-1][1]
            ruled = gap >= 0.25 * height and bool(rule[fields[-1][1] : left].any())
            if gap <= 1.1 * height and not ruled:
                fields[-1] = (fields[-1][0], right)
                continue
        fields.append((left, right))
    return [field for field in fields if field[1] - field[0] >= 2]


def _level(ink: Array) -> tuple[int, int]:
    """First and last row (excluded) of a line's ink: outwards from its middle to the first empty rows.

    At least the middle three fifths: a lone dash is a line as high as its neighbours.
    """
    height = ink.shape[0]
    rows = ink.any(axis=1) & (ink.mean(axis=1) < 0.97)  # A rule under the line is no part of it.
    top, bottom = round(0.2 * height), max(round(0.8 * height), 1)
    while top > 0 and rows[max(top - 2, 0) : top].any():
        top -= 1
    while bottom < height and rows[bottom : bottom + 2].any():
        bottom += 1
    return top, bottom


def _inner(quad: Quad, part: tuple[int, int, int, int], size: tuple[int, int]) -> Quad:
    """The part (pixels of the crop) of a quad whose crop has that size."""
    (x1, y1, x2, y2), (width, height) = part, size
    return _across(slice_quad(quad, x1 / width, x2 / width), y1 / height, y2 / height)


def _across(quad: Quad, top: float, bottom: float) -> Quad:
    """The part of a line's quad between two places across it: 0 is its top, 1 its bottom."""
    a, b, c, d = slice_quad((quad[0], quad[3], quad[2], quad[1]), top, bottom)
    return a, d, c, b


def _ink(crop: Array) -> Array | None:
    """Which pixels of a crop are not background (boolean), or None where the background is no plain colour."""
    import numpy as np

    grey = crop.astype(np.int16).mean(axis=2)
    ground = np.median(grey)
    away = np.abs(grey - ground)
    strongest = float(np.percentile(away, 99))
    if strongest < 24:
        return None
    ink: Array = np.asarray(away > max(0.3 * strongest, 16))
    return ink if ink.mean() < 0.6 else None


def _recognise_crop(crop: Array) -> Reading:
    """A level crop's text; a long one narrowed where that reads well."""
    import cv2

    height, width = crop.shape[:2]
    if width > _LONG * height:
        size = max(round(_NARROW * width * LINE_HEIGHT / height), 1), LINE_HEIGHT
        reading = recognise(cv2.resize(crop, size, interpolation=cv2.INTER_LINEAR))
        if reading.score >= _SURE:
            return reading
    return recognise(crop)


def _read(array: Array, piece: _Piece) -> Line:
    """One piece as it stands; a tall one is read lying both ways as well, and the best is kept."""
    best = piece.line(_recognise_crop(piece.crop))
    if _is_tall(piece.quad):
        for quarters in (1, 3):
            best = max(best, _read_turned(array, piece.quad, quarters), key=_worth)
    return best


def _read_turned(array: Array, quad: Quad, quarters: int) -> Line:
    turned = turn_quad(quad, quarters)
    return _Piece(turned, _cut_out(array, turned)).line(_recognise_quad(array, turned))


def _worth(line: Line) -> float:
    """Score, and a little for length: a single good letter is no reading of a whole line."""
    letters = sum(not char.isspace() for char in line.text)
    return line.score * min(1.0, 0.7 + 0.15 * letters) if letters else 0.0


def _second_look(array: Array, line: Line) -> Line:
    """A weak line again: enlarged from the original with a margin, and upside down; the best reading is kept."""
    import cv2

    candidates = [line, _read_turned(array, line.quad, 2)]
    height = max(line.height, 1.0)
    scale = min(max(2 * LINE_HEIGHT / height, 1.0), 4.0)
    box = line.box
    margin = max(0.5 * height, 0.3 * min(box.width, box.height))
    x1, y1 = max(int(box.x1 - margin), 0), max(int(box.y1 - margin), 0)
    part = array[y1 : int(box.y2 + margin) + 1, x1 : int(box.x2 + margin) + 1]
    if scale > 1.2 and part.size and max(part.shape[:2]) * scale <= 2000:
        big: Array = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        for quad in find_quads(big):
            seen = _Piece(quad, _cut_out(big, quad)).line(_recognise_quad(big, quad)).moved(x1, y1, 1 / scale)
            if seen.box.iou(box) > 0.5 and len(seen.text) >= 0.7 * len(line.text):
                candidates.append(seen)
    best = max(candidates, key=_worth)
    return best if _worth(best) > _worth(line) + 0.02 else line


def _believe(lines: Sequence[Line], area: float) -> list[Line]:
    """The readings that are text, on a picture of that many pixels.

    A character on its own must be sure, and surer where its size is not that of the text: circles and corners look like
    letters. Three alike of such a size are a drawing's symbol (the stops of a map).
    """
    good = [line for line in lines if line.score >= 0.9 and len(line.text.strip()) > 1]
    usual = median([line.height for line in good])
    sized = len(good) >= 4

    def fits(line: Line) -> bool:
        return 0.6 * usual <= line.height <= 1.45 * usual

    odd = Counter(line.text.strip() for line in lines if len(line.text.strip()) == 1 and sized and not fits(line))

    def is_text(line: Line) -> bool:
        text = line.text.strip()
        if len(text) != 1:
            return bool(text) and line.score >= KEEP_SCORE
        if line.box.area > _LARGE_SHARE * area:
            return line.score >= _KEEP_LARGE
        if not sized:
            return line.score >= KEEP_SINGLE
        if fits(line):
            return line.score >= (0.8 if text.isalnum() else KEEP_SINGLE)
        return line.score >= KEEP_SINGLE and odd[text] < 3

    return [line for line in lines if is_text(line)]
