"""LangChain messages in, an engine's turns out; and picture blocks for messages.

In: messages whose content is text or blocks, pictures in every form that LangChain, OpenAI and Anthropic write.
Out: `Turn`s of texts and pictures, strictly alternating, ready for `Engine.stream`. Tool calls and tool results
become ReAct steps (`visual_agent.react`), or the `<tool_call>` form for engines with native tool calling.

A picture in a message becomes `Picture 2 (img1): `, the picture, and the end of the line, numbered through the
conversation. What the model itself said is `trusted` text: it may write boxes; users and tool results may not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from visual_agent import react
from visual_agent.engines.base import Image, Part, Role, Text, Turn
from visual_agent.errors import ContentError
from visual_agent.images import Picture, Pixels, find, keep

if TYPE_CHECKING:
    from visual_agent.loading import LoadPolicy, Source

_LEDGER_NAME = re.compile(r"img\d+(?:\.[a-z]+\d+)*")
_HELP = (
    'give {"type": "text", "text": ...} or a picture made by visual_agent.messages.image_block (also accepted: '
    '"image" with "base64", "url" or "file_id", "image_url", and Anthropic\'s "source")'
)

# --- Picture blocks ----------------------------------------------------------------------------------------------


def image_block(source: Source | Picture, *, name: str = "") -> dict[str, Any]:
    """A content block for a picture.

    A ledger `Picture` is named by its `file_id` (the ledger must live as long as the messages do); an http(s) URL
    stays a URL; everything else is carried in the block as base64, a picture file byte for byte.

    Raises:
        ImageError: the picture cannot be used.
    """
    if isinstance(source, Picture):
        block = {"type": "image", "file_id": source.file_id, "mime_type": "image/png"}
        return {**block, "extras": {"name": name or source.name}}
    block = {"type": "image", **_carried(source)}
    return {**block, "extras": {"name": name}} if name else block


def _carried(source: Source) -> dict[str, str]:
    import base64
    import io
    from pathlib import Path

    from visual_agent.loading import load

    if isinstance(source, str) and source[:8].lower().startswith(("http://", "https://")):
        return {"url": source}
    image = load(source).image
    data, mime_type = b"", None
    if isinstance(source, (bytes, bytearray)):
        data = bytes(source)
    elif isinstance(source, Path) or (isinstance(source, str) and source[:5].lower() != "data:"):
        path = Path(source)
        data = path.read_bytes() if path.is_file() else b""
    if data:
        mime_type = _web_type(data)
    if mime_type is None:
        out = io.BytesIO()
        image.save(out, "PNG")
        data, mime_type = out.getvalue(), "image/png"
    return {"base64": base64.b64encode(data).decode(), "mime_type": mime_type}


def _web_type(data: bytes) -> str | None:
    """The type of a file that every chat model takes as it is; None for all others."""
    if data.startswith(b"\x89PNG\r\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def name_of(block: Mapping[str, Any]) -> str:
    """The ledger name that a picture block carries, or nothing."""
    extras = block.get("extras")
    for name in (extras.get("name") if isinstance(extras, Mapping) else None, block.get("name"), block.get("id")):
        if isinstance(name, str) and _LEDGER_NAME.fullmatch(name):
            return name
    return ""


def is_picture(block: object) -> bool:
    """Whether a content block is meant to be a picture, of an accepted form or not."""
    return isinstance(block, Mapping) and block.get("type") in ("image", "image_url", "input_image")


def is_document(block: object) -> bool:
    """Whether a content block is a file (a PDF, say) whose pages can be shown."""
    return isinstance(block, Mapping) and block.get("type") in ("file", "document", "input_file")


def source_of(block: Mapping[str, Any]) -> tuple[str, str]:
    """What a picture block holds: ("file_id", id) or ("source", URL or data URI).

    Raises:
        ContentError: a form that is not accepted.
    """
    kind, inner = block.get("type"), block
    if kind in ("image_url", "input_image"):
        url = block.get("image_url")
        return _checked("url", url.get("url") if isinstance(url, Mapping) else url, block)
    if isinstance(block.get("file"), Mapping):
        return _checked("url", block["file"].get("file_data"), block)
    if isinstance(block.get("source"), Mapping):
        inner = block["source"]
        kind = inner.get("type")
        key = {"base64": "data", "url": "url", "file": "file_id"}.get(str(kind), "")
        return _checked(key, inner.get(key), block)
    if "source_type" in block:
        kind = str(block["source_type"])
        key = {"base64": "data", "url": "url", "id": "file_id"}.get(kind, "")
        return _checked(key, block.get("id" if key == "file_id" else key), block)
    for key in ("file_id", "base64", "url"):
        if block.get(key) is not None:
            return _checked(key, block[key], block)
    return _checked("url", None, block)


def _checked(key: str, value: object, block: Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(value, str) and value.strip():
        if key in ("base64", "data") and not value.startswith("data:"):
            value = f"data:image/*;base64,{value}"
        return ("file_id" if key == "file_id" else "source"), value
    keys = ", ".join(sorted(str(key) for key in block))[:120]
    raise ContentError(f"A picture block with the keys {keys} is not of an accepted form; {_HELP}.")


def pixels_of(block: Mapping[str, Any], policy: LoadPolicy | None = None) -> list[Pixels]:
    """The picture of a block; of a document block, its pages.

    Without a policy, pictures come from URLs and from the message itself; a message cannot name files of this
    machine (it may come from anywhere). A policy that allows folders allows paths in `url`.

    Raises:
        ContentError: the block is of a form that is not accepted.
        ImageError: the picture cannot be used.
    """
    from visual_agent.loading import LoadPolicy, load, load_pages

    kind, value = source_of(block)
    policy = policy or LoadPolicy(folders=())
    if kind == "file_id":
        return [find(value)]
    if is_document(block):
        return [keep(page.image) for page in load_pages(value, policy)]
    return [keep(load(value, policy).image)]


def resolved(
    messages: Sequence[BaseMessage], policy: LoadPolicy | None = None
) -> tuple[list[BaseMessage], list[Pixels]]:
    """The messages with every picture loaded and named by its content, and the pictures, which the caller must hold.

    Raises:
        ContentError: a picture block of a form that is not accepted.
        ImageError: a picture cannot be used.
    """
    held: list[Pixels] = []
    return [_resolved(message, policy, held) for message in messages], held


def _resolved(message: BaseMessage, policy: LoadPolicy | None, held: list[Pixels]) -> BaseMessage:
    content = message.content
    if isinstance(message, AIMessage) or isinstance(content, str):
        return message
    if not any(is_picture(block) or is_document(block) for block in content):
        return message
    blocks: list[str | dict[str, Any]] = []
    for block in content:
        if isinstance(block, str) or not (is_picture(block) or is_document(block)):
            blocks.append(block)
            continue
        pages = pixels_of(block, policy)
        held.extend(pages)
        name = name_of(block)
        extras = {"extras": {"name": name}} if name else {}
        blocks += [{"type": "image", "file_id": page.file_id, **extras} for page in pages]
    return message.model_copy(update={"content": blocks})


# --- Turns ---------------------------------------------------------------------------------------------------------


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
                raise ContentError(f"A content block of type {block.get('type')!r} is not accepted; {_HELP}.")
        return parts


def _ends_line(parts: Sequence[Part]) -> bool:
    last = parts[-1]
    return isinstance(last, Text) and (not last.text or last.text.endswith("\n"))


def _blocks(content: object) -> list[str | Mapping[str, Any]]:
    if isinstance(content, (list, tuple)) and all(isinstance(block, (str, Mapping)) for block in content):
        return list(content)
    raise ContentError(f"Message content must be text or a list of blocks, not {type(content).__name__}; {_HELP}.")


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
    last_user = max((i for i, m in enumerate(talk) if _is_user(m) and not (i and _is_user(talk[i - 1]))), default=-1)
    at = 0
    while at < len(talk):
        message = talk[at]
        if at == last_user and preamble:
            writer.write("user", [Text(preamble)])
        if _is_user(message):
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
        elif native:
            writer.write("user", _native_result(writer, message))
        else:
            writer.write("assistant", _observation(writer, message))
        at += 1
    if last_user < 0:
        writer.write("user", [Text(preamble)])
    elif not native and not _is_user(talk[-1]) and not _is_plain(talk[-1]):
        # Without tools there is nothing left to do but answer.
        opening = "Thought:" if preamble else react.render_final("", "", language).rstrip()
        writer.write("assistant", [Text(opening, trusted=True)])
    return tuple(Turn(role, tuple(parts)) for role, parts in writer.turns)


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


def _native_result(writer: _Writer, message: BaseMessage | None) -> list[Part]:
    text, pictures = _result(writer, message)
    return [Text(f"<tool_response>\n{text}\n"), *pictures, Text("</tool_response>")]
