"""A tiny Qwen-VL with random weights and a byte-level vocabulary, for tests, notebooks and benchmarks.

In: sizes. Out: an engine or a checkpoint folder in the published form, made in a second. It talks nonsense, but every
part of the machine is the real one.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from visual_agent.engines.qwen_vl import QwenVLConfig, QwenVLForConditionalGeneration, QwenVLProcessor
from visual_agent.engines.qwen_vl.specials import CONTROL_TOKENS, IMAGE_START

#: The vocabulary is the 256 bytes, then the control tokens in their order.
BYTES = 256


def tiny_config(**changes: Any) -> QwenVLConfig:
    """A configuration of about a million parameters: 112 px pictures, 16 tokens each."""
    first = BYTES + CONTROL_TOKENS.index(IMAGE_START)
    visual = {
        "heads": 4,
        "image_size": 112,
        "image_start_id": first,
        "layers": 2,
        "n_queries": 16,
        "output_dim": 128,
        "width": 64,
    }
    sizes = {
        "vocab_size": 480,
        "hidden_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "kv_channels": 64,
        "intermediate_size": 256,
        "seq_length": 2048,
        "max_position_embeddings": 8192,
        "bos_token_id": None,
        "eos_token_id": BYTES,
        "pad_token_id": BYTES,
    }
    visual |= changes.pop("visual", {})
    return QwenVLConfig(**{**sizes, **changes}, visual=visual)


def write_vocabulary(folder: Path) -> Path:
    """`qwen.tiktoken` with the 256 bytes as its only ranks."""
    path = folder / "qwen.tiktoken"
    lines = (f"{base64.b64encode(bytes([rank])).decode()} {rank}" for rank in range(BYTES))
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


def write_checkpoint(folder: Path, *, seed: int = 0, dtype: torch.dtype = torch.float32, **changes: Any) -> Path:
    """A folder like a published checkpoint: original config.json and parameter names, one safetensors file."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    config = tiny_config(**changes)
    model = QwenVLForConditionalGeneration(config).to(dtype)
    save_file(
        {k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors", {"format": "pt"}
    )
    write_vocabulary(folder)
    original = {k: v for k, v in config.to_dict().items() if k not in ("model_type", "architectures", "visual")}
    visual = {k: getattr(config.visual, k) for k in ("heads", "image_size", "image_start_id", "layers", "mlp_ratio")}
    visual |= {k: getattr(config.visual, k) for k in ("n_queries", "output_dim", "patch_size", "width")}
    original |= {"model_type": "qwen", "architectures": ["QWenLMHeadModel"], "visual": visual}
    _write_json(folder / "config.json", original)
    generation = {"chat_format": "chatml", "eos_token_id": BYTES, "pad_token_id": BYTES, "max_new_tokens": 64}
    _write_json(folder / "generation_config.json", {**generation, "max_window_size": 6144, "do_sample": False})
    _write_json(folder / "tokenizer_config.json", {"model_max_length": 8192, "tokenizer_class": "QWenTokenizer"})
    return folder


def write_int4_checkpoint(folder: Path, *, seed: int = 0, **changes: Any) -> Path:
    """A folder like the published Int4 checkpoint (GPTQ layout, fp16), made from `write_checkpoint`'s weights."""
    from visual_agent.engines.qwen_vl.int4 import GROUP, quantise

    write_checkpoint(folder, seed=seed, **changes)
    tensors: dict[str, torch.Tensor] = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        layer, _, part = name.rpartition(".")
        if layer.startswith("transformer.h.") and part == "weight" and tensor.ndim == 2:
            tensors |= {f"{layer}.{key}": value for key, value in quantise(tensor).items()}
            tensors.setdefault(f"{layer}.bias", torch.zeros(tensor.shape[0], dtype=torch.float16))
        else:
            tensors[name] = tensor.half()
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    settings = {"bits": 4, "group_size": GROUP, "desc_act": False, "sym": True, "quant_method": "gptq"}
    _write_json(folder / "config.json", {**config, "fp16": True, "quantization_config": settings})
    return folder


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, default=str), encoding="utf-8")


def load(folder: Path) -> tuple[QwenVLForConditionalGeneration, QwenVLProcessor]:
    """Model and processor of a folder that `write_checkpoint` made."""
    return QwenVLForConditionalGeneration.from_pretrained(folder), QwenVLProcessor.from_pretrained(folder)
