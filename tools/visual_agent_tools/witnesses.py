"""Who can say where a phrase is: read text, a model that sees, a detector; and how their answers become one.

In: a ledger picture and a phrase. Out: `Region`s in the picture's pixels, not yet recorded, each with its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, get_args, runtime_checkable

from visual_agent.errors import ContentError, ModelOutputError, ToolError
from visual_agent.geometry import Box, Region, suppress
from visual_agent.images import Picture
from visual_agent_tools.lines import Line
from visual_agent_tools.matching import find
from visual_agent_tools.pages import read_lines

if TYPE_CHECKING:
    from PIL.Image import Image

    from visual_agent.engines.base import Engine

#: Who looks: everybody there is, or one of them.
By = Literal["auto", "text", "model", "detector"]
MAX_PHRASE = 300
_BARE_POINT = re.compile(r"[(（\[]\s*\d+(?:\.\d+)?\s*[,，]\s*\d+")


@runtime_checkable
class Detector(Protocol):
    """Anything that finds what a phrase names in a picture; safe to call from several threads."""

    def detect(self, image: Image, phrase: str) -> Iterable[tuple[Box, float]]:
        """Boxes in the image's pixels with scores 0..1; empty where there is nothing."""
        ...


def ground_text(lines: Sequence[Line], phrase: str) -> list[Region]:
    """Where lines of text (in reading order) hold the phrase: the words' boxes, best first.

    The region's phrase is the text as it was read; its score is how well it fits times how sure the reading is.
    """
    return [
        Region(match.text, match.box, score=round(match.score * match.read_score, 3), source="ocr")
        for match in find(lines, phrase)
    ]


def ground_model(model: Engine, picture: Picture, phrase: str) -> list[Region]:
    """What a model that sees draws for the phrase; empty when it says that there is nothing.

    Raises:
        ToolError: the model does not see, or writes no boxes.
        ModelOutputError: it answered with something like a box that cannot be read.
    """
    from visual_agent.engines.base import Image as ImagePart
    from visual_agent.engines.base import Request, Sampling, Text, Turn, answer
    from visual_agent.markup import read_regions
    from visual_agent.prompts import load

    profile = model.profile
    if not profile.sees or profile.grid is None:
        raise ToolError(f"{profile.name} cannot draw boxes; ground text with by='text' or give a detector.")
    name = "ground" if profile.grid == "thousandths" else "ground_json"
    turn = Turn("user", (ImagePart(picture.pixels, picture.name), Text(load(name, phrase=phrase))))
    text = answer(model, Request((turn,), sampling=Sampling(max_tokens=256, temperature=0.0))).text
    resized = getattr(model, "resized", None) if profile.grid == "pixels" else None
    regions = read_regions(
        text,
        picture.size,
        frame=picture.name,
        phrase=phrase,
        unit=profile.grid,
        resized=resized(picture.size) if resized else None,
    )
    if not regions and _BARE_POINT.search(text):
        raise ModelOutputError(
            f"The model answered {text[:80]!r}, which has numbers but no readable box; ask again or use by='text'.",
            text=text,
        )
    return regions


@dataclass(frozen=True, slots=True)
class Sighting:
    """A region, and the text to show for it: the whole line a word was found in."""

    region: Region
    shown: str


def look(
    picture: Picture,
    phrase: str,
    *,
    model: Engine | None = None,
    detector: Detector | None = None,
    by: By = "auto",
    least: float = 0.7,
) -> tuple[list[Sighting], list[str]]:
    """What the witnesses see, merged and best first, and the names of the witnesses asked.

    Args:
        picture: where to look.
        phrase: what for.
        model: an engine that sees.
        detector: see `Detector`.
        by: "auto" asks all there are, else only the one named.
        least: how well read text must fit, see `visual_agent_tools.matching`.
    """
    if by not in get_args(By):
        raise ContentError(f"by must be one of {', '.join(get_args(By))}, not {str(by)[:40]!r}.")
    asked = _witnesses(model, detector, by)
    shown: dict[tuple[Box, str], str] = {}
    regions: list[Region] = []
    if "text" in asked:
        for match in find(read_lines(picture), phrase, least=least):
            box = match.box.clipped(picture.size)
            regions.append(Region(match.text, box, picture.name, round(match.score * match.read_score, 3), "ocr"))
            shown[box, match.text] = " ".join(line.text for line, _, _ in match.parts)
    if "model" in asked and model is not None:
        regions += ground_model(model, picture, phrase)
    if "detector" in asked and detector is not None:
        for box, score in detector.detect(picture.image, phrase):
            regions.append(Region(phrase, box.clipped(picture.size), picture.name, round(score, 3), "detector"))
    return [Sighting(region, shown.get((region.box, region.phrase), region.phrase)) for region in merge(regions)], asked


def check_phrase(phrase: str) -> str:
    """The phrase with plain spaces; ContentError when it is empty or too long."""
    plain = " ".join(phrase.split()) if isinstance(phrase, str) else ""
    if not plain or len(plain) > MAX_PHRASE:
        raise ContentError(f"phrase must be 1 to {MAX_PHRASE} characters; name the words or the thing to find.")
    return plain


def merge(regions: Iterable[Region]) -> list[Region]:
    """Non-maximum suppression over all witnesses; a kept region names the witnesses that agree with it."""
    everything = list(regions)
    kept = []
    for region in suppress(everything):
        agreeing = [r.source for r in everything if r.box.iou(region.box) > 0.5 and r.source != region.source]
        source = "+".join(dict.fromkeys([region.source, *agreeing]))
        kept.append(replace(region, source=source))
    return kept


def _witnesses(model: Engine | None, detector: Detector | None, by: By) -> list[str]:
    sees = model is not None and model.profile.sees and model.profile.grid is not None
    if by == "auto":
        return ["text"] + ["model"] * sees + ["detector"] * (detector is not None)
    if by == "model" and model is None:
        raise ToolError("There is no model that sees; use by='text' to find words that stand in the picture.")
    if by == "detector" and detector is None:
        raise ToolError("There is no detector; use by='text' to find words that stand in the picture.")
    return [by]
