"""LangChain messages in, an engine's turns out.

In: messages whose content is text or blocks (pictures: see `visual_agent.blocks`). Out: `Turn`s of texts and
pictures, strictly alternating, ready for `Engine.stream`. Tool calls and tool results become ReAct steps
(`visual_agent.react`), or the `<tool_call>` form for engines with native tool calling.

A picture in a message becomes `Picture 2 (img1): `, the picture, and the end of the line, numbered through the
conversation. What the model itself said is `trusted` text: it may write boxes; users and tool results may not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from visual_agent import react
from visual_agent.blocks import HELP, is_picture, name_of, pixels_of, resolved
from visual_agent.blocks import image_block as image_block
from visual_agent.engines.base import Image, Part, Role, Text, Turn
from visual_agent.errors import ContentError

if TYPE_CHECKING:
    from visual_agent.loading import LoadPolicy


@dataclass
class _Writer:
    """Collects parts of turns, merging neighbours of one role."""

    policy: LoadPolicy | None
    turns: list[tuple[Role, list[Part]]] = field(default_factory=list)
    pictures: int = 0

    def write(self, role: Role, parts: Iterable[Part], joint: str = "\n") -> None:
        """Add to the last turn if it is of this role, else begin one."""
        if self.turns and self.turns[-1][0] == role:
            own = self.turns[-1][1]
            if own and joint and not _ends_line(own):
                own.append(Text(joint))
            own.extend(parts)
        else:
            self.turns.append((role, list(parts)))

    def picture(self, block: Mapping[str, Any]) -> list[Part]:
        """`Picture 2 (img1): `, the picture, end of line."""
        self.pictures += 1
        name = name_of(block)
        label = f"Picture {self.pictures} ({name}): " if name else f"Picture {self.pictures}: "
        return [Text(label), Image(pixels_of(block, self.policy)[0], name), Text("\n")]

    def content(self, content: object, *, tool: bool = False) -> list[Part]:
        """The parts of a message's content; unknown blocks are errors, but only named in a tool's result."""
        parts: list[Part] = []
        for block in [content] if isinstance(content, str) else _blocks(content):
            if isinstance(block, str):
                parts.append(Text(block))
            elif is_picture(block):
                if parts and not _ends_line(parts):
                    parts.append(Text("\n"))
                parts.extend(self.picture(block))
            elif (text := _text_of(block)) is not None:
                parts.append(Text(text))
            elif tool:
                parts.append(Text(f"(a result of type {block.get('type')!r} that this model cannot read)"))
            else:
                raise ContentError(f"A content block of type {block.get('type')!r} is not accepted; {HELP}.")
        return parts


def _ends_line(parts: Sequence[Part]) -> bool:
    last = parts[-1]
    return isinstance(last, Text) and (not last.text or last.text.endswith("\n"))


def _blocks(content: object) -> list[str | Mapping[str, Any]]:
    if isinstance(content, (list, tuple)) and all(isinstance(block, (str, Mapping)) for block in content):
        return list(content)
    raise ContentError(f"Message content must be text or a list of blocks, not {type(content).__name__}; {HELP}.")


def _text_of(block: Mapping[str, Any]) -> str | None:
    """The text of a block that holds text; None for all others."""
    kind = block.get("type")
    if kind in ("text", "text-plain", "input_text", "output_text", "refusal"):
        text = block.get("refusal" if kind == "refusal" else "text")
        return text if isinstance(text, str) else None
    if kind == "json" and "json" in block:
        return json.dumps(block["json"], ensure_ascii=False, default=str)
    if kind == "search_result":
        inner = "\n".join(_text_of(part) or "" for part in block.get("content", ()) if isinstance(part, Mapping))
        return f"{block.get('title', '')} ({block.get('source', '')})\n{inner}".strip()
    return None


def text_of(message: BaseMessage) -> str:
    """The texts of a message's content joined, blocks of other kinds left out."""
    if isinstance(message.content, str):
        return message.content
    texts = (block if isinstance(block, str) else _text_of(block) for block in message.content)
    return "".join(text or "" for text in texts)


def thought_of(message: AIMessage) -> str:
    """What the model thought: its reasoning, else the text that it wrote beside a tool call."""
    reasoning = message.additional_kwargs.get("reasoning_content")
    if isinstance(reasoning, str) and reasoning.strip():
        return reasoning.strip()
    return text_of(message).strip() if message.tool_calls or message.invalid_tool_calls else ""


def question_of(messages: Sequence[BaseMessage]) -> str:
    """The text of the last user message, or nothing."""
    return next((text_of(message) for message in reversed(messages) if isinstance(message, HumanMessage)), "")


def to_turns(
    messages: Sequence[BaseMessage],
    *,
    tools: Sequence[Mapping[str, Any]] = (),
    native: bool = False,
    language: react.Language | None = None,
    policy: LoadPolicy | None = None,
) -> tuple[Turn, ...]:
    """Messages as turns of an engine.

    With `tools` (and not `native`) the last user turn begins with the ReAct preamble, and old answers and calls are
    written as ReAct text. Tool results behind the last user turn stand in an assistant turn that ends in `Thought:`,
    for the engine to continue.

    Args:
        messages: any; several system messages are merged and come first, neighbours of one role are merged.
        tools: OpenAI function schemas for the preamble.
        native: write tool calls and results as `<tool_call>` and `<tool_response>`, without preamble.
        language: of the preamble; None chooses by the last user message.
        policy: for pictures in messages, see `pixels_of`.

    Raises:
        ContentError: no messages, or content of a form that is not accepted.
        ImageError: a picture cannot be used.
    """
    if not messages:
        raise ContentError("There are no messages; give at least one HumanMessage.")
    messages, _held = resolved(messages, policy)
    writer = _Writer(policy)
    system = "\n\n".join(text for m in messages if isinstance(m, SystemMessage) and (text := text_of(m).strip()))
    if system:
        writer.write("system", [Text(system)])
    talk = [message for message in messages if not isinstance(message, SystemMessage)]
    language = language or react.language_of(question_of(talk))
    preamble = react.preamble(tools, language) if tools and not native else ""
    asked = _write_talk(writer, talk, preamble, native, language)
    if not asked:
        writer.write("user", [Text(preamble)])
    elif not native and not _is_user(talk[-1]) and not _is_plain(talk[-1]):
        # Without tools there is nothing left to do but answer.
        opening = "Thought:" if preamble else react.render_final("", "", language).rstrip()
        writer.write("assistant", [Text(opening, trusted=True)])
    return tuple(Turn(role, tuple(parts)) for role, parts in writer.turns)


def _write_talk(
    writer: _Writer, talk: Sequence[BaseMessage], preamble: str, native: bool, language: react.Language
) -> bool:
    """Write all messages, the preamble before the last user turn; False when there is no user turn."""
    last_user = max((i for i, m in enumerate(talk) if _is_user(m) and not (i and _is_user(talk[i - 1]))), default=-1)
    at = 0
    while at < len(talk):
        message = talk[at]
        if _is_user(message):
            if at == last_user and preamble:
                writer.write("user", [Text(preamble)])
            _write_user(writer, message, joint="" if at == last_user and preamble else "\n")
        elif isinstance(message, AIMessage):
            results = _results_after(talk, at)
            at += len(results)
            if native:
                _write_native(writer, message, results)
            elif message.tool_calls or message.invalid_tool_calls:
                _write_steps(writer, message, results, language)
            else:
                _write_answer(writer, message, language, as_react=bool(preamble) and at < len(talk) - 1)
        else:
            _write_result(writer, message, native)
        at += 1
    return last_user >= 0


def _is_user(message: BaseMessage) -> bool:
    if isinstance(message, (HumanMessage, AIMessage, ToolMessage)):
        return isinstance(message, HumanMessage)
    if getattr(message, "role", None) in ("user", "human") or message.type == "human":
        return True
    raise ContentError(
        f"A message of type {type(message).__name__} is not accepted; use SystemMessage, HumanMessage, AIMessage or "
        "ToolMessage."
    )


def _write_user(writer: _Writer, message: BaseMessage, joint: str) -> None:
    speaker = [Text(f"{message.name}: ")] if message.name else []
    writer.write("user", [*speaker, *writer.content(message.content)], joint)


def _said(message: AIMessage) -> list[Part]:
    """An AI message's texts; tool calls, thinking and other blocks of its content are left out."""
    return [Text(text, trusted=True)] if (text := text_of(message)) else []


def _write_answer(writer: _Writer, message: AIMessage, language: react.Language, *, as_react: bool) -> None:
    if as_react:
        final = react.render_final(text_of(message), thought_of(message), language)
        writer.write("assistant", [Text(final, trusted=True)])
    else:
        writer.write("assistant", _said(message))


def _is_plain(message: BaseMessage) -> bool:
    return isinstance(message, AIMessage) and not message.tool_calls and not message.invalid_tool_calls


def _results_after(talk: Sequence[BaseMessage], at: int) -> list[ToolMessage]:
    """The tool messages right behind the message at `at`."""
    results: list[ToolMessage] = []
    for message in talk[at + 1 :]:
        if not isinstance(message, ToolMessage):
            break
        results.append(message)
    return results


def _calls_of(message: AIMessage) -> list[tuple[str, dict[str, Any] | str, str | None]]:
    """(tool, arguments, id) of the calls, the unreadable ones with the text that stood for their arguments."""
    calls: list[tuple[str, dict[str, Any] | str, str | None]] = []
    calls += [(call["name"], call["args"], call["id"]) for call in message.tool_calls]
    for call in message.invalid_tool_calls:
        calls.append((call["name"] or "", (call["args"] or "").removeprefix("Action Input:").strip(), call["id"]))
    return calls


def _paired(
    message: AIMessage, results: Sequence[ToolMessage]
) -> tuple[list[tuple[str, dict[str, Any] | str, ToolMessage | None]], list[ToolMessage]]:
    """Each call with its result, and the results that answer none of them."""
    left = list(results)
    pairs = []
    for tool, arguments, call_id in _calls_of(message):
        result = next((r for r in left if r.tool_call_id == call_id), None)
        if result is not None:
            left.remove(result)
        pairs.append((tool, arguments, result))
    return pairs, left


def _write_steps(writer: _Writer, message: AIMessage, results: Sequence[ToolMessage], language: react.Language) -> None:
    pairs, left = _paired(message, results)
    for number, (tool, arguments, result) in enumerate(pairs):
        thought = "" if number else thought_of(message)
        writer.write("assistant", [Text(react.render_call(tool, arguments, thought, language), trusted=True)])
        writer.write("assistant", _observation(writer, result))
    for result in left:
        writer.write("assistant", _observation(writer, result))


def _observation(writer: _Writer, message: BaseMessage | None) -> list[Part]:
    """`Observation: ` and the result's texts, its pictures behind them."""
    text, pictures = _result(writer, message)
    return [Text(react.render_observation(text)), *([Text("\n")] if pictures else []), *pictures]


def _result(writer: _Writer, message: BaseMessage | None) -> tuple[str, list[Part]]:
    if message is None:
        return "(no result)", []
    blocks = [message.content] if isinstance(message.content, str) else _blocks(message.content)
    words = [block for block in blocks if not is_picture(block)]
    pictures = [part for block in blocks if is_picture(block) for part in writer.picture(block)]  # type: ignore[arg-type]
    text = "\n".join(part.text for part in writer.content(words, tool=True) if isinstance(part, Text))
    return text or "(empty)", pictures


def _write_native(writer: _Writer, message: AIMessage, results: Sequence[ToolMessage]) -> None:
    pairs, left = _paired(message, results)
    texts = [text_of(message)] if text_of(message) else []
    for tool, arguments, _ in pairs:
        call = json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)
        texts.append(f"<tool_call>\n{call}\n</tool_call>")
    writer.write("assistant", [Text("\n".join(texts), trusted=True)])
    for result in [*(result for _, _, result in pairs), *left]:
        writer.write("user", _native_result(writer, result))


def _write_result(writer: _Writer, message: BaseMessage, native: bool) -> None:
    """A result that follows no call (its call was trimmed away)."""
    if native:
        writer.write("user", _native_result(writer, message))
    else:
        writer.write("assistant", _observation(writer, message))


def _native_result(writer: _Writer, message: BaseMessage | None) -> list[Part]:
    text, pictures = _result(writer, message)
    return [Text(f"<tool_response>\n{text}\n"), *pictures, Text("</tool_response>")]
