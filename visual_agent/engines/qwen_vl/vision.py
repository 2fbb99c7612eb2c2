"""The vision tower of Qwen-VL: a ViT over 14 px patches and a resampler that makes 256 vectors of them.

In: normalised pictures, float ``[pictures, 3, side, side]``.
Out: features ``[pictures, n_queries, output_dim]``, ready to stand in the language model's embedding sequence.

Parameter names are those of the published checkpoint. The original compared query and key with an assertion
("Only Support Self-Attention Currently") that fired on NaN and under ZeRO-3, and cast pictures to the dtype of
a linear weight, which breaks when that weight is quantised. Neither is repeated here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils.output_capturing import capture_outputs

from visual_agent.engines.qwen_vl.configuration import QwenVLVisionConfig

Attention = Callable[..., tuple[torch.Tensor, torch.Tensor | None]]

POSITION_ROWS = 256
"""Rows of the stored ViT position table: a 16 by 16 grid, whatever the picture's size."""


def eager_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Plain attention, softmax in the model's dtype as in the original.

    Args:
        module: The layer asking; its ``training`` flag switches dropout.
        query: ``[batch, heads, queries, head_dim]``.
        key: ``[batch, heads, keys, head_dim]``.
        value: ``[batch, heads, keys, head_dim]``.
        attention_mask: Added to the scores, or None.
        scaling: Factor of the scores.
        dropout: Probability.
        **kwargs: Ignored; other attention functions use them.

    Returns:
        The mixed values ``[batch, queries, heads, head_dim]`` and the weights.
    """
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = F.dropout(scores.softmax(dim=-1), p=dropout, training=module.training)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


def attention_function(config: Any) -> Attention:
    """The attention implementation that ``config`` names ("sdpa", "eager", "flash_attention_2" ...)."""
    return cast("Attention", ALL_ATTENTION_FUNCTIONS.get_interface(config._attn_implementation, eager_attention))


def sincos_table(dim: int, side: int) -> torch.Tensor:
    """The two-dimensional sine-cosine table that initialises the resampler's positions.

    The first half of the dimensions encodes the column, the second half the row. Within a half come the sines,
    then the cosines, of ``position / 10000 ** (4 k / dim)``.

    Args:
        dim: Width, a multiple of 4.
        side: Side of the square grid.

    Returns:
        float32 ``[side * side, dim]``, rows in reading order.
    """
    omega = 1.0 / 10000 ** (torch.arange(dim // 4, dtype=torch.float32) / (dim / 4.0))
    angles = torch.arange(side, dtype=torch.float32)[:, None] * omega
    line = torch.cat((angles.sin(), angles.cos()), dim=1)
    columns, rows = line.repeat(side, 1), line.repeat_interleave(side, dim=0)
    return torch.cat((columns, rows), dim=1)


def resize_positions(table: torch.Tensor, count: int) -> torch.Tensor:
    """Resizes a square position table to another square grid, bicubic, in float32.

    Args:
        table: ``[rows, dim]``, rows in reading order.
        count: Rows wanted.

    Returns:
        ``[count, dim]`` in the table's dtype; the table itself if it has ``count`` rows.
    """
    if table.shape[0] == count:
        return table
    old, new = int(table.shape[0] ** 0.5), int(count**0.5)
    grid = table.float().reshape(1, old, old, -1).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, size=(new, new), mode="bicubic", align_corners=False)
    return grid.permute(0, 2, 3, 1).flatten(0, 2).to(table.dtype)


class QwenVLVisionAttention(nn.Module):
    """Self-attention whose fused projection is interleaved: each head's q, k and v lie side by side."""

    is_causal = False

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__()
        self.config = config
        self.heads = config.heads
        self.head_dim = config.width // config.heads
        self.scaling = self.head_dim**-0.5
        self.num_key_value_groups = 1
        self.in_proj = nn.Linear(config.width, 3 * config.width)
        self.out_proj = nn.Linear(config.width, config.width)

    def forward(self, x: torch.Tensor, **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Mixes ``[pictures, patches, width]``; also returns the weights where the function gives them."""
        pictures, patches, _ = x.shape
        fused = self.in_proj(x).view(pictures, patches, self.heads, 3 * self.head_dim).transpose(1, 2)
        query, key, value = fused.split(self.head_dim, dim=-1)
        mixed, weights = attention_function(self.config)(
            self, query, key, value, None, scaling=self.scaling, dropout=0.0, **kwargs
        )
        return self.out_proj(mixed.reshape(pictures, patches, -1)), weights


class QwenVLVisionMLP(nn.Module):
    """Two linear layers around an exact GELU."""

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__()
        self.c_fc = nn.Linear(config.width, config.mlp_width)
        self.c_proj = nn.Linear(config.mlp_width, config.width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps ``[..., width]`` to ``[..., width]``."""
        return self.c_proj(F.gelu(self.c_fc(x)))


class QwenVLVisionBlock(GradientCheckpointingLayer):  # type: ignore[misc]
    """One pre-norm ViT block."""

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.width, eps=config.layer_norm_epsilon)
        self.attn = QwenVLVisionAttention(config)
        self.ln_2 = nn.LayerNorm(config.width, eps=config.layer_norm_epsilon)
        self.mlp = QwenVLVisionMLP(config)

    def forward(self, x: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """Maps ``[pictures, patches, width]`` to the same shape."""
        x = x + self.attn(self.ln_1(x), **kwargs)[0]
        return x + self.mlp(self.ln_2(x))


class QwenVLVisionStack(nn.Module):
    """The ViT blocks, under the name the checkpoint uses."""

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList([QwenVLVisionBlock(config) for _ in range(config.layers)])

    def forward(self, x: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """Runs the blocks in order."""
        for block in self.resblocks:
            x = block(x, **kwargs)
        return x


class QwenVLPoolAttention(nn.Module):
    """Cross-attention of the resampler, with block-wise ``[Q; K; V]`` weights like ``nn.MultiheadAttention``.

    Written out, because ``nn.MultiheadAttention`` bypasses its ``out_proj`` module: quantisers and adapters
    that replace that layer are then ignored or fail.
    """

    is_causal = False

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__()
        dim = config.output_dim
        self.config = config
        self.heads = config.pool_heads
        self.scaling = (dim // self.heads) ** -0.5
        self.num_key_value_groups = 1
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * dim))
        self.out_proj = nn.Linear(dim, dim)

    def forward(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Lets queries read a picture.

        Args:
            query: ``[queries, dim]``, the same for all pictures.
            key: ``[pictures, patches, dim]``.
            value: ``[pictures, patches, dim]``.
            **kwargs: Passed to the attention function.

        Returns:
            ``[pictures, queries, dim]`` and the weights where the function gives them.
        """
        weights = self.in_proj_weight.chunk(3)
        biases = self.in_proj_bias.chunk(3)
        pictures = key.shape[0]
        # The queries do not depend on the picture: project them once.
        q = F.linear(query, weights[0], biases[0]).expand(pictures, -1, -1)
        k = F.linear(key, weights[1], biases[1])
        v = F.linear(value, weights[2], biases[2])
        heads = [t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in (q, k, v)]
        mixed, attention = attention_function(self.config)(
            self, *heads, None, scaling=self.scaling, dropout=0.0, **kwargs
        )
        return self.out_proj(mixed.reshape(pictures, query.shape[0], -1)), attention


class QwenVLResampler(nn.Module):
    """Turns any number of patches into ``n_queries`` vectors of the language model's width."""

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__()
        dim, eps = config.output_dim, config.layer_norm_epsilon
        self.query = nn.Parameter(torch.empty(config.n_queries, dim))
        self.pos_embed = nn.Parameter(torch.empty(config.n_queries, dim), requires_grad=False)
        same = config.width == dim
        self.kv_proj = nn.Identity() if same else nn.Linear(config.width, dim, bias=False)
        self.attn = QwenVLPoolAttention(config)
        self.ln_q = nn.LayerNorm(dim, eps=eps)
        self.ln_kv = nn.LayerNorm(dim, eps=eps)

    def forward(self, x: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        """Maps patches ``[pictures, patches, width]`` to ``[pictures, n_queries, output_dim]``.

        Queries and keys carry positions, values do not.
        """
        values = self.ln_kv(self.kv_proj(x))
        query = self.ln_q(self.query) + self.pos_embed
        keys = values + resize_positions(self.pos_embed, x.shape[1])
        return self.attn(query, keys, values, **kwargs)[0]


class QwenVLVisionModel(PreTrainedModel):  # type: ignore[misc]
    """Pictures to features: patches, ViT, resampler, norm, projection."""

    config: QwenVLVisionConfig
    config_class = QwenVLVisionConfig
    base_model_prefix = "visual"
    main_input_name = "pixel_values"
    input_modalities = ("image",)
    supports_gradient_checkpointing = True
    # The tower's own parameters are added and multiplied between its layers: splitting it over devices fails.
    _no_split_modules = ("QwenVLVisionModel",)
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _can_compile_fullgraph = True
    _can_record_outputs = {"hidden_states": QwenVLVisionBlock, "attentions": QwenVLVisionAttention}  # noqa: RUF012

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__(config)
        width, dim = config.width, config.output_dim
        self.conv1 = nn.Conv2d(3, width, config.patch_size, stride=config.patch_size, bias=False)
        self.positional_embedding = nn.Parameter(torch.empty(POSITION_ROWS, width))
        self.ln_pre = nn.LayerNorm(width, eps=config.layer_norm_epsilon)
        self.transformer = QwenVLVisionStack(config)
        self.attn_pool = QwenVLResampler(config)
        self.ln_post = nn.LayerNorm(dim, eps=config.layer_norm_epsilon)
        self.proj = nn.Parameter(torch.empty(dim, dim))
        self.gradient_checkpointing = False
        self.post_init()

    @property
    def dtype(self) -> torch.dtype:
        """The dtype pictures are cast to: that of the patch projection, which no quantiser touches."""
        return self.conv1.weight.dtype

    @capture_outputs(tie_last_hidden_states=False)  # type: ignore[untyped-decorator]
    def forward(self, pixel_values: torch.Tensor, **kwargs: Any) -> BaseModelOutputWithPooling:
        """Encodes pictures.

        Args:
            pixel_values: ``[pictures, 3, side, side]``, any side that is a multiple of the patch size.
            **kwargs: ``output_hidden_states``, ``output_attentions`` and such.

        Returns:
            ``last_hidden_state`` ``[pictures, patches, width]`` (the ViT's output) and ``pooler_output``
            ``[pictures, n_queries, output_dim]`` (the features).
        """
        weight = self.conv1.weight
        x = self.conv1(pixel_values.to(weight.device, weight.dtype)).flatten(2).transpose(1, 2)
        x = self.ln_pre(x + resize_positions(self.positional_embedding, x.shape[1]))
        x = self.transformer(x, **kwargs)
        pooled = self.ln_post(self.attn_pool(x, **kwargs)) @ self.proj
        return BaseModelOutputWithPooling(last_hidden_state=x, pooler_output=pooled)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Draws the weights of a module for training from scratch."""
        super()._init_weights(module)
        if isinstance(module, QwenVLVisionModel):
            init.normal_(module.positional_embedding, std=module.config.width**-0.5)
            init.normal_(module.proj, std=module.config.output_dim**-0.5)
        elif isinstance(module, QwenVLResampler):
            rows, dim = module.pos_embed.shape
            init.trunc_normal_(module.query, std=0.02)
            init.copy_(module.pos_embed, sincos_table(dim, int(rows**0.5)))
        elif isinstance(module, QwenVLPoolAttention):
            init.xavier_uniform_(module.in_proj_weight)
            init.zeros_(module.in_proj_bias)
