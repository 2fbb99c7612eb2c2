"""One call of a chat model, prepared: which engine, what request, and how to read the reply.

In: a `ChatQwenVL`, messages, stop texts and the call's own options. Out: a `Call`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage

from visual_agent import prompts, react
from visual_agent.engines.base import Request, Sampling, Text, Turn
from visual_agent.engines.registry import SharedEngine
from visual_agent.errors import ContentError, UserError
from visual_agent.messages import question_of, to_turns
from visual_agent.replies import JsonReply, NativeReply, PlainReply, ReactReply, Reply

if TYPE_CHECKING:
    from visual_agent.chat_models import ChatQwenVL

Tools = Sequence[Mapping[str, Any]]

_SAMPLING = ("max_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "seed", "logprobs")
_OPTIONS = frozenset((*_SAMPLING, "tools", "tool_choice", "response_format", "model", "session", "timeout", "language"))
_FOREIGN = frozenset(("stream", "strict", "parallel_tool_calls", "ls_structured_output_format", "n", "user"))
_END_OF_TURN = "<|im_end|>"


@dataclass(frozen=True)
class Call:
    """What to run, and how to read it."""

    engine: SharedEngine
    request: Request
    reply: Reply
    name: str
    timeout: float | None


def check_names(values: dict[str, Any], *, known: set[str], ignored: Iterable[str], where: str) -> dict[str, Any]:
    """Refuse argument names that nothing would read; drops those of other chat models that mean nothing here.

    Raises:
        UserError: an unknown name.
    """
    ignored = frozenset(ignored)
    for name in values:
        if name not in known and name not in ignored:
            close = difflib.get_close_matches(name, sorted(known | ignored), n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(sorted(known))}."
            raise UserError(f"{where} has no argument {name!r}; {hint}")
    return {name: value for name, value in values.items() if name in known}


def forced_tool(choice: object, tools: Tools) -> str | None:
    """A tool choice in one form: None (the model decides), "none", "any", or the name of a tool.

    Raises:
        ContentError: a form that is not accepted, or no such tool.
    """
    if isinstance(choice, Mapping):
        inner = choice.get("function", choice)
        kind = choice.get("type")
        choice = inner.get("name") if isinstance(inner, Mapping) and inner.get("name") else kind
    names = react.tool_names(tools)
    if choice in (None, False, "auto"):
        return None
    if choice == "none":
        return "none"
    if choice in (True, "any", "required"):
        if not names:
            raise ContentError("A tool call is required, but no tools are given; bind tools or drop tool_choice.")
        return names[0] if len(names) == 1 else "any"
    if choice in names:
        return str(choice)
    raise ContentError(f"tool_choice {choice!r} names no bound tool; use 'auto', 'none', 'any' or one of {names}.")


def prepare(model: ChatQwenVL, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> Call:
    """Everything that one call needs.

    Raises:
        UserError: the messages or options cannot be used.
        EngineError: the engine cannot be loaded.
    """
    options = _checked(options)
    name = options.get("model") or model.model
    engine = model.engine if name == model.model else SharedEngine(name)
    tools = list(options.get("tools") or ())
    choice = forced_tool(options.get("tool_choice"), tools)
    tools = [] if choice == "none" else tools
    native = engine.profile.native_tools
    language = options.get("language") or model.language or react.language_of(question_of(messages))
    turns = to_turns(messages, tools=tools, native=native, language=language, policy=model.policy)
    format_ = options.get("response_format")
    reply: Reply
    if tools and format_:
        raise ContentError("Tools and response_format cannot be used together; use LangChain's ToolStrategy.")
    if format_:
        turns, reply = _as_json(turns, format_, language)
    elif tools and native:
        turns, reply = _with_native_choice(turns, choice)
    elif tools:
        prefill = {None: "", "any": "Action:"}.get(choice, f"Action: {choice}\nAction Input:")
        turns, reply = continued(turns, prefill), ReactReply(prefill)
    else:
        reply = PlainReply()
    request = Request(
        turns,
        stop=_stops(stop, model.stop, bool(tools) and not native),
        sampling=Sampling(**{key: options.get(key, getattr(model, key)) for key in _SAMPLING}),
        tools=tuple(dict(tool) for tool in tools) if native else (),
        session=options.get("session") or model.session,
    )
    return Call(engine, request, reply, name, options.get("timeout", model.timeout))


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    """The options that mean something; foreign ones are dropped, those that look like typing errors are refused."""
    for name in options:
        if name in _OPTIONS or name in _FOREIGN:
            continue
        if close := difflib.get_close_matches(name, sorted(_OPTIONS), n=1, cutoff=0.8):
            raise UserError(f"A call has no option {name!r}; did you mean {close[0]!r}?")
    return {name: value for name, value in options.items() if name in _OPTIONS}


def _stops(call: Sequence[str] | str | None, own: Sequence[str] | None, with_react: bool) -> tuple[str, ...]:
    given = [call] if isinstance(call, str) else list(call or ())
    everything = [*given, *(own or ()), _END_OF_TURN, *(react.STOP if with_react else ())]
    return tuple(dict.fromkeys(stop for stop in everything if stop))


def continued(turns: tuple[Turn, ...], prefill: str) -> tuple[Turn, ...]:
    """The turns with the assistant's next words already said; they take the place of an open `Thought:`."""
    if not prefill:
        return turns
    last = turns[-1]
    if last.role != "assistant":
        return (*turns, Turn("assistant", (Text(prefill, trusted=True),)))
    open_thought = bool(last.parts) and last.parts[-1] == Text("Thought:", trusted=True)
    parts = last.parts[:-1] if open_thought else (*last.parts, Text("\n"))
    return (*turns[:-1], Turn("assistant", (*parts, Text(prefill, trusted=True))))


def _with_native_choice(turns: tuple[Turn, ...], choice: str | None) -> tuple[tuple[Turn, ...], Reply]:
    """A required call is begun for the model; the name of a forced one is certain."""
    if choice is None:
        return turns, NativeReply()
    prefill = "<tool_call>\n"
    if choice != "any":
        prefill += f'{{"name": {json.dumps(choice, ensure_ascii=False)}, "arguments":'
    return continued(turns, prefill), NativeReply(prefill)


def _as_json(turns: tuple[Turn, ...], format_: Any, language: react.Language) -> tuple[tuple[Turn, ...], Reply]:
    """Ask for one JSON object, in words and by beginning it."""
    kind = format_.get("type") if isinstance(format_, Mapping) else format_
    if kind == "text":
        return turns, PlainReply()
    if kind == "json_object":
        words = prompts.load(f"json_object_{language}")
    elif kind == "json_schema" and isinstance(format_, Mapping) and isinstance(format_.get("json_schema"), Mapping):
        schema = format_["json_schema"].get("schema", {})
        words = prompts.load(f"json_schema_{language}", schema=json.dumps(schema, ensure_ascii=False))
    else:
        raise ContentError(
            f"response_format {str(format_)[:80]!r} is not accepted; use {{'type': 'json_object'}} or "
            "{'type': 'json_schema', 'json_schema': {'name': ..., 'schema': ...}}."
        )
    at = max(index for index, turn in enumerate(turns) if turn.role == "user")
    asked = Turn("user", (*turns[at].parts, Text(f"\n\n{words}")))
    return continued((*turns[:at], asked, *turns[at + 1 :]), "{"), JsonReply("{")
