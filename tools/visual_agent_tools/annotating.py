"""Annotate: a picture with its regions drawn on it.

In: a ledger picture and regions of it. Out: an `Observation` that shows a new ledger picture with labelled boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from visual_agent.drawing import missing_glyphs
from visual_agent.errors import ContentError
from visual_agent.geometry import Region
from visual_agent.images import Ledger
from visual_agent.observations import Observation
from visual_agent_tools.toolkit import BoxArgument, ImageArgument, make_tool, mark, resolve_box, resolve_image

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

MAX_REGIONS = 200


def annotate(
    ledger: Ledger,
    image: ImageArgument = None,
    regions: Sequence[BoxArgument] | BoxArgument = None,
    *,
    numbered: bool = False,
) -> Observation:
    """Draw regions with their phrases on a picture and enter it into the ledger as `<image>.marked<n>`.

    Args:
        ledger: the session's ledger.
        image: the picture's name; None for the first region's picture or the only one.
        regions: what to draw: regions, their ids ("r3", or several as "r3, r4"), or boxes; at most 200.
        numbered: put 1, 2, 3 ... before the labels.

    Returns:
        An observation with one picture and the regions drawn, in the picture's pixels. Characters that the font lacks
        are named in `data["missing_glyphs"]` and shown as "?".

    Raises:
        UserError: a picture, region or box cannot be used.
    """
    wanted = _several(regions)
    first = wanted[0]
    if image is None and isinstance(first, Region):
        image = first.frame
    elif image is None and isinstance(first, str) and first.strip("[] ").lower().startswith("r"):
        image = ledger.region(first).frame
    picture = resolve_image(ledger, image)
    drawn = [Region(_label(ledger, item), resolve_box(ledger, picture, item)[1], picture.name) for item in wanted]
    entry = mark(ledger, picture, [(r.box, r.phrase) for r in drawn], numbered=numbered, note="annotate")
    missing = missing_glyphs("".join(r.phrase for r in drawn))
    count = "1 region" if len(drawn) == 1 else f"{len(drawn)} regions"
    text = f"{entry.name} shows {count} of {picture.name}."
    if missing:
        text += f" The label font lacks {missing[:20]!r}; they are shown as ?."
    known = tuple(ledger.region(item.id) for item in wanted if isinstance(item, Region) and item.id)
    known += tuple(ledger.region(item) for item in wanted if isinstance(item, str) and _is_id(item))
    return Observation(
        text, regions=known, pictures=(entry.name,), data={"count": len(drawn), "missing_glyphs": missing}
    )


def _is_id(item: str) -> bool:
    plain = item.strip().strip("[] ").lower()
    return plain[:1] == "r" and plain[1:].isdecimal()


def _several(regions: Sequence[BoxArgument] | BoxArgument) -> list[BoxArgument]:
    """What was given as a list of single regions or boxes."""
    given: list[Any]
    if isinstance(regions, str) and "<" not in regions and "(" not in regions:
        ids = regions.replace(",", " ").replace("[", " ").replace("]", " ").split()
        given = ids if all(map(_is_id, ids)) else [regions]
    elif (
        isinstance(regions, str | Region)
        or not isinstance(regions, Sequence)
        or (len(regions) == 4 and all(isinstance(n, int | float) for n in regions))
    ):
        given = [regions]
    else:
        given = list(regions)
    items = [item for item in given if item is not None and item != ""]
    if not items:
        raise ContentError("Say what to draw: region ids such as ['r1', 'r2'], or boxes [x1, y1, x2, y2].")
    if len(items) > MAX_REGIONS:
        raise ContentError(f"{len(items)} regions are too many for one picture; give at most {MAX_REGIONS}.")
    return items


def _label(ledger: Ledger, item: BoxArgument) -> str:
    if isinstance(item, Region):
        return item.phrase
    return ledger.region(item).phrase if isinstance(item, str) and _is_id(item) else ""


_IMAGE = Annotated[str | None, "name of the picture, like 'img1'; may be left out where there is only one"]
_REGIONS = Annotated[
    list[str | list[float]] | str,
    "what to draw: region ids such as ['r1', 'r2'], or boxes [x1, y1, x2, y2] in pixels of that picture",
]


def annotate_tool(ledger: Ledger) -> BaseTool:
    """`annotate` for an agent that works on `ledger`."""

    def run(regions: _REGIONS, image: _IMAGE = None) -> Observation:
        return annotate(ledger, image, regions)

    return make_tool(
        ledger,
        "annotate",
        "Draw regions with their labels on a picture, to show where something is. Returns the marked picture.",
        run,
    )
