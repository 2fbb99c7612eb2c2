"""From logits to text: choosing tokens, decoding them as they come, ending at stop texts.

In: logits `[1, vocabulary]` of one position, token ids. Out: the next token, and text that is safe to show.
Stop texts are found in the decoded tail: transformers' own stop-string criterion costs about a second a call with
this vocabulary, since its cache never hits for fast tokenizers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from transformers import LogitsProcessorList
from transformers.generation.logits_process import (
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from visual_agent.engines.base import Sampling


@dataclass(slots=True)
class Chooser:
    """Picks the next token as `Sampling` says; greedy when the temperature is 0 or sampling is off.

    Settings that are None come from the model's generation_config (`defaults`), as Qwen-VL-Chat's does:
    sampling with top_p 0.3.
    """

    processors: LogitsProcessorList
    greedy: bool
    generator: torch.Generator | None = None

    @classmethod
    def of(cls, sampling: Sampling, defaults: object, device: torch.device) -> Chooser:
        """The chooser for one request; a seed makes it repeatable."""

        def setting(name: str, neutral: float) -> float:
            own = getattr(sampling, name)
            value = own if own is not None else getattr(defaults, name, None)
            return neutral if value is None else value

        processors = LogitsProcessorList()
        penalty = setting("repetition_penalty", 1.0)
        if penalty != 1.0:
            processors.append(RepetitionPenaltyLogitsProcessor(float(penalty)))
        temperature = setting("temperature", 1.0)
        asked = sampling.temperature is not None
        greedy = temperature == 0 or not (asked or bool(getattr(defaults, "do_sample", False)))
        if not greedy:
            if temperature != 1.0:
                processors.append(TemperatureLogitsWarper(float(temperature)))
            if (top_k := int(setting("top_k", 0))) > 0:
                processors.append(TopKLogitsWarper(top_k))
            if (top_p := setting("top_p", 1.0)) < 1.0:
                processors.append(TopPLogitsWarper(float(top_p)))
        generator = None
        if sampling.seed is not None:
            generator = torch.Generator(device=device).manual_seed(sampling.seed)
        return cls(processors, greedy, generator)

    def choose(self, logits: torch.Tensor, ids: torch.Tensor | None) -> torch.Tensor:
        """The next token `[1, 1]` for `logits` `[1, vocabulary]`.

        Args:
            logits: of the last position.
            ids: all ids `[1, length]` so far; may be None where there are no `processors`.
        """
        scores = self.processors(ids, logits.float()) if self.processors else logits
        if self.greedy:
            return scores.argmax(dim=-1, keepdim=True)
        return torch.multinomial(scores.softmax(dim=-1), 1, generator=self.generator)

    @property
    def exact_for_lookup(self) -> bool:
        """Whether several tokens may be checked at once without changing the outcome: plain greedy choice."""
        return self.greedy and not self.processors


@dataclass(slots=True)
class TextStream:
    """Turns token ids into text piece by piece and ends at a stop text.

    Half characters wait for their other bytes; text that may be the beginning of a stop text waits until it is
    clear. `kept` counts the tokens that belong to the answer's text.
    """

    decode: Callable[[Sequence[int]], str]
    stop: tuple[str, ...] = ()
    ids: list[int] = field(default_factory=list)
    text: str = ""
    stopped: bool = False
    _shown: int = 0
    _start: int = 0
    _done: int = 0

    def push(self, token: int) -> str:
        """Add a token; the text that is now safe to show."""
        self.ids.append(token)
        before = self.decode(self.ids[self._start : self._done])
        tail = self.decode(self.ids[self._start :])
        if tail.endswith("�") and len(self.ids) - self._done < 8:
            return ""
        self.text += tail[len(before) :]
        self._start, self._done = self._done, len(self.ids)
        return self._release(final=False)

    def finish(self) -> str:
        """What was held back, at the end of the answer."""
        if self.stopped:
            return ""
        before = self.decode(self.ids[self._start : self._done])
        self.text += self.decode(self.ids[self._start :])[len(before) :]
        self._start = self._done = len(self.ids)
        return self._release(final=True)

    def _release(self, *, final: bool) -> str:
        ends = [at for at in (self.text.find(s, max(0, self._shown)) for s in self.stop if s) if at >= 0]
        if ends:
            self.stopped = True
            self.text = self.text[: min(ends)]
        safe = len(self.text) if final or self.stopped else len(self.text) - self._held()
        piece = self.text[self._shown : safe]
        self._shown = max(self._shown, safe)
        return piece

    def _held(self) -> int:
        """Length of the longest end of the text that begins a stop text."""
        limit = max((len(s) for s in self.stop), default=1) - 1
        for size in range(min(limit, len(self.text) - self._shown), 0, -1):
            if any(s.startswith(self.text[-size:]) for s in self.stop):
                return size
        return 0
