"""An engine that says what it is told: the public fake, for tests, demos and notebooks without weights.

In: a list of replies, or a function from a `Request` to a reply. Out: the replies, streamed in small pieces, with
honest stop texts, limits and counts; every request is recorded in `history`.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from visual_agent.engines.base import Cancel, Chunk, FinishReason, Image, Profile, Request, Turn, Usage
from visual_agent.errors import EngineError, ModelNotFound, UserError

Reply = str | BaseException

_PIECE = re.compile(r"\s?[A-Za-z0-9_]{1,8}|\s|.", re.DOTALL)


def pieces_of(text: str) -> list[str]:
    """A text in token-like pieces: up to eight letters with the space before them, or one other character."""
    return _PIECE.findall(text)


class ScriptedEngine:
    """Replies from a list, in order, or from a function of the request. Safe to call from several threads.

    Args:
        replies: texts (or errors to raise), used up one a call; or a function that makes the reply.
        delay: seconds to wait before each piece.
        image_tokens: what one picture counts for in `count_tokens` (256 in Qwen-VL).
        profile: what it claims to be able to do.
    """

    def __init__(
        self,
        replies: Iterable[Reply] | Callable[[Request], Reply] = (),
        *,
        delay: float = 0.0,
        image_tokens: int = 256,
        profile: Profile | None = None,
    ) -> None:
        if isinstance(replies, str):
            raise UserError("ScriptedEngine takes a list of replies, not one text; write ScriptedEngine([text]).")
        self._function = replies if callable(replies) else None
        self._replies = [] if callable(replies) else list(replies)
        self._next = 0
        self._lock = threading.Lock()
        self._active = self._most = 0
        self._profile = profile or Profile("scripted", version="1", grid="thousandths")
        self.delay = delay
        self.image_tokens = image_tokens
        self.history: list[Request] = []

    @classmethod
    def from_file(cls, path: str | Path) -> ScriptedEngine:
        """Replies from a file: JSON Lines of strings (`.jsonl`), else texts separated by lines of `---`.

        Raises:
            ModelNotFound: no such file.
            UserError: a line of the JSON Lines file is not a string.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ModelNotFound(f"The script {str(path)!r} cannot be read ({reason}); check the path.") from None
        if Path(path).suffix != ".jsonl":
            return cls(re.split(r"^---[ \t]*\r?\n?", text.removesuffix("\n"), flags=re.MULTILINE))
        return cls([_reply_of(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()])

    @property
    def profile(self) -> Profile:
        """What it claims to be able to do."""
        return self._profile

    @property
    def active(self) -> int:
        """How many generations run now."""
        return self._active

    @property
    def most_active(self) -> int:
        """How many generations ran at the same time, at most."""
        return self._most

    @property
    def left(self) -> int:
        """How many scripted replies are not used yet."""
        return len(self._replies) - self._next

    def stream(self, request: Request, cancel: Cancel | None = None) -> Iterator[Chunk]:
        """The next reply, piece by piece, cut at the request's stop texts and `max_tokens`."""
        with self._lock:
            self.history.append(request)
            self._active += 1
            self._most = max(self._most, self._active)
        try:
            text, finish = self._cut(self._reply(request), request)
            yield from self._say(text, finish, request, cancel)
        finally:
            with self._lock:
                self._active -= 1

    def _reply(self, request: Request) -> str:
        if self._function is not None:
            reply = self._function(request)
        else:
            with self._lock:
                if self._next >= len(self._replies):
                    raise EngineError(
                        f"The script has no reply for call {self._next + 1}; give ScriptedEngine one more reply."
                    )
                reply = self._replies[self._next]
                self._next += 1
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def _cut(self, text: str, request: Request) -> tuple[str, FinishReason]:
        ends = [at for stop in request.stop if stop and (at := text.find(stop)) >= 0]
        text = text[: min(ends)] if ends else text
        pieces, limit = pieces_of(text), request.sampling.max_tokens
        if limit is not None and len(pieces) > limit:
            return "".join(pieces[:limit]), "length"
        return text, "stop"

    def _say(self, text: str, finish: FinishReason, request: Request, cancel: Cancel | None) -> Iterator[Chunk]:
        pieces = pieces_of(text)
        for piece in pieces:
            if self.delay:
                time.sleep(self.delay)
            if cancel is not None:
                cancel.check()
            yield Chunk(piece, logprobs=((piece, -0.1),) if request.sampling.logprobs else ())
        if cancel is not None:
            cancel.check()
        pictures = sum(isinstance(part, Image) for turn in request.turns for part in turn.parts)
        usage = Usage(self.count_tokens(request.turns), len(pieces), pictures * self.image_tokens)
        yield Chunk("", finish, usage, {"images_encoded": pictures})

    def count_tokens(self, turns: Sequence[Turn]) -> int:
        """The pieces of all texts, `image_tokens` a picture, and four for each turn's frame."""
        parts = [part for turn in turns for part in turn.parts]
        texts = sum(0 if isinstance(part, Image) else len(pieces_of(part.text)) for part in parts)
        return 4 * len(turns) + texts + self.image_tokens * sum(isinstance(part, Image) for part in parts)


def _reply_of(line: str, number: int) -> str:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, str):
        raise UserError(f"Line {number} of the script is not a JSON string; write one reply a line.")
    return value
