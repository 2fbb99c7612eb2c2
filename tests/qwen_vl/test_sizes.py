"""The published checkpoint's table: every name, shape and byte, on the meta device."""

from __future__ import annotations

import torch

from visual_agent.engines.qwen_vl import QwenVLConfig, QwenVLForConditionalGeneration

# The published config.json without its defaults of transformers; n_queries is missing there, too.
PUBLISHED = {
    "architectures": ["QWenLMHeadModel"],
    "attn_dropout_prob": 0.0,
    "auto_map": {
        "AutoConfig": "configuration_qwen.QWenConfig",
        "AutoModelForCausalLM": "modeling_qwen.QWenLMHeadModel",
    },
    "bf16": False,
    "emb_dropout_prob": 0.0,
    "fp16": False,
    "fp32": False,
    "hidden_size": 4096,
    "initializer_range": 0.02,
    "intermediate_size": 22016,
    "kv_channels": 128,
    "layer_norm_epsilon": 1e-06,
    "max_position_embeddings": 8192,
    "model_type": "qwen",
    "no_bias": True,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "onnx_safe": None,
    "rotary_emb_base": 10000,
    "rotary_pct": 1.0,
    "scale_attn_weights": True,
    "seq_length": 2048,
    "tie_word_embeddings": False,
    "tokenizer_type": "QWenTokenizer",
    "torch_dtype": "bfloat16",
    "transformers_version": "4.31.0",
    "use_cache": True,
    "use_dynamic_ntk": True,
    "use_flash_attn": False,
    "use_logn_attn": True,
    "visual": {
        "heads": 16,
        "image_size": 448,
        "image_start_id": 151857,
        "layers": 48,
        "mlp_ratio": 4.9231,
        "output_dim": 4096,
        "patch_size": 14,
        "width": 1664,
    },
    "vocab_size": 151936,
}


def table() -> dict[str, list[int]]:
    """Names and shapes as published."""
    shapes = {"transformer.wte.weight": [151936, 4096], "lm_head.weight": [151936, 4096]}
    shapes["transformer.ln_f.weight"] = [4096]
    for i in range(32):
        block = f"transformer.h.{i}"
        shapes |= {
            f"{block}.ln_1.weight": [4096],
            f"{block}.ln_2.weight": [4096],
            f"{block}.attn.c_attn.weight": [12288, 4096],
            f"{block}.attn.c_attn.bias": [12288],
            f"{block}.attn.c_proj.weight": [4096, 4096],
            f"{block}.mlp.w1.weight": [11008, 4096],
            f"{block}.mlp.w2.weight": [11008, 4096],
            f"{block}.mlp.c_proj.weight": [4096, 11008],
        }
    tower = "transformer.visual"
    shapes |= {
        f"{tower}.conv1.weight": [1664, 3, 14, 14],
        f"{tower}.positional_embedding": [256, 1664],
        f"{tower}.proj": [4096, 4096],
        f"{tower}.attn_pool.query": [256, 4096],
        f"{tower}.attn_pool.pos_embed": [256, 4096],
        f"{tower}.attn_pool.kv_proj.weight": [4096, 1664],
        f"{tower}.attn_pool.attn.in_proj_weight": [12288, 4096],
        f"{tower}.attn_pool.attn.in_proj_bias": [12288],
        f"{tower}.attn_pool.attn.out_proj.weight": [4096, 4096],
        f"{tower}.attn_pool.attn.out_proj.bias": [4096],
    }
    norms = {"ln_pre": 1664, "ln_post": 4096, "attn_pool.ln_q": 4096, "attn_pool.ln_kv": 4096}
    for i in range(48):
        block = f"transformer.resblocks.{i}"
        norms |= {f"{block}.ln_1": 1664, f"{block}.ln_2": 1664}
        linears = {"attn.in_proj": [4992, 1664], "attn.out_proj": [1664, 1664]}
        linears |= {"mlp.c_fc": [8192, 1664], "mlp.c_proj": [1664, 8192]}
        for name, shape in linears.items():
            shapes[f"{tower}.{block}.{name}.weight"] = shape
            shapes[f"{tower}.{block}.{name}.bias"] = shape[:1]
    for name, width in norms.items():
        shapes |= {f"{tower}.{name}.weight": [width], f"{tower}.{name}.bias": [width]}
    return shapes


def test_published_table() -> None:
    config = QwenVLConfig.from_dict(PUBLISHED)
    with torch.device("meta"):
        model = QwenVLForConditionalGeneration(config)
    model.to(torch.bfloat16)
    state = model.state_dict()
    assert {name: list(tensor.shape) for name, tensor in state.items()} == table()
    assert len(state) == 853
    assert sum(tensor.numel() for tensor in state.values()) == 9_656_935_168
    assert sum(tensor.numel() * tensor.element_size() for tensor in state.values()) == 19_313_870_336
    assert {tensor.dtype for tensor in state.values()} == {torch.bfloat16}
    parts = {"visual": 1_935_610_624, "h": 6_476_660_736, "wte": 622_329_856}
    for name, size in parts.items():
        assert sum(p.numel() for p in getattr(model.transformer, name).parameters()) == size


def test_published_settings() -> None:
    config = QwenVLConfig.from_dict(PUBLISHED)
    assert config.visual.n_queries == 256
    assert (config.image_start_id, config.image_end_id, config.image_token_id) == (151857, 151858, 151859)
    assert (config.eos_token_id, config.pad_token_id) == (151643, 151643)
    assert config.dtype == torch.bfloat16
    assert config.get_text_config() is config
    assert (config.head_dim, config.num_key_value_heads) == (128, 32)
    assert not hasattr(config, "auto_map")
    again = QwenVLConfig.from_dict(config.to_dict())
    assert again.to_dict() == config.to_dict()
    assert again.model_type == "qwen_vl"
