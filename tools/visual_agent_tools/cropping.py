"""Crop: a part of a picture, from its original pixels, large enough to look at.

In: a ledger picture and a box or region of it. Out: an `Observation` that shows a new ledger picture, whose transform
carries boxes in it back to the root exactly.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Annotated

from visual_agent.errors import ContentError
from visual_agent.geometry import Box, Transform
from visual_agent.images import Ledger, Picture
from visual_agent.observations import Observation
from visual_agent_tools.toolkit import BoxArgument, ImageArgument, check_number, make_tool, resolve_box

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

#: Room left around the box. Tighter crops make readers and models worse (measured on small text).
MARGIN = 0.3
#: A crop's longer side is brought to this many pixels (Qwen-VL looks at 448x448) ...
USEFUL_SIDE = 448
#: ... but without `scale` it is never enlarged more than this.
MAX_ENLARGEMENT = 8.0
_MAX_SCALE = 32.0
_MAX_PIXELS = 40_000_000

_CROP_NAME = re.compile(r".*\.crop\d+")


def crop(
    ledger: Ledger,
    image: ImageArgument = None,
    box: BoxArgument = None,
    *,
    margin: float = MARGIN,
    scale: float | None = None,
) -> Observation:
    """Cut a part out of a picture and enter it into the ledger as `<image>.crop<n>`.

    A crop of a crop is cut from the picture that the first one was cut from, so enlarging never repeats. Where the
    margin reaches over an edge the crop ends there; nothing is padded.

    Args:
        ledger: the session's ledger.
        image: the picture's name; None for the region's picture or the only one.
        box: the part: pixels of the picture, `<box>` in thousandths, or a region or its id.
        margin: room on every side, as a share of the box's mean side (0.3 = 30 %); 0..5.
        scale: the crop's pixels for one of the picture's (0.01..32); None enlarges small crops to a longer side of
            about 448 pixels and leaves others at their size.

    Returns:
        An observation with one picture; `data` has "image", "box" (what was cut out, in the picture's pixels) and
        "scale".

    Raises:
        UserError: the picture, box, margin or scale cannot be used; the message says how to write it.
    """
    from PIL.Image import Resampling

    check_number("margin", margin, 0, 5)
    check_number("scale", scale, 0.01, _MAX_SCALE)
    picture, wanted = resolve_box(ledger, image, box)
    source, to_source = _source_of(ledger, picture)
    room = margin * math.sqrt(wanted.width * wanted.height)
    grown = Box(wanted.x1 - room, wanted.y1 - room, wanted.x2 + room, wanted.y2 + room).clipped(picture.size)
    cut = _whole_pixels(to_source.apply(grown).clipped(source.size), source.size)
    part = to_source.inverse().apply(cut)

    size = _output_size(cut, part, scale)
    pixels = source.image.crop(cut.rounded())
    if size != pixels.size:
        pixels = pixels.resize(size, Resampling.LANCZOS)
    to_picture = Transform(part.width / size[0], part.height / size[1], part.x1, part.y1)
    entry = ledger.derive(picture, pixels, to_picture, "crop", note=f"cut from {source.name}")
    # What is told is the mean of both axes; they differ by less than a pixel.
    factor = math.sqrt(size[0] * size[1] / part.area)
    return Observation(
        text=f"{entry.name} is {size[0]}x{size[1]} pixels: the part ({','.join(map(str, part.rounded()))}) of "
        f"{picture.name}, {_told(factor)}. Boxes in {entry.name} are in its own pixels.",
        pictures=(entry.name,),
        data={
            "image": picture.name,
            "box": [round(v, 2) for v in part.as_tuple()],
            "scale": round(factor, 3),
        },
    )


def _source_of(ledger: Ledger, picture: Picture) -> tuple[Picture, Transform]:
    """The picture that a chain of crops began with, and the map from `picture`'s pixels to its."""
    to_source = Transform()
    while picture.parent is not None and _CROP_NAME.fullmatch(picture.name):
        to_source = to_source.then(picture.transform)
        picture = ledger.get(picture.parent)
    return picture, to_source


def _whole_pixels(box: Box, size: tuple[int, int]) -> Box:
    """Grown to whole pixels. The small slack keeps 10.0000001 from taking in an eleventh pixel."""
    slack = 1e-3
    x1, y1 = math.floor(box.x1 + slack), math.floor(box.y1 + slack)
    x2, y2 = max(math.ceil(box.x2 - slack), x1 + 1), max(math.ceil(box.y2 - slack), y1 + 1)
    return Box(x1, y1, x2, y2).clipped(size)


def _output_size(cut: Box, part: Box, scale: float | None) -> tuple[int, int]:
    """Width and height of the crop: `scale` counts from the named picture's pixels, the default from the source's."""
    if scale is None:
        factor = min(max(1.0, USEFUL_SIDE / max(cut.width, cut.height)), MAX_ENLARGEMENT)
        wide, high = cut.width * factor, cut.height * factor
    else:
        wide, high = part.width * scale, part.height * scale
    if wide * high > _MAX_PIXELS:
        raise ContentError(
            f"At scale {scale} the crop would be {wide:.0f}x{high:.0f} pixels; give a smaller scale or a smaller box."
        )
    return max(1, round(wide)), max(1, round(high))


def _told(factor: float) -> str:
    if abs(factor - 1) < 0.02:
        return "at its own size"
    return f"enlarged {factor:.1f} times" if factor > 1 else f"reduced to {factor:.2f} of its size"


_IMAGE = Annotated[str | None, "name of the picture, like 'img1'; may be left out where there is only one"]
_BOX = Annotated[
    list[float] | str,
    "the part to look at: [x1, y1, x2, y2] in pixels of that picture (left, top, right, bottom), or a region id "
    "like 'r3', or '<box>(x1,y1),(x2,y2)</box>' in thousandths of the picture",
]


def crop_tool(ledger: Ledger) -> BaseTool:
    """`crop` for an agent that works on `ledger`."""

    def run(
        box: _BOX,
        image: _IMAGE = None,
        margin: Annotated[float, "room around the box as a share of its size, 0 to 5"] = MARGIN,
        scale: Annotated[float | None, "enlargement, like 2 or 4; leave it out to have it chosen"] = None,
    ) -> Observation:
        return crop(ledger, image, box, margin=margin, scale=scale)

    return make_tool(
        ledger,
        "crop",
        "Zoom into a part of a picture to see it at full detail. Returns a new picture with its own name and size; "
        "use that name in later calls. Small parts are enlarged.",
        run,
    )
