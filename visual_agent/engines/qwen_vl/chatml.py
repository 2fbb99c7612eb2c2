"""ChatML, the conversation form of Qwen-VL-Chat, built token by token.

In: turns of a conversation. Out: the ids the model was trained on, and its answer's ids back as text.

    <|im_start|>system\\n{system}<|im_end|>
    \\n<|im_start|>user\\n{question}<|im_end|>
    \\n<|im_start|>assistant\\n{answer}<|im_end|> ...

Role, newline and content are encoded apart, so that no token spans two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from visual_agent.engines.qwen_vl.specials import Specials
from visual_agent.engines.qwen_vl.tokenization import PICTURE_TOKEN_COUNT, QwenVLTokenizer
from visual_agent.errors import ContentError

SYSTEM = "You are a helpful assistant."
"""The system text of the training data; the model hardly follows another."""

MAX_WINDOW = 6144
"""The published ``max_window_size``: tokens of system and history that a prompt keeps."""

IGNORED = -100

ChatFormat = Literal["chatml", "raw"]
Part = str | Sequence[int] | None
"""Of a turn: text, ids that are ready, or None for a picture."""


@dataclass(frozen=True, slots=True)
class Context:
    """A prompt: its ids, and the paths of its pictures in order."""

    ids: list[int]
    pictures: list[str]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: its text, the ids that make it, and what ended it ("length" if nothing did)."""

    text: str
    ids: list[int]
    ended_by: Literal["<|im_end|>", "<|im_start|>", "<|endoftext|>", "length"]


def encode_parts(
    tokenizer: QwenVLTokenizer,
    parts: Sequence[Part],
    specials: Specials = "boxes",
    picture_tokens: int = PICTURE_TOKEN_COUNT,
) -> list[int]:
    """Encodes the content of one turn.

    Args:
        tokenizer: Encodes text.
        parts: Texts, ids and pictures in order; neighbouring texts are encoded as one.
        specials: Control tokens that texts may write.
        picture_tokens: Placeholders of one picture.

    Returns:
        Ids.
    """
    ids: list[int] = []
    text = ""
    for part in [*parts, ()]:
        if isinstance(part, str):
            text += part
            continue
        if text:
            ids.extend(tokenizer.encode_text(text, specials))
            text = ""
        ids.extend(tokenizer.picture_ids(picture_tokens) if part is None else part)
    return ids


def encode_turns(
    tokenizer: QwenVLTokenizer,
    turns: Sequence[tuple[str, Sequence[Part]]],
    *,
    specials: Specials = "boxes",
    picture_tokens: int = PICTURE_TOKEN_COUNT,
) -> list[int]:
    """Encodes a conversation up to where the assistant writes on.

    Args:
        tokenizer: Encodes text.
        turns: ``(role, parts)``; a system turn with the training's text is added where none comes first.
        specials: Control tokens that texts may write: by default the box tags, never ChatML or pictures.
        picture_tokens: Placeholders of one picture.

    Returns:
        Ids. They end with the assistant's opening, or inside the last turn if that is the assistant's.
    """
    newline = tokenizer.encode_text("\n")
    if not turns or turns[0][0] != "system":
        turns = [("system", [SYSTEM]), *turns]
    ids: list[int] = []
    for index, (role, parts) in enumerate(turns):
        opening = [tokenizer.im_start_id, *tokenizer.encode_text(role), *newline]
        ids += [*(newline if index else []), *opening]
        ids += encode_parts(tokenizer, parts, specials, picture_tokens)
        if index + 1 < len(turns) or role != "assistant":
            ids.append(tokenizer.im_end_id)
    if turns[-1][0] != "assistant":
        ids += [*newline, tokenizer.im_start_id, *tokenizer.encode_text("assistant"), *newline]
    return ids


def chat_context(
    tokenizer: QwenVLTokenizer,
    query: str,
    history: Sequence[tuple[str, str | None]] = (),
    *,
    system: str = SYSTEM,
    max_window_size: int = MAX_WINDOW,
    chat_format: ChatFormat = "chatml",
    specials: Specials = "pictures",
    picture_tokens: int = PICTURE_TOKEN_COUNT,
) -> Context:
    """The original's prompt for a question and its history, token for token.

    Newest turns are kept first, while system and history stay under the window; the first that does not fit
    drops all older ones. As in the original the question itself does not count, and a turn without an answer
    leaves an empty line. Unlike the original, the caller's history stays as it is.

    Args:
        tokenizer: Encodes text.
        query: The question, pictures as ``<img>path</img>``.
        history: ``(question, answer)`` pairs, oldest first.
        system: The system text.
        max_window_size: Tokens that system and history may take.
        chat_format: "chatml", or "raw" (the base model) for the bare question.
        specials: Control tokens that the texts may write.
        picture_tokens: Placeholders of one picture.

    Returns:
        The prompt.

    Raises:
        ContentError: If the chat format is unknown or an ``<img>`` is not closed.
    """

    def encode(text: str) -> Context:
        return Context(*tokenizer.encode_with_pictures(text, specials, picture_tokens))

    if chat_format == "raw":
        return encode(query)
    if chat_format != "chatml":
        raise ContentError(f"unknown chat format {chat_format!r}; use 'chatml' or 'raw'")
    newline = tokenizer.encode_text("\n")

    def block(role: str, text: str) -> Context:
        content = encode(text)
        opening = [tokenizer.im_start_id, *tokenizer.encode_text(role), *newline]
        return Context([*opening, *content.ids, tokenizer.im_end_id], content.pictures)

    first, ask = block("system", system), block("user", query)
    kept: list[int] = []
    pictures: list[str] = []
    for question, answer in reversed(history):
        said = block("user", question)
        reply = block("assistant", answer) if answer is not None else Context([], [])
        turn = [*newline, *said.ids, *newline, *reply.ids]
        if len(first.ids) + len(turn) + len(kept) >= max_window_size:
            break
        kept = turn + kept
        pictures = said.pictures + reply.pictures + pictures
    ending = [*newline, tokenizer.im_start_id, *tokenizer.encode_text("assistant"), *newline]
    return Context([*first.ids, *kept, *newline, *ask.ids, *ending], first.pictures + pictures + ask.pictures)


def stop_sequences(tokenizer: QwenVLTokenizer, chat_format: ChatFormat = "chatml") -> list[list[int]]:
    """Id sequences that end an answer: the turn tokens, or for the base model ``Human:`` and the text's end."""
    if chat_format == "chatml":
        return [[tokenizer.im_end_id], [tokenizer.im_start_id], [tokenizer.end_of_text_id]]
    return [tokenizer.encode_text("Human:"), [tokenizer.end_of_text_id]]


def decode_response(tokenizer: QwenVLTokenizer, new_ids: Sequence[int], chat_format: ChatFormat = "chatml") -> Response:
    """Reads an answer off the generated ids.

    The original decoded prompt and answer together and cut the prompt off by its length in characters, which
    lost the answer's first letters after text that was not NFC; and it always took the last id for an end
    token, which lost the last word whenever the token limit was reached. Neither happens here.

    Args:
        tokenizer: Decodes.
        new_ids: The generated ids, without the prompt.
        chat_format: "chatml" or "raw"; raw answers end only at the text's end.

    Returns:
        The answer, stripped, with its box tags and without other control tokens.
    """
    names: dict[int, Literal["<|im_end|>", "<|im_start|>", "<|endoftext|>"]]
    names = {tokenizer.end_of_text_id: "<|endoftext|>"}
    if chat_format == "chatml":
        names |= {tokenizer.im_end_id: "<|im_end|>", tokenizer.im_start_id: "<|im_start|>"}
    ids = [int(number) for number in new_ids]
    end = next((index for index, number in enumerate(ids) if number in names), None)
    kept = ids[:end]
    text = tokenizer.decode(kept, skip_special_tokens=True, keep_image_special=True).strip()
    return Response(text, kept, "length" if end is None else names[ids[end]])


def training_example(
    tokenizer: QwenVLTokenizer,
    conversation: Sequence[dict[str, str]],
    *,
    system: str = SYSTEM,
    max_length: int | None = None,
    specials: Specials = "pictures",
    picture_tokens: int = PICTURE_TOKEN_COUNT,
) -> tuple[list[int], list[int], list[str]]:
    """Ids and labels of one conversation in the original's fine-tuning format.

    As in the original script the turn tokens of every role are learnt, and of the words only the assistant's.
    Unlike there, placeholders of pictures are never learnt, control tokens in the data stay text (give
    ``specials="all"`` for the old reading), nothing is padded, and a cut never falls inside a picture.

    Args:
        tokenizer: Encodes text.
        conversation: ``{"from": "user" | "assistant", "value": text}``; a leading assistant turn is dropped.
        system: The system text.
        max_length: Cut after so many tokens.
        specials: Control tokens that the data may write.
        picture_tokens: Placeholders of one picture.

    Returns:
        Ids, labels (`IGNORED` where nothing is learnt) and the paths of the pictures that are left.

    Raises:
        ContentError: If a turn's role is neither user nor assistant.
    """
    newline = tokenizer.encode_text("\n")
    turns = list(conversation)[1:] if conversation and conversation[0]["from"] != "user" else list(conversation)
    ids: list[int] = []
    labels: list[int] = []
    paths: list[str] = []
    for role, value in [("system", system), *((turn["from"], turn["value"]) for turn in turns)]:
        if role not in ("system", "user", "assistant"):
            raise ContentError(f"conversation turn from {role!r}; use 'user' or 'assistant'")
        content, found = tokenizer.encode_with_pictures(value, specials, picture_tokens)
        name = [*tokenizer.encode_text(role), *newline]
        ending = [tokenizer.im_end_id, *newline]
        learnt = content if role == "assistant" else [IGNORED] * len(content)
        ids += [tokenizer.im_start_id, *name, *content, *ending]
        labels += [tokenizer.im_start_id, *[IGNORED] * len(name), *learnt, *ending]
        paths += found
    labels = [
        IGNORED if number == tokenizer.image_token_id else label for number, label in zip(ids, labels, strict=True)
    ]
    if max_length is not None and len(ids) > max_length:
        ids = _cut(tokenizer, ids, max_length)
        labels = labels[: len(ids)]
        paths = paths[: ids.count(tokenizer.image_start_id)]
    return ids, labels, paths


def _cut(tokenizer: QwenVLTokenizer, ids: list[int], length: int) -> list[int]:
    """The first ids, less a picture that the cut would split."""
    kept = ids[:length]
    last = len(kept) - 1
    while last >= 0 and kept[last] == tokenizer.image_token_id:
        last -= 1
    split = last >= 0 and kept[last] == tokenizer.image_start_id
    return kept[:last] if split else kept
