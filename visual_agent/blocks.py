"""Picture blocks of messages: made for a picture, read back in every accepted form.

In: pictures and documents as blocks of LangChain (v0 and v1), OpenAI and Anthropic. Out: `Pixels`; and messages whose
pictures are named by their content, so that caches and traces see pictures and not names or base64.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage

from visual_agent.errors import ContentError
from visual_agent.images import Picture, Pixels, find, keep

if TYPE_CHECKING:
    from visual_agent.loading import LoadPolicy, Source

_LEDGER_NAME = re.compile(r"img\d+(?:\.[a-z]+\d+)*")
HELP = (
    'give {"type": "text", "text": ...} or a picture made by visual_agent.messages.image_block (also accepted: '
    '"image" with "base64", "url" or "file_id", "image_url", and Anthropic\'s "source")'
)


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
    raise ContentError(f"A picture block with the keys {keys} is not of an accepted form; {HELP}.")


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


def typed(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The messages with a `mime_type` on every base64 picture: LangChain's tracing fails on blocks without one.

    Raises:
        ContentError: a picture block of a form that is not accepted.
    """
    return [_typed(message) for message in messages]


def _typed(message: BaseMessage) -> BaseMessage:
    if isinstance(message.content, str) or not any(_lacks_type(block) for block in message.content):
        return message
    blocks = [
        {**block, "mime_type": _type_of(block)} if isinstance(block, dict) and _lacks_type(block) else block
        for block in message.content
    ]
    return message.model_copy(update={"content": blocks})


def _lacks_type(block: object) -> bool:
    if not isinstance(block, Mapping) or block.get("type") != "image" or block.get("mime_type"):
        return False
    return "base64" in block or block.get("source_type") == "base64"


def _type_of(block: Mapping[str, Any]) -> str:
    head = source_of(block)[1].partition(",")[2][:64]
    try:
        return _web_type(base64.b64decode(head[: len(head) // 4 * 4])) or "image/png"
    except ValueError:
        return "image/png"
