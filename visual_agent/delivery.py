"""Delivery of pictures to chat models other than ours.

In: messages whose pictures are `file_id` blocks, as our state keeps them. Out, for one call only: messages that any
chat model understands: pictures as base64 blocks, those of tool results moved into a user message where the model's
API takes none in tool messages, all of them left out for a model without eyes. The state never holds base64.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

from visual_agent.blocks import name_of
from visual_agent.errors import ImageNotFound
from visual_agent.images import Pixels, find
from visual_agent.runs import Run

#: Newest pictures that one call carries; older ones are named in words, and the model can look again.
MAX_PICTURES = 12

#: Of these, as many are kept for the newest pictures of tools, however many the user gave.
TOOL_PICTURES = 4

#: PNG files above this many bytes go out as JPEG of quality 95: endpoints refuse larger ones.
MAX_PNG_BYTES = 4_000_000


class Delivery(AgentMiddleware[AgentState[Any], Run]):
    """Expands picture blocks just before the call of a model that does not know our `file_id`s."""

    def __init__(self, model: BaseChatModel) -> None:
        super().__init__()
        profile = model.profile or {}
        self._sees = profile.get("image_inputs", True)
        # OpenAI's Chat Completions refuse pictures in tool messages whatever a profile says (it speaks of Responses).
        self._in_tool_messages = bool(profile.get("image_tool_message")) and not _is_chat_completions(model)
        self._encoded: dict[str, tuple[str, str]] = {}
        self._shown: set[str] = set()  # file_ids

    def wrap_model_call(
        self, request: ModelRequest[Run], handler: Callable[[ModelRequest[Run]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Call the model with expanded messages."""
        return handler(request.override(messages=self.expand(request.messages)))

    async def awrap_model_call(
        self, request: ModelRequest[Run], handler: Callable[[ModelRequest[Run]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """As `wrap_model_call`."""
        return await handler(request.override(messages=self.expand(request.messages)))

    def expand(self, messages: Sequence[AnyMessage]) -> list[AnyMessage]:
        """The messages as the model is to receive them; the given ones stay as they are."""
        kept = _newest_pictures(messages)
        self._shown.update(kept.values())
        result: list[AnyMessage] = []
        waiting: list[Any] = []
        for index, message in enumerate(messages):
            if waiting and not isinstance(message, ToolMessage):
                result.append(HumanMessage(waiting))
                waiting = []
            if isinstance(message.content, str):
                result.append(message)
                continue
            blocks = [b for at, block in enumerate(message.content) for b in self._blocks(block, (index, at) in kept)]
            if isinstance(message, ToolMessage) and not self._in_tool_messages:
                moved = [block for block in blocks if block.get("type") == "image"]
                blocks = [block for block in blocks if block.get("type") != "image"]
                if moved:
                    waiting += [_text(f"What {message.name or 'the tool'} shows:"), *moved]
            result.append(message.model_copy(update={"content": blocks}))
        return [*result, HumanMessage(waiting)] if waiting else result

    def _blocks(self, block: Any, kept: bool) -> list[dict[str, Any]]:
        """A block as the model is to receive it; a named picture comes after its name and size."""
        if isinstance(block, str):
            return [_text(block)]
        if not _is_picture(block):
            return [dict(block)]
        name = name_of(block)
        try:
            pixels = find(block["file_id"])
        except ImageNotFound:
            return [_text(f"({name or 'a picture'}: no longer held)")]
        width, height = pixels.image.size
        called = f"{name}, {width}x{height} pixels" if name else f"a picture of {width}x{height} pixels"
        if not self._sees:
            return [_text(f"({called}: you cannot see it, your tools can)")]
        if not kept:
            when = "shown before" if block["file_id"] in self._shown else "not shown, as there are too many pictures"
            return [_text(f"({called}: {when})")]
        data, mime_type = self._encode(pixels)
        picture = {"type": "image", "base64": data, "mime_type": mime_type}
        return [_text(f"{called}:"), picture] if name else [picture]

    def _encode(self, pixels: Pixels) -> tuple[str, str]:
        if pixels.hash not in self._encoded:
            data, mime_type = _encode_picture(pixels)
            self._encoded[pixels.hash] = base64.b64encode(data).decode(), mime_type
            while len(self._encoded) > MAX_PICTURES:
                self._encoded.pop(next(iter(self._encoded)))
        return self._encoded[pixels.hash]


def _encode_picture(pixels: Pixels) -> tuple[bytes, str]:
    """PNG, or JPEG of quality 95 where the PNG would be too large; never a smaller picture."""
    out = io.BytesIO()
    pixels.image.save(out, "PNG", compress_level=3)
    if out.tell() <= MAX_PNG_BYTES:
        return out.getvalue(), "image/png"
    out = io.BytesIO()
    pixels.image.save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue(), "image/jpeg"


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _is_picture(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "image" and "file_id" in block


def _newest_pictures(messages: Sequence[AnyMessage]) -> dict[tuple[int, int], str]:
    """The pictures to deliver, by (message, block) their file_id: the newest few of tools, then users', then others."""
    users: list[tuple[tuple[int, int], str]] = []
    tools: list[tuple[tuple[int, int], str]] = []
    for index, message in enumerate(messages):
        side = users if isinstance(message, HumanMessage) else tools
        for at, block in enumerate(message.content):  # the letters of a text are no pictures
            if isinstance(block, dict) and _is_picture(block):
                side.append(((index, at), str(block["file_id"])))
    users, tools = users[::-1], tools[::-1]
    return dict([*tools[:TOOL_PICTURES], *users, *tools[TOOL_PICTURES:]][:MAX_PICTURES])


def _is_chat_completions(model: BaseChatModel) -> bool:
    """Whether the model is langchain-openai's (or a subclass) and speaks Chat Completions."""
    names = {cls.__name__ for cls in type(model).__mro__}
    return "BaseChatOpenAI" in names and not getattr(model, "use_responses_api", None)
