"""Values that may answer, and how sure one must be.

In: nothing. Out: `Hit`, `THRESHOLD`.
"""

from __future__ import annotations

from dataclasses import dataclass

THRESHOLD = 0.62
"""Least score of an answer; below it the planner says "not found"."""


@dataclass(frozen=True)
class Hit:
    """A value that may answer: its text, where it was read, and how much of the question it accounts for."""

    text: str
    ids: tuple[str, ...]
    label: str
    score: float
    page: str = ""
    kind: str = ""
    also: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether it may be given as the answer."""
        return self.score >= THRESHOLD
