"""Turns and pictures as token ids: ChatML for the chat model, plain text for the base model.

In: `Turn`s. Out: a `Prompt`: ids with a complete placeholder span for each picture, and the pictures in order.
Text of users and text read from pictures can never become a control token; trusted text may write box markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from visual_agent.engines.base import Image, Text, Turn
from visual_agent.engines.qwen_vl.chatml import encode_turns

if TYPE_CHECKING:
    from visual_agent.engines.qwen_vl.sessions import Key
    from visual_agent.engines.qwen_vl.specials import Specials
    from visual_agent.engines.qwen_vl.tokenization import QwenVLTokenizer
    from visual_agent.images import Pixels


@dataclass(slots=True)
class Prompt:
    """`ids` hold one span (start, placeholders, end) for each of `pictures`, in order."""

    ids: list[int] = field(default_factory=list)
    pictures: list[Pixels] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def keys(self) -> list[Key]:
        """The ids, with placeholders replaced by (picture hash, offset): equal keys mean equal inputs."""
        keys: list[Key] = list(self.ids)
        for pixels, (start, end) in zip(self.pictures, self.spans, strict=True):
            for offset in range(start, end):
                keys[offset] = (pixels.hash, offset - start)
        return keys

    def pictures_after(self, position: int) -> list[int]:
        """Indices of the pictures whose placeholders do not all lie before `position`."""
        return [index for index, (_, end) in enumerate(self.spans) if end > position]

    def before_span(self, position: int) -> int:
        """`position`, or where the span begins that it would cut: a span is computed whole or not at all."""
        for start, end in self.spans:
            if start - 1 < position <= end:
                return start - 1
        return position

    @property
    def image_tokens(self) -> int:
        """Positions that pictures take."""
        return sum(end - start for start, end in self.spans)


class PromptBuilder:
    """Writes prompts with one tokenizer. Remembers what the model said, so its words keep the ids it chose."""

    #: Remembered answers of the model; more would only cost search time.
    REMEMBERED = 64

    def __init__(self, tokenizer: QwenVLTokenizer, queries: int, *, chat: bool) -> None:
        self.tokenizer, self.queries, self.chat = tokenizer, queries, chat
        self._said: dict[str, list[int]] = {}

    def remember(self, text: str, ids: list[int]) -> None:
        """Keep the ids of an answer: encoding its text again could give others and lose the cache."""
        if len(text) >= 4:
            self._said[text] = list(ids)
            while len(self._said) > self.REMEMBERED:
                del self._said[next(iter(self._said))]

    def build(self, turns: Sequence[Turn]) -> Prompt:
        """The prompt for `turns`; a last assistant turn is left open to be continued."""
        written = [(turn.role, [self._ids(turn, part) for part in turn.parts]) for turn in turns]
        if self.chat:
            ids = encode_turns(self.tokenizer, written, picture_tokens=self.queries)
        else:
            ids = [i for _, parts in written for part in parts for i in part]
        # Only pictures have a start token: no text can write one.
        starts = [place + 1 for place, i in enumerate(ids) if i == self.tokenizer.image_start_id]
        pictures = [part.pixels for turn in turns for part in turn.parts if isinstance(part, Image)]
        return Prompt(ids, pictures, [(start, start + self.queries) for start in starts])

    def _ids(self, turn: Turn, part: Image | Text) -> list[int]:
        if isinstance(part, Image):
            return self.tokenizer.picture_ids(self.queries)
        if turn.role == "assistant":
            return self._spoken(part)
        return self.tokenizer.encode_text(part.text, "boxes" if part.trusted else "none")

    def _spoken(self, part: Text) -> list[int]:
        """Ids of the model's own words: the remembered ones wherever it said just that, the longest first."""
        remembered = sorted(self._said, key=len, reverse=True)
        return self._words(part.text, remembered, "boxes" if part.trusted else "none")

    def _words(self, text: str, remembered: list[str], policy: Specials) -> list[int]:
        for number, said in enumerate(remembered):
            before, found, after = text.partition(said)
            if found:
                ids = self._said[said]
                return (
                    self._words(before, remembered[number + 1 :], policy)
                    + ids
                    + self._words(after, remembered[number:], policy)
                )
        return self.tokenizer.encode_text(text, policy) if text else []
