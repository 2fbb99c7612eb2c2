"""Taking turns: calls from several threads share one model token by token.

In: nothing. Out: a fair lock.
"""

from __future__ import annotations

import threading


class Turnstile:
    """A fair lock: whoever asks first goes first, so calls alternate token by token."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._next = self._serving = 0

    def __enter__(self) -> None:
        with self._condition:
            ticket = self._next
            self._next += 1
            while self._serving != ticket:
                self._condition.wait()

    def __exit__(self, *_: object) -> None:
        with self._condition:
            self._serving += 1
            self._condition.notify_all()
