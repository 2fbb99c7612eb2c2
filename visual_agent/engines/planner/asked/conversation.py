"""A request read back into what the planner needs: the question, the pictures, the tools, the steps so far.

In: the turns of a `Request`, as `visual_agent.react` writes them: the tools and `Question: ` in the last real user
turn, earlier steps in the assistant's turn that the engine continues. Out: `Conversation`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from visual_agent.engines.base import Image, Turn
from visual_agent.engines.planner.page.observed import Observed, read

_KEYS = re.compile(r"^(Thought|Action Input|Action|Observation|Final Answer|Question):[ \t]*", re.MULTILINE)
_NAMES = re.compile(r"^Action:.*\[([^\]\n]*)\]", re.MULTILINE)
_BEGIN = re.compile(r"^Begin!\s*\n+\s*Question:[ \t]*", re.MULTILINE)
_PICTURE = re.compile(r"^\s*(?:Picture|图片?) ?\d+ ?(?:\([^)\n]*\))?\s*[:：]\s*$", re.MULTILINE)
_CONTINUED = ("Thought", "Action", "Action Input", "Final Answer")


@dataclass(frozen=True)
class Step:
    """One tool call and what came of it."""

    thought: str
    tool: str
    arguments: dict[str, Any]
    observed: Observed
    text: str


@dataclass(frozen=True)
class Conversation:
    """What a request says.

    `question` is the last one, `earlier` the ones before it with their answers; `pictures` are ledger names in order,
    those the tools made included; `tools` is None where no tool block was found. `opened` is the key that the
    assistant's unfinished turn ends with ("Thought", "Action", ...), `forced` the tool that it already names.
    """

    question: str
    pictures: tuple[str, ...] = ()
    tools: tuple[str, ...] | None = None
    steps: tuple[Step, ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()
    opened: str = ""
    forced: str = ""
    older: tuple[Step, ...] = field(default=())

    @property
    def roots(self) -> tuple[str, ...]:
        """The pictures the user gave."""
        return tuple(p for p in self.pictures if "." not in p)

    @property
    def known(self) -> tuple[Step, ...]:
        """All steps, of earlier questions too."""
        return self.older + self.steps

    def offers(self, tool: str) -> bool:
        """Whether the tool can be called."""
        return self.tools is not None and tool in self.tools


def read_turns(turns: Sequence[Turn]) -> Conversation:
    """Read the turns of a request; missing parts stay empty."""
    pictures: list[str] = []
    for turn in turns:
        for part in turn.parts:
            if isinstance(part, Image) and part.name and part.name not in pictures:
                pictures.append(part.name)
    asked: list[tuple[str, str]] = []
    steps: list[list[Step]] = []
    tools: tuple[str, ...] | None = None
    opened = forced = ""
    for index, turn in enumerate(turns):
        if turn.role == "user":
            question, names = _question(turn.text)
            tools = names if names is not None else tools
            asked.append((question, ""))
            steps.append([])
        elif turn.role == "assistant" and asked:
            taken, final, opened, forced = _steps(turn.text)
            steps[-1] += taken
            asked[-1] = (asked[-1][0], final)
            if index + 1 < len(turns):
                opened = forced = ""
    if not asked:
        return Conversation("", tuple(pictures), tools)
    return Conversation(
        question=asked[-1][0],
        pictures=tuple(pictures),
        tools=tools,
        steps=tuple(steps[-1]),
        earlier=tuple(asked[:-1]),
        opened=opened,
        forced=forced,
        older=tuple(step for group in steps[:-1] for step in group),
    )


def _question(text: str) -> tuple[str, tuple[str, ...] | None]:
    """The question of a user turn, and the names of the tools where the turn has the tool block."""
    names = None
    begin = _BEGIN.search(text)
    if begin:
        listed = _NAMES.search(text[: begin.start()])
        names = tuple(n.strip() for n in listed[1].split(",") if n.strip()) if listed else ()
        text = text[begin.end() :]
    return _PICTURE.sub("", text).strip(), names


def _steps(text: str) -> tuple[list[Step], str, str, str]:
    """The finished steps of an assistant turn, its final answer, and how it stops: the open key and a forced tool."""
    marks = list(_KEYS.finditer(text))
    parts = []
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        parts.append((mark[1], text[mark.end() : after.start() if after else len(text)].strip()))
    steps: list[Step] = []
    thought = tool = final = ""
    arguments: dict[str, Any] = {}
    for key, value in parts:
        if key == "Thought":
            thought = value
        elif key == "Action":
            tool = value
        elif key == "Action Input":
            arguments = _arguments(value)
        elif key == "Observation":
            steps.append(Step(thought, tool, arguments, read(_PICTURE.sub("", value)), value))
            thought, tool, arguments = "", "", {}
        elif key == "Final Answer":
            final = value
    if not marks:
        return steps, text.strip(), "", ""
    opened = parts[-1][0] if not parts[-1][1] and parts[-1][0] in _CONTINUED else ""
    return steps, final, opened, tool if opened == "Action Input" else ""


def _arguments(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
