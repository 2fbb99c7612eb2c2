"""The record of a run: steps, pictures, answer; written as JSONL and read back.

In: what the agent did. Out: `Trace`, a `.jsonl` file with pictures by hash in a folder beside it.
The one-file HTML view is in `visual_agent.trace_html`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from visual_agent.observations import Observation


@dataclass(frozen=True, slots=True)
class Step:
    """One thought, one tool call and what it showed.

    `call_id` ties the step to evidence. `seconds` is the tool's time plus the model call that asked for it; `tokens`
    are that model call's (prompt, new, image). `error` holds the tool's failure; `cached` says that the result was
    taken from an earlier equal look.
    """

    index: int
    thought: str
    tool: str
    args: dict[str, Any]
    call_id: str
    observation: Observation
    seconds: float = 0.0
    tokens: dict[str, int] = field(default_factory=dict)
    error: str = ""
    cached: bool = False


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """A ledger entry as a trace stores it; `to_root` is (sx, sy, tx, ty) to the root's pixels."""

    name: str
    hash: str
    size: tuple[int, int]
    parent: str | None
    root: str
    to_root: tuple[float, float, float, float]
    source: str = ""
    note: str = ""


@dataclass(slots=True)
class Trace:
    """A whole run. `started` is UTC in ISO form, `settings` the limits and tool names it ran with."""

    question: str
    model: str
    started: str
    pictures: list[PictureRecord] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
