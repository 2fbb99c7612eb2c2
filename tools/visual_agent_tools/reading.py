"""Read text: the lines and tables of a picture, with their boxes.

In: a picture (or a part of it). Out: `read_lines` gives `Line`s; `read_text` an `Observation` in which all text of the
picture, that of table cells too, stands inside the untrusted envelope, one region for each line and cell.

Results are kept by picture content, so that reading the same pixels again costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from visual_agent.geometry import Region
from visual_agent.images import Ledger
from visual_agent.observations import Observation, line_of
from visual_agent_tools.layout import Cell
from visual_agent_tools.lines import Line
from visual_agent_tools.pages import read_layout, read_lines
from visual_agent_tools.toolkit import BoxArgument, ImageArgument, make_tool, resolve_box

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

__all__ = ["read_layout", "read_lines", "read_text", "read_text_tool"]

SOURCE = "ocr"


def read_text(ledger: Ledger, image: ImageArgument = None, box: BoxArgument = None) -> Observation:
    """Read a ledger picture, or a part of it, and record a region for each line and cell.

    Args:
        ledger: the session's ledger.
        image: the picture's name; None for the region's picture or the only one.
        box: the part to read: pixels of the picture, `<box>` in thousandths, or a region or its id.

    The observation's `data`: `lines`, the number of lines outside tables; `tables`, for each table its rows of region
    ids ("" for an empty cell).

    Raises:
        UserError: no such picture, or `box` is none or lies outside it.
    """
    from visual_agent.markup import ENVELOPE_NOTE, envelope, escape

    picture, part_box = resolve_box(ledger, image, box)
    layout = read_layout(picture, None if part_box == picture.box else part_box)
    start = f"{picture.name} is {picture.size[0]}x{picture.size[1]} pixels"
    part = "" if part_box == picture.box else " in ({},{},{},{})".format(*part_box.rounded())
    if not layout.lines and not layout.tables:
        return Observation(f"{start}: no text found{part}.", data={"lines": 0, "tables": []}, found=False)

    def record(item: Line | Cell) -> Region:
        place = item.box.clipped(picture.size)
        return ledger.record(Region(item.text, place, picture.name, round(item.score, 3), SOURCE))

    lines = [record(line) for line in layout.lines]
    tables = [[[record(cell) if cell else None for cell in row] for row in table.rows] for table in layout.tables]
    count = len(lines)
    first = f"{start}: {count} line{'' if count == 1 else 's'} of text{part}. {ENVELOPE_NOTE}"
    shown = [line_of(region, escape(region.phrase)) for region in lines]
    for number, (table, rows) in enumerate(zip(layout.tables, tables, strict=True), start=1):
        x1, y1, x2, y2 = table.box.clipped(picture.size).rounded()
        shown.append(f"Table {number} ({x1},{y1},{x2},{y2}): {len(rows)} rows, {len(rows[0])} columns")
        shown += ["| " + " | ".join(_cell_text(region) for region in row) + " |" for row in rows]
    regions = [*lines, *(region for rows in tables for row in rows for region in row if region)]
    ids: list[Any] = [[[region.id if region else "" for region in row] for row in rows] for rows in tables]
    return Observation(f"{first}\n{envelope(shown)}", tuple(regions), data={"lines": count, "tables": ids})


def _cell_text(region: Region | None) -> str:
    """A cell as the model reads it; a bar in its text cannot end the cell."""
    from visual_agent.markup import escape

    return f"[{region.id}] {escape(region.phrase).replace('|', '¦')}" if region else ""


def read_text_tool(ledger: Ledger) -> BaseTool:
    """`read_text` for an agent that works on `ledger`."""

    def run(
        image: Annotated[str | None, "the picture's name, like img1; may be left out when there is only one"] = None,
        box: Annotated[
            list[float] | str | None,
            "the part to read: [x1, y1, x2, y2] in pixels of the picture, or a region id like r3; leave it out for all",
        ] = None,
    ) -> Observation:
        return read_text(ledger, image, box)

    return make_tool(
        ledger,
        "read_text",
        "Read the text of a picture or of a part of it, English and Chinese, also very small type. Returns the lines "
        "in reading order with region ids, boxes in pixels and scores, and tables as rows of cells.",
        run,
    )
