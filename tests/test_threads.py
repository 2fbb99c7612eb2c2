"""Threads: conversations with memory, their pictures, their end."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

import pytest
from agent_kit import act, agent_of, cropper, final, last_prompt, picture, reader, scripted
from langgraph.checkpoint.memory import InMemorySaver

from visual_agent.agent import VisualAgent
from visual_agent.errors import EngineError, UserError
from visual_agent.images import held

READ = act("read_text", {"image": "img1"})


def test_a_follow_up_knows_what_was_said_and_seen():
    agent = agent_of(READ, final("12.30 [r3]"), final("It is of 2026-01-03 [r2]"))
    first = agent.run("What is the total?", picture(), thread="t")
    second = agent.run("And the date?", thread="t")
    assert "What is the total?" in last_prompt(agent)
    assert "12.30" in last_prompt(agent)
    assert second.found
    assert second.trace.steps == []
    (item,) = second.evidence
    assert item.region == "r2"
    assert item.call_id == first.trace.steps[0].call_id, "the observation behind it is the first question's"
    assert [r.name for r in second.trace.pictures] == ["img1"]


def test_a_picture_given_again_keeps_its_name():
    agent = agent_of(final("a"), final("b"), final("c"))
    agent.run("One?", picture(), thread="t")
    agent.run("Two?", picture(), picture("red"), thread="t")
    assert [p.name for p in agent.ledger("t").roots()] == ["img1", "img2"]
    request = agent.model.engine.history[-1]
    names = [part.name for turn in request.turns for part in turn.parts if hasattr(part, "pixels")]
    assert names == ["img1", "img1", "img2"]
    agent.run("Three?", thread="t")
    assert [p.name for p in agent.ledger("t").roots()] == ["img1", "img2"]


def test_a_look_of_an_earlier_question_is_remembered_without_reproach():
    agent = agent_of(READ, final("a"), READ, final("b"))
    agent.run("One?", picture(), thread="t")
    answer = agent.run("Two?", thread="t")
    assert answer.trace.steps[0].cached
    assert "You have looked here already" not in last_prompt(agent)
    assert "TOTAL 12.30" in answer.trace.steps[0].observation.text


def test_without_a_thread_nothing_is_remembered():
    agent = agent_of(final("a"), final("b"))
    agent.run("What is the total?", picture())
    agent.run("And the date?", picture())
    assert "What is the total?" not in last_prompt(agent)
    assert agent.threads() == []
    assert not agent._checkpointer.storage
    assert not agent._checkpointer.blobs


def test_threads_do_not_see_each_other():
    agent = agent_of(final("a"), final("b"))
    agent.run("One?", picture(), thread="a")
    agent.run("Two?", picture("red"), thread="b")
    assert "One?" not in last_prompt(agent)
    assert agent.ledger("a").get("img1").hash != agent.ledger("b").get("img1").hash


def test_forget_frees_the_pictures():
    agent = agent_of(READ, final("a"), READ, final("b"))
    gc.collect()
    before = held()
    agent.run("One?", picture(size=(77, 55)), thread="t")
    agent.model.engine.history.clear()  # the scripted engine keeps every request
    gc.collect()
    assert held() == before + 1
    agent.forget("t")
    agent.forget("t")
    gc.collect()
    assert held() == before
    with pytest.raises(UserError, match="no thread 't'"):
        agent.ledger("t")
    with pytest.raises(UserError, match="at least one"):
        agent.run("One?", thread="t")
    assert not agent._checkpointer.blobs


def test_a_run_without_a_thread_frees_its_pictures():
    agent = agent_of(act("crop", {"box": [0, 0, 50, 50]}), final("a"))
    gc.collect()
    before = held()
    answer = agent.run("One?", picture(size=(78, 55)))
    assert answer.trace.image("img1.crop1").size == (100, 100), "a trace that is kept keeps its pictures"
    del answer
    agent.model.engine.history.clear()
    gc.collect()
    assert held() == before


def test_the_thread_unused_for_longest_is_forgotten_first():
    agent = agent_of(*[final("x")] * 5, max_threads=2)
    agent.run("?", picture(), thread="a")
    agent.run("?", picture(), thread="b")
    agent.run("?", thread="a")
    agent.run("?", picture(), thread="c")
    assert agent.threads() == ["a", "c"]
    with pytest.raises(UserError, match="room for one thread"):
        agent_of(max_threads=0)


def test_a_failed_run_leaves_the_thread_as_it_was():
    agent = agent_of(final("a"), READ, EngineError("gone; restart"), final("c"))
    agent.run("One?", picture(), thread="t")
    with pytest.raises(EngineError):
        agent.run("Two?", picture("red"), thread="t")
    agent.run("Three?", picture("red"), thread="t")
    prompt = last_prompt(agent)
    assert "One?" in prompt
    assert "Two?" not in prompt
    assert "(img2)" in prompt


def test_a_failed_first_run_leaves_nothing():
    agent = agent_of(READ, EngineError("gone; restart"), final("b"))
    with pytest.raises(EngineError):
        agent.run("One?", picture(), thread="t")
    agent.run("Two?", picture(), thread="t")
    assert "One?" not in last_prompt(agent)


def test_a_thread_whose_first_run_failed_never_was():
    agent = agent_of(READ, EngineError("gone; restart"))
    with pytest.raises(EngineError):
        agent.run("One?", picture(), thread="t")
    with pytest.raises(UserError, match="at least one"):
        agent.run("One?", thread="u")
    assert agent.threads() == []


def test_a_thread_forgotten_during_its_run_leaves_nothing():
    agent = agent_of(READ, final("a"), final("b"))
    stream = agent.stream("One?", picture(), thread="t")
    next(stream)
    agent.forget("t")
    assert [item.text for item in stream] == ["a"]
    assert agent.threads() == []
    assert not agent._checkpointer.blobs
    assert agent.run("Two?", picture(), thread="t").text == "b"
    assert "One?" not in last_prompt(agent)


def test_a_run_ended_by_a_limit_can_be_followed_up():
    from visual_agent.agent import Limits

    turns = [READ, act("crop", {"box": [0, 0, 50, 50]})]
    agent = agent_of(*turns, final("12.30 [r3]"), limits=Limits(model_calls=2))
    assert agent.run("What is the total?", picture(), thread="t").stopped == "model_calls"
    answer = agent.run("Well?", thread="t")
    assert answer.found
    assert answer.evidence[0].region == "r3"


def test_runs_of_one_thread_take_turns():
    agent = VisualAgent(scripted(*[final(str(i)) for i in range(6)], delay=0.002), [reader])
    agent.run("first?", picture(), thread="t")
    done: list[str] = []
    workers = [threading.Thread(target=lambda: done.append(agent.run("?", thread="t").text)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(done) == ["1", "2", "3", "4"]
    assert agent.model.engine.most_active == 1
    agent.run("last?", thread="t")
    assert all(f"Final Answer: {i}" in last_prompt(agent) or f"{i}" in last_prompt(agent) for i in range(5))


async def test_async_runs_of_one_thread_take_turns_without_blocking_the_loop():
    agent = VisualAgent(scripted(*[final(str(i)) for i in range(4)], delay=0.002), [reader])
    await agent.arun("first?", picture(), thread="t")
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticker = asyncio.create_task(tick())
    answers = await asyncio.gather(*(agent.arun("?", thread="t") for _ in range(3)))
    ticker.cancel()
    assert sorted(a.text for a in answers) == ["1", "2", "3"]
    assert agent.model.engine.most_active == 1
    assert ticks > 10


async def test_a_cancelled_wait_for_the_turn_holds_nothing():
    agent = VisualAgent(scripted(*[final("word " * 60)] * 3, delay=0.005), [reader])
    await agent.arun("first?", picture(), thread="t")
    running = asyncio.create_task(agent.arun("long?", thread="t"))
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(agent.arun("waiting?", thread="t"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await running).found
    assert not agent._sessions["t"].lock.locked()


def test_one_agent_in_many_threads_of_the_program():
    def reply(request):
        return final("\n".join(turn.text for turn in request.turns).rsplit("say ", 1)[1].split("?")[0])

    agent = VisualAgent(scripted(reply), [reader])
    answers: dict[str, str] = {}

    def talk(name: str) -> None:
        agent.run(f"say {name}0?", picture(size=(60 + len(name), 80)), thread=name)
        for i in range(1, 4):
            answers[f"{name}{i}"] = agent.run(f"say {name}{i}?", thread=name).text

    workers = [threading.Thread(target=talk, args=(f"n{i}x",)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(answers) == 24
    assert all(key == value for key, value in answers.items())


def test_a_checkpointer_of_another_process_is_refused_honestly():
    saver = InMemorySaver()
    agent_of(final("a"), checkpointer=saver).run("One?", picture(), thread="t")
    later = agent_of(final("b"), final("c"), checkpointer=saver)
    with pytest.raises(UserError, match="another process"):
        later.run("Two?", picture(), thread="t")
    later.forget("t")
    assert later.run("Two?", picture(), thread="t").text == "b"


@pytest.mark.parametrize("thread", ["", 5])
def test_a_thread_has_a_name(thread):
    with pytest.raises(UserError, match="named by a text"):
        agent_of(final("a")).run("One?", picture(), thread=thread)


def test_derived_pictures_live_on_in_the_thread():
    agent = agent_of(
        act("crop", {"box": [0, 0, 50, 50]}), final("a"), act("read_text", {"image": "img1.crop1"}), final("b [r1]")
    )
    agent.run("One?", picture(), thread="t")
    answer = agent.run("Two?", thread="t")
    assert answer.trace.steps[0].error == ""
    assert [r.name for r in answer.trace.pictures] == ["img1", "img1.crop1"]
    assert answer.evidence[0].image == "img1"


def test_a_long_conversation_stays_small_and_quick():
    turns = [turn for i in range(12) for turn in (act("crop", {"box": [0, 0, 9 + 5 * i, 50]}), final(f"a{i}"))]
    agent = agent_of(*turns, tools=[cropper])
    started = time.monotonic()
    for i in range(12):
        agent.run(f"q{i}?", *([picture()] if i == 0 else []), thread="t")
    assert time.monotonic() - started < 5
    assert "q0?" in last_prompt(agent)


def test_a_thread_in_the_middle_of_a_stream_refuses_its_own_reader():
    """The reader of a stream that asks the same thread again would wait for itself for ever."""
    agent = agent_of(READ, final("a"), final("b"))
    stream = agent.stream("One?", picture(), thread="t")
    next(stream)
    with pytest.raises(UserError, match="middle of a stream"):
        agent.run("Two?", thread="t")
    stream.close()
    assert agent.run("Two?", picture(), thread="t").text


async def test_the_same_for_an_async_reader():
    agent = agent_of(READ, final("a"), final("b"))
    stream = agent.astream("One?", picture(), thread="t")
    await anext(stream)
    with pytest.raises(UserError, match="middle of a stream"):
        await agent.arun("Two?", thread="t")
    await stream.aclose()
