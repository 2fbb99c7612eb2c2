"""Fixtures: the small model, its recorded cases, and a tokenizer with the genuine vocabulary."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from safetensors.torch import load_file  # noqa: E402

from qwen_vl.recordings import DATA, read, tiny_model, vocabulary  # noqa: E402
from visual_agent.engines.qwen_vl import QwenVLTokenizer  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """torch and transformers deprecate parts of themselves while they run; that is not our concern."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for module in ("torch", "transformers", "tokenizers", "peft"):
                item.add_marker(pytest.mark.filterwarnings(rf"ignore::DeprecationWarning:{module}(\..*)?"))
                item.add_marker(pytest.mark.filterwarnings(rf"ignore::FutureWarning:{module}(\..*)?"))


@pytest.fixture(scope="session", autouse=True)
def _few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model() -> Any:
    return tiny_model()


@pytest.fixture(scope="session")
def tensors() -> dict[str, Any]:
    return load_file(DATA / "tiny_a" / "cases.safetensors")


@pytest.fixture(scope="session")
def cases() -> dict[str, dict[str, Any]]:
    return {case["name"]: case for case in read("tiny_a/cases.json")}


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> QwenVLTokenizer:
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    try:
        return QwenVLTokenizer(vocab_file=str(vocabulary()))
    finally:
        os.environ.pop("XDG_CACHE_HOME")
        if before is not None:
            os.environ["XDG_CACHE_HOME"] = before
