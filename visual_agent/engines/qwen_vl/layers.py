"""The decoder layers of Qwen-VL's language model.

In and out: hidden states ``[batch, length, hidden_size]``. Parameter names are those of the checkpoint.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from transformers import Cache
from transformers.modeling_layers import GradientCheckpointingLayer

from visual_agent.engines.qwen_vl.configuration import QwenVLConfig
from visual_agent.engines.qwen_vl.rotary import apply_rotary
from visual_agent.engines.qwen_vl.vision import attention_function


class QwenVLRMSNorm(nn.Module):
    """Root mean square norm: computed in float32, cast back, then multiplied by the weight."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.variance_epsilon = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalises the last axis."""
        if x.dtype == self.weight.dtype == torch.float32:  # nothing is rounded in between, so one kernel does it all
            return F.rms_norm(x, x.shape[-1:], self.weight, self.variance_epsilon)
        normed = F.rms_norm(x.float(), x.shape[-1:], eps=self.variance_epsilon)
        return self.weight * normed.to(x.dtype)


class QwenVLAttention(nn.Module):
    """Causal self-attention with rotary positions; keys are cached rotated."""

    def __init__(self, config: QwenVLConfig, layer_idx: int) -> None:
        super().__init__()
        inner = config.num_attention_heads * config.kv_channels
        self.config = config
        self.layer_idx = layer_idx
        self.head_dim = config.kv_channels
        self.q_size = inner
        self.kv_size = inner
        self.num_key_value_groups = 1
        self.scaling = self.head_dim**-0.5 if config.scale_attn_weights else 1.0
        self.attention_dropout = config.attn_dropout_prob
        self.is_causal = True
        self.c_attn = nn.Linear(config.hidden_size, 3 * inner, bias=True)
        self.c_proj = nn.Linear(inner, config.hidden_size, bias=not config.no_bias)

    def forward(
        self,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        position_embeddings: tuple[torch.Tensor, torch.Tensor] | None = None,
        query_factors: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Attends.

        Args:
            hidden_states: ``[batch, length, hidden_size]``.
            attention_mask: As the attention implementation wants it, or None.
            position_embeddings: What `apply_rotary` takes.
            query_factors: logn factors ``[batch, length]``, or None where all of them are 1.
            past_key_values: Cache to extend with this call's keys and values.
            **kwargs: Passed to the attention function.

        Returns:
            The new hidden states, and the weights where the attention function gives them.
        """
        shape = hidden_states.shape[:-1]
        # A three-way split by these sizes is the form that vLLM recognises as a packed projection.
        query, key, value = self.c_attn(hidden_states).split((self.q_size, self.kv_size, self.kv_size), dim=-1)
        query = query.view(*shape, -1, self.head_dim).transpose(1, 2)
        key = key.view(*shape, -1, self.head_dim).transpose(1, 2)
        value = value.view(*shape, -1, self.head_dim).transpose(1, 2)
        if position_embeddings is not None:
            query = apply_rotary(query, *position_embeddings)
            key = apply_rotary(key, *position_embeddings)
        if past_key_values is not None:
            key, value = past_key_values.update(key, value, self.layer_idx)
        if query_factors is not None:
            query = query * query_factors[:, None, :, None].to(query.dtype)
        mixed, weights = attention_function(self.config)(
            self,
            query,
            key,
            value,
            attention_mask,
            dropout=self.attention_dropout if self.training else 0.0,
            scaling=self.scaling,
            **kwargs,
        )
        return self.c_proj(mixed.reshape(*shape, -1).contiguous()), weights


class QwenVLMLP(nn.Module):
    """The gated MLP. In this checkpoint ``w2`` is the gate and ``w1`` the linear branch."""

    def __init__(self, config: QwenVLConfig) -> None:
        super().__init__()
        width, bias = config.intermediate_size // 2, not config.no_bias
        self.w1 = nn.Linear(config.hidden_size, width, bias=bias)
        self.w2 = nn.Linear(config.hidden_size, width, bias=bias)
        self.c_proj = nn.Linear(width, config.hidden_size, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps ``[..., hidden_size]`` to the same shape."""
        return self.c_proj(F.silu(self.w2(x)) * self.w1(x))


class QwenVLBlock(GradientCheckpointingLayer):  # type: ignore[misc]
    """One pre-norm decoder block."""

    def __init__(self, config: QwenVLConfig, layer_idx: int) -> None:
        super().__init__()
        self.ln_1 = QwenVLRMSNorm(config.hidden_size, config.layer_norm_epsilon)
        self.attn = QwenVLAttention(config, layer_idx)
        self.ln_2 = QwenVLRMSNorm(config.hidden_size, config.layer_norm_epsilon)
        self.mlp = QwenVLMLP(config)

    def forward(self, hidden_states: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """Runs the block; the keywords are those of `QwenVLAttention`."""
        attended, _ = self.attn(self.ln_1(hidden_states), **kwargs)
        hidden_states = hidden_states + attended
        return hidden_states + self.mlp(self.ln_2(hidden_states))
