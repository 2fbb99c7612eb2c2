"""One generation, one worker thread: an engine's chunks for a caller who may stop listening at any time.

In: an engine and a request. Out: its chunks, by an iterator or an async iterator, cut at the stop texts. The worker
holds the engine's locks from the first token to the last, whoever reads; when the reader stops (closes the iterator,
cancels its task, runs out of time) the engine is told and the worker ends within one token.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace

from visual_agent.engines.base import Cancel, Chunk, Engine, Part, Request, Text, Turn, Usage
from visual_agent.errors import EngineError

THREAD_NAME = "visual-agent-generation"
_Item = Chunk | BaseException | None


class StopCut:
    """Cuts a streamed text at the first stop text, holding back what may still become one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """What of the text so far is certain to belong to the answer."""
        if self.stopped:
            return ""
        text = self._held + text
        ends = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if ends:
            self.stopped, self._held = True, ""
            return text[: min(ends)]
        keep = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def close(self) -> str:
        """What was held back: no stop text came."""
        rest, self._held = self._held, ""
        return rest


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if stop.startswith(text[-length:]):
            return length
    return 0


def _start(engine: Engine, request: Request, cancel: Cancel, put: Callable[[_Item], None]) -> None:
    """Run the engine in a thread of its own; `put` gets its chunks, then an error or None."""

    def work() -> None:
        try:
            for chunk in engine.stream(request, cancel):
                put(chunk)
                if cancel.is_set:
                    return
            put(None)
        except BaseException as error:  # whatever it was, it is the reader's to see
            put(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name=THREAD_NAME, daemon=True).start()


def _too_slow(timeout: float) -> EngineError:
    return EngineError(f"The model took longer than {timeout:g} seconds; raise `timeout` or lower `max_tokens`.")


def _raw(engine: Engine, request: Request, timeout: float | None) -> Iterator[Chunk]:
    items: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    end = None if timeout is None else time.monotonic() + timeout
    cancel = Cancel()
    _start(engine, request, cancel, items.put)
    try:
        while True:
            try:
                item = items.get(timeout=None if end is None else max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise _too_slow(timeout or 0.0) from None
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        cancel.set()


async def _araw(engine: Engine, request: Request, timeout: float | None) -> AsyncIterator[Chunk]:
    loop = asyncio.get_running_loop()
    items: asyncio.Queue[_Item] = asyncio.Queue()

    def put(item: _Item) -> None:
        try:
            loop.call_soon_threadsafe(items.put_nowait, item)
        except RuntimeError:  # the loop is closed: nobody listens any more
            cancel.set()

    end = None if timeout is None else loop.time() + timeout
    cancel = Cancel()
    _start(engine, request, cancel, put)
    try:
        while True:
            try:
                async with asyncio.timeout_at(end):
                    item = await items.get()
            except TimeoutError:
                raise _too_slow(timeout or 0.0) from None
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        cancel.set()


class _Cut:
    """Cuts chunks at the stop texts, keeps each token's log probability with its text, and closes the stream."""

    def __init__(self, engine: Engine, request: Request) -> None:
        self._engine, self._request = engine, request
        self._stop = StopCut(request.stop)
        self._said = ""
        self._heard = 0
        self._logprobs: list[tuple[str, float]] = []
        self.over = False

    def take(self, chunk: Chunk) -> Chunk | None:
        """The chunk without what lies behind a stop text; None when nothing of it is certain yet."""
        self._logprobs.extend(chunk.logprobs)
        text = self._stop.feed(chunk.text)
        if chunk.finish is not None and not self._stop.stopped:
            text += self._stop.close()
        self._said += text
        if chunk.finish is not None:
            self.over = True
            finish = "stop" if self._stop.stopped else chunk.finish
            logprobs = self._ready(rest=not self._stop.stopped)
            return replace(chunk, text=text, finish=finish, usage=chunk.usage or self._usage(), logprobs=logprobs)
        if self._stop.stopped:
            self.over = True
            return Chunk(text, "stop", self._usage(), chunk.counters, self._ready())
        return Chunk(text, logprobs=self._ready()) if text else None

    def end(self) -> Chunk:
        """The last chunk for an engine that ended without one."""
        text = self._stop.close()
        self._said += text
        return Chunk(text, "stop", self._usage(), {}, self._ready(rest=True))

    def _ready(self, *, rest: bool = False) -> tuple[tuple[str, float], ...]:
        """The tokens that begin inside the text handed out so far, once each; `rest`: all others too."""
        ready = []
        while self._logprobs and (rest or self._heard < len(self._said)):
            self._heard += len(self._logprobs[0][0])
            ready.append(self._logprobs.pop(0))
        return tuple(ready)

    def _usage(self) -> Usage:
        """Counted here, for engines that were stopped before they could say."""
        parts: tuple[Part, ...] = (Text(self._said),)
        base = self._engine.count_tokens((Turn("assistant", (Text(""),)),))
        new = self._engine.count_tokens((Turn("assistant", parts),)) - base
        return Usage(self._engine.count_tokens(self._request.turns), max(0, new))


def generate(engine: Engine, request: Request, *, timeout: float | None = None) -> Iterator[Chunk]:
    """The engine's chunks; exactly one, the last, has `finish` and `usage`. Closing the iterator ends the generation.

    Raises:
        EngineError: what the engine raised, or that `timeout` seconds passed.
    """
    cut = _Cut(engine, request)
    raw = _raw(engine, request, timeout)
    try:
        for chunk in raw:
            if (piece := cut.take(chunk)) is not None:
                yield piece
            if cut.over:
                return
        yield cut.end()
    finally:
        raw.close()  # type: ignore[attr-defined]


async def agenerate(engine: Engine, request: Request, *, timeout: float | None = None) -> AsyncIterator[Chunk]:
    """`generate` for async callers; cancelling the task ends the generation too."""
    cut = _Cut(engine, request)
    raw = _araw(engine, request, timeout)
    try:
        async for chunk in raw:
            if (piece := cut.take(chunk)) is not None:
                yield piece
            if cut.over:
                return
        yield cut.end()
    finally:
        await raw.aclose()  # type: ignore[attr-defined]
