"""QwenVLTokenizer: text to ids and back.

In: text, or ids from the model. Out: ids, or text. It is a fast transformers tokenizer, made from the
checkpoint's ``qwen.tiktoken`` (see `conversion`) or from the ``tokenizer.json`` that ``save_pretrained`` writes.

Called as a function it reads every control token in the text, as chat templates need. For text that comes from
users or from pictures use `encode_text`, which reads only those that its policy allows.

A picture is ``<img>``, 256 placeholders ``<imgpad>``, ``</img>``. The original wrote the bytes of the picture's
path between the tags, at most 254 of them; `pull_pictures` still reads that text form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from transformers import TokenizersBackend

from visual_agent.engines.qwen_vl import specials as sp
from visual_agent.engines.qwen_vl.conversion import converted
from visual_agent.engines.qwen_vl.specials import Specials
from visual_agent.errors import ContentError, MarkupError, ModelNotFound

PICTURE_TOKEN_COUNT = 256
"""Placeholders of one picture."""

_IMAGE = re.compile(f"{sp.IMAGE_START}(.*?){sp.IMAGE_END}", re.DOTALL)
_TAGS = {"img": "image", "ref": "ref", "box": "box", "quad": "quad"}
_OPENING = re.compile("<(img|ref|box|quad)>")


class QwenVLTokenizer(TokenizersBackend):  # type: ignore[misc]
    """Qwen-VL's byte-pair tokenizer. Thread-safe: encoding and decoding change no state."""

    vocab_files_names = {"vocab_file": "qwen.tiktoken", "tokenizer_file": "tokenizer.json"}  # noqa: RUF012
    model_input_names = ["input_ids", "attention_mask"]  # noqa: RUF012
    padding_side = "left"

    def __init__(self, vocab_file: str | None = None, tokenizer_file: str | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("eos_token", sp.END_OF_TEXT)
        kwargs.setdefault("pad_token", sp.END_OF_TEXT)
        kwargs.setdefault("padding_side", "left")
        kwargs.setdefault("clean_up_tokenization_spaces", False)
        if tokenizer_file is None and kwargs.get("tokenizer_object") is None and vocab_file is not None:
            tokenizer_file = str(converted(Path(vocab_file)))
        if tokenizer_file is None and kwargs.get("tokenizer_object") is None:
            raise ModelNotFound(
                "no qwen.tiktoken (published checkpoints) and no tokenizer.json (saved by us) in the model's folder; "
                "download one of them into it."
            )
        super().__init__(tokenizer_file=tokenizer_file, **kwargs)
        self._bytes: dict[int, bytes] = {}
        self._plain: Any = None
        self._control = {token: int(self._tokenizer.token_to_id(token)) for token in sp.CONTROL_TOKENS}
        self._control_ids = {number: token for token, number in self._control.items()}

    @classmethod
    def convert_to_native_format(cls, **kwargs: Any) -> dict[str, Any]:
        """Leaves the files to ``__init__``; transformers calls this before it."""
        kwargs.pop("trust_remote_code", None)
        return kwargs

    def __getstate__(self) -> dict[str, Any]:
        """Pickles without what can be made again."""
        return {**self.__dict__, "_bytes": {}, "_plain": None}

    # ids of control tokens -------------------------------------------------------------------------------
    @property
    def im_start_id(self) -> int:
        """Id of ``<|im_start|>``."""
        return self._control[sp.IM_START]

    @property
    def im_end_id(self) -> int:
        """Id of ``<|im_end|>``."""
        return self._control[sp.IM_END]

    @property
    def end_of_text_id(self) -> int:
        """Id of ``<|endoftext|>``."""
        return self._control[sp.END_OF_TEXT]

    @property
    def image_start_id(self) -> int:
        """Id of ``<img>``."""
        return self._control[sp.IMAGE_START]

    @property
    def image_end_id(self) -> int:
        """Id of ``</img>``."""
        return self._control[sp.IMAGE_END]

    @property
    def image_token(self) -> str:
        """The placeholder ``<imgpad>``."""
        return sp.IMAGE_PAD

    @property
    def image_token_id(self) -> int:
        """Id of the placeholder."""
        return self._control[sp.IMAGE_PAD]

    # text to ids -----------------------------------------------------------------------------------------
    def encode_text(self, text: str, specials: Specials = "none") -> list[int]:
        """Encodes text, reading only the control tokens that a policy allows.

        Args:
            text: Any text; NFC-normalised first, as in training.
            specials: "none" for text of users and pictures, "boxes" for prompts and answers with ``<ref>`` and
                ``<box>``, "pictures" for the nine tags that the original's chat read, "all" for finished prompts.

        Returns:
            Ids; control tokens that are not allowed are spelt as ordinary text.
        """
        ids: list[int] = []
        for piece, is_control in sp.split_specials(sp.normalise(text), specials):
            if is_control:
                ids.append(self._control[piece])
            else:
                ids.extend(self._plain_backend().encode(piece, add_special_tokens=False).ids)
        return ids

    def _plain_backend(self) -> Any:
        """A tokenizer over the same model that knows no control token, padding or truncation at all.

        The shared backend keeps settings of earlier calls (padding, ``split_special_tokens``), so that text
        encoded with it would depend on them, and on other threads.
        """
        if self._plain is None:
            from tokenizers import Tokenizer

            plain = Tokenizer(self._tokenizer.model)  # shares the model, copies nothing
            plain.pre_tokenizer = self._tokenizer.pre_tokenizer
            self._plain = plain
        return self._plain

    def _encode_without_added_tokens(self, text: str) -> list[int]:
        """What ``apply_chat_template(sanitize_control_tokens=True)`` calls; without switching shared state."""
        return self.encode_text(text, "none")

    def picture_ids(self, count: int = PICTURE_TOKEN_COUNT) -> list[int]:
        """The span of one picture: ``<img>``, ``count`` placeholders, ``</img>``."""
        return [self.image_start_id, *[self.image_token_id] * count, self.image_end_id]

    def encode_with_pictures(
        self, text: str, specials: Specials = "pictures", count: int = PICTURE_TOKEN_COUNT
    ) -> tuple[list[int], list[str]]:
        """Encodes text in the original's form, ``... <img>path</img> ...``.

        Args:
            text: Trusted text (data sets, prompts): each ``<img>...</img>`` names a picture.
            specials: Policy for everything outside the picture tags.
            count: Placeholders of one picture.

        Returns:
            Ids with placeholders, and the paths or URLs in order, of any length and never normalised.

        Raises:
            ContentError: If an ``<img>`` is not closed.
        """
        ids: list[int] = []
        paths: list[str] = []
        for index, piece in enumerate(_split_pictures(text)):
            if index % 2:
                paths.append(piece)
                ids.extend(self.picture_ids(count))
            else:
                ids.extend(self.encode_text(piece, specials))
        return ids, paths

    # ids to text -----------------------------------------------------------------------------------------
    def _decode(
        self,
        token_ids: int | Sequence[int],
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        keep_image_special: bool = False,
        errors: str = "replace",
        **kwargs: Any,
    ) -> str:
        """Decodes ids; this is what ``decode`` and ``batch_decode`` call.

        Args:
            token_ids: Ids. Those the vocabulary does not know (the model's matrix has 76 spare rows) vanish; the
                original raised KeyError.
            skip_special_tokens: Leave out control tokens.
            clean_up_tokenization_spaces: Ignored; nothing is cleaned.
            keep_image_special: With ``skip_special_tokens``, still keep the six ref, box and quad tags.
            errors: "replace" or "ignore" (streams) bytes that are no UTF-8.
            **kwargs: Ignored.

        Returns:
            Text. A picture span reads ``<img><imgpad></img>``; one in the original's form reads ``<img>path</img>``.
        """
        ids = [token_ids] if isinstance(token_ids, int) else [int(number) for number in token_ids]
        keep = frozenset(sp.BOX_TOKENS) if keep_image_special else frozenset()
        data: list[bytes] = []
        position = 0
        while position < len(ids):
            number = ids[position]
            inside = self._span(ids, position) if number == self.image_start_id else None
            if inside is not None:
                opening, closing = ("", "") if skip_special_tokens else (sp.IMAGE_START, sp.IMAGE_END)
                content = inside if inside or skip_special_tokens else sp.IMAGE_PAD.encode()
                data.append(opening.encode() + content + closing.encode())
                position = ids.index(self.image_end_id, position) + 1
                continue
            token = self._control_ids.get(number)
            if token is None:
                data.append(self._bytes_of(number))
            elif not skip_special_tokens or token in keep:
                data.append(token.encode())
            position += 1
        return b"".join(data).decode("utf-8", errors=errors)

    def _span(self, ids: list[int], start: int) -> bytes | None:
        """The path bytes of a picture span in the original's form, b"" for placeholders, None for no span."""
        end = start + 1
        while end < len(ids) and (ids[end] < 256 or ids[end] == self.image_token_id):
            end += 1
        content = ids[start + 1 : end]
        if end == len(ids) or ids[end] != self.image_end_id or self.image_token_id not in content:
            return None
        path = content[: content.index(self.image_token_id)]
        padded = all(number == self.image_token_id for number in content[len(path) :])
        return bytes(path) if padded else None

    def _bytes_of(self, number: int) -> bytes:
        """The bytes that an ordinary id stands for."""
        known = self._bytes.get(number)
        if known is None:
            token = self._tokenizer.id_to_token(number)
            known = b"" if token is None else _to_bytes(token)
            self._bytes[number] = known
        return known

    # the original's list format --------------------------------------------------------------------------
    def from_list_format(self, items: Iterable[dict[str, Any]]) -> str:
        """Writes a prompt from parts, as the original's method of this name.

        Args:
            items: Dicts with ``image`` (path or URL), ``text``, or ``box`` (a list of four-number boxes on the
                grid, with an optional ``ref``).

        Returns:
            Text: pictures become ``Picture n: <img>path</img>`` and a newline, n counting from 1.

        Raises:
            ContentError: If an item has none of these keys or a box is not four numbers.
        """
        text, pictures = "", 0
        for item in items:
            if "image" in item:
                pictures += 1
                text += f"Picture {pictures}: {sp.IMAGE_START}{item['image']}{sp.IMAGE_END}\n"
            elif "text" in item:
                text += item["text"]
            elif "box" in item:
                if "ref" in item:
                    text += f"{sp.REF_START}{item['ref']}{sp.REF_END}"
                text += "".join(_write_box(box) for box in item["box"])
            else:
                raise ContentError(f"unsupported element {item!r}; use image, text, or box with an optional ref")
        return text

    def to_list_format(self, text: str) -> list[dict[str, str]]:
        """Splits text at its picture, ref, box and quad tags, as the original's method of this name.

        ChatML tags are plain text here; the original raised an error on them.

        Args:
            text: A prompt or an answer.

        Returns:
            Dicts of one entry: image, ref, box, quad or text, contents verbatim (NFC).

        Raises:
            MarkupError: If a tag is not closed.
        """
        text = sp.normalise(text)
        items: list[dict[str, str]] = []
        position = 0
        while match := _OPENING.search(text, position):
            end = text.find(f"</{match[1]}>", match.end())
            if end < 0:
                raise MarkupError(f"unclosed <{match[1]}>; close it with </{match[1]}>", text=text)
            if match.start() > position:
                items.append({"text": text[position : match.start()]})
            items.append({_TAGS[match[1]]: text[match.end() : end]})
            position = end + len(f"</{match[1]}>")
        if position < len(text):
            items.append({"text": text[position:]})
        return items


def pull_pictures(text: str) -> tuple[str, list[str]]:
    """Takes the pictures out of text in the original's form.

    Args:
        text: Trusted text with ``<img>path</img>`` for each picture.

    Returns:
        The text with ``<img><imgpad></img>`` in their place, as `QwenVLProcessor` wants it, and the paths.

    Raises:
        ContentError: If an ``<img>`` is not closed.
    """
    pieces = _split_pictures(text)
    placeholder = f"{sp.IMAGE_START}{sp.IMAGE_PAD}{sp.IMAGE_END}"
    return placeholder.join(pieces[::2]), pieces[1::2]


def _split_pictures(text: str) -> list[str]:
    """Text, path, text, path ... text."""
    pieces = _IMAGE.split(text)
    for piece in pieces[::2]:
        if sp.IMAGE_START in piece:
            raise ContentError("unclosed <img>; close it with </img>")
    return pieces


def _write_box(box: Sequence[float]) -> str:
    """One box on the grid, numbers truncated."""
    try:
        x1, y1, x2, y2 = (int(number) for number in box)
    except (TypeError, ValueError) as error:
        raise ContentError(f"box {box!r} is not four numbers; give [x1, y1, x2, y2]") from error
    return f"{sp.BOX_START}({x1},{y1}),({x2},{y2}){sp.BOX_END}"


def _to_bytes(token: str) -> bytes:
    """Undoes the byte-level alphabet of byte-pair tokenizers."""
    return bytes(map(_byte_of_letter().__getitem__, token))


def _byte_of_letter(table: dict[str, int] = {}) -> dict[str, int]:  # noqa: B006 - filled once, on first use
    """The byte-level alphabet, reversed."""
    if not table:
        from transformers.convert_slow_tokenizer import bytes_to_unicode

        table.update({letter: byte for byte, letter in bytes_to_unicode().items()})
    return table
