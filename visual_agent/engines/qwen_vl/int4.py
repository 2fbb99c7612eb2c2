"""The published Int4 checkpoint (GPTQ layout) on torch's own packed int4 kernels.

In: a folder whose config.json says `quant_method: gptq`, 4 bits, without act-order. Out: the model, its language
linears in four bits, everything else (embeddings, head, norms, vision tower) in the chosen dtype.

Why our own repack: the library that made the file (AutoGPTQ) is dead, its successor pins numpy and torch and wants a
backend for each machine, while torch itself ships packed int4 kernels for CPU and GPU. Loading is then unpacking
nibbles and packing them again. Layout (in = input features, out = output features, eight nibbles an int32, lowest
bits first): qweight [in/8, out], qzeros [in/128, out/8] holding zero - 1, scales [in/128, out], g_idx [in], bias [out].
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from visual_agent.errors import ModelMismatch, ModelNotFound

if TYPE_CHECKING:
    from visual_agent.engines.qwen_vl.modeling import QwenVLForConditionalGeneration

GROUP = 128
_PARTS = ("qweight", "qzeros", "scales", "g_idx", "bias")


def unpack_rows(packed: torch.Tensor) -> torch.Tensor:
    """Nibbles of an int32 `[rows, columns]` as `[rows * 8, columns]`, values 0..15, lowest bits first."""
    shifts = torch.arange(0, 32, 4, dtype=torch.int32, device=packed.device)
    return ((packed.unsqueeze(1) >> shifts[None, :, None]) & 15).reshape(-1, packed.shape[1])


class Int4Linear(nn.Module):
    """A linear layer with 4-bit weights in groups of 128 inputs, computed by torch's packed kernels.

    A weight is `(q - 8) * scale + shift` with q in 0..15, and a scale and shift for each group and output.
    """

    def __init__(
        self, codes: torch.Tensor, scales: torch.Tensor, shifts: torch.Tensor, bias: torch.Tensor | None
    ) -> None:
        """`codes` int32 `[out, in]`; `scales`, `shifts` `[in/128, out]`; `bias` `[out]` or None."""
        super().__init__()
        self.out_features, self.in_features = codes.shape
        self.register_buffer("packed", _pack(codes))
        self.register_buffer("scales_and_shifts", torch.stack([scales, shifts], dim=-1).contiguous())
        self.register_buffer("bias", bias)
        self.packed: torch.Tensor
        self.scales_and_shifts: torch.Tensor
        self.bias: torch.Tensor | None

    @classmethod
    def from_gptq(cls, parts: dict[str, torch.Tensor], dtype: torch.dtype, device: torch.device | str) -> Int4Linear:
        """From the tensors of one layer, named as in `_PARTS`; a bias of zeros (as the file adds) is left out.

        Raises:
            ModelMismatch: the groups are out of order (act-order), which the packed kernels cannot do.
        """
        parts = {name: tensor.to(device) for name, tensor in parts.items()}
        codes = unpack_rows(parts["qweight"]).t().contiguous()
        order = torch.arange(codes.shape[1], device=codes.device) // GROUP
        if not torch.equal(parts["g_idx"].long(), order):
            raise ModelMismatch("This GPTQ file was made with act-order (desc_act); use one made without.")
        zeros = unpack_rows(parts["qzeros"].t().contiguous()).t() + 1
        scales = parts["scales"].float()
        shifts = (8 - zeros) * scales
        bias = parts.get("bias")
        bias = bias.to(dtype) if bias is not None and bool(bias.any()) else None
        return cls(codes, scales.to(dtype), shifts.to(dtype), bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[..., in]` to `[..., out]`."""
        rows = x.reshape(-1, self.in_features)
        if x.device.type == "cpu":
            y = torch.ops.aten._weight_int4pack_mm_for_cpu(rows, self.packed, GROUP, self.scales_and_shifts)
        else:
            y = torch.ops.aten._weight_int4pack_mm(rows, self.packed, GROUP, self.scales_and_shifts)
        if self.bias is not None:
            y = y + self.bias
        return y.reshape(*x.shape[:-1], self.out_features)

    @property
    def weight(self) -> torch.Tensor:
        """The weight `[out, in]` in full, computed anew: for checks, not for speed."""
        plain = Int4Linear.forward(
            self, torch.eye(self.in_features, dtype=self.scales_and_shifts.dtype, device=self.packed.device)
        )
        return (plain if self.bias is None else plain - self.bias).t()

    def extra_repr(self) -> str:
        """Sizes, as `nn.Linear` shows them."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def _pack(codes: torch.Tensor) -> torch.Tensor:
    """Codes `[out, in]` in the layout of the device's kernel."""
    if codes.device.type == "cpu":
        return torch.ops.aten._convert_weight_to_int4pack_for_cpu(codes.int(), 1)
    pairs = (codes[:, ::2] << 4 | codes[:, 1::2]).to(torch.uint8)
    return torch.ops.aten._convert_weight_to_int4pack(pairs, 8)


def is_gptq(config: dict[str, Any]) -> bool:
    """Whether a config.json describes a GPTQ checkpoint."""
    return (config.get("quantization_config") or {}).get("quant_method") == "gptq"


def check_gptq(config: dict[str, Any]) -> None:
    """ModelMismatch unless the file is 4-bit, groups of 128, without act-order."""
    settings = config["quantization_config"]
    found = (settings.get("bits"), settings.get("group_size"), bool(settings.get("desc_act")))
    if found != (4, GROUP, False):
        raise ModelMismatch(
            f"This GPTQ checkpoint has bits, group_size, desc_act = {found}; only (4, {GROUP}, False) is supported. "
            "Use the published Qwen-VL-Chat-Int4, or load the full checkpoint with quantization='nf4'."
        )


def tensors_of(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor of a folder's safetensors files, file by file.

    Raises:
        ModelNotFound: a shard that the index names is missing, or there is no safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    index = next(iter(sorted(folder.glob("*.safetensors.index.json"))), None)
    names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())) if index else []
    files = [folder / name for name in names] or sorted(folder.glob("*.safetensors"))
    missing = [file.name for file in files if not file.exists()]
    if missing or not files:
        what = f"lacks {', '.join(missing)}" if missing else "holds no .safetensors file"
        raise ModelNotFound(f"The checkpoint in {str(folder)!r} {what}; download it again, all files complete.")
    for file in files:
        try:
            with safe_open(file, framework="pt") as shard:
                for name in shard.keys():  # noqa: SIM118 - not a dict
                    yield name, shard.get_tensor(name)
        except SafetensorError as error:
            raise ModelMismatch(f"{file.name} is broken or cut off ({error}); download it again.") from error


def load_gptq(
    folder: Path, *, dtype: torch.dtype, device: torch.device | str = "cpu"
) -> QwenVLForConditionalGeneration:
    """The model of a GPTQ folder.

    Args:
        folder: with config.json and complete safetensors shards.
        dtype: of everything that is not in four bits: bfloat16, float16 or float32.
        device: where the weights go; packed there, since each kernel has its own layout.
    """
    from accelerate import init_empty_weights
    from accelerate.utils import set_module_tensor_to_device

    from visual_agent.engines.qwen_vl import QwenVLConfig, QwenVLForConditionalGeneration

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    check_gptq(settings)
    config = QwenVLConfig.from_pretrained(folder)
    config.quantization_config = None
    with init_empty_weights(include_buffers=False):
        model = QwenVLForConditionalGeneration(config)
    expected = set(dict(model.named_parameters()))
    groups: dict[str, dict[str, torch.Tensor]] = defaultdict(dict)
    for name, tensor in tensors_of(folder):
        layer, _, part = name.rpartition(".")
        if part in _PARTS and (
            part != "bias" or layer in groups or (f"{layer}.weight" in expected and _quantised(layer))
        ):
            groups[layer][part] = tensor
            if len(groups[layer]) == len(_PARTS):
                _replace(model, layer, Int4Linear.from_gptq(groups.pop(layer), dtype, device))
                expected -= {f"{layer}.weight", f"{layer}.bias"}
        elif name in expected:
            set_module_tensor_to_device(model, name, device, value=tensor, dtype=dtype)
            expected.remove(name)
    if groups or expected:
        lacking = sorted(expected | set(groups))[:5]
        raise ModelMismatch(f"The Int4 checkpoint lacks tensors ({', '.join(lacking)} ...); download it again.")
    model.tie_weights()
    return model.to(device).eval()


def _quantised(layer: str) -> bool:
    """The linears of the language blocks: attn.c_attn, attn.c_proj, mlp.w1, mlp.w2, mlp.c_proj."""
    return layer.startswith("transformer.h.") and layer.rpartition(".")[2] in ("c_attn", "c_proj", "w1", "w2")


def _replace(model: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, child = name.rpartition(".")
    setattr(model.get_submodule(parent), child, module)


def quantise(weight: torch.Tensor) -> dict[str, torch.Tensor]:
    """A weight `[out, in]` in the file's layout, symmetric, rounded to nearest: for tiny test checkpoints."""
    groups = weight.float().reshape(weight.shape[0], -1, GROUP)
    scales = (groups.abs().amax(-1) / 7).clamp(min=1e-8).half()
    codes = (groups / scales.float().unsqueeze(-1)).round().clamp(-8, 7).int().reshape(weight.shape) + 8
    shifts = torch.arange(0, 32, 4, dtype=torch.int64)
    rows = codes.t().reshape(-1, 8, codes.shape[0]).long()
    zeros = torch.full((scales.shape[1], weight.shape[0] // 8), 0x77777777, dtype=torch.int32)
    return {
        "qweight": (rows << shifts[None, :, None]).sum(1).to(torch.int32),
        "qzeros": zeros,
        "scales": scales.t().contiguous(),
        "g_idx": (torch.arange(weight.shape[1]) // GROUP).int(),
    }
