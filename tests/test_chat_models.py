"""ChatQwenVL beyond the conformance suites: the traps of custom chat models, each found by running one."""

from __future__ import annotations

import asyncio
import base64
import copy
import gc
import io
import pickle
import threading
import time

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models.chat_models import _format_for_tracing
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_core.runnables import ConfigurableField
from langchain_core.tools import tool
from PIL import Image
from pydantic import BaseModel
from typing_extensions import TypedDict

from visual_agent.chat_models import ChatQwenVL
from visual_agent.engines import registry
from visual_agent.engines.base import Chunk, Profile, Usage
from visual_agent.engines.base import Image as ImagePart
from visual_agent.engines.scripted import ScriptedEngine
from visual_agent.errors import ContentError, EngineError, ModelNotFound, ModelOutputError, UserError
from visual_agent.images import Ledger
from visual_agent.loading import LoadPolicy
from visual_agent.messages import image_block
from visual_agent.streaming import THREAD_NAME
from visual_agent.structured import _in_form


def model(*replies, **options):
    engine_options = {key: options.pop(key) for key in ("delay", "profile") if key in options}
    return ChatQwenVL(engine=ScriptedEngine(replies, **engine_options), **options)


def png(colour="red", size=(8, 6)):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


@tool
def read_text(image: str) -> str:
    """Reads text."""
    return image


@tool
def crop(image: str, box: list[int]) -> str:
    """Crops."""
    return f"{image} {box}"


def gathered(chunks):
    full = None
    for chunk in chunks:
        full = chunk if full is None else full + chunk
    return full


async def agathered(chunks):
    return gathered([chunk async for chunk in chunks])


def generations():
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def wait_until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


# --- What a message says --------------------------------------------------------------------------------------------


def test_an_answer_and_its_metadata():
    chat = model("It is a cat.")
    ledger = Ledger([Image.new("RGB", (9, 9))])
    answer = chat.invoke([HumanMessage([image_block(ledger.get("img1")), {"type": "text", "text": "What?"}])])
    assert answer.content == "It is a cat."
    assert answer.usage_metadata["input_token_details"] == {"image": 256}
    assert answer.usage_metadata["total_tokens"] == answer.usage_metadata["input_tokens"] + 5
    assert answer.usage_metadata["output_tokens"] == 5
    assert answer.response_metadata == {
        "model_name": "scripted",
        "model_provider": "visual_agent",
        "finish_reason": "stop",
        "counters": {"images_encoded": 1},
    }


def test_reused_prompt_tokens_count_as_cache_reads():
    class Reusing(ScriptedEngine):
        def stream(self, request, cancel=None):
            yield Chunk("a", "stop", Usage(10, 1), {"prompt_reused": 7})

    answer = ChatQwenVL(engine=Reusing()).invoke("hi")
    assert answer.usage_metadata["input_token_details"] == {"image": 0, "cache_read": 7}


def test_usage_comes_on_exactly_one_chunk():
    chunks = list(model("one two three").stream("hi"))
    assert [bool(chunk.usage_metadata) for chunk in chunks].count(True) == 1
    assert [bool(chunk.response_metadata.get("model_name")) for chunk in chunks].count(True) == 1
    assert chunks[-1].usage_metadata
    assert chunks[-1].chunk_position == "last"
    assert gathered(chunks).response_metadata["finish_reason"] == "stop"


def test_the_length_limit_is_told():
    answer = model("one two three", max_tokens=2).invoke("hi")
    assert (answer.content, answer.response_metadata["finish_reason"]) == ("one two", "length")
    assert model("one two three").invoke("hi", max_tokens=1).content == "one"


def test_logprobs_are_those_of_the_text():
    answer = model("one two END three").invoke("hi", stop=[" END"], logprobs=True)
    assert [entry["token"] for entry in answer.response_metadata["logprobs"]["content"]] == ["one", " two"]
    assert "logprobs" not in model("one").invoke("hi").response_metadata


def test_sampling_reaches_the_engine():
    chat = model("a", "b", temperature=0.5, seed=1)
    chat.invoke("hi", temperature=0.0, top_k=3, session="s")
    chat.invoke("hi")
    first, second = chat.engine.history
    assert (first.sampling.temperature, first.sampling.top_k, first.sampling.seed, first.session) == (0.0, 3, 1, "s")
    assert (second.sampling.temperature, second.sampling.top_k) == (0.5, None)


def test_pictures_stay_in_order():
    ledger = Ledger([Image.new("RGB", (5, 5), colour) for colour in ("red", "green", "blue")])
    order = ["img3", "img1", "img2", "img3"]
    chat = model("a")
    blocks = [image_block(ledger.get(name)) for name in order]
    chat.invoke([HumanMessage(blocks[:2]), AIMessage("ok"), HumanMessage([*blocks[2:], "Which?"])])
    shown = [part for turn in chat.engine.history[0].turns for part in turn.parts if isinstance(part, ImagePart)]
    assert [part.name for part in shown] == order
    assert [part.pixels for part in shown] == [ledger.get(name).pixels for name in order]


# --- Stop texts -----------------------------------------------------------------------------------------------------


class Stubborn(ScriptedEngine):
    """Ignores stop texts, and counts what it said after them."""

    def _cut(self, text, request):
        return text, "stop"


STOPPED = {
    "inside a piece": ("abcXYZdef", ["XYZ"], "abc"),
    "over several pieces": ("one two END OF IT three", ["END OF IT"], "one two "),
    "first of several": ("a b c d", ["c", "b"], "a "),
    "only its beginning": ("one EN", ["END"], "one EN"),
    "at the start": ("END a", ["END"], ""),
    "line": ("a\nb", ["\n"], "a"),
    "chinese": ("合计是十二。观察：空", ["观察："], "合计是十二。"),
    "repeated beginning": ("aaab", ["aab"], "a"),
    "end of turn": ("fine<|im_end|>more", [], "fine"),
}


@pytest.mark.parametrize("engine", [ScriptedEngine, Stubborn])
@pytest.mark.parametrize(("text", "stop", "expected"), STOPPED.values(), ids=STOPPED)
async def test_stop_texts_cut(engine, text, stop, expected):
    chat = ChatQwenVL(engine=engine([text] * 5))
    assert chat.invoke("hi", stop=stop).content == expected
    streamed = gathered(chat.stream("hi", stop=stop))
    assert streamed.content == expected
    assert streamed.usage_metadata["output_tokens"] >= 0
    assert (await chat.ainvoke("hi", stop=stop)).content == expected
    assert (await agathered(chat.astream("hi", stop=stop))).content == expected
    assert ChatQwenVL(engine=engine([text]), stop=stop).invoke("hi").content == expected
    wait_until(lambda: not chat.engine.active)


def test_nothing_of_a_stop_text_is_ever_streamed():
    seen = ""
    for chunk in ChatQwenVL(engine=Stubborn(["one two END OF THE LINE three"])).stream("hi", stop=["END OF THE LINE"]):
        seen += chunk.content
        assert "E" not in seen
    assert seen == "one two "


def test_the_engine_is_told_all_stop_texts():
    chat = model("a", "b", stop=["X"])
    chat.invoke("hi", stop=["Y"])
    chat.bind_tools([read_text]).invoke("hi")
    plain, with_tools = (request.stop for request in chat.engine.history)
    assert plain == ("Y", "X", "<|im_end|>")
    assert with_tools == ("X", "<|im_end|>", "\nObservation:", "\nObservation：")


def test_an_observation_in_mid_line_is_text():
    chat = model("Thought: t\nFinal Answer: The field Observation: says none.\nObservation: invented")
    assert chat.bind_tools([read_text]).invoke("hi").content == "The field Observation: says none."


# --- Tool calls: invoke, stream, astream and v3 agree ---------------------------------------------------------------

REPLIES = {
    "call": 'Thought: I look.\nAction: read_text\nAction Input: {"image": "img1"}\nObservation: invented',
    "call without thought": 'Action: read_text\nAction Input: {"image": "图"}',
    "final": "Thought: I know.\nFinal Answer: 12.30 [r1]",
    "final in lines": "Thought: I know.\nFinal Answer: a\n\nb",
    "plain": "Hello there.\nHow are you?",
    "bad json": "Thought: I look.\nAction: read_text\nAction Input: {bad json",
    "cut json": 'Thought: I look.\nAction: read_text\nAction Input: {"image": "untermin',
    "json string": 'Action: read_text\nAction Input: "img1"',
    "json list": 'Action: read_text\nAction Input: ["img1"]',
    "no input": "Thought: I look.\nAction: read_text",
    "bad name": "Action: read text!\nAction Input: {}",
    "no action": 'Action Input: {"image": "img1"}',
    "empty": "",
}
BROKEN = ("bad json", "cut json", "json string", "json list", "no input", "bad name", "no action")


def said(message):
    """What must agree, whatever the way (ids differ)."""
    calls = [(call["name"], call["args"]) for call in message.tool_calls]
    broken = [(call["name"], call["args"]) for call in message.invalid_tool_calls]
    return message.text, message.additional_kwargs.get("reasoning_content"), calls, broken


@pytest.mark.parametrize("name", REPLIES)
@pytest.mark.parametrize("output_version", [None, "v1"])
async def test_all_ways_agree(name, output_version):
    chat = model(*[REPLIES[name]] * 5, output_version=output_version).bind_tools([read_text])
    invoked = chat.invoke("hi")
    expected = said(invoked)
    assert said(await chat.ainvoke("hi")) == expected
    assert said(gathered(chat.stream("hi"))) == expected
    assert said(await agathered(chat.astream("hi"))) == expected
    stream = chat.stream_events("hi", version="v3")
    list(stream)
    text, _, calls, broken = said(stream.output)
    assert (text, calls) == (expected[0], expected[2])
    assert [entry[1] for entry in broken] == [entry[1] for entry in expected[3]]
    assert bool(invoked.invalid_tool_calls) == (name in BROKEN)
    if name in BROKEN:
        assert not invoked.tool_calls
        assert "write `Action: <tool>`" in invoked.invalid_tool_calls[0]["error"]


def test_a_call_has_its_thought_as_content():
    answer = model(REPLIES["call"]).bind_tools([read_text]).invoke("hi")
    assert answer.content == "I look."
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("read_text", {"image": "img1"})]
    assert answer.response_metadata["finish_reason"] == "tool_calls"


def test_an_answer_has_its_thought_as_reasoning():
    answer = model(REPLIES["final"]).bind_tools([read_text]).invoke("hi")
    assert answer.content == "12.30 [r1]"
    assert [block["type"] for block in answer.content_blocks] == ["reasoning", "text"]


def test_v1_blocks_of_a_streamed_call_do_not_collide():
    full = gathered(model(REPLIES["call"], output_version="v1").bind_tools([read_text]).stream("hi"))
    assert [block["type"] for block in full.content_blocks] == ["text", "tool_call"]
    assert full.content_blocks[0]["text"] == "I look."
    assert full.content_blocks[1]["args"] == {"image": "img1"}


def test_final_answers_stream_live():
    chunks = [chunk.content for chunk in model(REPLIES["final in lines"]).bind_tools([read_text]).stream("hi")]
    assert "".join(chunks) == "a\n\nb"
    assert len([chunk for chunk in chunks if chunk]) > 1


def test_a_tool_name_is_told_before_its_arguments():
    chunks = list(model(REPLIES["call"]).bind_tools([read_text]).stream("hi"))
    calls = [piece for chunk in chunks for piece in chunk.tool_call_chunks]
    assert [(piece["name"], piece["args"]) for piece in calls] == [("read_text", ""), (None, '{"image": "img1"}')]


NATIVE = Profile("native", native_tools=True)
NATIVE_REPLIES = {
    "call": '<tool_call>\n{"name": "read_text", "arguments": {"image": "图"}}\n</tool_call>',
    "text and two calls": 'I look.\n<tool_call>{"name": "a", "arguments": {}}</tool_call>\n'
    '<tool_call>{"name": "b", "arguments": {"x": [1]}}</tool_call> done',
    "thinking": "<think>\nHm.\n</think>\n\nIt is 12.",
    "thinking and call": '<think>Hm.</think><tool_call>{"name": "a", "arguments": {}}</tool_call>',
    "plain with <": "a < b and <tool> and <b",
    "open call": '<tool_call>{"name": "a", "arguments": {}}',
    "cut": '<tool_call>{"name": "a", "arguments": {"x": "unt',
    "no object": "<tool_call>read_text</tool_call>",
    "no name": '<tool_call>{"arguments": {}}</tool_call>',
    "list": '<tool_call>{"name": "a", "arguments": []}</tool_call>',
}


@pytest.mark.parametrize("name", NATIVE_REPLIES)
@pytest.mark.parametrize("output_version", [None, "v1"])
async def test_native_tool_calls(name, output_version):
    chat = model(*[NATIVE_REPLIES[name]] * 4, profile=NATIVE, output_version=output_version)
    bound = chat.bind_tools([read_text])
    invoked = bound.invoke("hi")
    assert said(gathered(bound.stream("hi"))) == said(invoked)
    assert said(await agathered(bound.astream("hi"))) == said(invoked)
    expected = {
        "call": ("", None, [("read_text", {"image": "图"})]),
        "text and two calls": ("I look.", None, [("a", {}), ("b", {"x": [1]})]),
        "thinking": ("It is 12.", "Hm.", []),
        "thinking and call": ("", "Hm.", [("a", {})]),
        "plain with <": ("a < b and <tool> and <b", None, []),
        "open call": ("", None, [("a", {})]),
    }.get(name, ("", None, []))
    assert said(invoked)[:3] == expected
    assert bool(invoked.invalid_tool_calls) == (name in ("cut", "no object", "no name", "list"))
    request = chat.engine.history[0]
    assert request.tools[0]["function"]["name"] == "read_text"
    assert request.turns[0].text == "hi"


# --- Tool choice ----------------------------------------------------------------------------------------------------

CHOICES = {
    "none given": (None, None),
    "auto": ("auto", None),
    "False": (False, None),
    "any": ("any", "Action:"),
    "required": ("required", "Action:"),
    "True": (True, "Action:"),
    "name": ("crop", "Action: crop\nAction Input:"),
    "openai": ({"type": "function", "function": {"name": "crop"}}, "Action: crop\nAction Input:"),
    "anthropic": ({"type": "tool", "name": "crop"}, "Action: crop\nAction Input:"),
    "anthropic any": ({"type": "any"}, "Action:"),
    "anthropic auto": ({"type": "auto"}, None),
}


@pytest.mark.parametrize(("choice", "prefill"), CHOICES.values(), ids=CHOICES)
def test_tool_choice_is_a_prefill(choice, prefill):
    reply = {None: "ok", "Action:": " crop\nAction Input: {}"}.get(prefill, ' {"box": [1]}')
    chat = model(reply, reply)
    bound = chat.bind_tools([read_text, crop], tool_choice=choice)
    answer = bound.invoke("hi")
    last = chat.engine.history[0].turns[-1]
    assert (last.text if last.role == "assistant" else None) == prefill
    assert [call["name"] for call in answer.tool_calls] == (["crop"] if prefill else [])
    assert said(gathered(bound.stream("hi"))) == said(answer)


def test_one_tool_that_must_be_called_is_certain():
    chat = model(' {"image": "img1"}\nObservation')
    answer = chat.bind_tools([read_text], tool_choice="any").invoke("hi")
    assert answer.tool_calls[0]["args"] == {"image": "img1"}
    assert chat.engine.history[0].turns[-1].text == "Action: read_text\nAction Input:"


def test_a_forced_call_goes_on_after_steps():
    chat = model(" {}")
    called = AIMessage("", tool_calls=[{"name": "crop", "args": {}, "id": "a"}])
    messages = [HumanMessage("q"), called, ToolMessage("seen", tool_call_id="a")]
    chat.bind_tools([read_text, crop], tool_choice="read_text").invoke(messages)
    assert chat.engine.history[0].turns[-1].text.endswith("Observation: seen\nAction: read_text\nAction Input:")


def test_no_tools_by_choice():
    chat = model("ok")
    assert chat.bind_tools([read_text], tool_choice="none").invoke("hi").content == "ok"
    assert chat.engine.history[0].turns[0].text == "hi"


@pytest.mark.parametrize("choice", ["paint", {"type": "function", "function": {"name": "paint"}}, 3, {"type": "x"}])
def test_unknown_choices_are_errors(choice):
    with pytest.raises(ContentError, match="read_text"):
        model().bind_tools([read_text], tool_choice=choice)


def test_a_required_call_needs_tools():
    with pytest.raises(ContentError, match="no tools"):
        model().bind_tools([], tool_choice="any")


def test_forced_calls_can_still_be_broken():
    answer = model(" {bad").bind_tools([read_text], tool_choice="read_text").invoke("hi")
    assert not answer.tool_calls
    assert answer.invalid_tool_calls[0]["name"] == "read_text"


# --- Structured output ----------------------------------------------------------------------------------------------


class Total(BaseModel):
    """A total."""

    amount: float
    currency: str = "EUR"


class TotalDict(TypedDict):
    """A total."""

    amount: float


METHODS = ["function_calling", "json_mode", "json_schema"]


def structured_reply(method, body):
    return f" {{{body}" if method == "function_calling" else body


@pytest.mark.parametrize("method", METHODS)
async def test_structured_output(method):
    chat = model(*[structured_reply(method, '"amount": 12.5} and so on')] * 6)
    bound = chat.with_structured_output(Total, method=method)
    assert bound.invoke("hi") == Total(amount=12.5)
    assert await bound.ainvoke("hi") == Total(amount=12.5)
    assert list(bound.stream("hi")) == [Total(amount=12.5)]
    assert chat.with_structured_output(TotalDict, method=method).invoke("hi") == {"amount": 12.5}
    assert chat.with_structured_output(Total.model_json_schema(), method=method).invoke("hi") == {"amount": 12.5}
    raw = chat.with_structured_output(Total, method=method, include_raw=True).invoke("hi")
    assert (raw["parsed"], raw["parsing_error"]) == (Total(amount=12.5), None)
    assert isinstance(raw["raw"], AIMessage)


UNREADABLE = {"not json": '"amount": twelve}', "wrong type": '"amount": "many"}', "missing": '"currency": "EUR"}'}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_unreadable_structured_output_is_an_error_never_none(method, body):
    chat = model(*[structured_reply(method, body)] * 6)
    for schema in (Total, TotalDict, Total.model_json_schema()):
        if schema is not Total and body == UNREADABLE["wrong type"]:
            continue  # a JSON schema's types are the user's to check
        with pytest.raises(ModelOutputError):
            chat.with_structured_output(schema, method=method).invoke("hi")
    with pytest.raises(ModelOutputError):
        await chat.with_structured_output(Total, method=method).ainvoke("hi")
    with pytest.raises(ModelOutputError):
        list(chat.with_structured_output(Total, method=method).stream("hi"))
    raw = chat.with_structured_output(Total, method=method, include_raw=True).invoke("hi")
    assert raw["parsed"] is None
    assert isinstance(raw["parsing_error"], ModelOutputError)


def test_unfit_structured_output_says_what_and_what_to_do():
    chat = model(*[structured_reply("json_schema", '"amount": "many"}')] * 2)
    with pytest.raises(ModelOutputError, match=r"does not fit Total \(amount: .*number.*\); ask again"):
        chat.with_structured_output(Total, method="json_schema").invoke("hi")


@pytest.mark.parametrize("value", [5, [1], None, "text"])
def test_json_that_is_no_object_is_an_error_of_ours(value):
    message = AIMessage("5")
    with pytest.raises(ModelOutputError, match="not an object"):
        _in_form(value, message, Total.model_json_schema())


def test_json_is_begun_for_the_model_and_ends_with_its_object():
    chat = model('"a": {"b": "}"}}\n```\nThat is it.')
    answer = chat.invoke("合计？", response_format={"type": "json_object"})
    assert answer.content == '{"a": {"b": "}"}}'
    turns = chat.engine.history[0].turns
    assert turns[-1].text == "{"
    assert "JSON 对象" in turns[-2].text


def test_the_schema_is_in_the_prompt():
    chat = model('"amount": 1}')
    chat.with_structured_output(Total, method="json_schema").invoke("How much?")
    assert '"amount"' in chat.engine.history[0].turns[0].text


def test_structured_output_refuses_what_it_does_not_know():
    with pytest.raises(ContentError, match="json_schema"):
        model().with_structured_output(Total, method="magic")
    with pytest.raises(ContentError, match="includeraw"):
        model().with_structured_output(Total, includeraw=True)
    with pytest.raises(ContentError, match="response_format"):
        model().invoke("hi", response_format={"type": "xml"})
    with pytest.raises(ContentError, match="together"):
        model().bind_tools([read_text]).invoke("hi", response_format={"type": "json_object"})


# --- Cancelling -----------------------------------------------------------------------------------------------------


def long_model(**options):
    return model(*["word " * 2000] * 20, delay=0.002, **options)


def test_leaving_a_stream_ends_the_generation():
    chat = long_model()
    for chunk in chat.stream("hi"):
        if chunk.content:
            break
    gc.collect()
    wait_until(lambda: not chat.engine.active and not generations())


def test_closing_a_stream_ends_the_generation():
    chat = long_model()
    stream = chat.stream("hi")
    next(stream)
    assert chat.engine.active == 1
    stream.close()
    wait_until(lambda: not chat.engine.active and not generations())


async def test_leaving_an_async_stream_ends_the_generation():
    chat = long_model()
    async for chunk in chat.astream("hi"):
        if chunk.content:
            break
    gc.collect()
    await asyncio.sleep(0.05)
    wait_until(lambda: not chat.engine.active and not generations())


@pytest.mark.parametrize("way", ["ainvoke", "astream", "abatch", "events"])
async def test_cancelling_the_task_ends_the_generation(way):
    chat = long_model()

    async def work():
        if way == "ainvoke":
            await chat.ainvoke("hi")
        elif way == "abatch":
            await chat.abatch(["a", "b", "c"])
        elif way == "astream":
            await agathered(chat.astream("hi"))
        else:
            async for _ in chat.astream_events("hi", version="v2"):
                pass

    task = asyncio.create_task(work())
    while not chat.engine.active:
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(wait_until, lambda: not chat.engine.active and not generations())


def test_a_closed_loop_ends_the_generation():
    chat = long_model()

    async def abandon():
        stream = chat.astream("hi")
        await anext(stream)

    asyncio.run(abandon())
    wait_until(lambda: not chat.engine.active and not generations())


async def test_too_slow_is_an_error_and_ends():
    chat = long_model(timeout=0.05)
    with pytest.raises(EngineError, match="took longer than"):
        chat.invoke("hi")
    with pytest.raises(EngineError, match="raise `timeout`"):
        await chat.ainvoke("hi")
    wait_until(lambda: not chat.engine.active and not generations())
    assert len(model("ok").invoke("hi", timeout=5).content) == 2


async def test_errors_of_the_engine_reach_the_caller():
    chat = model(*[EngineError("The card is on fire; call the fire brigade.")] * 4)
    for way in (lambda: chat.invoke("hi"), lambda: list(chat.stream("hi"))):
        with pytest.raises(EngineError, match="fire brigade"):
            way()
    with pytest.raises(EngineError, match="fire brigade"):
        await chat.ainvoke("hi")
    with pytest.raises(EngineError, match="fire brigade"):
        await agathered(chat.astream("hi"))
    wait_until(lambda: not generations())


# --- Many at once ---------------------------------------------------------------------------------------------------


def echo(request):
    return f"You said {request.turns[-1].text}. " * 20


def test_two_streams_do_not_mix():
    chat = ChatQwenVL(engine=ScriptedEngine(echo, delay=0.0002))
    streams = [chat.stream(name) for name in ("alpha", "beta", "gamma")]
    texts = ["", "", ""]
    for _ in range(400):
        for index, stream in enumerate(streams):
            chunk = next(stream, None)
            texts[index] += chunk.content if chunk else ""
    for text, name in zip(texts, ("alpha", "beta", "gamma"), strict=True):
        assert text == f"You said {name}. " * 20


def test_a_batch_of_eight():
    chat = ChatQwenVL(engine=ScriptedEngine(echo, delay=0.0005))
    answers = chat.batch([f"q{i}" for i in range(8)], config={"max_concurrency": 4})
    assert [answer.content for answer in answers] == [f"You said q{i}. " * 20 for i in range(8)]
    assert 1 < chat.engine.most_active <= 4
    assert not chat.engine.active


def test_each_generation_runs_in_one_thread():
    class Locked(ScriptedEngine):
        """Holds a lock from the first piece to the last, as engines on one device do."""

        lock = threading.RLock()

        def stream(self, request, cancel=None):
            with self.lock:
                yield from super().stream(request, cancel)

    async def run():
        chat = ChatQwenVL(engine=Locked(echo))
        answers = await asyncio.gather(*(agathered(chat.astream(f"q{i}")) for i in range(6)))
        assert [answer.content for answer in answers] == [f"You said q{i}. " * 20 for i in range(6)]
        assert chat.engine.most_active == 1

    asyncio.run(run())


# --- Copies, pickles, configuration ---------------------------------------------------------------------------------


class WithLock(ScriptedEngine):
    """As real engines: cannot be pickled or copied."""

    def __init__(self, *args):
        super().__init__(*args)
        self.handle = threading.Lock()

    def __deepcopy__(self, memo):
        raise AssertionError("the engine must not be copied")

    def __reduce__(self):
        raise AssertionError("the engine must not be pickled")


@pytest.mark.parametrize(
    "duplicate",
    [
        lambda chat: pickle.loads(pickle.dumps(chat)),
        copy.copy,
        copy.deepcopy,
        lambda chat: chat.model_copy(deep=True),
        lambda chat: chat.model_copy(update={"temperature": 0.2}),
        lambda chat: pickle.loads(pickle.dumps(chat.bind_tools([{"name": "f"}]))),
    ],
    ids=["pickle", "copy", "deepcopy", "model_copy deep", "model_copy", "pickle of bound"],
)
def test_copies_share_the_engine(duplicate):
    chat = ChatQwenVL(engine=WithLock(["a", "b"]), policy=LoadPolicy())
    chat.invoke("hi")
    assert duplicate(chat).invoke("hi").content == "b"
    assert len(chat.engine.history) == 2


def test_a_pickle_of_a_dead_engine_says_so():
    chat = ChatQwenVL(engine=ScriptedEngine(["a"]))
    data = pickle.dumps(chat)
    del chat
    gc.collect()
    with pytest.raises(ModelNotFound, match="load_model"):
        pickle.loads(data)


def test_named_engines_are_built_once_and_late():
    built = []

    def build(**options):
        built.append(options)
        return ScriptedEngine(echo, profile=Profile("named", max_input_tokens=77))

    registry.register("named-once", build)
    chat = ChatQwenVL(model="named-once")
    assert built == []
    assert "not loaded" in repr(chat.engine)
    configurable = chat.configurable_fields(temperature=ConfigurableField(id="temperature"))
    for temperature in (0.1, 0.2, 0.3):
        configurable.invoke("hi", config={"configurable": {"temperature": temperature}})
    pickle.loads(pickle.dumps(chat)).invoke("hi")
    threads = [threading.Thread(target=ChatQwenVL(model="named-once").invoke, args=("hi",)) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert built == [{}]
    assert [request.sampling.temperature for request in chat.engine.history[:3]] == [0.1, 0.2, 0.3]
    assert ChatQwenVL(model="named-once").profile["max_input_tokens"] == 77


def test_configurable_models():
    registry.register("first-echo", lambda: ScriptedEngine(lambda _: "first"))
    registry.register("second-echo", lambda: ScriptedEngine(lambda _: "second"))
    chat = ChatQwenVL(model="first-echo").configurable_fields(model=ConfigurableField(id="model"))
    assert chat.invoke("hi").content == "first"
    assert chat.invoke("hi", config={"configurable": {"model": "second-echo"}}).content == "second"
    answer = ChatQwenVL(model="first-echo").invoke("hi", model="second-echo")
    assert (answer.content, answer.response_metadata["model_name"]) == ("second", "second-echo")


def test_configurable_fields_keep_a_given_engine():
    chat = model("a", "b").configurable_fields(temperature=ConfigurableField(id="t"))
    assert chat.invoke("hi", config={"configurable": {"t": 0.1}}).content == "a"
    assert chat.invoke("hi", config={"configurable": {"t": 0.9}}).content == "b"


TYPOS = {"temprature": 0, "max_token": 5, "modle": "x", "engin": None, "polcy": None, "whatever": 1}


@pytest.mark.parametrize(("name", "value"), TYPOS.items())
def test_typing_errors_are_errors(name, value):
    with pytest.raises(UserError, match=f"no argument '{name}'"):
        ChatQwenVL(**{"model": "offline", name: value})


def test_arguments_of_other_models_are_accepted():
    chat = ChatQwenVL(engine=ScriptedEngine(["a"]), api_key="test", max_retries=2, base_url="x", timeout=60, stop=[])
    assert chat.invoke("hi", parallel_tool_calls=False, cache_control={"type": "ephemeral"}).content == "a"
    with pytest.raises(UserError, match="did you mean 'temperature'"):
        chat.invoke("hi", temprature=0)


def test_an_engine_must_be_one():
    with pytest.raises(UserError, match="is no engine"):
        ChatQwenVL(engine="offline")


def test_the_profile_says_what_it_can():
    chat = model(profile=Profile("blind", sees=False, max_input_tokens=123))
    assert chat.profile["max_input_tokens"] == 123
    assert chat.profile["image_inputs"] is False
    assert chat.profile["tool_calling"] is True
    assert "structured_output" not in chat.profile


# --- Cache, rate limit, callbacks, traces ---------------------------------------------------------------------------


def ask(block):
    return [SystemMessage("Be brief."), HumanMessage([block, {"type": "text", "text": "What?"}])]


async def test_the_cache_knows_pictures_by_content(tmp_path, monkeypatch):
    monkeypatch.setattr("visual_agent.fetching.fetch", lambda url, policy, **_: png("red"))
    path = tmp_path / "a.png"
    path.write_bytes(png("red"))
    ledger = Ledger([png("red")])
    data = base64.b64encode(png("red")).decode()
    chat = model("red", "green", "blue", cache=InMemoryCache(), policy=LoadPolicy())
    same = [
        {"type": "image", "url": str(path)},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "image", "base64": data, "mime_type": "image/png"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}},
        {"type": "image", "file_id": ledger.get("img1").file_id},
    ]
    assert [chat.invoke(ask(block)).content for block in same] == ["red"] * len(same)
    assert [(await chat.ainvoke(ask(block))).content for block in same] == ["red"] * len(same)
    assert len(chat.engine.history) == 1
    path.write_bytes(png("green"))
    assert chat.invoke(ask(same[0])).content == "green"
    assert (await chat.ainvoke(ask(image_block(png("blue"))))).content == "blue"
    assert len(chat.engine.history) == 3


def test_the_cache_knows_what_answers_depend_on():
    cache = InMemoryCache()
    engines = [ScriptedEngine(["a"], profile=Profile("m", version=version)) for version in ("1", "2")]
    assert [ChatQwenVL(engine=engine, cache=cache).invoke("hi").content for engine in engines] == ["a", "a"]
    assert [len(engine.history) for engine in engines] == [1, 1]
    one = ChatQwenVL(engine=engines[0], cache=cache)
    assert one.invoke("hi").content == "a"
    for other in ({"temperature": 0.3}, {"seed": 4}, {"max_tokens": 3}, {"language": "zh"}, {"stop": ["x"]}):
        with pytest.raises(EngineError, match="no reply"):
            ChatQwenVL(engine=engines[0], cache=cache, **other).invoke("hi")


def test_the_rate_limiter_is_honoured():
    limiter = InMemoryRateLimiter(requests_per_second=20, check_every_n_seconds=0.005, max_bucket_size=1)
    chat = model("a", "b", "c", rate_limiter=limiter)
    started = time.monotonic()
    for _ in range(2):
        chat.invoke("hi")
    list(chat.stream("hi"))
    assert time.monotonic() - started > 0.09


class Recorder(BaseCallbackHandler):
    def __init__(self):
        self.starts, self.tokens, self.ends = [], [], []

    def on_chat_model_start(self, serialized, messages, **kwargs):
        self.starts.append((messages, kwargs))

    def on_llm_new_token(self, token, **kwargs):
        self.tokens.append(token)

    def on_llm_end(self, response, **kwargs):
        self.ends.append(response)


def test_callbacks_hear_each_token_once():
    recorder = Recorder()
    list(model("one two three").stream("hi", config={"callbacks": [recorder]}))
    assert "".join(recorder.tokens) == "one two three"
    assert len(recorder.starts) == len(recorder.ends) == 1
    assert recorder.ends[0].generations[0][0].message.content == "one two three"


def test_traces_hold_no_pictures():
    ledger = Ledger([png()])
    recorder = Recorder()
    model("a").invoke(ask(image_block(ledger.get("img1"))), config={"callbacks": [recorder]})
    messages, details = recorder.starts[0]
    shown = str(_format_for_tracing(messages[0])) + str(details)
    assert "base64" not in shown
    assert ledger.get("img1").file_id in shown


def test_counting_tokens():
    chat = model()
    assert chat.get_num_tokens("one two") == 2
    assert chat.get_num_tokens("") == 0
    ledger = Ledger([png()])
    plain = chat.get_num_tokens_from_messages([HumanMessage("What?")])
    shown = chat.get_num_tokens_from_messages([HumanMessage([image_block(ledger.get("img1")), "What?"])])
    assert shown > plain + 256
    assert chat.get_num_tokens_from_messages([HumanMessage("What?")], tools=[read_text]) > plain + 100


def test_chunks_are_message_chunks():
    assert all(isinstance(chunk, AIMessageChunk) for chunk in model("a b").stream("hi"))
