"""Replay: the tools of a saved run, run again on its stored pictures, without a model.

In: a `Trace`. Out: a `Replay`: for each step whether the tool still sees the same, and what differs if not.

Steps are replayed in order on a fresh ledger, so that names of derived pictures and ids of regions come out as they
did. Texts are compared exactly. Boxes may differ by `TOLERANCE` pixels: one library version rounds unlike another.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from visual_agent.errors import UserError, VisualAgentError
from visual_agent.geometry import Transform
from visual_agent.images import Ledger
from visual_agent.observations import Observation, region_from_dict
from visual_agent.trace import Step, Trace, named_pictures

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool
    from PIL.Image import Image

#: Boxes whose corners differ by no more than this many pixels count as equal.
TOLERANCE = 1.0

#: Tools whose result depends on more than the pictures.
_OUTSIDE = frozenset({"web_search"})


@dataclass(frozen=True, slots=True)
class StepReplay:
    """One step run again.

    `skipped` says why it was not run ("" if it was). `text` is a unified diff of the observation's lines, `regions`
    and `pictures` say in words what differs there; all are empty when the tool saw the same.
    """

    index: int
    tool: str
    args: dict[str, Any]
    skipped: str = ""
    text: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs (a skipped step does not)."""
        return not (self.text or self.regions or self.pictures)


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of running a trace's tools again."""

    question: str
    steps: tuple[StepReplay, ...] = ()
    ledger: Ledger = field(default_factory=Ledger, repr=False, compare=False)

    @property
    def same(self) -> bool:
        """Whether every step that ran saw the same as before."""
        return all(step.same for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "question": self.question,
            "same": self.same,
            "steps": [
                {
                    "index": step.index,
                    "tool": step.tool,
                    "args": step.args,
                    "same": step.same,
                    "skipped": step.skipped,
                    "text": list(step.text),
                    "regions": list(step.regions),
                    "pictures": list(step.pictures),
                }
                for step in self.steps
            ],
        }

    def summary(self) -> list[str]:
        """Lines for people: one a step, then what differs in it."""
        lines = []
        for step in self.steps:
            state = f"skipped: {step.skipped}" if step.skipped else "the same" if step.same else "differs"
            lines.append(f"{step.index} {step.tool}: {state}")
            lines += [f"    {line}" for line in (*step.text, *step.regions, *step.pictures)]
        count = sum(not step.same for step in self.steps)
        ran = sum(not step.skipped for step in self.steps)
        lines.append(
            f"{ran} of {len(self.steps)} steps run again; {count or 'none'} differ{'s' if count == 1 else ''}."
        )
        return lines


def replay(
    trace: Trace,
    pictures: Ledger | Mapping[str, Image] | None = None,
    *,
    tools: Callable[[Ledger], Sequence[BaseTool]] | None = None,
) -> Replay:
    """Run the tools of a trace again.

    Args:
        trace: a run, with its pictures.
        pictures: the pictures by name; None takes those the trace holds.
        tools: makes the tools for a ledger; None makes all of ours.

    Raises:
        UserError: the trace has no picture to look at.
        ImageError: a picture of the trace is gone or was changed.
    """
    ledger = _ledger_before(trace, named_pictures(trace, pictures))
    made = (tools or _own_tools)(ledger)
    runner = _Runner(ledger, {tool.name: tool for tool in made})
    return Replay(trace.question, tuple(runner.step(step) for step in trace.steps), ledger)


def _ledger_before(trace: Trace, images: Mapping[str, Image]) -> Ledger:
    """The ledger as it was when the run began: its roots, and what earlier questions had made and found."""
    ledger = Ledger()
    for record in trace.pictures:
        if record.parent is None:
            ledger.add(images[record.name])
    if not ledger.roots():
        raise UserError("The trace has no pictures; save it again with its pictures beside it.")
    for name in trace.before.get("pictures", ()):
        record = trace.picture(name)
        if record.parent is not None:
            parent = Transform(*trace.picture(record.parent).to_root)
            kind = record.name.rpartition(".")[2].rstrip("0123456789")
            transform = Transform(*record.to_root).then(parent.inverse())
            ledger.derive(record.parent, images[name], transform, kind, note=record.note)
    for region in trace.before.get("regions", ()):
        ledger.record(region_from_dict(region))
    return ledger


def _own_tools(ledger: Ledger) -> Sequence[BaseTool]:
    from visual_agent.tools import all_tools

    return all_tools(ledger)


class _Runner:
    """Runs steps one after the other on one ledger."""

    def __init__(self, ledger: Ledger, tools: Mapping[str, BaseTool]) -> None:
        self._ledger, self._tools = ledger, tools

    def step(self, step: Step) -> StepReplay:
        if reason := self._why_not(step):
            return StepReplay(step.index, step.tool, step.args, skipped=reason)
        call = {"name": step.tool, "args": step.args, "id": step.call_id, "type": "tool_call"}
        try:
            message = self._tools[step.tool].invoke(call)
        except VisualAgentError as error:
            return compare_observations(step, Observation(str(error)))
        readable = message.status != "error" and isinstance(message.artifact, dict)
        again = Observation.from_dict(message.artifact) if readable else Observation(message.text)
        return compare_observations(step, again)

    def _why_not(self, step: Step) -> str:
        if step.cached:
            return "it was answered from memory"
        if step.error:
            return "it failed in the run"
        if step.tool in _OUTSIDE:
            return "it asks the world outside"
        if any({"model", "detector"} & set(region.source.split("+")) for region in step.observation.regions):
            return "a model found its regions"
        if step.tool not in self._tools:
            return "there is no such tool here"
        return ""


def compare_observations(step: Step, again: Observation) -> StepReplay:
    """What differs between what a step saw and what its tool sees now."""
    before = step.observation
    text = _text_diff(before.text, again.text)
    regions = _region_diff(before, again)
    pictures: tuple[str, ...] = ()
    if before.pictures != again.pictures:
        pictures = (f"pictures: {', '.join(before.pictures) or 'none'} -> {', '.join(again.pictures) or 'none'}",)
    return StepReplay(step.index, step.tool, step.args, "", text, regions, pictures)


def _text_diff(before: str, after: str) -> tuple[str, ...]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "now", n=0, lineterm="")
    return tuple(lines)[2:]


def _region_diff(before: Observation, after: Observation) -> tuple[str, ...]:
    differences = []
    old, new = {r.id: r for r in before.regions}, {r.id: r for r in after.regions}
    for key, region in old.items():
        now = new.get(key)
        if now is None:
            differences.append(f"region {key} is gone: {region.phrase}")
        elif now.phrase != region.phrase:
            differences.append(f"region {key} reads {now.phrase!r}, was {region.phrase!r}")
        elif now.frame != region.frame or any(
            abs(a - b) > TOLERANCE for a, b in zip(now.box.as_tuple(), region.box.as_tuple(), strict=True)
        ):
            differences.append(
                f"region {key} is at {now.box.rounded()} of {now.frame}, was {region.box.rounded()} of {region.frame}"
            )
    differences += [f"region {key} is new: {region.phrase}" for key, region in new.items() if key not in old]
    return tuple(differences)
