"""Buffers of fixed size and the compiled step: the same tokens as with a growing cache, no second compile."""

from __future__ import annotations

import warnings

import pytest
import torch

from qwen_vl.test_engine import GREEDY, noise, question
from visual_agent.engines.base import Request, Sampling, Text, Turn, answer
from visual_agent.engines.qwen_vl import fixed, tiny
from visual_agent.engines.qwen_vl.engine import QwenVLEngine
from visual_agent.engines.qwen_vl.fixed import FixedCache, sizes_of
from visual_agent.errors import UserError

LONG = Sampling(max_tokens=60, temperature=0)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A training length of 128, so that the buffers hold 384, 512 and 1024 positions."""
    sizes = {"seq_length": 128, "max_position_embeddings": 1024}
    return tiny.load(tiny.write_checkpoint(tmp_path_factory.mktemp("tiny"), **sizes))


@pytest.fixture
def uncompiled(monkeypatch):
    """The buffers without the compiler, which takes half a minute."""
    monkeypatch.setattr(fixed.torch, "compile", lambda function, **_: function)


def growing(loaded) -> QwenVLEngine:
    return QwenVLEngine(*loaded, compile=False, prefix_bytes=0)


def conversation(engine: QwenVLEngine, session: str, pictures: int = 1, turns: int = 4) -> list[str]:
    """What an engine says in turns that grow past the training length; each goes on from the one before."""
    asked = question(*(noise(n) for n in range(pictures)), text=session)
    said, spoken = [], asked
    for turn in range(turns):
        reply = answer(engine, Request(spoken, sampling=GREEDY, session=session))
        said.append(reply.text)
        seen = Text(f"\nObservation: number {turn} of a text that takes its room\nThought:")
        spoken = (*asked, Turn("assistant", (Text(reply.text, trusted=True), seen)))
    return said


def caches(engine: QwenVLEngine) -> list[FixedCache]:
    return [entry.cache for entry in engine._prefixes._entries.values()]


def test_sizes_follow_the_ntk_steps() -> None:
    assert sizes_of(2048, 8192) == [2304, 4096, 8192]
    assert sizes_of(2048, 2048) == [2048]
    assert sizes_of(2048, 6000) == [2304, 4096, 6000]


def test_auto_compiles_on_a_gpu_only(loaded) -> None:
    assert QwenVLEngine(*loaded)._fixed is None
    assert QwenVLEngine(*loaded, compile=True)._fixed is not None


def test_the_same_text_as_with_a_growing_cache(loaded, uncompiled) -> None:
    mine = QwenVLEngine(*loaded, compile=True)
    for session, pictures in (("a", 1), ("b", 3), ("a", 1)):
        assert conversation(mine, session, pictures) == conversation(growing(loaded), session, pictures)
    assert all(isinstance(cache, FixedCache) for cache in caches(mine))


def test_prefixes_are_reused_and_rolled_back(loaded, uncompiled) -> None:
    mine = QwenVLEngine(*loaded, compile=True)
    first = Request(question(noise(1), text="A" * 40), sampling=GREEDY)
    second = Request(question(noise(1), text="A" * 20 + "B"), sampling=GREEDY, session="other")
    expected = [answer(growing(loaded), r).text for r in (first, second, first)]
    replies = [answer(mine, r) for r in (first, second, first)]
    assert [r.text for r in replies] == expected
    assert [r.counters["prompt_reused"] > 20 for r in replies] == [False, True, True]


def test_a_prompt_moves_to_a_larger_buffer_with_its_beginning(loaded, uncompiled) -> None:
    mine = QwenVLEngine(*loaded, compile=True)
    small = Request(question(noise(1)), sampling=GREEDY)
    large = Request(question(noise(1)), sampling=Sampling(max_tokens=350, temperature=0))
    answer(mine, small)
    reply = answer(mine, large)
    assert [cache.size for cache in caches(mine)] == [512]
    assert reply.counters["prompt_reused"] > 20
    assert reply.text == answer(growing(loaded), large).text


def test_buffers_are_used_again_when_there_is_no_memory_for_more(loaded, uncompiled) -> None:
    one = fixed.FixedCache(loaded[0], 384)
    size = 2 * one.layers[0].keys.nbytes * len(one.layers)
    mine = QwenVLEngine(*loaded, compile=True, prefix_bytes=2 * size)
    made: list[int] = []
    mine._step.prepare = made.append
    for n in range(5):
        request = Request(question(noise(n), text=f"{n} is first"), sampling=GREEDY, session=str(n))
        assert answer(mine, request).text == answer(growing(loaded), request).text
    assert len(made) == 2
    assert mine._prefixes.bytes == 2 * size


def test_without_kept_prefixes_one_buffer_serves_all_calls(loaded, uncompiled) -> None:
    mine = QwenVLEngine(*loaded, compile=True, prefix_bytes=0)
    made: list[int] = []
    mine._step.prepare = made.append
    for n in range(3):
        request = Request(question(noise(n)), sampling=GREEDY)
        reply = answer(mine, request)
        assert (reply.text, reply.counters["prompt_reused"]) == (answer(growing(loaded), request).text, 0)
    assert len(made) == 1


def test_streams_side_by_side_do_not_mix(loaded, uncompiled) -> None:
    mine = QwenVLEngine(*loaded, compile=True)
    requests = [Request(question(noise(n), text=f"n {n}"), sampling=GREEDY, session=str(n)) for n in range(3)]
    streams = [mine.stream(r) for r in requests]
    texts = ["", "", ""]
    for _ in range(30):
        for n, stream in enumerate(streams):
            chunk = next(stream, None)
            texts[n] += chunk.text if chunk else ""
    assert texts == [answer(growing(loaded), r).text for r in requests]


def test_lookup_and_scores_on_fixed_buffers(loaded, uncompiled) -> None:
    mine = QwenVLEngine(*loaded, compile=True, lookup=5)
    request = Request(question(noise(1), text="abc abc abc abc"), sampling=LONG)
    assert answer(mine, request).text == answer(growing(loaded), request).text
    mine_scores = mine.score(request, ["a", "bcd"])
    assert mine_scores == pytest.approx(growing(loaded).score(request, ["a", "bcd"]), abs=1e-4)


def test_a_model_that_cannot_be_compiled_still_answers(loaded, monkeypatch) -> None:
    def broken(function, **_):
        def step(*_):
            raise RuntimeError("no C compiler")

        return step

    monkeypatch.setattr(fixed.torch, "compile", broken)
    mine = QwenVLEngine(*loaded, compile=True)
    request = Request(question(noise(1)), sampling=GREEDY)
    with pytest.warns(RuntimeWarning, match="no C compiler"):
        reply = answer(mine, request)
    assert reply.text == answer(growing(loaded), request).text


@pytest.mark.slow
def test_several_models_and_all_sizes_stay_compiled(tmp_path, monkeypatch) -> None:
    """Dynamo counts compiles by code, not by model: without care the third model would be refused."""
    original = torch.compile
    monkeypatch.setattr(fixed.torch, "compile", lambda f, **options: original(f, backend="eager", **options))
    torch._dynamo.reset()
    sizes = {"seq_length": 128, "max_position_embeddings": 1024}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("error", RuntimeWarning)
        for number in range(4):
            mine = QwenVLEngine(
                *tiny.load(tiny.write_checkpoint(tmp_path / str(number), num_hidden_layers=1 + number, **sizes)),
                compile=True,
            )
            for size in mine._fixed.sizes:
                mine._fixed.empty(size)
            assert mine._step.compiled
    torch._dynamo.reset()


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_the_compiled_step_says_the_same_and_is_compiled_once(loaded) -> None:
    torch._dynamo.reset()
    counted = torch._dynamo.utils.counters
    counted.clear()
    mine = QwenVLEngine(*loaded, compile=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert conversation(mine, "a", turns=2) == conversation(growing(loaded), "a", turns=2)
        graphs = counted["stats"]["unique_graphs"]
        assert conversation(mine, "b", pictures=2) == conversation(growing(loaded), "b", pictures=2)
    assert (graphs, counted["stats"]["unique_graphs"]) == (1, 1)
    assert not counted["graph_break"]


def test_a_model_spread_over_devices_is_not_compiled(loaded, monkeypatch) -> None:
    monkeypatch.setattr(loaded[0], "hf_device_map", {"transformer": 0, "lm_head": "cpu"}, raising=False)
    with pytest.raises(UserError, match="spread over devices"):
        QwenVLEngine(*loaded, compile=True)
    assert QwenVLEngine(*loaded)._fixed is None
