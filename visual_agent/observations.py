"""What a tool saw: text for the model, regions and pictures for the program.

In: what a tool found, as regions recorded in the ledger. Out: `Observation`, whose text is the same for every model
and whose `to_dict()` is plain JSON (the artifact of a LangChain tool message, and what a trace stores).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from visual_agent.geometry import Box, Region


@dataclass(frozen=True, slots=True)
class Observation:
    """Result of one tool call.

    `text` is what the model reads. `regions` are in the frames they name and carry ledger ids. `pictures` are
    ledger names that the model should be shown. `data` holds plain JSON that belongs to the tool (a number counted,
    the rows of a table). `found` is False when the tool looked and there was nothing.
    """

    text: str
    regions: tuple[Region, ...] = ()
    pictures: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    found: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` reads them back."""
        return {
            "text": self.text,
            "regions": [region_to_dict(r) for r in self.regions],
            "pictures": list(self.pictures),
            "data": self.data,
            "found": self.found,
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Observation:
        """The observation that `to_dict` wrote."""
        return cls(
            text=value["text"],
            regions=tuple(region_from_dict(r) for r in value["regions"]),
            pictures=tuple(value["pictures"]),
            data=dict(value["data"]),
            found=bool(value["found"]),
        )


def region_to_dict(region: Region) -> dict[str, Any]:
    """A region as plain JSON: `box` is a list of four numbers, rounded to hundredths of a pixel."""
    value = asdict(region)
    value["box"] = [round(v, 2) for v in region.box.as_tuple()]
    return value


def region_from_dict(value: dict[str, Any]) -> Region:
    """The region that `region_to_dict` wrote."""
    return Region(**{**value, "box": Box(*value["box"])})


def line_of(region: Region, text: str | None = None) -> str:
    """One region as the model reads it: `[r3] (40,32,310,60) 0.99 TOTAL 12.30`.

    The box is in whole pixels of the region's frame; the score is left out where there is none.
    """
    x1, y1, x2, y2 = region.box.rounded()
    score = "" if region.score is None else f" {region.score:.2f}"
    return f"[{region.id}] ({x1},{y1},{x2},{y2}){score} {region.phrase if text is None else text}".rstrip()
