"""Boxes with readable labels on a picture.

In: an RGB picture and boxes in its pixels with labels (English, Chinese ...). Out: a new picture of the same size.
Line width and letters follow the picture's size; labels stay inside the picture and off each other where they can.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from visual_agent.errors import UserError
from visual_agent.geometry import Box
from visual_agent.markup import unescape

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

    from visual_agent.answers import Answer

#: See fonts/README.md for what it covers and why it is here.
FONT = Path(__file__).parent / "fonts" / "VisualAgentSans-Regular.otf"
#: Told apart by colour-blind eyes too (Okabe and Ito 2008, darkened where white letters need it), in fixed order.
COLORS = ("#d55e00", "#0072b2", "#009e73", "#cc3399", "#7a4fbf", "#b8860b", "#1f9ed1", "#c0272d", "#4d7a1f", "#555555")
_MISSING = "?"
#: Steps of gray, of 255, by which a pixel must differ from its ground to be worth seeing.
_CONTRAST = 40


@lru_cache(maxsize=32)
def font(size: int) -> FreeTypeFont:
    """The labels' font with letters of `size` pixels."""
    from PIL import ImageFont

    return ImageFont.truetype(str(FONT), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    if character.isspace():
        return True
    probe = font(16)
    unknown, mask = probe.getmask("\U0010ffff"), probe.getmask(character)
    return (mask.size, bytes(mask)) != (unknown.size, bytes(unknown))


def missing_glyphs(text: str) -> str:
    """The characters of `text` that the font does not hold, each once."""
    return "".join(dict.fromkeys(c for c in unescape(text) if not _has_glyph(c)))


def printable(text: str) -> str:
    """`text` as a label can show it: one line; a missing character becomes a plainer form of itself, or "?"."""
    shown = []
    for character in " ".join(unescape(text).split()):
        if not _has_glyph(character):
            plain = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
            character = plain if plain and all(map(_has_glyph, plain)) else _MISSING
        shown.append(character)
    return "".join(shown)


@dataclass(frozen=True, slots=True)
class _Style:
    line: int
    halo: int
    letters: int

    @classmethod
    def of(cls, size: tuple[int, int]) -> _Style:
        """Widths that look alike on a thumbnail and on a poster: both follow the picture's mean side."""
        side = (size[0] * size[1]) ** 0.5
        if side < 200:
            return cls(line=1, halo=0, letters=min(max(9, min(size) // 5), 12))
        line = max(2, round(side / 350))
        return cls(line=line, halo=max(1, line // 3), letters=max(14, round(side / 50)))


def draw(image: Image, items: Sequence[tuple[Box, str]], *, numbered: bool = False) -> Image:
    """`image` with a box and a label for each item; the given image stays as it is.

    Args:
        image: an RGB picture.
        items: boxes in the picture's pixels, each with a label ("" for none). A box is cut at the picture's edges.
        numbered: put 1, 2, 3 ... before the labels.

    Raises:
        BoxError: a box lies wholly outside the picture.
    """
    from PIL import ImageDraw

    result = image.copy()
    canvas = ImageDraw.Draw(result)
    style = _Style.of(image.size)
    boxes = [box.clipped(image.size) for box, _ in items]
    for number, box in enumerate(boxes):
        _outline(canvas, image.size, box, COLORS[number % len(COLORS)], style)
    placed: list[Box] = []
    gray = image.convert("L")
    for number, (box, (_, label)) in enumerate(zip(boxes, items, strict=True)):
        text = printable(f"{number + 1} {label}" if numbered else label).strip()
        if text:
            color = COLORS[number % len(COLORS)]
            placed.append(_label(canvas, gray, box, text, color, style, placed, boxes))
    return result


def draw_answer(answer: Answer, image: str = "img1") -> Image:
    """A root picture of a run with the answer's evidence in it drawn on it.

    Args:
        answer: what `VisualAgent.run` gave.
        image: the root's ledger name.

    Raises:
        UserError: the run had no such picture, or the answer came without its trace.
    """
    if answer.trace is None:
        raise UserError("This answer has no trace, and so no pictures; use the answer that VisualAgent.run gave.")
    return draw(answer.trace.image(image), [(e.box, e.phrase) for e in answer.evidence if e.image == image])


def _outline(canvas: ImageDraw, size: tuple[int, int], box: Box, color: str, style: _Style) -> None:
    """Lines around the box, not over it, inside a white halo that shows them on any ground."""
    halo = style.halo
    grown = style.line + 2 * halo
    x1, y1, x2, y2 = box.rounded()
    # Pillow's rectangles include their last pixel.
    x1, y1 = max(x1 - grown, 0), max(y1 - grown, 0)
    x2, y2 = min(x2 - 1 + grown, size[0] - 1), min(y2 - 1 + grown, size[1] - 1)
    canvas.rectangle((x1, y1, x2, y2), outline="white" if halo else color, width=grown)
    if halo and x2 - x1 > 2 * halo and y2 - y1 > 2 * halo:
        canvas.rectangle((x1 + halo, y1 + halo, x2 - halo, y2 - halo), outline=color, width=style.line)


def _label(
    canvas: ImageDraw,
    gray: Image,
    box: Box,
    text: str,
    color: str,
    style: _Style,
    placed: Sequence[Box],
    boxes: Sequence[Box],
) -> Box:
    """Draw one label at its best place and return the pixels it covers."""
    face = font(style.letters)
    pad = max(2, style.letters // 5)
    text = _shortened(text, face, min(gray.width - 2 * pad, max(24 * style.letters, int(box.width))))
    width = int(face.getlength(text)) + 2 * pad
    height = style.letters + 2 * pad
    spot = _best_spot(gray, box, (width, height), style.line * 2 + style.halo, placed, boxes)
    x, y = round(spot.x1), round(spot.y1)
    canvas.rectangle((x, y, x + width - 1, y + height - 1), fill=color, outline="white", width=style.halo)
    canvas.text((x + pad, y + height / 2), text, font=face, fill="white", anchor="lm")
    return spot


def _shortened(text: str, face: FreeTypeFont, room: int) -> str:
    if face.getlength(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if face.getlength(text[:middle] + "…") <= room else (low, middle - 1)
    return text[:low].rstrip() + "…"


def _best_spot(
    gray: Image,
    box: Box,
    label: tuple[int, int],
    gap: int,
    placed: Sequence[Box],
    boxes: Sequence[Box],
) -> Box:
    """Where a label hides least: other labels count ten times, boxes and letters once; earlier candidates win ties."""
    size = gray.size
    width, height = label
    x1, y1, x2, y2 = box.rounded()
    right, bottom = x2 - width, y2 - height
    candidates = [
        (x1 - gap // 2, y1 - height - gap // 2),
        (right, y1 - height - gap // 2),
        (x1 - gap // 2, y2 + gap // 2),
        (right, y2 + gap // 2),
        (x2 + gap, y1),
        (x1 - width - gap, y1),
        (x2 + gap, bottom),
        (x1 - width - gap, bottom),
        *[(x1 - gap // 2, y1 - height - gap // 2 - step * height) for step in (1, 2, 3)],
        *[(x1 - gap // 2, y2 + gap // 2 + step * height) for step in (1, 2, 3)],
        (x1, y1),
        (right, bottom),
    ]
    best, best_cost = None, float("inf")
    for order, (x, y) in enumerate(candidates):
        x, y = min(max(x, 0), max(size[0] - width, 0)), min(max(y, 0), max(size[1] - height, 0))
        spot = Box(x, y, x + width, y + height)
        hidden = 10 * sum(spot.intersection(other) for other in placed) + sum(spot.intersection(b) for b in boxes)
        away = max(0.0, spot.x1 - box.x2, box.x1 - spot.x2) + max(0.0, spot.y1 - box.y2, box.y1 - spot.y2)
        cost = hidden + _ink(gray, spot) + away * width * 0.1 + order * 0.01
        if cost < best_cost:
            best, best_cost = spot, cost
    assert best is not None
    return best


def _ink(gray: Image, spot: Box) -> int:
    """Pixels of a spot that stand out from its ground, as letters and lines do."""
    counts = gray.crop(spot.rounded()).histogram()
    ground = counts.index(max(counts))
    return sum(counts[: max(0, ground - _CONTRAST)]) + sum(counts[ground + _CONTRAST + 1 :])
