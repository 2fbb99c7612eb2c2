"""The control tokens of Qwen-VL, and text that must not turn into them.

In: text from users, pictures or files, and a policy that says which control tokens it may write.
Out: pieces for the tokenizer, each either one control token or plain text.

Ids follow the 151,643 ranks of ``qwen.tiktoken`` in the order of `CONTROL_TOKENS`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal

END_OF_TEXT, IM_START, IM_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
REF_START, REF_END = "<ref>", "</ref>"
BOX_START, BOX_END = "<box>", "</box>"
QUAD_START, QUAD_END = "<quad>", "</quad>"
IMAGE_START, IMAGE_END, IMAGE_PAD = "<img>", "</img>", "<imgpad>"

BOX_TOKENS = (REF_START, REF_END, BOX_START, BOX_END, QUAD_START, QUAD_END)
PICTURE_TOKENS = (*BOX_TOKENS, IMAGE_START, IMAGE_END, IMAGE_PAD)
CHATML_TOKENS = (END_OF_TEXT, IM_START, IM_END)
CONTROL_TOKENS = (*CHATML_TOKENS, *(f"<|extra_{i}|>" for i in range(205)), *PICTURE_TOKENS)

Specials = Literal["none", "boxes", "pictures", "all"]
"""Which control tokens a text may write: none; the six box tags; all nine picture tags; every one."""

ALLOWED: dict[str, frozenset[str]] = {
    "none": frozenset(),
    "boxes": frozenset(BOX_TOKENS),
    "pictures": frozenset(PICTURE_TOKENS),
    "all": frozenset(CONTROL_TOKENS),
}

_ANY = re.compile("|".join(re.escape(token) for token in CONTROL_TOKENS))


def split_specials(text: str, specials: Specials) -> Iterator[tuple[str, bool]]:
    """Splits text into control tokens that the policy allows and everything between.

    Args:
        text: NFC-normalised text.
        specials: The policy.

    Yields:
        ``(piece, is_control)``; plain pieces may still *look* like other control tokens.
    """
    allowed, plain = ALLOWED[specials], 0
    for match in _ANY.finditer(text):
        if match[0] in allowed:
            if match.start() > plain:
                yield text[plain : match.start()], False
            yield match[0], True
            plain = match.end()
    if plain < len(text):
        yield text[plain:], False


def normalise(text: str) -> str:
    """NFC, as the model was trained; idempotent."""
    return unicodedata.normalize("NFC", text)
