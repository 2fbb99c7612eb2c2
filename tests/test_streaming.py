"""Worker threads and stop texts."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_agent.engines.base import Chunk, Profile, Request, Text, Turn, Usage
from visual_agent.engines.scripted import ScriptedEngine
from visual_agent.errors import Cancelled
from visual_agent.streaming import THREAD_NAME, StopCut, agenerate, generate

ASK = (Turn("user", (Text("hi"),)),)


class Engine:
    """Says given chunks; notes the thread, the context and whether it was cancelled."""

    profile = Profile("test")

    def __init__(self, *chunks):
        self.chunks, self.threads, self.ended = chunks, set(), []

    def count_tokens(self, turns):
        return sum(len(turn.text) for turn in turns)

    def stream(self, request, cancel=None):
        try:
            for chunk in self.chunks:
                self.threads.add(threading.get_ident())
                cancel.check()
                yield chunk
        except Cancelled:
            self.ended.append("cancelled")
            raise
        finally:
            self.ended.append("closed")


def text_of(chunks):
    return "".join(chunk.text for chunk in chunks)


@settings(max_examples=400, deadline=None)
@given(st.text("abc", max_size=30), st.lists(st.text("abc", min_size=1, max_size=4), max_size=3), st.data())
def test_stop_cut_is_the_same_for_any_pieces(text, stops, data):
    cut, said, at = StopCut(stops), "", 0
    while at < len(text):
        size = data.draw(st.integers(1, 5))
        said += cut.feed(text[at : at + size])
        at += size
        assert not any(stop in said for stop in stops)
    said += cut.close()
    ends = [text.find(stop) for stop in stops if stop in text]
    if not ends:
        assert said == text
        assert not cut.stopped
    else:
        assert cut.stopped
        # Pieces may complete a later, shorter stop text before an earlier one is complete; never text behind a stop.
        assert text.startswith(said)
        assert not any(stop in said for stop in stops)


def test_empty_stop_texts_mean_nothing():
    cut = StopCut(["", "x"])
    assert cut.feed("abx") == "ab"


def test_an_engine_without_a_last_chunk_gets_one():
    engine = Engine(Chunk("ab"), Chunk("c"))
    chunks = list(generate(engine, Request(ASK, stop=("cd",))))
    assert text_of(chunks) == "abc"
    assert [chunk.finish for chunk in chunks].count("stop") == 1
    assert chunks[-1].usage == Usage(2, 3)


def test_chunks_behind_the_last_are_not_read():
    engine = Engine(Chunk("a", "stop", Usage(1, 1)), Chunk("b", "stop", Usage(1, 1)))
    assert text_of(generate(engine, Request(ASK))) == "a"


def test_a_stop_text_ends_an_engine_that_goes_on():
    engine = Engine(*[Chunk(f"{i} ") for i in range(100_000)])
    chunks = list(generate(engine, Request(ASK, stop=("7",))))
    assert text_of(chunks) == "0 1 2 3 4 5 6 "
    assert chunks[-1].usage == Usage(2, 14)
    end = time.monotonic() + 5
    while "closed" not in engine.ended and time.monotonic() < end:
        time.sleep(0.005)
    assert "closed" in engine.ended


def test_one_generation_is_one_thread_of_its_own():
    engine = Engine(*[Chunk("a") for _ in range(50)])
    assert text_of(generate(engine, Request(ASK))) == "a" * 50
    assert len(engine.threads) == 1
    assert threading.get_ident() not in engine.threads


def test_the_engine_sees_the_callers_context():
    variable = contextvars.ContextVar("variable", default="none")

    class Reads(Engine):
        def stream(self, request, cancel=None):
            yield Chunk(variable.get())

    variable.set("mine")
    assert text_of(generate(Reads(), Request(ASK))) == "mine"


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), MemoryError()])
async def test_errors_come_to_the_reader(error):
    engine = ScriptedEngine([error, error])
    with pytest.raises(type(error)):
        list(generate(engine, Request(ASK)))
    with pytest.raises(type(error)):
        [chunk async for chunk in agenerate(engine, Request(ASK))]


def test_logprobs_follow_their_text():
    pieces = [Chunk(token, logprobs=((token, -1.0),)) for token in ("one", " tw", "o", " EN", "D", " x")]
    chunks = list(generate(Engine(*pieces), Request(ASK, stop=(" END",))))
    assert [token for chunk in chunks for token, _ in chunk.logprobs] == ["one", " tw", "o"]


def test_many_abandoned_streams_leave_nothing():
    engine = ScriptedEngine(lambda request: "word " * 500, delay=0.0005)

    async def leave(index):
        stream = agenerate(engine, Request(ASK))
        count = 0
        async for _ in stream:
            count += 1
            if count > index % 4:
                break
        if index % 2:
            await stream.aclose()

    async def run():
        await asyncio.gather(*(leave(index) for index in range(40)))

    asyncio.run(run())
    for index in range(20):
        stream = generate(engine, Request(ASK))
        next(stream)
        if index % 2:
            stream.close()
    del stream
    gc.collect()
    end = time.monotonic() + 10
    while time.monotonic() < end and (engine.active or any(t.name == THREAD_NAME for t in threading.enumerate())):
        time.sleep(0.01)
    assert not engine.active
    assert not [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def test_logprobs_of_empty_pieces_count_too():
    pieces = [Chunk(token, logprobs=((token, -1.0),)) for token in ("a", "", "")]
    chunks = list(generate(Engine(*pieces), Request(ASK)))
    assert [token for chunk in chunks for token, _ in chunk.logprobs] == ["a", "", ""]
