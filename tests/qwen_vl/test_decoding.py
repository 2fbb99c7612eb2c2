"""Choosing tokens, decoding text as it comes, prompt lookup, prefix stores: the pure parts of the engine."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import DynamicCache, GenerationConfig

from visual_agent.engines.base import Sampling
from visual_agent.engines.qwen_vl.decoding import Chooser, TextStream
from visual_agent.engines.qwen_vl.growing import ROOM, GrowingCache
from visual_agent.engines.qwen_vl.lookup import propose
from visual_agent.engines.qwen_vl.sessions import PrefixStore, bytes_of, common, shorten


def streamed(text: str, stop: tuple[str, ...]) -> tuple[str, TextStream]:
    """What a stream of the text's bytes shows, byte by byte."""
    stream = TextStream(lambda ids: bytes(ids).decode("utf-8", errors="replace"), stop)
    shown = ""
    for byte in text.encode():
        shown += stream.push(byte)
        if stream.stopped:
            break
    return shown + stream.finish(), stream


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_a_stream_shows_the_text_up_to_the_first_stop(text, stops) -> None:
    assert streamed(text, tuple(stops))[0] == until_stop(text, stops)


def until_stop(text: str, stops: list[str]) -> str:
    """The text up to where the stop begins that is complete first."""
    for end in range(1, len(text) + 1):
        begins = [text.find(s) for s in stops if s in text[:end]]
        if begins:
            return text[: min(begins)]
    return text


def test_half_characters_wait() -> None:
    stream = TextStream(lambda ids: bytes(ids).decode("utf-8", errors="replace"))
    assert [stream.push(byte) for byte in "你a".encode()] == ["", "", "你", "a"]


def test_what_may_begin_a_stop_text_is_held_back() -> None:
    stream = TextStream(lambda ids: bytes(ids).decode(), ("Observation:",))
    shown = [stream.push(byte) for byte in b"x Observe"]
    assert "".join(shown) == "x Observe"
    assert shown[2:8] == [""] * 6
    assert streamed("done Observation: more", ("Observation:",))[0] == "done "


def test_greedy_when_nothing_asks_for_sampling() -> None:
    logits = torch.tensor([[0.0, 2.0, 1.0]])
    greedy = Chooser.of(Sampling(), GenerationConfig(do_sample=False), torch.device("cpu"))
    assert greedy.greedy
    assert greedy.exact_for_lookup
    assert greedy.choose(logits, torch.tensor([[0]])).item() == 1
    assert Chooser.of(Sampling(temperature=0), GenerationConfig(do_sample=True), torch.device("cpu")).greedy


def test_settings_of_the_checkpoint_hold_unless_the_request_says_otherwise() -> None:
    own = GenerationConfig(do_sample=True, top_p=0.3, top_k=0, repetition_penalty=1.3)
    chooser = Chooser.of(Sampling(), own, torch.device("cpu"))
    kinds = [type(p).__name__ for p in chooser.processors]
    assert kinds == ["RepetitionPenaltyLogitsProcessor", "TopPLogitsWarper"]
    assert not chooser.exact_for_lookup
    wide = Chooser.of(Sampling(top_p=1.0, repetition_penalty=1.0, top_k=5), own, torch.device("cpu"))
    assert [type(p).__name__ for p in wide.processors] == ["TopKLogitsWarper"]


def test_a_small_top_p_leaves_one_token() -> None:
    chooser = Chooser.of(Sampling(temperature=1.0, top_p=0.1, seed=1), GenerationConfig(), torch.device("cpu"))
    logits = torch.tensor([[0.0, 5.0, 1.0]])
    assert {chooser.choose(logits, torch.tensor([[0]])).item() for _ in range(20)} == {1}


def test_lookup_proposes_what_followed_last_time() -> None:
    assert propose([1, 2, 3, 4, 5, 1, 2, 3], 2) == [4, 5]
    assert propose([9, 2, 3, 7, 8, 2, 3], 3) == [7, 8, 2]
    assert propose([1, 2, 3], 4) == []
    assert propose([], 4) == []


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
def test_common_is_the_longest_common_beginning(first, second) -> None:
    length = common(first, second)
    assert first[:length] == second[:length]
    assert length == min(len(first), len(second)) or first[length] != second[length]


def filled(length: int) -> GrowingCache:
    cache = GrowingCache(2)
    for layer in range(2):
        keys = torch.arange(length, dtype=torch.float32).reshape(1, 1, length, 1).expand(1, 2, length, 4).clone()
        cache.update(keys, keys.clone(), layer)
    return cache


def test_store_gives_the_longest_beginning_with_the_same_factor() -> None:
    store = PrefixStore(10**6)
    store.put(list(range(100)), filled(100), 1.0, "a")
    store.put(list(range(60)), filled(60), 1.0, "b")
    cache, held = store.take([*range(80), 999], 1.0, "a")
    assert (held, cache.get_seq_length(), len(store)) == (80, 80, 1)
    assert store.take(list(range(60)), 3.0, "b") == (None, 0)
    assert store.take([7, 8, 9], 1.0, "b") == (None, 0)


def test_another_sessions_cache_is_copied_not_cut() -> None:
    store = PrefixStore(10**6)
    store.put(list(range(100)), filled(100), 1.0, "a")
    cache, held = store.take([*range(50), 999], 1.0, "b")
    assert (held, len(store)) == (50, 1)
    cache.layers[0].keys.zero_()
    again, held = store.take([*range(100), 999], 1.0, "a")
    assert held == 100
    assert again.layers[0].keys[0, 0, :, 0].tolist() == list(range(100))


def test_a_whole_prompt_leaves_one_position_to_compute() -> None:
    store = PrefixStore(10**6)
    store.put(list(range(100)), filled(100), 1.0, None)
    assert store.take(list(range(100)), 1.0, None)[1] == 99


def test_least_recently_used_goes_first() -> None:
    size = bytes_of(filled(100))
    store = PrefixStore(2 * size)
    for start in (0, 1000, 2000):
        store.put(list(range(start, start + 100)), filled(100), 1.0, None)
    assert store.bytes <= 2 * size
    assert store.take([*range(100), 5], 1.0, None) == (None, 0)
    assert store.take([*range(2000, 2100), 5], 1.0, None)[1] == 100


def test_shorten_rolls_back() -> None:
    assert shorten(filled(50), 20).get_seq_length() == 20
    assert shorten(filled(50), 70).get_seq_length() == 50


def test_a_growing_cache_holds_what_transformers_own_holds() -> None:
    """Writing piece by piece, rolling back, writing on, copying: always the same keys and values."""
    generator = torch.Generator().manual_seed(0)
    mine, plain = GrowingCache(2), DynamicCache()
    for size, cut in ((100, 0), (1, 0), (1, 30), (200, 0), (1, 1), (40, 0)):
        for layer in range(2):
            keys, values = torch.rand(2, 1, 3, size, 4, generator=generator)
            seen = zip(mine.update(keys, values, layer), plain.update(keys, values, layer), strict=True)
            assert all(torch.equal(a, b) for a, b in seen)
        for cache in (mine, plain):
            cache.crop(-cut)
        assert mine.get_seq_length() == plain.get_seq_length()
    copied = mine.beginning(50)
    mine.layers[1].keys.zero_()
    assert torch.equal(copied.layers[1].keys, plain.layers[1].keys[:, :, :50])


def test_a_growing_cache_is_not_moved_for_every_token() -> None:
    cache, places = GrowingCache(1), set()
    for _ in range(ROOM):
        cache.update(torch.zeros(1, 2, 1, 4), torch.zeros(1, 2, 1, 4), 0)
        places.add(cache.layers[0].keys.data_ptr())
    assert len(places) == 1
