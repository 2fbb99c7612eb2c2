"""The lines of a picture, read once.

In: a ledger picture or an RGB image, and a part of it. Out: its `Line`s in reading order, or its `Layout`.

Results are kept by content, so that reading the same pixels again costs nothing, whoever asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from visual_agent.geometry import Box
from visual_agent.images import Picture, Pixels
from visual_agent_tools.layout import Layout, arrange, in_order
from visual_agent_tools.lines import Line
from visual_agent_tools.memory import LINES
from visual_agent_tools.scanning import scan

if TYPE_CHECKING:
    from PIL.Image import Image

#: Around a part of a picture that is to be read, so that its edge cuts no letter: share of its shorter side, pixels.
_MARGIN_SHARE, _MARGIN_LEAST, _MARGIN_MOST = 0.3, 8, 64


def read_lines(picture: Picture | Image, box: Box | None = None) -> list[Line]:
    """The lines of text in a picture, in reading order; empty where there is none.

    Args:
        picture: a ledger picture or an upright RGB image.
        box: the part to read, in the picture's pixels; it is cut from the original pixels. None means all.

    Returns:
        Lines with boxes in the picture's pixels. With `box`, only lines whose middle lies in it.

    Raises:
        BoxError: `box` lies outside the picture.
    """
    image, key = (picture.image, picture.hash) if isinstance(picture, Picture) else (picture, Pixels(picture).hash)
    if box is None:
        return list(LINES.get(key, lambda: in_order(scan(image))))
    box = box.clipped(image.size)
    grown = _with_margin(box, image.size)
    part = LINES.get(f"{key} {grown}", lambda: in_order(scan(image.crop(grown))))
    moved = [line.moved(grown[0], grown[1]) for line in part]
    return [line for line in moved if _belongs(line, box)]


def _with_margin(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    d = min(max(_MARGIN_SHARE * min(box.width, box.height), _MARGIN_LEAST), _MARGIN_MOST)
    return Box(box.x1 - d, box.y1 - d, box.x2 + d, box.y2 + d).clipped(size).rounded()


def _belongs(line: Line, box: Box) -> bool:
    """Whether a line is inside the part asked for: its middle is, or half of it lies there."""
    return box.contains(*line.box.center) or line.box.intersection(box) >= 0.5 * line.box.area


def read_layout(picture: Picture | Image, box: Box | None = None) -> Layout:
    """The tables of a picture, and its other lines in reading order. Arguments as for `read_lines`."""
    lines = read_lines(picture, box)
    return arrange(lines, picture.image if isinstance(picture, Picture) else picture)
