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

from collections.abc import Sequence
from typing import TYPE_CHECKING

from visual_agent.geometry import Box
from visual_agent_tools.finding import find_quads
from visual_agent_tools.lines import Line, distance, median, narrow, slice_quad, turn_quad
from visual_agent_tools.ocr import LINE_HEIGHT, Quad, Reading, each, recognise

if TYPE_CHECKING:
    from PIL.Image import Image

    from visual_agent_tools.ocr import Array

#: Below this score a reading is noise (garbage from turned text scores 0.6 to 0.7, good text 0.97).
KEEP_SCORE = 0.65
#: A lone character is a ghost below this score: photos without text give some.
KEEP_SINGLE = 0.95
_WEAK = 0.88
_SECOND_LOOKS = 32
_SAMPLE = 6


def scan(image: Image) -> list[Line]:
    """All text lines of an upright RGB picture, in its pixels, unordered."""
    import numpy as np

    array: Array = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
    quads = find_quads(array)
    quarters = _page_turn(array, quads)
    pieces = [piece for quad in quads for piece in _split(array, turn_quad(quad, quarters))]
    lines = each(lambda quad: _read(array, quad), pieces)
    weak = sorted((i for i, line in enumerate(lines) if line.score < _WEAK), key=lambda i: -lines[i].length)
    better = each(lambda i: _second_look(array, lines[i]), weak[:_SECOND_LOOKS])
    for i, line in zip(weak, better, strict=False):
        lines[i] = line
    return _believe(lines)


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
        source = (source - np.float32([x1, y1])) * np.float32(scale)
    matrix = cv2.getPerspectiveTransform(source, target)
    crop: Array = cv2.warpPerspective(array, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return crop


def _recognise_quad(array: Array, quad: Quad) -> Reading:
    return recognise(_cut_out(array, quad))


def _is_tall(quad: Quad) -> bool:
    return distance(quad[0], quad[3]) > 1.5 * distance(quad[0], quad[1])


def _page_turn(array: Array, quads: Sequence[Quad]) -> int:
    """How many quarter turns clockwise the page was turned: 0, 1, 2 or 3.

    Upright wins ties: another way up must read clearly better on the longest lines.
    """
    if not quads:
        return 0
    tall = [quad for quad in quads if _is_tall(quad)]
    size = {id(quad): max(distance(quad[0], quad[1]), distance(quad[0], quad[3])) for quad in quads}
    lying = sum(size[id(quad)] for quad in tall) > 0.5 * sum(size.values())
    sample = sorted(tall if lying else [q for q in quads if not _is_tall(q)], key=lambda q: -size[id(q)])[:_SAMPLE]

    def score(quarters: int) -> float:
        readings = each(lambda quad: _recognise_quad(array, turn_quad(quad, quarters)), sample)
        letters = sum(len(reading.text) for reading in readings)
        return sum(reading.score * len(reading.text) for reading in readings) / letters if letters else 0.0

    if lying:
        return max((1, 3), key=score)
    upright = score(0)
    return 2 if upright < 0.85 and score(2) > upright + 0.05 else 0


def _split(array: Array, quad: Quad) -> list[Quad]:
    """The fields of a line: cut at gaps wider than the line is high, and at rules drawn through it."""
    import numpy as np

    if _is_tall(quad):
        return [quad]
    ink = _ink(_cut_out(array, quad))
    if ink is None:
        return [quad]
    height, width = ink.shape
    rule = ink.mean(axis=0) > 0.97
    band = ink[int(0.12 * height) : max(int(0.88 * height), 1)]
    drawn = band.any(axis=0) & ~rule
    edges = np.flatnonzero(np.diff(np.concatenate(([False], drawn, [False])).astype(np.int8)))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    if not runs:
        return [quad]
    parts = [list(runs[0])]
    for left, right in runs[1:]:
        gap = left - parts[-1][1]
        ruled = gap >= 0.25 * height and bool(rule[parts[-1][1] : left].any())
        if gap > 1.1 * height or ruled:
            parts.append([left, right])
        else:
            parts[-1][1] = right
    if len(parts) == 1:
        return [quad]
    pad = 0.15 * height
    return [
        slice_quad(quad, max(left - pad, 0) / width, min(right + pad, width) / width)
        for left, right in parts
        if right - left >= 2
    ]


def _ink(crop: Array) -> Array | None:
    """Which pixels of a crop are not background (boolean), or None where the background is no plain colour."""
    import numpy as np

    grey = crop.astype(np.int16).mean(axis=2)
    ground = np.median(grey)
    away = np.abs(grey - ground)
    strongest = float(np.percentile(away, 99))
    if strongest < 24:
        return None
    ink: Array = away > max(0.3 * strongest, 16)
    return ink if ink.mean() < 0.6 else None


def _line(quad: Quad, reading: Reading) -> Line:
    return Line(narrow(reading.text), quad, reading.score, reading.centers)


def _read(array: Array, quad: Quad) -> Line:
    """One line as it stands; a tall one is read lying both ways as well, and the best is kept."""
    best = _line(quad, _recognise_quad(array, quad))
    if _is_tall(quad):
        for quarters in (1, 3):
            turned = turn_quad(quad, quarters)
            other = _line(turned, _recognise_quad(array, turned))
            best = max(best, other, key=_worth)
    return best


def _worth(line: Line) -> float:
    """Score, and a little for length: a single good letter is no reading of a whole line."""
    letters = sum(not char.isspace() for char in line.text)
    return line.score * min(1.0, 0.7 + 0.15 * letters) if letters else 0.0


def _second_look(array: Array, line: Line) -> Line:
    """A weak line again: enlarged from the original with a margin, and upside down; the best reading is kept."""
    import cv2

    upside_down = turn_quad(line.quad, 2)
    candidates = [line, _line(upside_down, _recognise_quad(array, upside_down))]
    height = max(line.height, 1.0)
    scale = min(max(2 * LINE_HEIGHT / height, 1.0), 4.0)
    box = line.box
    margin = max(0.5 * height, 0.3 * min(box.width, box.height))
    x1, y1 = max(int(box.x1 - margin), 0), max(int(box.y1 - margin), 0)
    part = array[y1 : int(box.y2 + margin) + 1, x1 : int(box.x2 + margin) + 1]
    if scale > 1.2 and part.size and max(part.shape[:2]) * scale <= 2000:
        big: Array = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        for quad in find_quads(big):
            seen = _line(quad, _recognise_quad(big, quad)).moved(x1, y1, 1 / scale)
            if seen.box.iou(box) > 0.5 and len(seen.text) >= 0.7 * len(line.text):
                candidates.append(seen)
    best = max(candidates, key=_worth)
    return best if _worth(best) > _worth(line) + 0.02 else line


def _believe(lines: Sequence[Line]) -> list[Line]:
    """The readings that are text."""
    good = [line for line in lines if line.score >= 0.9 and len(line.text.strip()) > 1]
    usual = median([line.height for line in good])

    def is_text(line: Line) -> bool:
        letters = sum(not char.isspace() for char in line.text)
        if letters != 1:
            return bool(letters) and line.score >= KEEP_SCORE
        among = len(good) >= 4 and 0.6 * usual <= line.height <= 1.7 * usual and line.text.strip().isalnum()
        return line.score >= (0.8 if among else KEEP_SINGLE)

    return [line for line in lines if is_text(line)]
