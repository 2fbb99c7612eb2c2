"""Limits that hold whatever happens: places of the server, time, pictures, and what a failed run leaves behind."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
import time
from typing import Any

import httpx
import pytest
from agent_kit import act, agent_of, final, picture, scripted
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatResult
from langchain_core.tools import tool
from PIL import Image

from visual_agent.admission import ServerSettings
from visual_agent.agent import Limits
from visual_agent.errors import EngineError, UserError
from visual_agent.geometry import Box, Region, Transform
from visual_agent.loading import load
from visual_agent.server import create_app

READ = act("read_text", {"image": "img1"})


def png(red: int = 255) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (red, 0, 0)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def pdf(count: int) -> dict[str, str]:
    """A content block with a document of `count` pages."""
    pages = [Image.new("RGB", (20, 20), (n, 0, 0)) for n in range(count)]
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:])
    return {"type": "file", "base64": base64.b64encode(buffer.getvalue()).decode(), "mime_type": "application/pdf"}


def looks_once(request: Any) -> str:
    steps = "".join(turn.text for turn in request.turns if turn.role == "assistant")
    return final("done") if "Observation:" in steps else READ


class Held:
    """A tool that runs until it is let go, and counts how many of it run at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.running = self.most = self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, ledger: Any) -> Any:
        def read_text(image: str = "img1") -> str:
            """Read slowly."""
            with self._lock:
                self.calls += 1
                self.running += 1
                self.most = max(self.most, self.running)
            self.go.wait(20)
            try:
                frame = ledger.get(image)
                ledger.record(Region("late", Box(0, 0, 9, 9), frame.name))
                ledger.derive(frame, frame.image, Transform())
            finally:
                with self._lock:
                    self.running -= 1
            return "read"

        return tool(read_text)


@pytest.fixture
def held():
    slow = Held()
    yield slow
    slow.go.set()


async def until(true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here", timeout=30)


def chat(*content: dict[str, Any]) -> dict[str, Any]:
    return {"input": {"messages": [{"role": "user", "content": list(content)}]}}


# --- Places --------------------------------------------------------------------------------------------------------


async def test_a_client_that_leaves_holds_its_place_until_its_tool_has_ended(held):
    service = create_app(scripted(looks_once), ServerSettings(running=1, waiting=9)).state.service
    service.agent._tools = (held,)
    first = asyncio.create_task(service.answer({"question": "One?", "image": png()}))
    await until(lambda: held.running == 1)
    first.cancel()
    started = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert time.monotonic() - started < 2, "the request itself ends at once"
    assert service.gate.inside == 1
    others = [asyncio.create_task(service.answer({"question": "Two?", "image": png()})) for _ in range(3)]
    await asyncio.sleep(0.3)
    assert (held.running, held.calls) == (1, 1)
    held.go.set()
    assert [answer["answer"] for answer in await asyncio.gather(*others)] == ["done"] * 3
    assert held.most == 1
    await until(lambda: service.gate.inside == 0)


async def test_a_tool_that_is_late_holds_its_runs_place(held):
    service = create_app(scripted(looks_once), ServerSettings(running=1, seconds=0.5)).state.service
    service.agent._tools = (held,)
    answer = await service.answer({"question": "One?", "image": png()})
    assert answer["stopped"] == "seconds"
    assert (held.running, service.gate.inside) == (1, 1)
    held.go.set()
    await until(lambda: service.gate.inside == 0)


# --- Time ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_loading_takes_of_the_runs_time(asynchronous, monkeypatch):
    def slow(source, policy):
        time.sleep(0.2)
        return load(source, policy)

    monkeypatch.setattr("visual_agent.agent.load", slow)
    agent = agent_of(final("a"), final("b"), limits=Limits(seconds=0.7))

    def ask(*pictures):
        return asyncio.run(agent.arun("?", *pictures)) if asynchronous else agent.run("?", *pictures)

    started = time.monotonic()
    with pytest.raises(UserError, match=r"longer to load than the 0\.7 seconds"):
        ask(*[picture()] * 12)
    assert time.monotonic() - started < 1.8
    answer = ask(picture())
    assert answer.stopped == ""
    assert answer.trace.seconds > 0.2


async def test_waiting_for_a_turn_takes_nothing_of_the_runs_time():
    agent = agent_of(final("a"), final("word " * 60), final("c"), limits=Limits(seconds=2.0))
    await agent.arun("One?", picture(), thread="t")
    session = agent._sessions["t"]
    with session.lock:
        waiting = asyncio.create_task(agent.arun("Two?", thread="t"))
        await asyncio.sleep(2.2)
    assert (await waiting).stopped == ""


async def stalled(app: Any, path: str, body: dict[str, Any]) -> None:
    """A request of a client that reads the first bytes of the answer and then no more."""
    parts = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive() -> Any:
        return parts.pop() if parts else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message.get("body"):
            await asyncio.Event().wait()

    headers = [(b"content-type", b"application/json"), (b"host", b"here")]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http"}
    where = {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers}
    async with asyncio.timeout(15):
        await app({**scope, **where, "client": ("127.0.0.1", 1), "server": ("here", 80)}, receive, send)


@pytest.mark.parametrize("path", ["/agent/stream", "/chat/stream"])
async def test_a_reader_who_stalls_is_left(path):
    app = create_app(scripted(looks_once), ServerSettings(running=1, seconds=0.6, sending=0.4))
    asked = {"question": "One?", "image": png()} if "agent" in path else chat({"type": "text", "text": "hi"})["input"]
    started = time.monotonic()
    await stalled(app, path, {"input": asked})
    assert time.monotonic() - started < 5
    await until(lambda: app.state.service.gate.inside == 0)
    async with client_of(app) as client:
        reply = await client.post("/agent/invoke", json={"input": {"question": "Two?", "image": png()}})
        assert reply.status_code == 200


class Endless(FakeMessagesListChatModel):
    """A chat model that is not ours and never answers."""

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        await asyncio.sleep(60)
        raise AssertionError


async def test_a_chat_with_another_model_ends_in_time():
    app = create_app(Endless(responses=[AIMessage("late")]), ServerSettings(seconds=0.3, sending=0.2))
    async with client_of(app) as client:
        for route in ("invoke", "stream"):
            reply = await client.post(f"/chat/{route}", json=chat({"type": "text", "text": "hi"}))
            assert reply.status_code == 504, reply.text
            assert "longer than 0.5 seconds" in reply.json()["error"]["message"]
    assert app.state.service.gate.inside == 0


# --- Pictures ------------------------------------------------------------------------------------------------------


async def test_pages_of_several_documents_are_counted_together():
    model = scripted(lambda _: "Seen.")
    app = create_app(model)
    async with client_of(app) as client:
        for content in ([pdf(8)] * 8, [pdf(8), {"type": "image", "base64": png(), "mime_type": "image/png"}]):
            for route in ("invoke", "stream"):
                reply = await client.post(f"/chat/{route}", json=chat(*content))
                assert reply.status_code == 422, reply.text
                assert "At most 8 pictures a request, each page" in reply.json()["error"]["message"]
        two = [{"role": "user", "content": [pdf(4)]}, {"role": "user", "content": [pdf(5)]}]
        reply = await client.post("/chat/invoke", json={"input": {"messages": two}})
        assert reply.status_code == 422, "messages share the limit"
        assert model.engine.history == []
        reply = await client.post("/chat/invoke", json=chat(pdf(4), pdf(3), {"type": "text", "text": "What is it?"}))
        assert reply.status_code == 200, reply.text
    (request,) = model.engine.history
    assert sum(hasattr(part, "pixels") for turn in request.turns for part in turn.parts) == 7


async def test_a_conversation_holds_a_bounded_number_of_pictures():
    app = create_app(scripted(lambda _: final("seen")), ServerSettings(images=2, thread_images=3))

    async def ask(*reds: int, **more: Any) -> httpx.Response:
        asked = {"question": "What is it?", "images": [png(red) for red in reds], **more}
        return await client.post("/agent/invoke", json={"input": asked})

    async with client_of(app) as client:
        thread = (await ask(1, 2, keep=True)).json()["output"]["thread"]
        refused = await ask(3, 4, thread=thread)
        assert refused.status_code == 422
        assert "at most 3 pictures" in refused.json()["error"]["message"]
        assert (await ask(1, 2, thread=thread)).status_code == 200, "known pictures are not new"
        assert (await ask(3, thread=thread)).status_code == 200
        assert (await ask(4, thread=thread)).status_code == 422
        assert (await ask(thread=thread)).status_code == 200
    ledger = app.state.service.agent.ledger(thread)
    assert [p.name for p in ledger.roots()] == ["img1", "img2", "img3"]


# --- What a failed run leaves --------------------------------------------------------------------------------------


def test_a_failed_run_leaves_nothing_in_the_ledger():
    look = act("read_text", {"image": "img2"})
    crop = act("crop", {"image": "img2", "box": [0, 0, 50, 50]})
    broken = EngineError("gone; restart")
    agent = agent_of(READ, final("12.30 [r3]"), look, crop, broken, look, final("12.30 [r6]"))
    agent.run("One?", picture(), thread="t")
    session, ledger = agent._sessions["t"], agent.ledger("t")
    with pytest.raises(EngineError):
        agent.run("Two?", picture("red"), thread="t")
    assert [p.name for p in ledger.pictures()] == ["img1"]
    assert [r.id for r in ledger.regions()] == ["r1", "r2", "r3"]
    assert (len(session.observations), set(session.shown), len(session.looks.seen)) == (1, {"r1", "r2", "r3"}, 1)
    answer = agent.run("Three?", picture("blue"), thread="t")
    assert answer.trace.before["pictures"] == ["img1"]
    assert not answer.trace.steps[0].cached
    assert answer.trace.steps[0].observation.regions[-1].id == "r6"
    assert [e.image for e in answer.evidence] == ["img2"]


async def test_a_cancelled_run_leaves_nothing_in_the_ledger(held):
    agent = agent_of(final("a"), READ, final("b"), tools=[held])
    await agent.arun("One?", picture(), thread="t")
    ledger = agent.ledger("t")
    task = asyncio.create_task(agent.arun("Two?", picture("red"), thread="t"))
    await until(lambda: held.running == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [p.name for p in ledger.pictures()] == ["img1"]
    held.go.set()
    await until(lambda: held.running == 0)
    assert [p.name for p in ledger.pictures()] == ["img1"], "the tool that was left behind enters nothing"
    assert ledger.regions() == []
    assert agent._sessions["t"].observations == {}
    assert ledger.add(picture("blue")).name == "img2", "others may enter"


def test_a_tool_that_is_late_enters_nothing(held):
    agent = agent_of(READ, tools=[held], limits=Limits(seconds=0.3))
    assert agent.run("One?", picture(), thread="t").stopped == "seconds"
    held.go.set()
    for _ in range(500):
        if held.running:
            time.sleep(0.01)
    assert held.running == 0
    assert agent.ledger("t").regions() == []


def test_a_thread_forgotten_during_a_later_run_that_fails_is_gone():
    agent = agent_of(final("a"), READ, EngineError("gone; restart"), final("b"))
    agent.run("One?", picture(), thread="t")
    stream = agent.stream("Two?", thread="t")
    next(stream)
    agent.forget("t")
    with pytest.raises(EngineError):
        next(stream)
    assert agent.threads() == []
    assert not agent._checkpointer.blobs
    assert agent.run("Three?", picture(), thread="t").text == "b"
