"""A model's text into parts of a chat message, while it arrives.

In: the engine's text. Out: `Delta`s: content, reasoning, tool calls. A tool call's arguments come whole and checked,
never as a prefix: half a JSON object must not look like a call with fewer arguments.

What was thought before a tool call is the message's content; what was thought before a final answer is reasoning.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from visual_agent import react
from visual_agent.errors import ActionError


@dataclass(frozen=True, slots=True)
class Delta:
    """More of a message.

    `name` begins a tool call; the next delta is its `arguments` (a JSON object as text) or `broken` (what stood in
    their place, with the reason in `error`).
    """

    kind: Literal["content", "reasoning", "name", "arguments", "broken"]
    text: str
    error: str = ""


class Reply(Protocol):
    """Reads one reply."""

    def feed(self, text: str) -> list[Delta]:
        """Take more of the engine's text."""
        ...

    def close(self) -> list[Delta]:
        """The engine has ended."""
        ...


class PlainReply:
    """Everything is content."""

    def __init__(self, prefill: str = "") -> None:
        self._prefill = prefill

    def feed(self, text: str) -> list[Delta]:
        """All of it, the prefill first."""
        text, self._prefill = self._prefill + text, ""
        return [Delta("content", text)] if text else []

    def close(self) -> list[Delta]:
        """Nothing is held back."""
        return self.feed("")


class JsonReply:
    """One JSON object, begun by the prefill `{`; what the model writes behind it is dropped."""

    def __init__(self, prefill: str = "{") -> None:
        self._prefill = prefill
        self._scan = react.ObjectScan()

    def feed(self, text: str) -> list[Delta]:
        """The characters that belong to the object."""
        text, self._prefill = self._prefill + text, ""
        if self._scan.complete or not text:
            return []
        return [Delta("content", text[: self._scan.take(text)])]

    def close(self) -> list[Delta]:
        """Nothing is held back."""
        return self.feed("")


class ReactReply:
    """ReAct text: an action is a tool call, a final answer is content."""

    def __init__(self, prefill: str = "") -> None:
        self._reader = react.Reader()
        self._waiting = self._reader.feed(prefill)
        self._arguments = ""
        self._named = self._answering = False

    def feed(self, text: str) -> list[Delta]:
        """What became certain; thoughts wait until it is known what they lead to."""
        pieces, self._waiting = [*self._waiting, *self._reader.feed(text)], []
        return self._deltas(pieces)

    def close(self) -> list[Delta]:
        """The rest: the arguments as a whole, or what could not be read."""
        deltas = self._deltas([*self._waiting, *self._reader.close()])
        try:
            result = self._reader.result()
        except ActionError as error:
            _, _, arguments = self._reader.parts
            broken = Delta("broken", f"Action Input: {arguments}", str(error))
            return [*deltas, *self._begin_call(), broken]
        if isinstance(result, react.Action):
            return [*deltas, Delta("arguments", json.dumps(result.arguments, ensure_ascii=False))]
        return deltas

    def _deltas(self, pieces: list[react.Piece]) -> list[Delta]:
        deltas: list[Delta] = []
        for piece in pieces:
            if piece.kind == "tool":
                deltas += self._begin_call()
            elif piece.kind == "answer":
                thought = self._reader.parts[0]
                if thought and not self._answering:
                    deltas.append(Delta("reasoning", thought))
                self._answering = True
                deltas.append(Delta("content", piece.text))
        return deltas

    def _begin_call(self) -> list[Delta]:
        if self._named:
            return []
        self._named = True
        thought, tool, _ = self._reader.parts
        return [*([Delta("content", thought)] if thought else []), Delta("name", tool)]


_TAGS = ("<tool_call>", "<think>", "</think>")


class NativeReply:
    """`<tool_call>{"name": ..., "arguments": {...}}</tool_call>` and `<think>...</think>`, as newer Qwen models write.

    Source: the chat templates of Qwen2.5-VL and Qwen3-VL.
    """

    def __init__(self, prefill: str = "") -> None:
        self._text = ""
        self._kind: Literal["content", "reasoning"] = "content"
        self._call = self._called = self._begun = False
        self.feed(prefill)

    def feed(self, text: str) -> list[Delta]:
        """What became certain; a call comes when its end tag does."""
        self._text += text
        return self._read(end=False)

    def close(self) -> list[Delta]:
        """The rest; a call without its end tag is read if it is complete, else broken."""
        deltas = self._read(end=True)
        if self._call:
            deltas += native_call(self._text)
        return deltas

    def _read(self, *, end: bool) -> list[Delta]:
        deltas: list[Delta] = []
        while True:
            if self._call:
                head, tag, rest = self._text.partition("</tool_call>")
                if not tag:
                    return deltas
                deltas += native_call(head)
                self._text, self._call = rest, False
                continue
            at, tag = min(((i, tag) for tag in _TAGS if (i := self._text.find(tag)) >= 0), default=(-1, ""))
            if not tag:
                keep = 0 if end else _possible_tag(self._text)
                deltas += self._say(self._text[: len(self._text) - keep])
                self._text = self._text[len(self._text) - keep :]
                return deltas
            deltas += self._say(self._text[:at].rstrip())
            self._text = self._text[at + len(tag) :]
            self._call = tag == "<tool_call>"
            self._called |= self._call
            self._kind, self._begun = ("reasoning" if tag == "<think>" else "content"), False

    def _say(self, text: str) -> list[Delta]:
        text = text if self._begun else text.lstrip()
        if not text or (self._called and self._kind == "content"):
            return []  # text behind a call has no place in a message; models write it by mistake
        self._begun = True
        return [Delta(self._kind, text)]


def _possible_tag(text: str) -> int:
    """How many characters at the end may be white space or the beginning of a tag."""
    match = re.search(r"\s*(<[a-z/_]*)?\Z", text)
    tail = match[0] if match else ""
    tag = tail.lstrip()
    return len(tail) if not tag or any(known.startswith(tag) for known in _TAGS) else 0


def native_call(text: str) -> list[Delta]:
    """The inside of a `<tool_call>` element as the deltas of one call."""
    name, problem = "", "is not one JSON object with name and arguments"
    try:
        value: Any = react.strict_json(text)
    except ValueError as error:
        value, problem = None, f"is not valid JSON ({error})"
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        name, arguments = value["name"], value.get("arguments", {})
        if isinstance(arguments, dict) and name:
            return [Delta("name", name), Delta("arguments", json.dumps(arguments, ensure_ascii=False))]
    advice = 'write <tool_call>{"name": ..., "arguments": {...}}</tool_call>.'
    error_text = f"The model's tool call {problem}; {advice}"
    return [Delta("name", name), Delta("broken", f"<tool_call>{text.strip()}", error_text)]
