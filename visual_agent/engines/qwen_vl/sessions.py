"""What is kept between calls: picture features, and key/value caches found again by their longest common beginning.

In: the keys of a prompt: a token id, or (picture hash, offset) inside a picture, because all pictures share the same
placeholder ids. Out: a cache that already holds the beginning, and how many positions it holds.
A cache is rotated with one NTK factor, frozen when it was first filled, so it serves only prompts whose own length
gives the same factor; anything else is computed anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import Cache

from visual_agent.engines.qwen_vl.fixed import FixedCache

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
    """Roll a cache back to its first `length` positions; it must hold at least so many."""
    if isinstance(cache, FixedCache):
        return cache.rewind(length)
    extra = cache.get_seq_length() - length
    if extra > 0:
        cache.crop(-extra)
    return cache


def duplicate(cache: Cache, length: int, room: int) -> Cache:
    """A growing cache with the first `length` positions of another; it needs no `room` beforehand."""
    return cache.beginning(length)


def bytes_of(cache: Cache) -> int:
    """Bytes that keys and values of a cache take, unused room included."""
    tensors = (getattr(layer, name, None) for layer in cache.layers for name in ("keys", "values"))
    return sum(tensor.untyped_storage().nbytes() for tensor in tensors if tensor is not None)


class FeatureStore:
    """Picture features by content hash; the least recently used go when `max_bytes` is reached."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._features: OrderedDict[str, torch.Tensor] = OrderedDict()
        self.bytes = 0

    def get(self, key: str) -> torch.Tensor | None:
        """The features `[queries, hidden]` of a picture, or None."""
        found = self._features.get(key)
        if found is not None:
            self._features.move_to_end(key)
        return found

    def put(self, key: str, features: torch.Tensor) -> None:
        """Keep the features of a picture."""
        self._features[key] = features
        self.bytes += features.nbytes
        while self.bytes > self.max_bytes:
            _, dropped = self._features.popitem(last=False)
            self.bytes -= dropped.nbytes


class PrefixStore:
    """Caches by what they hold; the least recently used go when `max_bytes` is reached. Thread-safe.

    A taken cache belongs to the taker until `put` brings it back, so two calls never write into one cache.

    Args:
        max_bytes: bound of all kept caches together.
        copy: makes a cache with room for so many positions from the beginning of another.
    """

    def __init__(self, max_bytes: int, copy: Callable[[Cache, int, int], Cache] = duplicate) -> None:
        self.max_bytes = max_bytes
        self._copy = copy
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._next = 0
        self._lock = threading.RLock()

    def take(self, keys: Sequence[Key], alpha: float, session: str | None, room: int = 0) -> tuple[Cache | None, int]:
        """The best cache for a prompt, cut to the common beginning, and its length; (None, 0) when none fits.

        At least one position is left to compute. Another session's cache is copied rather than cut, unless it is a
        buffer of fixed size and there is no memory for a second one. A buffer without `room` positions is copied
        into a larger one.
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
            if isinstance(entry.cache, FixedCache):
                mine = mine or self._bytes() + bytes_of(entry.cache) > self.max_bytes
                roomy = entry.cache.size >= room
            else:
                roomy = True
            if mine:
                del self._entries[best]
            else:
                self._entries.move_to_end(best)
            cache = shorten(entry.cache, held) if mine and roomy else self._copy(entry.cache, held, room)
            return cache, held

    def put(self, keys: Sequence[Key], cache: Cache, alpha: float, session: str | None) -> list[Cache]:
        """Keep a cache that holds exactly `keys`; returns those that had to go (too large a one goes itself)."""
        gone = []
        with self._lock:
            self._entries[self._next] = Entry(list(keys), cache, alpha, session)
            self._next += 1
            while self._entries and self._bytes() > self.max_bytes:
                gone.append(self._entries.popitem(last=False)[1].cache)
        return gone

    def recycle(self, size: int) -> FixedCache | None:
        """The least recently used buffer of a size, if keeping one more would exceed the bound."""
        with self._lock:
            for number, entry in self._entries.items():
                cache = entry.cache
                if isinstance(cache, FixedCache) and cache.size == size:
                    if self._bytes() + bytes_of(cache) <= self.max_bytes:
                        return None
                    del self._entries[number]
                    return cache
        return None

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
