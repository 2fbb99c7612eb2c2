"""Finding, checking and loading weights.

In: a folder, a hub id or a ModelScope id, and how to load it. Out: a loaded model with its processor, or a clear error
before anything large is read: what is missing, what does not fit, what to use instead. No code of a checkpoint runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from visual_agent.doctor import install_hint, memory
from visual_agent.engines.qwen_vl.int4 import is_gptq, load_gptq
from visual_agent.errors import MissingDependency, ModelMismatch, ModelNotFound, OutOfMemory, UserError

if TYPE_CHECKING:
    from visual_agent.engines.qwen_vl.modeling import QwenVLForConditionalGeneration
    from visual_agent.engines.qwen_vl.processing import QwenVLProcessor

Quantization = Literal["int8", "nf4"]
Hub = Literal["huggingface", "modelscope"]
DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
SHORT_DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
#: Checkpoint code is never wanted; everything else of a repository is data.
DATA_FILES = ["*.json", "*.safetensors", "*.bin", "*.tiktoken", "*.txt", "*.jinja", "LICENSE*", "NOTICE*"]
#: What must stay in full precision when the rest is quantised on load.
UNQUANTISED = [r".*visual.*", "lm_head"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to answer, with what its answers depend on."""

    model: QwenVLForConditionalGeneration
    processor: QwenVLProcessor
    name: str
    version: str
    chat: bool


def folder_of(
    name_or_path: str | Path,
    *,
    hub: Hub = "huggingface",
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
) -> Path:
    """The local folder of a checkpoint; downloads it when the name is a hub id that is not here yet.

    Raises:
        ModelNotFound: no such folder or id, or the hub cannot be reached.
        MissingDependency: `hub="modelscope"` without the modelscope package.
    """
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        return path
    text = str(name_or_path)
    if path.exists() or text.startswith(("/", "./", "../", "~")) or text.count("/") != 1:
        raise ModelNotFound(
            f"There is no model folder {text!r}; give a folder with config.json and weights, "
            "or a hub id such as 'Qwen/Qwen-VL-Chat'."
        )
    options = {"revision": revision, "cache_dir": cache_dir, "local_files_only": local_files_only}
    return _from_modelscope(text, options) if hub == "modelscope" else _from_huggingface(text, options)


def _from_huggingface(name: str, options: dict[str, Any]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=DATA_FILES, **options))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelNotFound(
            f"The model {name!r} is not on this machine and the hub did not give it ({reason}); "
            "check the name, or download it where there is a connection and give its folder."
        ) from error


def _from_modelscope(name: str, options: dict[str, Any]) -> Path:
    try:
        from modelscope import snapshot_download
    except ImportError as error:
        raise MissingDependency("ModelScope ids need its package; install it with pip install modelscope.") from error
    try:
        return Path(snapshot_download(name, allow_file_pattern=DATA_FILES, **options))
    except Exception as error:  # the package raises its own, requests' and plain exceptions alike
        raise ModelNotFound(f"ModelScope did not give {name!r} ({error}); check the name or give a folder.") from error


def read_config(folder: Path) -> dict[str, Any]:
    """The parsed config.json; ModelNotFound or ModelMismatch when it is missing or broken."""
    path = folder / "config.json"
    if not path.exists():
        raise ModelNotFound(f"{str(folder)!r} holds no config.json; give the folder of a whole checkpoint.")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelMismatch(f"{str(path)!r} is not JSON ({error}); download it again.") from error
    if not isinstance(config, dict):
        raise ModelMismatch(f"{str(path)!r} is no JSON object; download it again.")
    return config


def is_qwen_vl(config: dict[str, Any]) -> bool:
    """Whether a config.json is Qwen-VL's: the original's ("qwen" with a `visual` part) or ours."""
    return config.get("model_type") == "qwen_vl" or (config.get("model_type") == "qwen" and "visual" in config)


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the weights, complete.

    Raises:
        ModelNotFound: there are none, or one that the index names is missing or empty.
    """
    for pattern in ("*.safetensors", "pytorch_model*.bin"):
        index = next(iter(sorted(folder.glob(f"{pattern}.index.json"))), None)
        if index is not None:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
            lacking = [n for n in names if not (folder / n).is_file() or (folder / n).stat().st_size == 0]
            if lacking:
                raise ModelNotFound(
                    f"{str(folder)!r} lacks {len(lacking)} of {len(names)} weight files ({', '.join(lacking[:3])}); "
                    "the download was interrupted: run it again."
                )
            return [folder / name for name in names]
        if files := sorted(folder.glob(pattern)):
            return files
    raise ModelNotFound(f"{str(folder)!r} holds no weights (.safetensors or .bin); give a whole checkpoint.")


def choose_device(device: str) -> torch.device:
    """The device: "auto" is the first GPU where there is one, else the CPU."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise UserError(f"There is no device {device!r}; use auto, cpu, cuda or cuda:1.") from error
    if found.type == "cuda" and not torch.cuda.is_available():
        raise UserError(f"Device {device!r} was asked for, but torch sees no GPU; use device='cpu'.")
    return found


def choose_dtype(dtype: str | torch.dtype, device: torch.device, weights: int) -> torch.dtype:
    """The original's rules: bf16 where a GPU can, else fp16, and fp32 on the CPU.

    On a CPU whose memory cannot hold `weights` parameters in fp32, bf16 is taken.
    """
    if isinstance(dtype, torch.dtype):
        return dtype
    if dtype != "auto":
        name = SHORT_DTYPES.get(dtype, dtype)
        if name not in DTYPES:
            raise UserError(f"There is no dtype {dtype!r}; use auto, bf16, fp16 or fp32.")
        return DTYPES[name]
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported():
            return torch.bfloat16
        return torch.float16 if torch.cuda.get_device_capability(device)[0] >= 7 else torch.float32
    return torch.float32 if weights * 4 <= memory()[1] * 0.9 else torch.bfloat16


def room(device: torch.device) -> int:
    """Free bytes on a device."""
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else memory()[1]


def check_room(needed: int, device: torch.device, what: str) -> None:
    """OutOfMemory, with what to use instead, when `needed` bytes of weights do not fit the device."""
    free = room(device)
    if needed > free:
        raise OutOfMemory(
            f"{what} needs {needed / 1e9:.1f} GB on {device}, {free / 1e9:.1f} GB are free; load it with "
            "quantization='int8' or 'nf4', take Qwen-VL-Chat-Int4, spread it with device='balanced', "
            "or use an API model (visual-agent doctor shows what fits)."
        )


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turns the allocator's errors into OutOfMemory."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        known = isinstance(error, torch.OutOfMemoryError | MemoryError) or "not enough memory" in str(error)
        if not known:
            raise
        raise OutOfMemory(
            "This prompt does not fit into memory beside the weights; send fewer pictures, a shorter text, "
            "or load the model in a smaller form (see visual-agent doctor)."
        ) from error


def parameter_count(config: Any) -> int:
    """Parameters of the model that a configuration describes, without making it."""
    from visual_agent.engines.qwen_vl import QwenVLForConditionalGeneration

    with torch.device("meta"):
        return sum(p.numel() for p in QwenVLForConditionalGeneration(config).parameters())


def version_of(folder: Path, files: Sequence[Path], dtype: torch.dtype, quantization: str) -> str:
    """A short name for what answers depend on: the files' names, sizes and times, dtype and quantisation."""
    parts = [str(dtype), quantization, (folder / "config.json").read_text(encoding="utf-8")]
    parts += [f"{f.name} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def load(
    folder: Path,
    *,
    name: str = "",
    dtype: str | torch.dtype = "auto",
    device: str = "auto",
    quantization: Quantization | None = None,
    attention: str | None = None,
) -> Loaded:
    """Load a Qwen-VL folder: the published form or ours, full or Int4.

    Args:
        folder: a whole checkpoint.
        name: shown in traces; the folder's name by default.
        dtype: "auto", "bf16", "fp16", "fp32" or a torch dtype.
        device: "auto", "cpu", "cuda", "cuda:1", or "balanced" to spread blocks over all GPUs and the CPU (accelerate).
        quantization: "int8" or "nf4" on load (bitsandbytes); the published Int4 needs none.
        attention: transformers' attention implementation ("sdpa", "eager", "flash_attention_2").

    Raises:
        ModelNotFound, ModelMismatch, OutOfMemory, MissingDependency, UserError: see `visual_agent.errors`.
    """
    from visual_agent.engines.qwen_vl import QwenVLConfig, QwenVLProcessor

    raw = read_config(folder)
    if not is_qwen_vl(raw):
        raise ModelMismatch(
            f"{str(folder)!r} holds a {raw.get('model_type')!r} model, not Qwen-VL; load it with "
            "visual_agent.load_model, which picks the right class."
        )
    files = weight_files(folder)
    config = QwenVLConfig.from_pretrained(folder)
    config.quantization_config = None
    spread = device == "balanced"
    place = choose_device("auto" if spread else device)
    count = parameter_count(config)
    chosen = choose_dtype(dtype, place, count)
    if is_gptq(raw):
        model = load_gptq(folder, dtype=chosen, device=place)
    else:
        size = {"int8": 1.1, "nf4": 0.75}.get(quantization or "", chosen.itemsize)
        if not spread:
            check_room(int(count * size), place, name or folder.name)
        model = _from_files(folder, config, chosen, "auto" if spread else str(place), quantization, attention)
    model.generation_config = _generation_config(folder)
    chat = getattr(model.generation_config, "chat_format", "chatml") != "raw"
    version = version_of(folder, files, chosen, quantization or "")
    return Loaded(model.eval(), QwenVLProcessor.from_pretrained(folder), name or folder.name, version, chat)


def _from_files(
    folder: Path, config: Any, dtype: torch.dtype, place: str, quantization: Quantization | None, attention: str | None
) -> QwenVLForConditionalGeneration:
    from safetensors import SafetensorError

    from visual_agent.engines.qwen_vl import QwenVLForConditionalGeneration

    options: dict[str, Any] = {"dtype": dtype, "device_map": place, "config": config}
    if attention:
        options["attn_implementation"] = attention
    if quantization:
        options["quantization_config"] = bitsandbytes_settings(quantization, dtype)
    try:
        model, info = QwenVLForConditionalGeneration.from_pretrained(folder, output_loading_info=True, **options)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(f"The weights do not fit on {place}; see visual-agent doctor for what does.") from error
    except (SafetensorError, RuntimeError, ValueError, OSError, KeyError) as error:
        raise ModelMismatch(f"The weights in {str(folder)!r} do not fit ({error}); download them again.") from error
    wrong = {kind: sorted(map(str, info.get(kind) or ()))[:5] for kind in ("missing_keys", "mismatched_keys")}
    wrong = {kind: names for kind, names in wrong.items() if names}
    if wrong:
        raise ModelMismatch(f"The weights in {str(folder)!r} do not fit the model: {wrong}; download them again.")
    return model


def bitsandbytes_settings(quantization: Quantization, dtype: torch.dtype) -> Any:
    """Settings for quantising on load; the vision tower and the head stay as they are."""
    import importlib.util

    from transformers import BitsAndBytesConfig

    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingDependency(f"Quantising on load needs bitsandbytes; {install_hint('quant')}.")
    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=UNQUANTISED)
    if quantization == "nf4":
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
            llm_int8_skip_modules=UNQUANTISED,
        )
    raise UserError(f"There is no quantization {quantization!r}; use 'int8', 'nf4' or None.")


def _generation_config(folder: Path) -> Any:
    """The checkpoint's own settings: chat_format, end ids, sampling, lengths."""
    from transformers import GenerationConfig

    try:
        return GenerationConfig.from_pretrained(folder)
    except OSError:
        return GenerationConfig()
