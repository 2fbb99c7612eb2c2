"""Ground: where in a picture is what a phrase names?

In: a ledger picture and a phrase. Out: an `Observation` with a region for each place found, or `found=False`.

Three witnesses, each where there is one: text found by reading (exact on documents, screens and signs), a model that
sees and writes boxes, and any `Detector`. Regions that overlap are merged. A model whose boxes cannot be read is a
ModelOutputError and never "nothing found".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from visual_agent.images import Ledger
from visual_agent.observations import Observation, line_of
from visual_agent_tools.toolkit import ImageArgument, make_tool, resolve_image
from visual_agent_tools.witnesses import By, Detector, check_phrase, ground_model, ground_text, look

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from visual_agent.engines.base import Engine

__all__ = ["By", "Detector", "ground", "ground_model", "ground_text", "ground_tool"]

#: Of a long line only this many characters are shown around what was found in it.
_SHOWN = 160


def ground(
    ledger: Ledger,
    phrase: str,
    image: ImageArgument = None,
    *,
    model: Engine | None = None,
    detector: Detector | None = None,
    by: By = "auto",
) -> Observation:
    """Find what a phrase names in a ledger picture and record a region for each place.

    Args:
        ledger: the session's ledger.
        phrase: words that stand in the picture, or a description for a model or detector; at most 300 characters.
        image: the picture's name; None for the only one.
        model: an engine that sees; asked with Qwen-VL's grounding prompt.
        detector: see `Detector`.
        by: "auto" asks all there are, else only the one named.

    Returns:
        Regions best first, in the picture's pixels; their source is "ocr", "model" or "detector", joined by "+" where
        two agree. `data` has the phrase and the witnesses asked.

    Raises:
        UserError: no such picture, or an empty or overlong phrase. ToolError: `by` names a witness that is not there.
        ModelOutputError: the model's answer could not be read.
    """
    from visual_agent.markup import escape

    picture = resolve_image(ledger, image)
    phrase = check_phrase(phrase)
    sightings, asked = look(picture, phrase, model=model, detector=detector, by=by)
    data = {"phrase": phrase, "asked": asked}
    named = f'"{escape(phrase)}"'
    if not sightings:
        return Observation(f"{picture.name}: nothing found for {named}.", data=data, found=False)
    regions = [ledger.record(s.region) for s in sightings]
    count = "1 region" if len(regions) == 1 else f"{len(regions)} regions"
    text = [f"{picture.name}: {count} for {named}."]
    for region, sighting in zip(regions, sightings, strict=True):
        text.append(f"{line_of(region, escape(sighting.shown[:_SHOWN]))} ({sighting.region.source})")
    return Observation("\n".join(text), tuple(regions), data=data)


def ground_tool(ledger: Ledger, model: Engine | None = None, detector: Detector | None = None) -> BaseTool:
    """`ground` for an agent that works on `ledger`."""
    able = model is not None or detector is not None

    def run(
        phrase: Annotated[str, "the words or the thing to find, like 'total amount' or 'the red cup'"],
        image: Annotated[str | None, "the picture's name, like img1; may be left out when there is only one"] = None,
    ) -> Observation:
        return ground(ledger, phrase, image, model=model, detector=detector)

    what = "a thing or words" if able else "words that are written in the picture (this setup cannot find objects)"
    return make_tool(
        ledger,
        "ground",
        f"Find where {what} stand in a picture. Returns regions with ids, boxes in pixels and scores, "
        "or says that nothing was found.",
        run,
    )
