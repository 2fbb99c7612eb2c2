"""The formulas against recordings of the original: rotary, logn, norm, MLP, vision attention, tables."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from qwen_vl.recordings import DATA, read, tiny_config
from visual_agent.engines.qwen_vl.configuration import QwenVLConfig, QwenVLVisionConfig
from visual_agent.engines.qwen_vl.layers import QwenVLMLP, QwenVLRMSNorm
from visual_agent.engines.qwen_vl.rotary import (
    QwenVLRotaryEmbedding,
    apply_rotary,
    inverse_frequencies,
    logn_factors,
)
from visual_agent.engines.qwen_vl.vision import QwenVLVisionAttention, resize_positions, sincos_table

T = load_file(DATA / "math" / "math.safetensors")
SIGN = torch.ones(128).index_fill(0, torch.arange(64), -1)
FACTS = read("math/math.json")


def near(a: torch.Tensor, b: torch.Tensor, atol: float = 1e-5) -> None:
    torch.testing.assert_close(a, b, atol=atol, rtol=1e-5)


@pytest.mark.parametrize("alpha", [1, 3, 7, 15])
def test_rotary_tables(alpha: int) -> None:
    near(inverse_frequencies(128, 10000, alpha), T[f"rope_inv_freq_alpha{alpha}"])
    rotary = QwenVLRotaryEmbedding(QwenVLConfig())
    cos, sin = rotary(torch.tensor([FACTS["rope_positions"]]), torch.tensor([alpha]))
    near(cos[0, 0], T[f"rope_dim128_base10000_alpha{alpha}_cos"], 1e-4)
    near(sin[0, 0], SIGN * T[f"rope_dim128_base10000_alpha{alpha}_sin"], 1e-4)


def test_rotation() -> None:
    cos, sin = T["rope_dim128_base10000_alpha1_cos"][None, None], T["rope_dim128_base10000_alpha1_sin"][None, None]
    turned = apply_rotary(T["rope_apply_in"].transpose(1, 2), cos, SIGN * sin).transpose(1, 2)
    near(turned, T["rope_apply_out_alpha1"])


def test_logn() -> None:
    factors = logn_factors(torch.tensor(FACTS["logn_zero_based_index"]), 2048)
    torch.testing.assert_close(factors, T["logn_seq2048_values"], atol=0, rtol=1e-6)
    assert torch.equal(factors.bfloat16(), T["logn_seq2048_bf16"])


def test_rms_norm() -> None:
    norm = QwenVLRMSNorm(16, 1e-6)
    norm.weight.data = T["rmsnorm_weight"]
    near(norm(T["rmsnorm_in"]).detach(), T["rmsnorm_out"])
    assert torch.equal(norm.bfloat16()(T["rmsnorm_in"].bfloat16()).detach(), T["rmsnorm_out_bf16"])


def test_mlp_gate_is_w2() -> None:
    mlp = QwenVLMLP(QwenVLConfig(hidden_size=8, intermediate_size=12, num_attention_heads=1))
    mlp.load_state_dict({name: T[f"mlp_{name}"] for name in ("w1.weight", "w2.weight", "c_proj.weight")})
    near(mlp(T["mlp_in"]).detach(), T["mlp_out"])


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_vision_attention_is_interleaved_by_head(attention: str) -> None:
    config = QwenVLVisionConfig(width=12, heads=3, attn_implementation=attention)
    module = QwenVLVisionAttention(config)
    names = ("in_proj.weight", "in_proj.bias", "out_proj.weight", "out_proj.bias")
    module.load_state_dict({name: T[f"visattn_{name}"] for name in names})
    heads = [h for h in (1, 2, 3, 4, 6) if agrees(module, h)]
    assert len(heads) == 1


def agrees(module: Any, heads: int) -> bool:
    """Whether the recording was made with so many heads (it does not say)."""
    module.heads, module.head_dim, module.scaling = heads, 12 // heads, (12 // heads) ** -0.5
    out = module(T["visattn_in_LND"].transpose(0, 1))[0].transpose(0, 1).detach()
    return torch.allclose(out, T["visattn_out_LND"], atol=1e-5)


def test_sine_cosine_tables() -> None:
    near(sincos_table(256, 4), T["sincos_256_grid4"], 1e-4)
    large = sincos_table(4096, 16)
    near(large[[0, 1, 15, 16, 17, 255]], T["sincos_4096_grid16_rows_0_1_15_16_17_255"], 1e-4)
    assert abs(large.double().sum().item() - FACTS["sincos_4096_grid16_sum"]) < 1


@pytest.mark.parametrize("count", [64, 256, 1024, 1600])
def test_position_table_resizing(count: int) -> None:
    near(resize_positions(T["abs_pos_in_16x16_c4"], count), T[f"abs_pos_to_{count}"])
    if count == 1024:
        resized = resize_positions(T["abs_pos_in_16x16_c4"].bfloat16(), count)
        assert torch.equal(resized, T["abs_pos_bf16_to_1024"])
    if count == 64:
        near(resize_positions(T["abs_pos_in_4x4_c3"], count), T["abs_pos_4x4_to_64"])


def test_masks_hide_the_same_positions() -> None:
    """The original adds the smallest float (twice where two reasons meet); we mark what may be seen."""
    from transformers.masking_utils import create_causal_mask

    config = tiny_config(attn_implementation="eager")
    mask = create_causal_mask(
        config=config,
        inputs_embeds=torch.zeros(2, 5, 1),
        attention_mask=T["mask_in"],
        past_key_values=None,
        position_ids=torch.arange(5)[None],
    )
    assert torch.equal(mask < -1e30, T["mask_prefill_out"] < -1e30)
