"""What was read once is not read again: a bounded store of results by content.

In: a key made of a content hash and what was asked, and a function that computes the result. Out: the result, from
the store where it is there. Several threads asking for the same thing wait for the one that computes it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from visual_agent_tools.lines import Line


class Memory:
    """Lines by key, least recently used out first, bounded by entries and by (estimated) bytes."""

    def __init__(self, entries: int = 256, size: int = 32 * 2**20) -> None:
        self._entries, self._size = entries, size
        self._known: OrderedDict[str, tuple[Future[tuple[Line, ...]], int]] = OrderedDict()
        self._lock = threading.Lock()
        self._used = 0

    def get(self, key: str, compute: Callable[[], Sequence[Line]]) -> tuple[Line, ...]:
        """The lines of `key`, computed at most once at a time. An error is raised to all who wait, and forgotten."""
        with self._lock:
            known = self._known.get(key)
            if known is None:
                future: Future[tuple[Line, ...]] = Future()
                self._known[key] = future, 0
            else:
                self._known.move_to_end(key)
        if known is not None:
            return known[0].result()
        try:
            lines = tuple(compute())
        except BaseException as error:
            with self._lock:
                del self._known[key]
            future.set_exception(error)
            raise
        future.set_result(lines)
        self._settle(key, future, lines)
        return lines

    def _settle(self, key: str, future: Future[tuple[Line, ...]], lines: Sequence[Line]) -> None:
        size = sum(600 + 60 * len(line.text) for line in lines) + 200
        with self._lock:
            if key in self._known:
                self._known[key] = future, size
                self._used += size
            while self._known and (len(self._known) > self._entries or self._used > self._size):
                oldest = next((k for k, (f, _) in self._known.items() if f.done()), None)
                if oldest is None:
                    return
                self._used -= self._known.pop(oldest)[1]

    def clear(self) -> None:
        """Forget everything that is not being computed."""
        with self._lock:
            for key in [k for k, (f, _) in self._known.items() if f.done()]:
                self._used -= self._known.pop(key)[1]

    def __len__(self) -> int:
        with self._lock:
            return len(self._known)


#: The lines of pictures and parts of pictures, for the whole process.
LINES = Memory()
