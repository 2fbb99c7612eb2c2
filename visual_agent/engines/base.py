"""The engine seam: turns and pictures in, text out, streamed.

An engine owns weights, locks, threads and caches. It knows neither LangChain nor tools: a ReAct prompt reaches it
as text, and it answers with text. `ChatQwenVL` is the LangChain face of an engine.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from visual_agent.errors import Cancelled
from visual_agent.images import Pixels

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a turn. ChatML tags in it are never read as control tokens.

    `trusted` text was written by the model itself or by our prompts: in it, and only in it, the markup of boxes
    (<ref>, <box>, <quad>) becomes control tokens. Text of users, and text read from pictures, is not trusted.
    """

    text: str
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of a turn; `name` is its ledger name, or empty."""

    pixels: Pixels
    name: str = ""


Part = Text | Image


@dataclass(frozen=True, slots=True)
class Turn:
    """What one role says: texts and pictures in order.

    When the last turn of a request is the assistant's, the engine continues it (prefill) and returns only what
    it adds.
    """

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The turn's texts joined; pictures leave no trace."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose tokens. None leaves a setting to the engine's own default (its generation_config)."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    logprobs: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One call of an engine.

    `stop`: texts that end the answer; none of them is part of it. `tools`: OpenAI-style function schemas, only for
    engines whose `profile.native_tools` is true. `session`: calls with the same name may reuse each other's caches.
    """

    turns: tuple[Turn, ...]
    stop: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    tools: tuple[dict[str, Any], ...] = ()
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call: the prompt's (pictures included), the pictures' share of it, and the new ones."""

    prompt_tokens: int
    new_tokens: int
    image_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the answer. The last chunk of a stream, and only it, has `finish` and `usage`.

    `counters` (last chunk): what the caches did, e.g. prompt_computed, prompt_reused, images_encoded, images_reused.
    `logprobs`: (token text, natural log probability) of the tokens in `text`, when asked for.
    """

    text: str
    finish: FinishReason | None = None
    usage: Usage | None = None
    counters: dict[str, int] = field(default_factory=dict)
    logprobs: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What an engine can do.

    `grid`: how its model writes boxes: "thousandths" (Qwen-VL, Qwen3-VL), "pixels" (of the resized picture,
    Qwen2.5-VL) or None (it writes none). `sees`: whether it looks at pixels itself. `native_tools`: whether it takes
    `Request.tools` and writes tool calls in its own template's form instead of ReAct text. `version`: goes into cache
    keys; changes when answers may change (weights revision, dtype, quantisation).
    """

    name: str
    version: str = ""
    max_input_tokens: int = 8192
    sees: bool = True
    native_tools: bool = False
    grid: Literal["thousandths", "pixels"] | None = None


class Cancel:
    """A flag by which the caller ends a generation; safe across threads."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask the engine to stop within one token."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether the caller has asked to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled once the flag is set."""
        if self._event.is_set():
            raise Cancelled("The generation was cancelled by its caller; start a new call to go on.")


@runtime_checkable
class Engine(Protocol):
    """The seam. Implementations are safe to call from several threads at once."""

    @property
    def profile(self) -> Profile:
        """What this engine can do."""
        ...

    def stream(self, request: Request, cancel: Cancel | None = None) -> Iterator[Chunk]:
        """Answer `request` piece by piece; the last chunk has `finish` and `usage`.

        Raises:
            EngineError: the model could not run; Cancelled when `cancel` was set.
        """
        ...

    def count_tokens(self, turns: Sequence[Turn]) -> int:
        """How many prompt tokens these turns take, pictures included."""
        ...


@runtime_checkable
class Scorer(Protocol):
    """An engine that can also tell how likely given answers are (used for yes/no checks)."""

    def score(self, request: Request, candidates: Sequence[str]) -> list[float]:
        """Natural log probability of each candidate as the answer's beginning."""
        ...


def answer(engine: Engine, request: Request, cancel: Cancel | None = None) -> Chunk:
    """The whole stream in one chunk: all text, the last chunk's finish, usage and counters."""
    pieces: list[str] = []
    logprobs: list[tuple[str, float]] = []
    last = Chunk("")
    for chunk in engine.stream(request, cancel):
        pieces.append(chunk.text)
        logprobs.extend(chunk.logprobs)
        last = chunk
    return Chunk("".join(pieces), last.finish, last.usage, last.counters, tuple(logprobs))
