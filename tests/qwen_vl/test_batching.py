"""Batches give what single calls give: neighbours and padding change nothing."""

from __future__ import annotations

import pytest

from qwen_vl.test_engine import GREEDY, noise, question
from visual_agent.engines.base import Cancel, Request, Sampling, answer
from visual_agent.engines.qwen_vl import tiny
from visual_agent.engines.qwen_vl.engine import QwenVLEngine
from visual_agent.errors import Cancelled, UserError


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A training length of 128: the longer prompts have another NTK factor than the shorter ones, and logn."""
    return tiny.load(tiny.write_checkpoint(tmp_path_factory.mktemp("tiny"), seq_length=128))


def engine(loaded) -> QwenVLEngine:
    return QwenVLEngine(*loaded, prefix_bytes=0)


def alone(loaded, requests: list[Request]) -> list[str]:
    return [answer(engine(loaded), request).text for request in requests]


def together(loaded, requests: list[Request], **options) -> list[str]:
    return [chunk.text for chunk in engine(loaded).answer_batch(requests, **options)]


REQUESTS = [
    Request(question(noise(1), noise(2), text="long " * 60), sampling=GREEDY),
    Request(question(text="no picture"), sampling=Sampling(max_tokens=5, temperature=0)),
    Request(question(noise(3)), sampling=GREEDY),
    Request(question(noise(1), text="x" * 130), sampling=GREEDY),
    Request(question(noise(4), text="short"), sampling=Sampling(max_tokens=40, temperature=0)),
]


def test_lengths_pictures_and_ntk_factors_side_by_side(loaded) -> None:
    lengths = [engine(loaded).count_tokens(r.turns) for r in REQUESTS]
    assert min(lengths) < 128 < 256 < max(lengths)
    assert together(loaded, REQUESTS) == alone(loaded, REQUESTS)


@pytest.mark.parametrize("rows", [1, 2])
def test_small_batches_keep_the_order(loaded, rows) -> None:
    assert together(loaded, REQUESTS, rows=rows) == alone(loaded, REQUESTS)


def test_seeds_penalties_and_stops_belong_to_their_rows(loaded) -> None:
    sampled = [
        Request(question(noise(n), text=f"{n}"), sampling=Sampling(max_tokens=20, temperature=1.2, seed=n))
        for n in range(2)
    ]
    penalised = Request(question(noise(1)), sampling=Sampling(max_tokens=20, temperature=0, repetition_penalty=1.5))
    whole = alone(loaded, [REQUESTS[2]])[0]
    stopped = Request(REQUESTS[2].turns, stop=(whole[3:5],), sampling=GREEDY)
    requests = [*sampled, penalised, stopped]
    assert together(loaded, requests) == alone(loaded, requests)


def test_what_is_told_about_each_answer(loaded) -> None:
    requests = [REQUESTS[0], Request(REQUESTS[2].turns, sampling=Sampling(max_tokens=3, temperature=0, logprobs=True))]
    singles = [answer(engine(loaded), request) for request in requests]
    for mine, single in zip(engine(loaded).answer_batch(requests), singles, strict=True):
        assert (mine.usage, mine.finish, mine.counters) == (single.usage, single.finish, single.counters)
        assert [text for text, _ in mine.logprobs] == [text for text, _ in single.logprobs]
        assert [p for _, p in mine.logprobs] == pytest.approx([p for _, p in single.logprobs], abs=1e-4)


def test_a_picture_in_several_rows_is_encoded_once(loaded) -> None:
    requests = [Request(question(noise(1), text=str(n)), sampling=GREEDY) for n in range(3)]
    assert sum(c.counters["images_encoded"] for c in engine(loaded).answer_batch(requests)) == 1


def test_no_requests_too_long_ones_and_cancelling(loaded) -> None:
    assert engine(loaded).answer_batch([]) == []
    with pytest.raises(UserError, match="8192"):
        engine(loaded).answer_batch([REQUESTS[1], Request(question(text="long " * 2000))])
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        engine(loaded).answer_batch(REQUESTS, cancel=cancel)
