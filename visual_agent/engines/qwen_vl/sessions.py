"""Prefix reuse: key/value caches kept between calls, found again by the longest common beginning.

In: the keys of a prompt: a token id, or (picture hash, offset) inside a picture, because all pictures share the same
placeholder ids. Out: a cache that already holds the beginning, and how many positions it holds.
A cache is rotated with one NTK factor, frozen when it was first filled, so it serves only prompts whose own length
gives the same factor; anything else is computed anew.
"""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import Cache, DynamicCache

Key = int | tuple[str, int]
#: A shorter common beginning is not worth keeping a cache for.
SHORTEST = 16


@dataclass(slots=True)
class Entry:
    """A cache with the keys of the positions it holds, and its NTK factor."""

    keys: list[Key]
    cache: Cache
    alpha: float
    session: str | None


def common(first: Sequence[Key], second: Sequence[Key]) -> int:
    """Length of the common beginning."""
    count = min(len(first), len(second))
    if list(first[:count]) == list(second[:count]):
        return count
    low = 0
    for low in range(count):
        if first[low] != second[low]:
            break
    return low


def shorten(cache: Cache, length: int) -> Cache:
    """Roll a cache back to its first `length` positions."""
    extra = cache.get_seq_length() - length
    if extra > 0:
        if isinstance(cache, DynamicCache):
            cache.crop(-extra)
        else:  # a static layer keeps its buffer and only forgets how far it is filled
            for layer in cache.layers:
                layer.cumulative_length.fill_(length)
    return cache


def bytes_of(cache: Cache) -> int:
    """Bytes that keys and values of a cache take."""
    total = 0
    for layer in cache.layers:
        for tensor in (getattr(layer, "keys", None), getattr(layer, "values", None)):
            if tensor is not None:
                total += tensor.numel() * tensor.element_size()
    return total


class PrefixStore:
    """Caches by what they hold; the least recently used go when `max_bytes` is reached. Thread-safe.

    A taken cache belongs to the taker until `put` brings it back, so two calls never write into one cache.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._next = 0
        self._lock = threading.Lock()

    def take(self, keys: Sequence[Key], alpha: float, session: str | None) -> tuple[Cache | None, int]:
        """The best cache for a prompt, cut to the common beginning, and its length; (None, 0) when none fits.

        At least one position is left to compute. Another session's cache is copied rather than cut.
        """
        with self._lock:
            best, held = None, 0
            for number, entry in self._entries.items():
                if entry.alpha == alpha and (length := min(common(entry.keys, keys), len(keys) - 1)) > held:
                    best, held = number, length
            if best is None or held < SHORTEST:
                return None, 0
            entry = self._entries[best]
            mine = entry.session == session or held >= len(entry.keys) - 1
            if mine or not isinstance(entry.cache, DynamicCache):
                del self._entries[best]
                return shorten(entry.cache, held), held
            self._entries.move_to_end(best)
            return shorten(copy.deepcopy(entry.cache), held), held

    def put(self, keys: Sequence[Key], cache: Cache, alpha: float, session: str | None) -> None:
        """Keep a cache that holds exactly `keys`; too large a one is dropped."""
        with self._lock:
            self._entries[self._next] = Entry(list(keys), cache, alpha, session)
            self._next += 1
            while self._entries and self._bytes() > self.max_bytes:
                self._entries.popitem(last=False)

    def _bytes(self) -> int:
        return sum(bytes_of(entry.cache) for entry in self._entries.values())

    @property
    def bytes(self) -> int:
        """Bytes of all kept caches."""
        with self._lock:
            return self._bytes()

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
