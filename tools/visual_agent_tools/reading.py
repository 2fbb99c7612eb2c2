"""Read text: the lines and tables of a picture, with their boxes.

In: a picture (or a part of it). Out: `read_lines` gives `Line`s; `read_text` an `Observation` in which the text stands
inside the untrusted envelope, one region for each line and table cell.

Results are kept by picture content, so that reading the same pixels again costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visual_agent.geometry import Box, Region
from visual_agent.images import Ledger, Picture
from visual_agent.observations import Observation, line_of
from visual_agent_tools.layout import Cell, Layout, arrange, in_order
from visual_agent_tools.lines import Line
from visual_agent_tools.memory import LINES
from visual_agent_tools.scanning import scan

if TYPE_CHECKING:
    from PIL.Image import Image

SOURCE = "ocr"
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
    if not isinstance(picture, Picture):
        from visual_agent.images import Pixels

        image, key = picture, Pixels(picture).hash
    else:
        image, key = picture.image, picture.hash
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
    return arrange(read_lines(picture, box))


def read_text(ledger: Ledger, image: str = "img1", box: Box | None = None) -> Observation:
    """Read a ledger picture, or the part of it in `box` (its pixels), and record a region for each line and cell.

    The observation's `data`: `lines`, the number of lines outside tables; `tables`, for each table its rows of region
    ids ("" for an empty cell).

    Raises:
        ImageNotFound: no such picture. BoxError: `box` lies outside it.
    """
    from visual_agent.markup import ENVELOPE_NOTE, envelope, escape

    picture = ledger.get(image)
    layout = read_layout(picture, box)
    start = f"{picture.name} is {picture.size[0]}x{picture.size[1]} pixels"
    part = "" if box is None else " in ({},{},{},{})".format(*box.clipped(picture.size).rounded())
    if not layout.lines and not layout.tables:
        return Observation(f"{start}: no text found{part}.", data={"lines": 0, "tables": []}, found=False)

    def record(item: Line | Cell) -> Region:
        box = item.box.clipped(picture.size)
        return ledger.record(Region(item.text, box, picture.name, round(item.score, 3), SOURCE))

    lines = [record(line) for line in layout.lines]
    tables = [[[record(cell) if cell else None for cell in row] for row in table.rows] for table in layout.tables]
    count = len(lines)
    text = [f"{start}: {count} line{'' if count == 1 else 's'} of text{part}. {ENVELOPE_NOTE}"]
    text.append(envelope(line_of(region, escape(region.phrase)) for region in lines))
    for number, (table, rows) in enumerate(zip(layout.tables, tables, strict=True), start=1):
        x1, y1, x2, y2 = table.box.clipped(picture.size).rounded()
        text.append(f"Table {number} ({x1},{y1},{x2},{y2}): {len(rows)} rows, {len(rows[0])} columns")
        text += ["| " + " | ".join(_cell_text(region) for region in row) + " |" for row in rows]
    regions = [*lines, *(region for rows in tables for row in rows for region in row if region)]
    ids: list[Any] = [[[region.id if region else "" for region in row] for row in rows] for rows in tables]
    return Observation("\n".join(text), tuple(regions), data={"lines": count, "tables": ids})


def _cell_text(region: Region | None) -> str:
    """A cell as the model reads it; a bar in its text cannot end the cell."""
    from visual_agent.markup import escape

    return f"[{region.id}] {escape(region.phrase).replace('|', '¦')}" if region else ""
