"""Key/value caches that grow without being copied for every token.

In: keys and values of new positions. Out: those of all positions, as views of a buffer with room to spare.
transformers' own growing cache joins two tensors for every token and layer: at 1000 positions that copying costs as
much as attention itself. Rolling back is free; memory is at most a quarter (or 128 positions) more.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import Cache, DynamicCache
from transformers.cache_utils import DynamicLayer

#: The least room for more positions that a new buffer gets.
ROOM = 128


class GrowingLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values `[batch, heads, positions, head_dim]` of one layer, the used part of two buffers."""

    keys: torch.Tensor
    values: torch.Tensor
    _buffers: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write new positions behind the held ones; all keys and values."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        held = self.get_seq_length()
        end = held + key_states.shape[-2]
        if self._buffers is None or end > self._buffers[0].shape[-2]:
            self._buffers = (self._larger(self.keys, key_states, end), self._larger(self.values, value_states, end))
        keys, values = self._buffers
        keys[:, :, held:end] = key_states
        values[:, :, held:end] = value_states
        self.keys, self.values = keys[:, :, :end], values[:, :, :end]
        return self.keys, self.values

    @staticmethod
    def _larger(held: torch.Tensor, new: torch.Tensor, end: int) -> torch.Tensor:
        batch, heads, _, size = new.shape
        buffer = new.new_empty(batch, heads, end + max(ROOM, end // 4), size)
        if held.numel():
            buffer[:, :, : held.shape[-2]] = held
        return buffer

    def reset(self) -> None:
        """Forget everything."""
        self._buffers = None
        super().reset()

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeat each row."""
        self._buffers = None
        super().batch_repeat_interleave(repeats)

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep these rows."""
        self._buffers = None
        super().batch_select_indices(indices)

    def reorder_cache(self, beam_idx: torch.Tensor) -> None:
        """Reorder the rows for beam search."""
        self._buffers = None
        super().reorder_cache(beam_idx)


class GrowingCache(DynamicCache):  # type: ignore[misc]
    """A `DynamicCache` for so many layers, made of `GrowingLayer`s."""

    def __init__(self, layers: int) -> None:
        Cache.__init__(self, layers=[GrowingLayer() for _ in range(layers)])

    def beginning(self, length: int) -> GrowingCache:
        """A copy of the first `length` positions, with the NTK factor they were rotated with."""
        copied = GrowingCache(len(self.layers))
        for mine, theirs in zip(self.layers, copied.layers, strict=True):
            theirs.update(mine.keys[:, :, :length], mine.values[:, :, :length])
        copied.ntk_alpha = getattr(self, "ntk_alpha", None)
        return copied
