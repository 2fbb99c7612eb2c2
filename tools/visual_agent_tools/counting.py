"""Count: how many times does a picture show what a phrase names?

In: a ledger picture and a phrase. Out: an `Observation` with the number, a region for each, and a picture on which they
are numbered, so that anybody can check the count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from visual_agent.images import Ledger
from visual_agent.observations import Observation, line_of
from visual_agent_tools.layout import rows_of_boxes
from visual_agent_tools.toolkit import ImageArgument, make_tool, mark, resolve_image
from visual_agent_tools.witnesses import By, Detector, check_phrase, look

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from visual_agent.engines.base import Engine

#: Text counts only where it is the phrase, up to look-alike letters and endings.
_LEAST = 0.85
_SHOWN = 160


def count(
    ledger: Ledger,
    phrase: str,
    image: ImageArgument = None,
    *,
    model: Engine | None = None,
    detector: Detector | None = None,
    by: By = "auto",
) -> Observation:
    """Count what a phrase names in a ledger picture; every one becomes a region, numbered in `<image>.marked<n>`.

    Args:
        ledger: the session's ledger.
        phrase: words that stand in the picture, or a thing for a model or detector; at most 300 characters.
        image: the picture's name; None for the only one.
        model: an engine that sees.
        detector: see `Detector`.
        by: "auto" asks all there are, else only the one named.

    Returns:
        Regions row by row in the picture's pixels, in the order of their numbers; `data["count"]` is the number.
        Nothing to count is 0 with `found=False` and no picture.

    Raises:
        As `visual_agent_tools.grounding.ground`.
    """
    from visual_agent.markup import escape

    picture = resolve_image(ledger, image)
    phrase = check_phrase(phrase)
    sightings, asked = look(picture, phrase, model=model, detector=detector, by=by, least=_LEAST)
    data = {"count": len(sightings), "phrase": phrase, "asked": asked}
    named = f'"{escape(phrase)}"'
    if not sightings:
        return Observation(f"{picture.name}: 0 for {named}, nothing found.", data=data, found=False)
    order = [index for row in rows_of_boxes([s.region.box for s in sightings]) for index in row]
    sightings = [sightings[index] for index in order]
    regions = [ledger.record(s.region) for s in sightings]
    marked = mark(ledger, picture, [(r.box, "") for r in regions], numbered=True, note=f"count {phrase}")
    text = [f"{picture.name}: {len(regions)} for {named}, numbered in {marked.name}."]
    for region, sighting in zip(regions, sightings, strict=True):
        text.append(f"{line_of(region, escape(sighting.shown[:_SHOWN]))} ({sighting.region.source})")
    return Observation("\n".join(text), tuple(regions), pictures=(marked.name,), data=data)


def count_tool(ledger: Ledger, model: Engine | None = None, detector: Detector | None = None) -> BaseTool:
    """`count` for an agent that works on `ledger`."""
    able = model is not None or detector is not None

    def run(
        phrase: Annotated[str, "what to count, like 'invoice' or 'cup'"],
        image: Annotated[str | None, "the picture's name, like img1; may be left out when there is only one"] = None,
    ) -> Observation:
        return count(ledger, phrase, image, model=model, detector=detector)

    what = "a thing or a word" if able else "how often a word or phrase is written (this setup cannot count objects)"
    return make_tool(
        ledger,
        "count",
        f"Count {what} in a picture. Returns the number, a region for each, and the picture with numbered boxes.",
        run,
    )
