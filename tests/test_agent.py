"""The agent: runs, limits, repairs, repeated looks, cancellation; sync and async."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from agent_kit import act, agent_of, cropper, final, last_prompt, picture, reader, scripted
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import ToolException, tool

from visual_agent.agent import Limits, VisualAgent
from visual_agent.answers import Answer
from visual_agent.errors import ActionError, EndpointError, EngineError, ImageNotFound, NeedsVisionModel, UserError
from visual_agent.geometry import Box
from visual_agent.trace import Step

READ = act("read_text", {"image": "img1"})


class Other(FakeMessagesListChatModel):
    """A chat model that is not ours; replies may be functions."""

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self


def call(name: str, args: dict[str, Any], call_id: str = "c1") -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": call_id, "type": "tool_call"}])


def both(agent: VisualAgent, asynchronous: bool, *args: Any, **kwargs: Any) -> Answer:
    if asynchronous:
        return asyncio.run(agent.arun(*args, **kwargs))
    return agent.run(*args, **kwargs)


sync_and_async = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


def steps_of(answer: Answer) -> list[Step]:
    assert answer.trace is not None
    return answer.trace.steps


# --- A run ---------------------------------------------------------------------------------------------------------


@sync_and_async
def test_a_run_answers_with_evidence_and_trace(asynchronous):
    agent = agent_of(READ, final("The total is 12.30 [r3]. A search confirms it."))
    answer = both(agent, asynchronous, "What is the total?", picture())
    assert answer.text == "The total is 12.30. A search confirms it."
    assert answer.found
    assert answer.stopped == ""
    assert [c.supported for c in answer.claims] == [True, False]
    (item,) = answer.evidence
    (step,) = steps_of(answer)
    assert (item.image, item.box, item.region) == ("img1", Box(10, 60, 150, 75), "r3")
    assert item.call_id == step.call_id != ""
    assert (step.index, step.tool, step.args, step.thought) == (1, "read_text", {"image": "img1"}, "I look.")
    assert step.tokens["image"] == 256
    assert answer.usage["model_calls"] == 2
    assert answer.usage["tool_calls"] == 1
    assert answer.usage["prompt_tokens"] > step.tokens["prompt"]
    trace = answer.trace
    assert (trace.question, trace.model) == ("What is the total?", "scripted")
    assert trace.settings["limits"] == {"model_calls": 12, "tool_calls": 24, "seconds": 120.0}
    assert trace.settings["tools"] == ["read_text", "crop"]
    assert [r.name for r in trace.pictures] == ["img1"]
    assert trace.image("img1").size == (200, 100)
    assert trace.answer["text"] == answer.text
    assert json.loads(json.dumps(trace.to_dict()))["steps"][0]["tool"] == "read_text"


def test_the_stream_gives_steps_as_they_end_and_the_answer_last():
    agent = agent_of(READ, act("crop", {"image": "img1", "box": "r3"}), final("12.30 [r3]"))
    items = list(agent.stream("What is the total?", picture()))
    assert [type(i).__name__ for i in items] == ["Step", "Step", "Answer"]
    assert items[1].observation.pictures == ("img1.crop1",)
    assert items[2].trace.steps == items[:2]


async def test_the_async_stream_gives_the_same():
    agent = agent_of(READ, final("12.30 [r3]"))
    items = [item async for item in agent.astream("What is the total?", picture())]
    assert [type(i).__name__ for i in items] == ["Step", "Answer"]


def test_a_box_of_a_crop_is_evidence_on_the_root():
    agent = agent_of(
        act("crop", {"image": "img1", "box": [50, 20, 150, 90]}),
        act("read_text", {"image": "img1.crop1"}),
        final("12.30 [r3]"),
    )
    answer = agent.run("What is the total?", picture())
    assert answer.evidence[0].image == "img1"
    assert answer.evidence[0].box == Box(55, 50, 125, 57.5)


def test_pictures_reach_the_model_by_name_and_never_as_base64():
    agent = agent_of(final("12.30"))
    agent.run("Compare them", picture(), picture("red"), thread="t")
    parts = agent.model.engine.history[0].turns[0].parts
    assert [part.name for part in parts if hasattr(part, "pixels")] == ["img1", "img2"]
    assert "Picture 1 (img1): " in last_prompt(agent)
    stored = repr(agent._checkpointer.get_tuple({"configurable": {"thread_id": "t"}}))
    assert "file_id" in stored
    assert "base64" not in stored


def test_two_equal_pictures_in_one_question_stay_two():
    agent = agent_of(final("the same"))
    answer = agent.run("Compare them", picture(), picture())
    assert [r.name for r in answer.trace.pictures] == ["img1", "img2"]


def test_not_found_is_a_value():
    answer = agent_of(READ, final("Not found: a fax number")).run("Fax?", picture())
    assert not answer.found
    assert answer.stopped == ""
    assert answer.claims == ()
    answer = agent_of(final("未找到：传真")).run("传真是多少？", picture())
    assert not answer.found
    answer = agent_of(READ, final("Not found: TOTAL 12.30 of 2025. The total is 12.30 [r3].")).run("?", picture())
    assert [(c.text, c.supported) for c in answer.claims] == [("The total is 12.30.", True)]


def test_an_engine_that_cannot_see_gives_an_honest_answer():
    agent = agent_of(NeedsVisionModel("what colour the car is"))
    answer = agent.run("What colour is the car?", picture())
    assert not answer.found
    assert answer.text == "Needs a vision-language model: what colour the car is"


@pytest.mark.parametrize("question", ["", "  ", "x" * 20_001, None])
def test_a_bad_question_is_refused(question):
    with pytest.raises(UserError, match="question"):
        agent_of().run(question, picture())


def test_a_run_needs_a_picture():
    with pytest.raises(UserError, match="at least one"):
        agent_of().run("What is it?")


def test_a_bad_picture_is_named_before_anything_runs(tmp_path):
    agent = agent_of()
    with pytest.raises(ImageNotFound, match=r"missing\.png"):
        agent.run("What is it?", picture(), tmp_path / "missing.png", thread="t")
    assert agent.threads() == []


def test_wrong_tools_are_told_at_once():
    with pytest.raises(UserError, match="no tool 'fly'"):
        VisualAgent(scripted(), ["fly"])
    with pytest.raises(UserError, match="Two tools"):
        VisualAgent(scripted(), [reader, reader])
    seconds = [{"seconds": value} for value in (0, float("nan"), float("inf"))]
    for bad in ({"model_calls": 0}, {"tool_calls": -1}, *seconds):
        with pytest.raises(UserError, match="give other numbers"):
            Limits(**bad)


@sync_and_async
def test_an_engine_that_fails_is_an_error(asynchronous):
    with pytest.raises(EngineError, match="broken weights"):
        both(agent_of(EngineError("broken weights; reinstall")), asynchronous, "?", picture())


def test_another_model_that_fails_is_an_endpoint_error():
    class Failing(Other):
        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            raise ConnectionError("refused")

    with pytest.raises(EndpointError, match="ConnectionError: refused"):
        VisualAgent(Failing(responses=[]), [reader]).run("?", picture())


def test_a_system_prompt_reaches_both_kinds_of_model():
    agent = agent_of(final("12.30"), system_prompt="Be brief, sailor.")
    agent.run("?", picture())
    assert "Be brief, sailor." in last_prompt(agent)


# --- Limits --------------------------------------------------------------------------------------------------------


@sync_and_async
def test_the_limit_on_model_calls_gives_the_best_so_far(asynchronous):
    turns = [READ, *(act("crop", {"image": "img1", "box": [0, 0, 20 * i, 50]}) for i in range(1, 9))]
    agent = agent_of(*turns, limits=Limits(model_calls=4))
    answer = both(agent, asynchronous, "What is the total?", picture())
    assert answer.stopped == "model_calls"
    assert not answer.found
    assert answer.text.startswith("Not found: the limit of 4 model calls ended the run")
    assert "TOTAL 12.30" in answer.text
    assert [e.region for e in answer.evidence] == ["r3"]
    assert answer.usage["model_calls"] == 4
    assert len(steps_of(answer)) == 4


def test_the_limit_on_tool_calls_lets_the_model_answer_once_more():
    agent = agent_of(READ, act("crop", {"box": [0, 0, 50, 50]}), final("12.30 [r3]"), limits=Limits(tool_calls=1))
    answer = agent.run("What is the total?", picture())
    assert answer.found
    assert "limit of 1 tool calls" in steps_of(answer)[1].error
    assert answer.usage["tool_calls"] == 1


def test_the_limit_on_tool_calls_ends_a_model_that_does_not_listen():
    agent = agent_of(*[act("crop", {"box": [0, 0, 9 + 9 * i, 50]}) for i in range(9)], limits=Limits(tool_calls=2))
    answer = agent.run("What is the total?", picture())
    assert answer.stopped == "tool_calls"
    assert answer.usage["tool_calls"] == 2
    assert answer.usage["model_calls"] <= 4


def slow_tool(ledger: Any) -> Any:
    def read_text(image: str = "img1") -> str:
        """Read slowly."""
        time.sleep(1.5)
        return "done"

    return tool(read_text)


@sync_and_async
def test_a_tool_gets_only_the_time_left(asynchronous):
    agent = agent_of(READ, final("12.30"), tools=[slow_tool], limits=Limits(seconds=0.4))
    started = time.monotonic()
    answer = both(agent, asynchronous, "What is the total?", picture())
    # asyncio.run waits for the tool's own thread at its end; the answer itself does not.
    assert answer.trace.seconds < 1.2
    assert asynchronous or time.monotonic() - started < 1.2
    assert answer.stopped == "seconds"
    assert not answer.found
    assert "0.4 seconds" in answer.text


@sync_and_async
def test_a_generation_is_cancelled_at_the_deadline(asynchronous):
    agent = VisualAgent(scripted(final("word " * 500), delay=0.01), [reader], limits=Limits(seconds=0.4))
    started = time.monotonic()
    answer = both(agent, asynchronous, "What is the total?", picture())
    assert time.monotonic() - started < 1.5
    assert answer.stopped == "seconds"
    time.sleep(0.1)
    assert agent.model.engine.active == 0


def test_another_model_is_left_behind_at_the_deadline():
    class Slow(Other):
        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            time.sleep(1.5)
            return super()._generate(*args, **kwargs)

    agent = VisualAgent(Slow(responses=[AIMessage("late")]), [reader], limits=Limits(seconds=0.3))
    started = time.monotonic()
    assert agent.run("?", picture()).stopped == "seconds"
    assert time.monotonic() - started < 1.2


# --- Repairs -------------------------------------------------------------------------------------------------------


@sync_and_async
def test_unreadable_output_is_answered_with_a_hint(asynchronous):
    broken = 'I look.\nAction: read_text\nAction Input: {"image": '
    agent = agent_of(broken, READ, final("12.30 [r3]"))
    answer = both(agent, asynchronous, "What is the total?", picture())
    assert answer.found
    assert answer.usage["repairs"] == 1
    first, second = steps_of(answer)
    assert "not valid JSON" in first.error
    assert second.error == ""
    assert "not valid JSON" in last_prompt(agent)


@sync_and_async
def test_output_that_stays_unreadable_ends_the_run(asynchronous):
    broken = "I look.\nAction: read_text\nAction Input: nonsense"
    answer = both(agent_of(*[broken] * 9), asynchronous, "What is the total?", picture())
    assert answer.stopped == "unreadable_output"
    assert not answer.found
    assert answer.usage["model_calls"] == 3


def test_repairs_are_counted_in_a_row():
    broken = "I look.\nAction: read_text\nAction Input: nonsense"
    crops = [act("crop", {"box": [0, 0, 20 + 20 * i, 50]}) for i in range(3)]
    turns = [turn for good in crops for turn in (broken, broken, good)]
    answer = agent_of(*turns, final("12.30")).run("What is the total?", picture())
    assert answer.stopped == ""
    assert answer.usage["repairs"] == 6


def test_an_empty_message_is_unreadable():
    answer = agent_of("", READ, final("12.30 [r3]")).run("What is the total?", picture())
    assert answer.found
    assert answer.usage["repairs"] == 1


def test_a_model_that_raises_its_parsing_error_is_repaired():
    class Raising(Other):
        def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
            if len(messages) == 2:
                raise ActionError("no action in it", text="gibberish")
            return super()._generate(messages, *args, **kwargs)

    answer = VisualAgent(Raising(responses=[AIMessage("It is 5.")]), [reader]).run("?", picture())
    assert answer.text == "It is 5."
    assert answer.usage["repairs"] == 1


def test_an_unknown_tool_is_answered_with_the_names():
    agent = agent_of(act("fly", {}), READ, final("12.30 [r3]"))
    answer = agent.run("What is the total?", picture())
    assert answer.found
    assert "no tool 'fly'" in steps_of(answer)[0].error
    assert "read_text, crop" in steps_of(answer)[0].error


@tool
def dangerous(what: str) -> str:
    """Fails in several ways."""
    if what == "plain":
        raise ZeroDivisionError("by zero")
    if what == "tool":
        raise ToolException("tool trouble")
    raise UserError("wrong call; change it.")


@sync_and_async
@pytest.mark.parametrize(
    ("what", "said"), [("plain", "ZeroDivisionError: by zero"), ("tool", "tool trouble"), ("ours", "wrong call")]
)
def test_a_failing_tool_never_ends_the_run(asynchronous, what, said):
    agent = agent_of(act("dangerous", {"what": what}), READ, final("12.30 [r3]"), tools=[reader, dangerous])
    answer = both(agent, asynchronous, "What is the total?", picture())
    assert answer.found
    assert said in steps_of(answer)[0].error
    assert said in last_prompt(agent)


def test_wrong_arguments_are_explained():
    agent = agent_of(act("dangerous", {"wat": 1}), READ, final("12.30 [r3]"), tools=[reader, dangerous])
    answer = agent.run("What is the total?", picture())
    assert answer.found
    assert "what" in steps_of(answer)[0].error


# --- Repeated looks ------------------------------------------------------------------------------------------------

SAME = {
    "equal arguments": [("read_text", {"image": "img1"})] * 2,
    "a default written out": [("read_text", {}), ("read_text", {"image": "img1", "box": None})],
    "another spelling of the name": [("read_text", {"image": "img1"}), ("read_text", {"image": " Picture 1"})],
    "overlapping boxes": [
        ("crop", {"image": "img1", "box": [10, 10, 110, 60]}),
        ("crop", {"image": "img1", "box": [11, 10, 112, 61]}),
    ],
    "a box in Qwen's grid": [
        ("crop", {"image": "img1", "box": [20, 10, 120, 60]}),
        ("crop", {"image": "img1", "box": "<box>(100,100),(600,600)</box>"}),
    ],
    "nearly the whole picture": [("read_text", {}), ("read_text", {"box": [1, 1, 199, 99]})],
}
OTHER = {
    "another picture": [("read_text", {"image": "img1"}), ("read_text", {"image": "img2"})],
    "another tool": [("read_text", {"box": [10, 10, 60, 60]}), ("crop", {"box": [10, 10, 60, 60]})],
    "boxes that overlap too little": [
        ("crop", {"image": "img1", "box": [10, 10, 110, 60]}),
        ("crop", {"image": "img1", "box": [30, 10, 130, 60]}),
    ],
    "a call that failed": [("read_text", {"image": "img9"})] * 2,
}


def two_calls(calls):
    """Calls with img1 where two pictures are there and none is named."""
    return [act(name, {"image": "img1", **arguments}) for name, arguments in calls]


@sync_and_async
@pytest.mark.parametrize("calls", SAME.values(), ids=SAME)
def test_a_repeated_look_is_answered_from_memory(asynchronous, calls):
    agent = agent_of(*two_calls(calls), final("12.30"))
    answer = both(agent, asynchronous, "What is the total?", picture(), picture("red"))
    first, second = steps_of(answer)
    assert not first.cached
    assert second.cached
    assert second.observation == first.observation
    assert answer.usage["repeated_looks"] == 1
    assert "You have looked here already:" in last_prompt(agent)
    assert "Try another tool or answer." in last_prompt(agent)


@pytest.mark.parametrize("calls", OTHER.values(), ids=OTHER)
def test_another_look_is_taken(calls):
    agent = agent_of(*two_calls(calls), final("12.30"))
    answer = agent.run("What is the total?", picture(), picture("red"))
    assert not any(step.cached for step in steps_of(answer))
    assert answer.usage["repeated_looks"] == 0


def test_equal_content_of_another_place_is_another_look():
    box = {"image": "img1", "box": [0, 0, 50, 50]}
    agent = agent_of(
        act("crop", box),
        act("read_text", {"image": "img1.crop1"}),
        act("read_text", {"image": "img2"}),
        final("12.30"),
    )
    half = picture().crop((0, 0, 50, 50)).resize((100, 100))
    answer = agent.run("What is the total?", picture(), half)
    assert [step.cached for step in steps_of(answer)] == [False, False, False]


def test_a_tool_of_the_users_own_runs_each_time():
    times: list[int] = []

    @tool
    def clock() -> str:
        """Tell the time."""
        times.append(1)
        return f"tick {len(times)}"

    answer = agent_of(act("clock"), act("clock"), final("two"), tools=[reader, clock]).run("?", picture())
    assert [s.observation.text for s in steps_of(answer)] == ["tick 1", "tick 2"]


# --- Many at once, and cancellation --------------------------------------------------------------------------------


def echo(request):
    """Reads once, then answers with the colour named in its own question."""
    text = "\n".join(turn.text for turn in request.turns)
    name = text.split("colour ")[1].split("?")[0]
    return final(f"{name} [r1]") if "3 lines" in text else READ


@pytest.mark.parametrize("workers", [1, 8])
def test_batch_keeps_order_and_does_not_mix(workers):
    agent = VisualAgent(scripted(echo), [reader])
    names = [f"name{i}" for i in range(24)]
    answers = agent.batch(
        [(f"colour {n}?", [picture(size=(60 + i, 90))]) for i, n in enumerate(names)], workers=workers
    )
    assert [a.text for a in answers] == names
    assert [a.trace.pictures[0].size[0] for a in answers] == [60 + i for i in range(24)]


@pytest.mark.parametrize("case", ["q", ("q",), ("q", "receipt.png"), ("q", picture()), ("q", [], 3), None])
def test_a_case_of_a_batch_is_a_question_and_a_list(case):
    with pytest.raises(UserError, match=r"\(question, \[picture"):
        VisualAgent(scripted(echo), [reader]).batch([case])


@pytest.mark.parametrize("tools", ["crop", [5], [None]])
def test_tools_that_are_none_are_told(tools):
    with pytest.raises(UserError, match="tool"):
        VisualAgent(scripted(echo), tools)


async def test_a_reader_who_leaves_the_first_run_of_a_thread_leaves_nothing():
    agent = agent_of(READ, READ, final("12.30 [r3]"))
    async for item in agent.astream("q", picture(), thread="t"):
        assert isinstance(item, Step)
        break
    await asyncio.sleep(0.1)  # the event loop closes what nobody reads any more
    assert agent.threads() == []
    assert (await agent.arun("q", picture(), thread="t")).text == "12.30"


def test_batch_raises_or_returns_errors():
    agent = VisualAgent(scripted(echo), [reader])
    cases = [("colour a?", [picture()]), ("", [picture()]), ("colour b?", [picture()])]
    with pytest.raises(UserError):
        agent.batch(cases)
    first, error, last = agent.batch(cases, return_exceptions=True)
    assert (first.text, last.text) == ("a", "b")
    assert isinstance(error, UserError)


async def test_async_runs_at_once_do_not_mix():
    agent = VisualAgent(scripted(echo), [reader])
    answers = await asyncio.gather(*(agent.arun(f"colour n{i}?", picture(size=(60 + i, 90))) for i in range(16)))
    assert [a.text for a in answers] == [f"n{i}" for i in range(16)]


def working_threads() -> list[str]:
    """Threads of ours that work for a run; the reading pool is kept for the next picture."""
    names = [t.name for t in threading.enumerate()]
    return [name for name in names if "visual-agent" in name and "ocr" not in name]


async def test_cancelling_a_run_ends_its_generation():
    agent = VisualAgent(scripted(final("word " * 5000), delay=0.01), [reader])
    task = asyncio.create_task(agent.arun("?", picture(), thread="t"))
    while not agent.model.engine.active:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.2)
    assert agent.model.engine.active == 0
    assert working_threads() == []


def test_an_interrupted_run_leaves_no_thread():
    agent = VisualAgent(scripted(final("word " * 5000), delay=0.01), [reader])
    threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        agent.run("?", picture())
    assert time.monotonic() - started < 3
    time.sleep(0.2)
    assert agent.model.engine.active == 0
    assert working_threads() == []


def test_an_interrupted_tool_leaves_no_thread():
    agent = agent_of(READ, final("12.30"), tools=[slow_tool])
    threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        agent.run("?", picture())
    time.sleep(0.2)
    assert working_threads() == []


def test_a_stream_that_is_dropped_ends_its_run():
    agent = agent_of(final("a"), READ, final("b"))
    agent.run("One?", picture(), thread="t")
    stream = agent.stream("Two?", thread="t")
    next(stream)
    assert agent._sessions["t"].lock.locked()
    stream.close()
    assert not agent._sessions["t"].lock.locked()
    assert agent.run("Three?", thread="t").text == "b"
    assert "Two?" not in last_prompt(agent)


def test_the_answer_to_a_chinese_question_names_the_limit_in_chinese():
    answer = agent_of(READ, limits=Limits(model_calls=1)).run("合计（TOTAL）是多少？", picture())
    assert answer.text.startswith("未找到：达到 1 次模型调用的上限")
    assert "TOTAL 12.30" in answer.text


# --- State ---------------------------------------------------------------------------------------------------------


def test_checkpoints_stay_small():
    from io import BytesIO

    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 255, (600, 600, 3), dtype=np.uint8))
    file = BytesIO()
    noise.save(file, "PNG")
    assert len(file.getvalue()) > 1_000_000
    turns = [READ, *(act("crop", {"box": [0, 0, 60 * i, 100]}) for i in range(1, 6)), final("12.30 [r3]")]
    agent = agent_of(*turns)
    agent.run("What is the total?", file.getvalue(), thread="t")
    saver = agent._checkpointer
    size = sum(len(data) for _, data in saver.blobs.values())
    size += sum(len(part[1]) for space in saver.storage["t"].values() for entry in space.values() for part in entry[:2])
    assert 1_000 < size < 100_000
    assert agent.model.engine.left == 0


def test_steps_come_in_order_with_their_times():
    turns = [READ, *(act("crop", {"box": [0, 0, 30 * i, 100]}) for i in range(1, 6)), final("12.30 [r3]")]
    answer = agent_of(*turns).run("?", picture())
    steps = steps_of(answer)
    assert all(a.index + 1 == b.index for a, b in pairwise(steps))
    assert all(step.seconds > 0 for step in steps)
    assert sum(step.seconds for step in steps) < answer.trace.seconds


def test_parallel_tool_calls_become_steps_of_one_thought():
    message = AIMessage(
        "Both.",
        tool_calls=[
            {"name": "read_text", "args": {}, "id": "a", "type": "tool_call"},
            {"name": "crop", "args": {"box": [0, 0, 50, 50]}, "id": "b", "type": "tool_call"},
        ],
        usage_metadata={"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
    )
    agent = VisualAgent(Other(responses=[message, AIMessage("It is 12.30 [r3].")]), [reader, cropper])
    answer = agent.run("?", picture())
    steps = {step.call_id: step for step in steps_of(answer)}
    assert set(steps) == {"a", "b"}
    assert (steps["a"].thought, steps["b"].thought) == ("Both.", "")
    assert answer.usage["prompt_tokens"] == 5
    assert answer.evidence[0].call_id == "a"


@pytest.mark.parametrize("asynchronous", [False, True])
def test_calls_of_one_turn_run_in_the_order_written(asynchronous):
    """Names of pictures and regions count up: a run must give the same ones whichever call would be faster."""
    running: list[str] = []
    overlaps: list[tuple[str, ...]] = []

    @tool
    def wait(name: str, seconds: float) -> str:
        """Wait."""
        running.append(name)
        overlaps.append(tuple(running))
        time.sleep(seconds)
        running.remove(name)
        return name

    calls = [
        {"name": "wait", "args": {"name": name, "seconds": seconds}, "id": name, "type": "tool_call"}
        for name, seconds in (("slow", 0.2), ("slower", 0.1), ("quick", 0.0))
    ]
    agent = VisualAgent(Other(responses=[AIMessage("", tool_calls=calls), AIMessage("Done.")]), [wait])
    answer = both(agent, asynchronous, "?", picture())
    assert [step.call_id for step in steps_of(answer)] == ["slow", "slower", "quick"]
    assert overlaps == [("slow",), ("slower",), ("quick",)]


def test_a_broken_call_beside_a_good_one_is_answered_too():
    message = AIMessage(
        "Both.",
        tool_calls=[{"name": "read_text", "args": {}, "id": "a", "type": "tool_call"}],
        invalid_tool_calls=[
            {"name": "crop", "args": "{", "id": "b", "error": "bad JSON", "type": "invalid_tool_call"},
        ],
    )
    replies = [AIMessage("Hello."), message, AIMessage("It is 12.30 [r3].")]
    agent = VisualAgent(Other(responses=replies), [reader, cropper])
    agent.run("Hello?", picture(), thread="t")
    answer = agent.run("The total?", thread="t")
    assert sorted((s.call_id, bool(s.error)) for s in steps_of(answer)) == [("a", False), ("b", True)]
    assert answer.found
    assert answer.usage["model_calls"] == 2


@pytest.mark.parametrize("ids", [("0", "0"), (None, None), ("", "")])
def test_calls_of_a_model_without_ids_of_its_own_keep_their_evidence(ids):
    calls = [
        AIMessage("", tool_calls=[{"name": name, "args": args, "id": key, "type": "tool_call"}])
        for name, args, key in (("read_text", {}, ids[0]), ("crop", {"box": [0, 0, 50, 50]}, ids[1]))
    ]
    answer = VisualAgent(Other(responses=[*calls, AIMessage("12.30 [r3]")]), [reader, cropper]).run("?", picture())
    assert [step.tool for step in answer.trace.steps] == ["read_text", "crop"]
    assert answer.evidence[0].call_id == answer.trace.steps[0].call_id
    assert answer.trace.steps[0].call_id != answer.trace.steps[1].call_id


def test_a_chat_model_that_cannot_call_tools_is_told_at_once():
    with pytest.raises(UserError, match="cannot call tools"):
        VisualAgent(FakeMessagesListChatModel(responses=[AIMessage("x")]))
    assert VisualAgent(FakeMessagesListChatModel(responses=[AIMessage("x")]), []).run("?", picture()).text == "x"
