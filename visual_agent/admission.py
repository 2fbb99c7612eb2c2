"""Who may enter the server, with how much, and when they leave.

In: raw ASGI requests. Out: requests with a bounded body whose work ends when the client goes away; runs that wait
their turn in a bounded queue and hold their place in bounded time; threads with unguessable names that are forgotten
after a while.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from visual_agent.errors import UserError, VisualAgentError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


T = TypeVar("T")
P = ParamSpec("P")


class Busy(VisualAgentError):
    """The server's queue is full; the client should come back in a while."""


class TooSlow(VisualAgentError):
    """What a request asked for took longer than a place is lent for."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Limits of the server.

    `body` is in bytes (base64 included), `upload` the seconds in which it must arrive, `images` the pictures of one
    request (each page of a document is one), `thread_images` those of one conversation, `pixels` a picture's, `batch`
    the items of one batch, `seconds` a whole run's wall time, `sending` what it may take longer until its last event
    is sent, `running` and `waiting` count runs, `threads` the conversations kept, `idle` the seconds until an unused
    one is forgotten.
    `urls` lets clients name public http(s) pictures; paths and private addresses are never accepted.
    """

    body: int = 32 * 2**20
    upload: float = 60.0
    images: int = 8
    thread_images: int = 32
    pixels: int = 50_000_000
    question: int = 20_000
    batch: int = 64
    seconds: float = 60.0
    sending: float = 15.0
    running: int = 2
    waiting: int = 32
    threads: int = 64
    idle: float = 1800.0
    urls: bool = True


class Slot:
    """A run's place: lent for `seconds`, and for as long as something of the run goes on in a thread."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ends = asyncio.get_running_loop().time() + seconds
        self._threads: set[Future[Any]] = set()

    async def run(self, work: Awaitable[T]) -> T:
        """What `work` gives; TooSlow when the time is over first."""
        _SLOT.set(self)
        try:
            async with asyncio.timeout_at(self.ends) as limit:
                return await work
        except TimeoutError:
            if not limit.expired():
                raise
            raise TooSlow(f"This took longer than {self.seconds:g} seconds; ask for less at once.") from None
        finally:
            _SLOT.set(None)

    async def stream(self, items: AsyncIterator[T]) -> AsyncGenerator[T, None]:
        """An async generator's items; the time is for making them and for the reader, whose request ends with it."""
        async with aclosing(cast("AsyncGenerator[T, None]", items)):
            while True:
                try:
                    item = await self.run(anext(items))
                except StopAsyncIteration:
                    return
                stalled = asyncio.get_running_loop().call_at(self.ends, _END_REQUEST.get())
                try:
                    yield item
                finally:
                    stalled.cancel()

    def note(self, work: Future[Any]) -> None:
        """Remember work that was given to a thread, until it ends."""
        self._threads.add(work)
        work.add_done_callback(self._threads.discard)

    def at_work(self) -> list[Future[Any]]:
        """What goes on in threads now; a thread cannot be ended from outside."""
        return [work for work in tuple(self._threads) if not work.done()]


#: The slot that the code which runs now uses, and what ends the request that it works for.
_SLOT: ContextVar[Slot | None] = ContextVar("slot", default=None)
_END_REQUEST: ContextVar[Callable[[], None]] = ContextVar("end_request", default=lambda: None)


class _Workers(ThreadPoolExecutor):
    """The event loop's threads, which tools and loading use; each slot knows what it has in them."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` in a thread."""
        work = super().submit(fn, *args, **kwargs)
        if (slot := _SLOT.get()) is not None:
            slot.note(work)
        return work


class Gate:
    """Lets `running` runs in at once and `waiting` wait; everybody else is told to come back.

    A run holds its slot for at most `seconds`, and then until the threads that it leaves behind have ended.
    """

    def __init__(self, running: int, waiting: int, seconds: float) -> None:
        self._slots = asyncio.Semaphore(running)
        self._places = running + waiting
        self._seconds = seconds
        self._inside = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[Slot]:
        """Hold a slot for the time of the `with` block; raises Busy when even the queue is full."""
        if self._inside >= self._places:
            raise Busy("The server is busy; try again in a few seconds.")
        self._know_threads()
        self._inside += 1
        try:
            await self._slots.acquire()
        except BaseException:
            self._inside -= 1
            raise
        slot = Slot(self._seconds)
        try:
            yield slot
        finally:
            if left := slot.at_work():  # nobody waits for it, but its place is not free yet
                ended = asyncio.gather(*map(asyncio.wrap_future, left), return_exceptions=True)
                ended.add_done_callback(self._leave)
            else:
                self._leave()

    def _leave(self, _ended: object = None) -> None:
        self._slots.release()
        self._inside -= 1

    def _know_threads(self) -> None:
        """Let the event loop use threads that tell their slot."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            loop.set_default_executor(_Workers(thread_name_prefix="asyncio"))

    @property
    def inside(self) -> int:
        """Runs that run, wait or have left something behind in a thread."""
        return self._inside


class Threads:
    """Conversations by token: issued by the server, bounded in number, forgotten after `idle` seconds."""

    def __init__(self, limit: int, idle: float, forget: Callable[[str], None]) -> None:
        self._limit, self._idle, self._forget = limit, idle, forget
        self._used: OrderedDict[str, float] = OrderedDict()

    def open(self) -> str:
        """A new token of 32 characters."""
        token = secrets.token_urlsafe(24)
        self._used[token] = time.monotonic()
        self._trim()
        return token

    def use(self, token: str) -> str:
        """The token again, marked as used now; UserError when the server does not know it (any more)."""
        self._trim()
        if token not in self._used:
            raise UserError("This thread is unknown or was forgotten; ask again with the pictures to start a new one.")
        self._used[token] = time.monotonic()
        self._used.move_to_end(token)
        return token

    def close(self, token: str) -> None:
        """Forget a conversation and its pictures."""
        if self._used.pop(token, None) is not None:
            self._forget(token)

    def _trim(self) -> None:
        oldest = time.monotonic() - self._idle
        for token in [t for t, used in self._used.items() if used < oldest]:
            self.close(token)
        while len(self._used) > self._limit:
            self.close(next(iter(self._used)))


class BoundedRequests:
    """ASGI middleware: refuses bodies that are too large or too slow; ends the work of clients that left or stall.

    `limit` is in bytes, `seconds` the time in which the whole body must arrive.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self.app, self.limit, self.seconds = app, limit, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body within the limit, then run the application until it ends or the client leaves."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self.seconds):
                body = await self._body(receive)
        except TimeoutError:
            await _refuse(send, 408, "RequestTooSlow", f"The request took over {self.seconds:g} s; send it again.")
            return
        if body is None:
            words = f"The request is larger than {self.limit} bytes; send smaller or fewer pictures."
            await _refuse(send, 413, "RequestTooLarge", words)
            return
        gone, late = asyncio.Event(), asyncio.Event()
        delivered = False

        async def replay() -> Message:
            nonlocal delivered
            if not delivered:
                delivered = True
                return {"type": "http.request", "body": body, "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        _END_REQUEST.set(late.set)
        work = asyncio.ensure_future(self.app(scope, replay, send))
        watches = [asyncio.ensure_future(_until_gone(receive)), asyncio.ensure_future(late.wait())]
        try:
            await asyncio.wait({work, *watches}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                gone.set()
                work.cancel()
            await work
        except asyncio.CancelledError:
            if not gone.is_set():  # the server itself is shutting down
                work.cancel()
                raise
        finally:
            for watch in watches:
                watch.cancel()

    async def _body(self, receive: Receive) -> bytes | None:
        pieces, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b""
            piece = message.get("body", b"")
            size += len(piece)
            if size > self.limit:
                return None
            pieces.append(piece)
            if not message.get("more_body", False):
                return b"".join(pieces)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, kind: str, text: str) -> None:
    content = json.dumps({"error": {"type": kind, "message": text}}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
