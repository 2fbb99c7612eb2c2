"""Looks: what was looked at already, so that an agent that goes in circles is answered from memory.

In: a tool's name, its arguments and the ledger. Out: a `Look`, equal in meaning to an earlier one when it is the same
tool with the same arguments on the same content of the same place, its box overlapping by IoU > 0.85; what is read must
lie inside what was read before.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from visual_agent.errors import VisualAgentError
from visual_agent.geometry import Box
from visual_agent.images import Ledger, Picture
from visual_agent.wording import plain
from visual_agent_tools.toolkit import resolve_box

#: Boxes that overlap by more than this are the same place.
SAME_PLACE = 0.85
#: By this share of the earlier box's longer side a box may stand out of it: two units of Qwen-VL's grid.
OUTSIDE = 0.002
#: Tools that tell all of what lies in their box, so that a look beyond it is news.
_READERS = frozenset({"read_text"})


@dataclass(frozen=True, slots=True)
class Look:
    """One tool call in canonical form: `key` is all of it but the box, which is in pixels of the looked-at picture.

    `reads` says that a later look is the same only where it lies inside this one's box.
    """

    key: str
    box: Box | None = None
    reads: bool = False

    def same_as(self, other: Look) -> bool:
        """Whether the `other`, later look is at the same place in the same way."""
        if self.key != other.key:
            return False
        if self.box is None or other.box is None:
            return self.box is other.box
        if self.reads and self.box.expanded(OUTSIDE).union(other.box) != self.box.expanded(OUTSIDE):
            return False
        return self.box.iou(other.box) > SAME_PLACE


@dataclass(frozen=True, slots=True)
class Seen:
    """What an earlier look gave: the tool message's content and artifact, its call and the number of its run."""

    look: Look
    content: str | list[Any]
    artifact: dict[str, Any]
    call_id: str
    run: int


@dataclass(slots=True)
class Looks:
    """The looks of one session. Safe to use from several threads."""

    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, look: Look) -> Seen | None:
        """The earlier look that equals this one."""
        with self.lock:
            return next((s for s in self.seen if s.look.same_as(look)), None)

    def add(self, entry: Seen) -> None:
        """Remember what a look gave."""
        with self.lock:
            self.seen.append(entry)


def look_of(tool: str, arguments: Mapping[str, Any], defaults: Mapping[str, Any], ledger: Ledger) -> Look:
    """The canonical form of a call.

    Args:
        tool: the tool's name.
        arguments: as the model gave them.
        defaults: the tool's own defaults, so that a left-out argument equals the default written out.
        ledger: tells which names, boxes and region ids mean the same content of the same place.
    """
    values = {name: value for name, value in {**defaults, **arguments}.items() if value not in (None, "")}
    box = None
    if "image_a" not in values and "image_b" not in values:
        try:
            picture, box = resolve_box(ledger, values.get("image"), values.get("box"))
        except VisualAgentError:
            pass  # a wrong name or box: the texts themselves are compared, and the tool says what is wrong
        else:
            values["image"] = _place_of(picture)
            values.pop("box", None)
    for name in ("image_a", "image_b"):
        if name in values:
            values[name] = _named(values[name], ledger)
    key = [tool, {name: _canonical(value) for name, value in values.items()}]
    return Look(json.dumps(key, sort_keys=True, default=str), box, tool in _READERS)


def _named(name: Any, ledger: Ledger) -> str | list[Any]:
    try:
        return _place_of(ledger.get(str(name)))
    except VisualAgentError:
        return str(name)


def _place_of(picture: Picture) -> list[Any]:
    """What a picture shows, and where in what the user gave: regions of it are told in that place."""
    t = picture.to_root
    return [picture.hash, picture.root, *(round(v, 6) for v in (t.sx, t.sy, t.tx, t.ty))]


def _canonical(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, Mapping):
        return {str(k): _canonical(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(v) for v in value]
    return str(value)
