"""The answer of a run: its text, whether anything was found, and the evidence behind each statement.

In: the agent's final text and the observations of its tool calls. Out: `Answer`, plain values that go to JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visual_agent.geometry import Box
    from visual_agent.trace import Trace


@dataclass(frozen=True, slots=True)
class Evidence:
    """A region of a root picture that a tool call produced.

    `image` is the root's ledger name, `box` is in its pixels, `source` says who found it ("ocr", "model", ...),
    `call_id` is the tool call, `region` the ledger's region id.
    """

    image: str
    box: Box
    phrase: str
    source: str
    call_id: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of the answer; `supported` is False when no observation stands behind it."""

    text: str
    evidence: tuple[Evidence, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether any observation stands behind the statement."""
        return bool(self.evidence)


@dataclass(frozen=True, slots=True)
class Answer:
    """What `VisualAgent.run` returns.

    `text` is the answer without region marks. `found` is False when the pictures do not hold the answer, or the run
    ended before it had one; `stopped` then says which limit ended it (empty otherwise). `trace` has every step,
    `usage` the tokens and calls of the run.
    """

    text: str
    found: bool
    claims: tuple[Claim, ...] = ()
    trace: Trace | None = field(default=None, repr=False)
    usage: dict[str, int] = field(default_factory=dict)
    stopped: str = ""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence of all claims, each region once."""
        seen: dict[tuple[str, tuple[float, ...]], Evidence] = {}
        for claim in self.claims:
            for item in claim.evidence:
                seen.setdefault((item.image, item.box.as_tuple()), item)
        return tuple(seen.values())
