"""A real server of transformers with our class, and clients of it: langchain-openai, the agent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
import torch
from langchain_core.messages import HumanMessage
from PIL import Image
from safetensors.torch import load_file, save_file

from qwen_vl import family_kit
from visual_agent import VisualAgent, load_model
from visual_agent.agent import Limits
from visual_agent.engines.qwen_vl import serving, tiny
from visual_agent.errors import EndpointError, MissingDependency, ModelNotFound

LACKING = [name for name in serving.NEEDED if find_spec(name) is None]
needs_server = pytest.mark.skipif(bool(LACKING), reason=f"transformers serve needs {', '.join(LACKING)}")
RED = Image.new("RGB", (200, 100), "red")


def only_letters(folder: Path) -> Path:
    """Make a tiny model say letters, so that its nonsense is valid UTF-8 and ends nothing early."""
    weights = load_file(folder / "model.safetensors")
    head = weights["lm_head.weight"]
    letters = torch.arange(head.shape[0]).unsqueeze(1)
    weights["lm_head.weight"] = torch.where((letters >= 97) & (letters <= 122), head, torch.zeros_like(head))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


@contextmanager
def served(module: str, folder: Path, *options: str) -> Iterator[str]:
    """The base URL of a server of this folder, while it runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", module, *options, str(folder), "--port", str(port), "--device", "cpu"]
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    log = folder / "server.log"
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=env)
    try:
        for _ in range(200):
            if process.poll() is not None:
                pytest.fail(log.read_text()[-3000:])
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health", timeout=5, trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def asked(text: str = "What is this?") -> list[HumanMessage]:
    from visual_agent.images import keep

    picture = {"type": "image", "base64": _base64(keep(RED).image), "mime_type": "image/png"}
    return [HumanMessage([{"type": "text", "text": text}, picture])]


def _base64(image: Image.Image) -> str:
    import base64
    from io import BytesIO

    file = BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@needs_server
@pytest.mark.slow
@pytest.mark.timeout(280)
def test_our_class_behind_transformers_serve(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = only_letters(tiny.write_checkpoint(tmp_path / "tiny"))
    with served("visual_agent.engines.qwen_vl.serving", folder) as url:
        model = load_model(f"openai:{folder}@{url}", max_tokens=12, timeout=60)
        reply = model.invoke(asked())
        assert len(reply.content) == 12
        assert reply.content.isalpha()
        with_picture, without = reply.usage_metadata, model.invoke("What is this?").usage_metadata
        assert with_picture["input_tokens"] - without["input_tokens"] >= 16  # the picture reached the model
        streamed = [chunk.content for chunk in model.stream(asked())]
        assert "".join(streamed) == reply.content
        assert len(streamed) > 3

        answer = VisualAgent(model, limits=Limits(seconds=60, model_calls=3)).run("How much was the total?", RED)
        assert answer.text
        assert not answer.evidence
        assert not any(claim.supported for claim in answer.claims)

        with pytest.raises(ModelNotFound, match="does not exist there"):
            load_model(f"openai:{folder}@{url}/nowhere", timeout=60).invoke("Hello")
    with pytest.raises(EndpointError, match="cannot be reached"):
        load_model(f"openai:{folder}@{url}", max_retries=0, timeout=10).invoke("Hello")


@needs_server
@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.skipif(
    find_spec("torchvision") is None,
    reason="transformers' own processor of Qwen2.5-VL needs torchvision, which has no build for CPUs",
)
def test_a_successor_behind_transformers_serve(tmp_path) -> None:
    folder = family_kit.write_checkpoint("qwen2_5_vl", tmp_path / "tiny")
    with served("transformers.cli.transformers", folder, "serve") as url:
        model = load_model(f"openai:{folder}@{url}", max_tokens=8, timeout=60)
        assert model.invoke(asked()).usage_metadata["output_tokens"] == 8


def test_a_missing_package_is_named(monkeypatch) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None if name == "uvicorn" else find_spec(name))
    with pytest.raises(MissingDependency, match=r"uvicorn; in the clone: pip install '\.\[local\]'"):
        serving.serve(["folder"])
    monkeypatch.setattr(sys, "argv", ["serving", "folder"])
    assert serving.main() == 2
