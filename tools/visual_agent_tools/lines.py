"""A line of text and where each of its characters stands.

In: a quad, its text and the characters' places along it. Out: `Line`, with boxes of any part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from visual_agent.geometry import Box
from visual_agent_tools.ocr import Point, Quad

_WIDE = {0x3000: " "} | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}


def narrow(text: str) -> str:
    """Full-width letters, digits, punctuation and spaces as their usual ASCII forms; the length stays the same.

    This is the width part of NFKC. The rest of NFKC (which turns a circled 1 into 1) would report what the picture
    does not show; comparing texts folds that as well, see `visual_agent_tools.matching`.
    """
    return text.translate(_WIDE)


@dataclass(frozen=True)
class Word:
    """A word of a line: its text, and its box in the picture's pixels."""

    text: str
    box: Box


@dataclass(frozen=True)
class Line:
    """One line, or one field of a line, as it was read.

    `quad` has its corners in the picture's pixels, clockwise, the text running from the first to the second;
    `score` is 0..1; `centers` has each character's place along the line, 0..1.
    """

    text: str
    quad: Quad
    score: float
    centers: tuple[float, ...]

    @cached_property
    def box(self) -> Box:
        """The smallest upright box around the line."""
        return Box.around(self.quad)

    @property
    def height(self) -> float:
        """Height across the text's direction, in pixels."""
        return distance(self.quad[0], self.quad[3])

    @property
    def length(self) -> float:
        """Length along the text's direction, in pixels."""
        return distance(self.quad[0], self.quad[1])

    def part(self, start: int, end: int) -> Box:
        """The box of `text[start:end]`; the whole line's box for the whole text."""
        left, right = self._edges(start, end)
        return Box.around(slice_quad(self.quad, left, right))

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The parts between spaces."""
        found, start = [], 0
        for piece in self.text.split():
            start = self.text.index(piece, start)
            found.append(Word(piece, self.part(start, start + len(piece))))
            start += len(piece)
        return tuple(found)

    def moved(self, dx: float, dy: float, scale: float = 1.0) -> Line:
        """The same line with every corner at `corner * scale + (dx, dy)`."""
        a, b, c, d = ((x * scale + dx, y * scale + dy) for x, y in self.quad)
        return replace(self, quad=(a, b, c, d))

    def _edges(self, start: int, end: int) -> tuple[float, float]:
        """Where `text[start:end]` begins and ends along the line: halfway to the neighbours, or half a character."""
        text, places = self.text, self.centers
        while start < end - 1 and text[start].isspace():
            start += 1
        while end > start + 1 and text[end - 1].isspace():
            end -= 1
        half = self._half
        before = next((i for i in range(start - 1, -1, -1) if not text[i].isspace()), None)
        after = next((i for i in range(end, len(text)) if not text[i].isspace()), None)
        left = 0.0 if before is None else max(places[start] - half, (places[before] + places[start]) / 2)
        right = 1.0 if after is None else min(places[end - 1] + half, (places[end - 1] + places[after]) / 2)
        return left, max(right, left + 1e-3)

    @cached_property
    def _half(self) -> float:
        """Half the width of a typical character, as a share of the line."""
        steps = sorted(
            b - a
            for a, b, one, two in zip(self.centers, self.centers[1:], self.text, self.text[1:], strict=False)
            if not one.isspace() and not two.isspace()
        )
        return 0.55 * steps[len(steps) // 2] if steps else 0.5 / max(len(self.text), 1)


def distance(a: Point, b: Point) -> float:
    """Distance of two points in pixels."""
    return float(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5)


def slice_quad(quad: Quad, left: float, right: float) -> Quad:
    """The part of a line's quad between two places (0..1) along it."""

    def along(a: Point, b: Point, t: float) -> Point:
        return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t

    a, b, c, d = quad
    return along(a, b, left), along(a, b, right), along(d, c, right), along(d, c, left)


def turn_quad(quad: Quad, quarters: int) -> Quad:
    """The quad's corners read `quarters` times 90 degrees further clockwise: which side is the text's top."""
    k = quarters % 4
    a, b, c, d = quad[k:] + quad[:k]
    return a, b, c, d


def median(values: Sequence[float], default: float = 0.0) -> float:
    """The middle value; `default` where there is none."""
    return sorted(values)[len(values) // 2] if values else default
