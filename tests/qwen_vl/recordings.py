"""Recordings of the original code (tests/data/qwen_vl) and the small model they were made with."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from visual_agent.engines.qwen_vl import QwenVLConfig, QwenVLForConditionalGeneration  # noqa: E402

DATA = Path(__file__).parent.parent / "data" / "qwen_vl"


def read(name: str) -> Any:
    """A recorded JSON file."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def runs(ids: list[Any]) -> list[int]:
    """Undoes the recordings' run lengths: [id, n] is n times id."""
    return [number for item in ids for number in ([item[0]] * item[1] if isinstance(item, list) else [item])]


def placeholders(ids: list[int], start: int = 151857, span: int = 256) -> list[int]:
    """Recorded ids with our placeholders instead of the original's path bytes."""
    ids = list(ids)
    for index, number in enumerate(ids):
        if number == start and index + span + 1 < len(ids) and ids[index + span + 1] == start + 1:
            ids[index + 1 : index + span + 1] = [start + 2] * span
    return ids


def tiny_config(**changes: Any) -> QwenVLConfig:
    """The recorded small model's configuration."""
    return QwenVLConfig.from_dict({**read("tiny_a/config.json"), **changes})


def tiny_model(dtype: Any = torch.float32, attention: str = "sdpa", **changes: Any) -> Any:
    """The recorded small model."""
    model = QwenVLForConditionalGeneration.from_pretrained(
        DATA / "tiny_a", config=tiny_config(**changes), dtype=dtype, attn_implementation=attention
    )
    return model.eval()


def vocabulary() -> Path:
    """The genuine qwen.tiktoken, which the wheel `dashscope` contains."""
    spec = importlib.util.find_spec("dashscope")
    if spec is None or spec.origin is None:
        if os.environ.get("CI"):
            pytest.fail("install the test group: the wheel dashscope has the genuine qwen.tiktoken")
        pytest.skip("the wheel dashscope, which has the genuine qwen.tiktoken, is not installed")
    return Path(spec.origin).parent / "resources" / "qwen.tiktoken"
