"""The vision tower against recordings of the original, step by step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from qwen_vl.recordings import DATA, tiny_model
from visual_agent.engines.qwen_vl.vision import resize_positions

T = load_file(DATA / "vision" / "tiny_a_vision.safetensors")


def near(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, atol=1e-4, rtol=0)


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What every module of the tower gives for the first two pictures, and what it was given."""
    tower = tiny_model(attention="eager").visual
    record: dict[str, Any] = {}
    for name, module in tower.named_modules():

        def keep(_: Any, given: Any, out: Any, name: str = name) -> None:
            record[name] = out[0] if isinstance(out, tuple) else out
            record[f"{name}.in"] = given[0] if given else None
            if isinstance(out, tuple):
                record[f"{name}.weights"] = out[1]

        if name:
            module.register_forward_hook(keep)
    pixels = load_file(DATA / "tiny_a" / "cases.safetensors")["pixel_values"][:2]
    with torch.no_grad():
        record["final"] = tower(pixels).pooler_output
    return record


@pytest.mark.parametrize(
    ("module", "recorded"),
    [
        ("conv1", "conv1_out"),
        ("ln_pre.in", "ln_pre_in"),
        ("ln_pre", "ln_pre_out"),
        ("transformer.resblocks.0.ln_1", "block0_ln1_LND"),
        ("transformer.resblocks.0.attn.in_proj", "block0_qkv_LN3D"),
        ("transformer.resblocks.0.attn", "block0_attn_out_LND"),
        ("transformer.resblocks.0", "block0_out_LND"),
        ("transformer.resblocks.1", "block1_out_LND"),
        ("attn_pool.kv_proj", "resampler_kv_proj"),
        ("attn_pool.ln_kv", "resampler_ln_kv"),
        ("attn_pool.ln_q", "resampler_ln_q"),
        ("attn_pool.attn", "resampler_attn_out_LND"),
        ("attn_pool", "resampler_out"),
        ("ln_post", "ln_post_out"),
        ("final", "final"),
    ],
)
def test_steps(module: str, recorded: str, seen: dict[str, Any]) -> None:
    expected = T[recorded]
    length_first = recorded.endswith(("_LND", "_LN3D"))
    near(seen[module], expected.transpose(0, 1) if length_first else expected)


def test_resampler_weights(seen: dict[str, Any]) -> None:
    near(seen["attn_pool.attn.weights"].mean(dim=1), T["resampler_attn_weights_head_mean"])


def test_resized_positions(model: Any) -> None:
    with torch.no_grad():
        near(resize_positions(model.visual.positional_embedding, 64), T["positional_embedding_interpolated_8x8"])
        pool = resize_positions(model.visual.attn_pool.pos_embed, 64)
    near(pool, T["resampler_pos_embed_interpolated_8x8"])


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_final_features(attention: str) -> None:
    tower = tiny_model(attention=attention).visual
    pixels = load_file(DATA / "tiny_a" / "cases.safetensors")["pixel_values"]
    with torch.no_grad():
        near(tower(pixels).pooler_output, T["all_images_final"])
        near(tower(torch.zeros(1, 3, 224, 224)).pooler_output, T["zeros_224_final"])
        near(tower(T["px_56_random"]).pooler_output, T["px_56_random_final"])


def test_hidden_states_and_attentions_on_request() -> None:
    tower = tiny_model(attention="eager").visual
    with torch.no_grad():
        output = tower(torch.zeros(1, 3, 112, 112), output_hidden_states=True, output_attentions=True)
    assert [tuple(state.shape) for state in output.hidden_states] == [(1, 64, 32)] * 3
    assert [tuple(weights.shape) for weights in output.attentions] == [(1, 4, 64, 64)] * 2
    assert torch.equal(output.hidden_states[-1], output.last_hidden_state)
