"""Another chat model in the agent: ChatOpenAI against a real OpenAI-compatible endpoint, pictures included."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from agent_kit import cropper, picture, reader
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from PIL import Image

from visual_agent.agent import Limits, VisualAgent
from visual_agent.delivery import MAX_PICTURES, TOOL_PICTURES, Delivery
from visual_agent.doctor import install_hint
from visual_agent.errors import EndpointError
from visual_agent.geometry import Transform
from visual_agent.images import Ledger
from visual_agent.messages import image_block


class Endpoint:
    """An OpenAI-compatible endpoint that says what its script says and keeps what it received.

    It refuses what the real one refuses: pictures in tool messages, tool calls without an answer, file ids.
    """

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.received: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.received.append(body)
                problem = refusal(body["messages"])
                if problem:
                    self._send(400, {"error": {"message": problem, "type": "invalid_request_error"}})
                    return
                self._send(200, completion(outer.replies.pop(0)))

            def _send(self, status: int, value: Any) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def refusal(messages: list[dict[str, Any]]) -> str:
    """Why the real endpoint would answer 400."""
    open_calls: set[str] = set()
    for message in messages:
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        kinds = {part["type"] for part in parts}
        if message["role"] == "tool":
            if kinds - {"text"}:
                return "tool messages take text only"
            open_calls.discard(message["tool_call_id"])
            continue
        if open_calls:
            return f"no answer to {open_calls}"
        if kinds - {"text", "image_url"}:
            return f"unknown parts {kinds}"
        open_calls = {call["id"] for call in message.get("tool_calls") or []}
    return ""


def completion(reply: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if isinstance(reply, str):
        message["content"] = reply
    else:
        message["tool_calls"] = [
            {"id": f"call_{name}_{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for i, (name, arguments) in enumerate(reply)
        ]
    finish = "stop" if isinstance(reply, str) else "tool_calls"
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.close()


def agent_on(endpoint: Endpoint, **options: Any) -> VisualAgent:
    langchain_openai = pytest.importorskip("langchain_openai", reason=f"needs its extra; {install_hint('api')}")
    model = langchain_openai.ChatOpenAI(
        model="qwen-vl-max", base_url=endpoint.url, api_key="none", max_retries=0, temperature=0
    )
    return VisualAgent(model, [reader, cropper], **options)


def pictures_in(message: dict[str, Any]) -> list[Image.Image]:
    content = message["content"] if isinstance(message["content"], list) else []
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    return [Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1]))) for url in urls]


SCRIPT: list[Any] = [
    [("read_text", '{"image": "img1"}'), ("crop", '{"image": "img1", "box": [50, 20, 150, 90]}')],
    [("crop", '{"image": "img1.crop1", "box": [0, 0, 40, 40]}')],
    "The total is 12.30 [r3].",
]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_whole_run_with_pictures_in_tool_results(endpoint, asynchronous):
    endpoint.replies = list(SCRIPT)
    agent = agent_on(endpoint)
    source = picture("red")
    if asynchronous:
        answer = asyncio.run(agent.arun("What is the total?", source))
    else:
        answer = agent.run("What is the total?", source)
    assert answer.text == "The total is 12.30."
    assert [e.region for e in answer.evidence] == ["r3"]
    assert [s.tool for s in answer.trace.steps] == ["read_text", "crop", "crop"]
    assert answer.usage["prompt_tokens"] == 300

    first, second, third = (body["messages"] for body in endpoint.received)
    assert first[0]["role"] == "system"
    assert "[r3]" in first[0]["content"]
    (shown,) = pictures_in(first[1])
    assert shown.convert("RGB").tobytes() == source.tobytes(), "the very pixels, not a copy made smaller"
    assert any("img1, 200x100 pixels" in part.get("text", "") for part in first[1]["content"])

    assert [m["role"] for m in second] == ["system", "user", "assistant", "tool", "tool", "user"]
    (cut,) = pictures_in(second[-1])
    assert cut.size == (200, 140)
    assert "img1.crop1" in json.dumps(second[-2]["content"])
    assert [len(pictures_in(m)) for m in third if m["role"] == "user"] == [1, 1, 1]
    assert agent.model_name == answer.trace.model == "qwen-vl-max"


def test_the_state_holds_no_base64(endpoint):
    endpoint.replies = list(SCRIPT)
    agent = agent_on(endpoint)
    agent.run("What is the total?", picture(), thread="t")
    stored = repr(agent._checkpointer.get_tuple({"configurable": {"thread_id": "t"}}))
    assert "img_" in stored
    assert "base64" not in stored


def test_broken_arguments_are_repaired(endpoint):
    endpoint.replies = [[("read_text", '{"image": ')], [("read_text", "{}")], "12.30 [r3]"]
    answer = agent_on(endpoint).run("What is the total?", picture())
    assert answer.found
    assert answer.usage["repairs"] == 1
    assert answer.trace.steps[0].error


def test_follow_ups_and_limits(endpoint):
    endpoint.replies = [[("read_text", "{}")], [("crop", '{"box": [0, 0, 50, 50]}')], "Of 2026-01-03 [r2]."]
    agent = agent_on(endpoint, limits=Limits(model_calls=2))
    assert agent.run("What is the total?", picture(), thread="t").stopped == "model_calls"
    assert agent.run("And the date?", thread="t").evidence[0].region == "r2"


def test_a_refusal_of_the_endpoint_is_told(endpoint):
    endpoint.close()
    with pytest.raises(EndpointError, match="chat model failed"):
        agent_on(endpoint).run("?", picture())


# --- What models are given, without an endpoint --------------------------------------------------------------------


class Model(FakeMessagesListChatModel):
    responses: list[Any] = []  # noqa: RUF012 - a pydantic field


def messages_of(ledger: Ledger, count: int = 1) -> list[Any]:
    root = ledger.get("img1")
    block = {"type": "image", "file_id": root.file_id, "mime_type": "image/png"}
    calls = [{"name": "crop", "args": {}, "id": f"c{i}", "type": "tool_call"} for i in range(count)]
    tools = [
        ToolMessage([{"type": "text", "text": f"crop {i}"}, block], name="crop", tool_call_id=f"c{i}")
        for i in range(count)
    ]
    return [HumanMessage([image_block(root), {"type": "text", "text": "?"}]), AIMessage("", tool_calls=calls), *tools]


def kinds(messages: list[Any]) -> list[str]:
    return [b["type"] for m in messages if isinstance(m.content, list) for b in m.content]


def test_a_model_that_takes_pictures_in_tool_messages_gets_them_there():
    ledger = Ledger([picture()])
    given = messages_of(ledger)
    expanded = Delivery(Model(profile={"image_tool_message": True, "image_inputs": True})).expand(given)
    assert [m.type for m in expanded] == ["human", "ai", "tool"]
    assert expanded[2].content[1]["base64"]
    assert given[2].content[1].get("base64") is None, "the state's own messages stay as they are"


def test_pictures_of_parallel_calls_follow_all_their_messages():
    ledger = Ledger([picture()])
    expanded = Delivery(Model()).expand([*messages_of(ledger, 3), HumanMessage("next")])
    assert [m.type for m in expanded] == ["human", "ai", "tool", "tool", "tool", "human", "human"]
    assert sum(b["type"] == "image" for b in expanded[5].content) == 3


def test_a_model_without_eyes_gets_words():
    ledger = Ledger([picture()])
    expanded = Delivery(Model(profile={"image_inputs": False})).expand(messages_of(ledger))
    assert set(kinds(expanded)) == {"text"}
    assert "img1, 200x100 pixels: you cannot see it" in str(expanded[0].content)


def test_older_pictures_of_tools_are_named_in_words():
    ledger = Ledger([picture()])
    expanded = Delivery(Model()).expand(messages_of(ledger, MAX_PICTURES + 4))
    assert kinds(expanded).count("image") == MAX_PICTURES
    assert kinds(expanded[:1]).count("image") == 1, "the user's own picture always goes along"
    assert "shown before" in str(expanded[2].content)


def test_many_pictures_of_the_user_leave_room_for_those_of_tools():
    ledger = Ledger([picture(size=(200, 100 + i)) for i in range(MAX_PICTURES + 3)])
    cut = ledger.derive("img1", picture(size=(50, 50)), Transform(), "crop")
    given = [
        HumanMessage([image_block(root) for root in ledger.roots()]),
        AIMessage("", tool_calls=[{"name": "crop", "args": {}, "id": "c", "type": "tool_call"}]),
        ToolMessage([image_block(cut)], name="crop", tool_call_id="c"),
    ]
    delivery = Delivery(Model())
    before = delivery.expand(given[:1])
    assert kinds(before).count("image") == MAX_PICTURES
    assert ["not shown" in str(block) for block in before[0].content].count(True) == 3
    assert "shown before" not in str(before)
    after = delivery.expand(given)
    assert kinds(after).count("image") == MAX_PICTURES
    assert kinds(after[-1:]).count("image") == 1, "what the tool shows is among them"
    told = str(after[0].content)
    assert "img4, 200x103 pixels: shown before" in told
    assert "img3, 200x102 pixels: not shown" in told


def test_the_newest_pictures_of_tools_have_a_few_places():
    ledger = Ledger([picture(size=(200, 100 + i)) for i in range(MAX_PICTURES)])
    roots = HumanMessage([image_block(root) for root in ledger.roots()])
    expanded = Delivery(Model()).expand([roots, *messages_of(ledger, 7)[1:]])
    assert [kinds([m]).count("image") for m in expanded if m.type == "human"] == [
        MAX_PICTURES - TOOL_PICTURES,
        TOOL_PICTURES,
    ]


def test_a_picture_that_is_gone_is_said():
    lost = HumanMessage([{"type": "image", "file_id": "img_" + "0" * 24}])
    (message,) = Delivery(Model()).expand([lost])
    assert "no longer held" in message.content[0]["text"]


def test_large_pictures_keep_their_size():
    import numpy as np

    rng = np.random.default_rng(3)
    noise = Image.fromarray(rng.integers(0, 255, (1300, 1300, 3), dtype=np.uint8))
    ledger = Ledger([noise])
    (message,) = Delivery(Model()).expand([HumanMessage([image_block(ledger.get("img1"))])])
    block = message.content[1]
    assert block["mime_type"] == "image/jpeg"
    assert Image.open(io.BytesIO(base64.b64decode(block["base64"]))).size == (1300, 1300)
