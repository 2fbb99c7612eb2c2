"""Qwen-VL on a GPU: recorded graphs say what eager steps say, from any thread, for several sessions.

Run where there is one: pytest tests/gpu
"""

from __future__ import annotations

import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from PIL import Image as PILImage  # noqa: E402

from visual_agent.engines.base import Image, Request, Sampling, Text, Turn, answer  # noqa: E402
from visual_agent.engines.qwen_vl import tiny  # noqa: E402
from visual_agent.engines.qwen_vl.engine import QwenVLEngine  # noqa: E402
from visual_agent.images import keep  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.write_checkpoint(tmp_path_factory.mktemp("tiny") / "qwen", seq_length=256, max_position_embeddings=2048)


@pytest.fixture(scope="module")
def compiled(folder):
    torch.backends.cuda.matmul.allow_tf32 = False
    return QwenVLEngine.from_pretrained(folder, dtype="fp32", device="cuda")


@pytest.fixture(scope="module")
def eager(folder):
    return QwenVLEngine.from_pretrained(folder, dtype="fp32", device="cuda", compile=False, prefix_bytes=0)


def request(seed: int, text: str = "What is this?", session: str | None = None, count: int = 24) -> Request:
    pixels = keep(PILImage.fromarray(np.random.default_rng(seed).integers(0, 255, (50, 70, 3), dtype=np.uint8)))
    turn = Turn("user", (Image(pixels), Text(text)))
    return Request((turn,), sampling=Sampling(max_tokens=count, temperature=0), session=session)


def test_auto_records_graphs(compiled) -> None:
    answer(compiled, request(0))
    caches = [entry.cache for entry in compiled._prefixes._entries.values()]
    assert all(cache.recording is not None for cache in caches)


@pytest.mark.parametrize("text", ["short", "long " * 60])
def test_graphs_say_what_eager_steps_say(compiled, eager, text) -> None:
    for session in ("a", "b", "a"):
        asked = request(1, text + session, session)
        assert answer(compiled, asked).text == answer(eager, asked).text


def test_prefixes_are_reused_on_recorded_buffers(compiled, eager) -> None:
    first, second = request(2, "one two three four", "s"), request(2, "one two three five", "s")
    assert answer(compiled, first).text == answer(eager, first).text
    reply = answer(compiled, second)
    assert reply.text == answer(eager, second).text
    assert reply.counters["prompt_reused"] > 20


def test_threads_share_the_model(compiled, eager) -> None:
    asked = [request(n % 3, f"number {n}", str(n)) for n in range(6)]
    expected = [answer(eager, one).text for one in asked]
    said: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n: said.__setitem__(n, answer(compiled, asked[n]).text)) for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert [said[n] for n in range(6)] == expected


def test_batches_equal_singles(compiled, eager) -> None:
    asked = [request(n, "x" * 40 * n, count=12) for n in range(4)]
    assert [c.text for c in compiled.answer_batch(asked)] == [answer(eager, one).text for one in asked]


def test_int4_runs_on_torch_kernels(tmp_path) -> None:
    sizes = {"hidden_size": 256, "intermediate_size": 512, "num_attention_heads": 4, "visual": {"output_dim": 256}}
    folder = tiny.write_int4_checkpoint(tmp_path / "int4", **sizes)
    engine = QwenVLEngine.from_pretrained(folder, dtype="bf16", device="cuda")
    assert answer(engine, request(0)).usage.new_tokens > 0
