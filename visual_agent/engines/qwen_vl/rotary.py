"""Positions in Qwen-VL: rotary tables, the dynamic NTK factor and logn scaling of queries.

In: position ids, integers ``[batch, length]`` counted from 0 at a row's first real token.
Out: tables of angles for every position and, beyond the training length, the factor of each query
``[batch, length]``.

Dynamic NTK (from the model's 2023 code): a prompt of L tokens is rotated with the base
``rotary_emb_base * alpha ** (d / (d - 2))``, where ``alpha = max(2 ** ceil(log2(L / seq_length) + 1) - 1, 1)``.
So alpha is 1 up to ``seq_length``, then 3, 7, 15 ... each time the length doubles. It is fixed by the prompt and
stays while tokens are generated. Where the original went astray we differ:

- it kept alpha in the module, so that two conversations disturbed each other and evaluation leaked into
  training; here alpha belongs to the key/value cache (attribute ``ntk_alpha``, ``[batch]``), and training
  always has alpha 1;
- it counted padding into L and into a query's position, so that a row's answer depended on its batch mates;
  here both count the row's own tokens. Pass explicit ``position_ids`` that count padding for the old result.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from visual_agent.engines.qwen_vl.configuration import QwenVLConfig

NTK_STEPS = 24
"""Rows of the frequency table: enough for 2 ** 22 times the training length."""


def ntk_alpha(length: int, seq_length: int) -> int:
    """The NTK factor of a prompt.

    Args:
        length: Tokens of the prompt.
        seq_length: The model's training length.

    Returns:
        1, 3, 7, 15 ...: a cache may be continued only by a prompt with the factor it was filled with.
    """
    doublings = 0
    while length > seq_length << doublings:
        doublings += 1
    return 2 ** (doublings + 1) - 1


def inverse_frequencies(head_dim: int, base: float, alpha: float) -> torch.Tensor:
    """The rotary frequencies for one NTK factor, float32 ``[head_dim / 2]``."""
    stretched = base * alpha ** (head_dim / (head_dim - 2))
    return 1.0 / (stretched ** (torch.arange(0, head_dim, 2).float() / head_dim))


def logn_factors(positions: torch.Tensor, seq_length: int) -> torch.Tensor:
    """Factors of the queries at 0-based positions: ``log(p + 1) / log(seq_length)``, at least 1, float32."""
    return (torch.log(positions.float() + 1.0) / math.log(seq_length)).clamp(min=1.0)


def apply_rotary(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotates in float32 and returns the input's dtype.

    Args:
        x: ``[batch, heads, length, head_dim]``; dimension i turns together with i + head_dim / 2.
        cos: ``[batch, 1, length, head_dim]``.
        sin: The same shape, the first half of the dimensions negated.

    Returns:
        The rotated ``x``.
    """
    wide = x.float()
    return torch.addcmul(wide * cos, wide.roll(x.shape[-1] // 2, dims=-1), sin).to(x.dtype)


class QwenVLRotaryEmbedding(nn.Module):
    """Tables of angles for every NTK factor; holds no parameter and nothing that a checkpoint stores."""

    frequencies: torch.Tensor
    alphas: torch.Tensor
    limits: torch.Tensor

    def __init__(self, config: QwenVLConfig) -> None:
        super().__init__()
        self.config = config
        for name, table in self.tables().items():
            self.register_buffer(name, table, persistent=False)

    def tables(self) -> dict[str, torch.Tensor]:
        """The buffers: frequencies ``[steps, head_dim / 2]``, the factor of each step, its longest prompt."""
        config = self.config
        alphas = [2 ** (step + 1) - 1 for step in range(NTK_STEPS)]
        rows = [inverse_frequencies(config.kv_channels, config.rotary_emb_base, alpha) for alpha in alphas]
        limits = [config.seq_length << step for step in range(NTK_STEPS - 1)]
        return {
            "frequencies": torch.stack(rows),
            "alphas": torch.tensor(alphas),
            "limits": torch.tensor(limits),
        }

    def alpha_of(self, lengths: torch.Tensor) -> torch.Tensor:
        """`ntk_alpha` for a whole batch on its own device: ``[batch]`` tokens to ``[batch]`` factors."""
        return self.alphas[(lengths.unsqueeze(-1) > self.limits).sum(dim=-1)]

    def forward(self, position_ids: torch.Tensor, alpha: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Computes what `apply_rotary` takes, float32 ``[batch, 1, length, head_dim]``.

        Args:
            position_ids: ``[batch, length]``.
            alpha: NTK factors ``[batch]`` (or ``[1]``); None means 1, or the configuration's fixed factor.
        """
        with torch.no_grad():
            if alpha is not None:
                step = (alpha.unsqueeze(-1) > self.alphas[:-1]).sum(dim=-1)
                frequencies = self.frequencies[step].unsqueeze(1)
            elif self.config.fixed_ntk_alpha is not None:
                frequencies = inverse_frequencies(
                    self.config.kv_channels, self.config.rotary_emb_base, self.config.fixed_ntk_alpha
                ).to(position_ids.device)
            else:
                frequencies = self.frequencies[0]
            angles = (position_ids.unsqueeze(-1).float() * frequencies).unsqueeze(1)
            cos, sin = angles.cos(), angles.sin()
            return torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)


def cache_length(cache: Any) -> int:
    """Tokens in a key/value cache (0 for None); for a static cache this waits for the device."""
    return 0 if cache is None else int(cache.get_seq_length())
