"""Turns and pictures as token ids: ChatML for the chat model, plain text for the base model.

In: `Turn`s. Out: a `Prompt`: ids with a complete placeholder span for each picture, and the pictures in order.
Text of users and text read from pictures can never become a control token; trusted text may write box markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from visual_agent.engines.base import Image, Text, Turn

if TYPE_CHECKING:
    from visual_agent.engines.qwen_vl.sessions import Key
    from visual_agent.engines.qwen_vl.specials import Specials
    from visual_agent.engines.qwen_vl.tokenization import QwenVLTokenizer
    from visual_agent.images import Pixels

DEFAULT_SYSTEM = "You are a helpful assistant."


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
        prompt = Prompt()
        if not self.chat:
            for turn in turns:
                self._parts(prompt, turn)
            return prompt
        if not turns or turns[0].role != "system":
            turns = [Turn("system", (Text(DEFAULT_SYSTEM),)), *turns]
        for number, turn in enumerate(turns):
            if number:
                prompt.ids += self._plain("\n")
            self._open(prompt, turn.role)
            self._parts(prompt, turn)
            if turn.role != "assistant" or number < len(turns) - 1:
                prompt.ids.append(self.tokenizer.im_end_id)
        if turns[-1].role != "assistant":
            prompt.ids += self._plain("\n")
            self._open(prompt, "assistant")
        return prompt

    def _open(self, prompt: Prompt, role: str) -> None:
        prompt.ids.append(self.tokenizer.im_start_id)
        prompt.ids += self._plain(role) + self._plain("\n")

    def _plain(self, text: str) -> list[int]:
        return self.tokenizer.encode_text(text)

    def _parts(self, prompt: Prompt, turn: Turn) -> None:
        for part in turn.parts:
            if isinstance(part, Image):
                span = self.tokenizer.picture_ids(self.queries)
                start = len(prompt.ids) + 1
                prompt.ids += span
                prompt.pictures.append(part.pixels)
                prompt.spans.append((start, start + len(span) - 2))
            elif turn.role == "assistant":
                prompt.ids += self._spoken(part)
            else:
                prompt.ids += self.tokenizer.encode_text(part.text, "boxes" if part.trusted else "none")

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
