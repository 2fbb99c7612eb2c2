"""Prompt lookup: guess the next tokens from what the text already holds.

In: all ids so far. Out: tokens that followed the last occurrence of the newest n-gram. The model then checks the
guess in one pass, so answers stay the same and copied text (observations, labels) comes faster.
(Prompt lookup decoding, Apoorv Saxena, 2023.)
"""

from __future__ import annotations

LONGEST, SHORTEST = 3, 2


def propose(ids: list[int], count: int) -> list[int]:
    """Up to `count` tokens that followed the newest n-gram where it stood last; [] when it never stood before."""
    for size in range(LONGEST, SHORTEST - 1, -1):
        if len(ids) <= size:
            continue
        wanted = ids[-size:]
        for start in range(len(ids) - size - 1, -1, -1):
            if ids[start : start + size] == wanted:
                return ids[start + size : start + size + count]
    return []
