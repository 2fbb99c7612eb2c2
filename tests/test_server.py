"""The server over a real uvicorn on loopback: LangServe's own client, limits, hostile requests, many clients."""

from __future__ import annotations

import asyncio
import base64
import gc
import io
import json
import re
import shutil
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from langchain_core.messages import AIMessage, HumanMessage
from langserve import RemoteRunnable
from PIL import Image

from visual_agent import ChatQwenVL
from visual_agent.admission import ServerSettings
from visual_agent.engines import ScriptedEngine
from visual_agent.errors import EngineError
from visual_agent.images import held
from visual_agent.server import create_app


def picture(color: tuple[int, int, int] = (255, 255, 255), size: tuple[int, int] = (64, 48)) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def last_question(request) -> str:
    """The newest question in a request, whatever frames it."""
    text = "".join(turn.text for turn in request.turns if turn.role == "user")
    return text.rpartition("Question:")[2].strip()


def echo(request) -> str:
    """Crops once, then answers with the question's own words and the size of the picture it was shown."""
    steps = "".join(turn.text for turn in request.turns if turn.role == "assistant")
    number = re.findall(r"number (\d+)", last_question(request))
    images = [p.pixels for t in request.turns for p in t.parts if hasattr(p, "pixels")]
    if "Observation:" not in steps:
        return 'Thought: I look closer.\nAction: crop\nAction Input: {"image": "img1", "box": [0, 0, 20, 20]}'
    red = images[0].image.getpixel((0, 0))[0]
    return f"Thought: I have it.\nFinal Answer: number {number[-1] if number else '?'} red {red}"


@contextmanager
def served(engine, settings: ServerSettings | None = None):
    """A real server with a chat model on `engine`; its address and its service."""
    app = create_app(ChatQwenVL(engine=engine), settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", app.state.service
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def server():
    with served(ScriptedEngine(echo)) as found:
        yield found


@pytest.fixture
def url(server) -> str:
    return server[0]


def ask(url: str, **body) -> httpx.Response:
    return httpx.post(f"{url}/agent/invoke", json={"input": body}, timeout=30)


def test_healthz(url) -> None:
    assert httpx.get(f"{url}/healthz").json()["status"] == "ok"


def test_remote_runnable_invokes_the_agent(url) -> None:
    result = RemoteRunnable(f"{url}/agent").invoke({"question": "What is number 7?", "images": [picture((9, 0, 0))]})
    assert result["answer"] == "number 7 red 9"
    assert [step["tool"] for step in result["steps"]] == ["crop"]
    assert "thread" not in result


def test_remote_runnable_streams_steps_then_the_answer(url) -> None:
    events = list(RemoteRunnable(f"{url}/agent").stream({"question": "number 3", "image": picture()}))
    assert [event["event"] for event in events] == ["step", "answer"]


async def test_remote_runnable_streams_events(url) -> None:
    remote = RemoteRunnable(f"{url}/agent")
    names = [
        e["event"] async for e in remote.astream_events({"question": "number 3", "image": picture()}, version="v2")
    ]
    assert "on_chain_stream" in names
    assert names[-1] == "on_chain_end"


def test_a_batch_keeps_errors_to_their_item(url) -> None:
    good = {"question": "number 1", "image": picture()}
    results = RemoteRunnable(f"{url}/agent").batch([good, {"question": "number 2", "image": "%%%"}, good])
    assert [r.get("event", "answer") for r in results] == ["answer", "error", "answer"]


def test_threads_continue_with_their_pictures_and_end(server) -> None:
    url, service = server
    first = ask(url, question="number 4", image=picture((5, 0, 0)), keep=True).json()["output"]
    second = ask(url, question="and number 6", thread=first["thread"]).json()["output"]
    assert second["answer"] == "number 6 red 5"
    service.threads.close(first["thread"])
    assert ask(url, question="and number 8", thread=first["thread"]).status_code == 422


def test_chat_takes_langchain_and_openai_messages(url) -> None:
    remote = RemoteRunnable(f"{url}/chat")
    message = HumanMessage([{"type": "text", "text": "number 5"}])
    assert isinstance(remote.invoke({"messages": [message.model_dump()]}), AIMessage)
    reply = httpx.post(f"{url}/chat/invoke", json={"input": {"messages": [{"role": "user", "content": "hi"}]}})
    assert reply.status_code == 200
    chunks = list(remote.stream({"messages": [{"role": "user", "content": "number 5"}]}))
    assert len("".join(chunk.text for chunk in chunks)) > 5


def test_playground_shows_an_upload(url) -> None:
    page = httpx.get(f"{url}/agent/playground/")
    assert page.status_code == 200
    schema = httpx.get(f"{url}/agent/input_schema").json()
    assert "base64file" in json.dumps(schema)
    assert httpx.get(f"{url}/openapi.json").status_code == 200
    assert httpx.get(f"{url}/docs").status_code == 200
    assert httpx.get(f"{url}/chat/playground/").status_code == 404, "its page could not enter a message"


def test_no_banner_names_a_page_that_is_not_there(capfd) -> None:
    with served(ScriptedEngine(echo)) as (url, _):
        assert httpx.get(f"{url}/healthz").status_code == 200
    assert "LANGSERVE" not in capfd.readouterr().out


@pytest.mark.filterwarnings("ignore:astream_log is deprecated")  # the page asks for LangServe's oldest stream
def test_the_playground_uploads_and_answers_in_a_browser(url, tmp_path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright")
    file = tmp_path / "red.png"
    Image.new("RGB", (64, 48), (7, 0, 0)).save(file)
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{url}/agent/playground/")
        page.locator("textarea").first.fill("What is number 9?")
        page.locator("input[type=file]").set_input_files(file)
        for _ in range(20):  # the page ignores the button until it has read the file
            page.get_by_role("button", name="Start").click()
            page.wait_for_timeout(500)
            if "number 9 red 7" in page.inner_text("body"):
                break
        assert "number 9 red 7" in page.inner_text("body")
        browser.close()


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "../../etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1:1/x.png",
        "http://localhost/x.png",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/x.png",
        "http://0x7f000001/x.png",
        "ftp://example.com/x.png",
        "data:text/html;base64,PGI+",
        "data:image/png;base64,AAAA",
        "not base64 at all",
        "img_0123456789abcdef01234567",
    ],
)
def test_hostile_pictures_are_clear_errors(url, source) -> None:
    reply = ask(url, question="What is it?", image=source)
    assert reply.status_code == 422, reply.text
    error = reply.json()["error"]
    assert error["type"] != "InternalError"
    assert "Traceback" not in reply.text
    chat = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": source}}]}
    reply = httpx.post(f"{url}/chat/invoke", json={"input": {"messages": [chat]}}, timeout=30)
    assert reply.status_code == 422, reply.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": "", "image": picture()}, 422),
        ({"question": "x" * 20_001, "image": picture()}, 422),
        ({"question": "no picture"}, 422),
        ({"question": "x", "images": [picture()] * 9}, 422),
        ({"question": "x", "image": picture(), "thread": "guessed"}, 422),
        ({"question": "number 1", "image": picture(), "thread": None}, 200),
        ({"question": "number 1", "image": picture(), "thread": ""}, 200),
        ({"question": "x", "image": picture(), "surprise": 1}, 422),
        ({"question": 5, "image": picture()}, 422),
        ({"question": "number 1 " + "x" * 9_990, "image": picture()}, 200),
        ({"question": "收据的总额是多少？number 2", "image": picture()}, 200),
    ],
)
def test_questions(url, body, status) -> None:
    reply = ask(url, **body)
    assert reply.status_code == status, reply.text


@pytest.mark.parametrize("messages", [[], [{"role": "nobody", "content": "x"}], [{"content": "x"}], [{"role": "user"}]])
def test_unreadable_messages_are_the_clients_error(url, messages) -> None:
    reply = httpx.post(f"{url}/chat/invoke", json={"input": {"messages": messages}})
    assert reply.status_code == 422, reply.text


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[" * 100_000, b'{"input":' * 50_000, b"null", b"\xff\xfe", b'{"input": {"question": 1e999}}'],
    ids=["empty", "cut", "deep lists", "deep objects", "null", "no UTF-8", "infinity"],
)
def test_bodies_that_are_no_request(url, content) -> None:
    for route in ("/agent/invoke", "/agent/batch", "/agent/stream", "/chat/invoke", "/chat/stream"):
        reply = httpx.post(url + route, content=content, headers={"content-type": "application/json"})
        assert reply.status_code == 422, reply.text
        assert reply.json()["error"]["type"] == "BadRequest"


def test_what_was_sent_is_not_sent_back(url) -> None:
    reply = httpx.post(f"{url}/agent/invoke", json={"input": {"question": "q", "images": "SECRET" * 1000}})
    assert reply.status_code == 422
    assert "SECRET" not in reply.text


def test_a_batch_is_bounded_and_leaves_other_conversations_alone() -> None:
    with served(ScriptedEngine(echo), ServerSettings(batch=20, waiting=1, threads=3)) as (url, _):
        thread = ask(url, question="number 4", image=picture((5, 0, 0)), keep=True).json()["output"]["thread"]
        items = [{"question": f"number {n}", "image": picture((n, 0, 0))} for n in range(20)]
        output = httpx.post(f"{url}/agent/batch", json={"inputs": items}, timeout=60).json()["output"]
        assert [item["answer"] for item in output] == [f"number {n} red {n}" for n in range(20)]
        assert httpx.post(f"{url}/agent/batch", json={"inputs": [*items, items[0]]}).status_code == 422
        assert httpx.post(f"{url}/agent/batch", json={"inputs": [items[0], 5]}).status_code == 422
        assert ask(url, question="number 6", thread=thread).json()["output"]["answer"] == "number 6 red 5"
        chat = {"inputs": [{"messages": [{"role": "user", "content": "hi"}]}] * 20}
        assert len(httpx.post(f"{url}/chat/batch", json=chat, timeout=60).json()["output"]) == 20


def test_a_first_question_that_fails_keeps_no_thread(server) -> None:
    url, service = server
    before = len(service.threads._used)
    assert ask(url, question="number 4", image="%%%", keep=True).status_code == 422
    assert len(service.threads._used) == before


@pytest.mark.parametrize(
    "message",
    [
        {"role": "nobody", "content": "x"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": picture()}}] * 9},
    ],
)
def test_what_is_wrong_with_a_chat_is_told_before_it_streams(url, message) -> None:
    for route in ("invoke", "stream"):
        reply = httpx.post(f"{url}/chat/{route}", json={"input": {"messages": [message]}}, timeout=30)
        assert reply.status_code == 422, reply.text
        assert len(reply.json()["error"]["message"]) > 20


def test_a_model_that_fails_while_it_streams_says_so() -> None:
    engine = ScriptedEngine([EngineError("The weights are gone; load them again.")])
    with served(engine) as (url, _):
        reply = httpx.post(f"{url}/chat/stream", json={"input": {"messages": [{"role": "user", "content": "hi"}]}})
        assert reply.status_code == 502
        assert "weights are gone" in reply.json()["error"]["message"]


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    with served(ScriptedEngine(echo), ServerSettings(upload=0.3)) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(b"POST /agent/invoke HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
            assert line.recv(100).startswith(b"HTTP/1.1 408")


def test_bodies_and_pictures_over_the_limit() -> None:
    settings = ServerSettings(body=20_000, pixels=10_000)
    with served(ScriptedEngine(echo), settings) as (url, _):
        assert ask(url, question="number 1", image="A" * 30_000).status_code == 413
        assert "pixel" in ask(url, question="number 1", image=picture(size=(200, 200))).json()["error"]["message"]
        assert ask(url, question="number 1", image=picture()).status_code == 200


def test_a_full_queue_says_so_and_a_slow_run_ends_in_time() -> None:
    slow = ScriptedEngine(lambda _: time.sleep(3) or "Final Answer: late")
    with served(slow, ServerSettings(running=1, waiting=0, seconds=1)) as (url, service):
        replies: list[int] = []
        body = {"input": {"question": "number 1", "image": picture()}}
        first = threading.Thread(target=lambda: replies.append(ask(url, **body["input"]).status_code))
        first.start()
        while service.gate.inside == 0:
            time.sleep(0.01)
        busy = ask(url, question="number 2", image=picture())
        assert busy.status_code == 429
        assert busy.headers["retry-after"]
        first.join(20)
        assert replies == [200]


async def one_client(client: httpx.AsyncClient, number: int) -> tuple[int, str]:
    """One of 200 requests; every fifth is given up on the way."""
    body = {"input": {"question": f"What is number {number}?", "images": [picture((number % 200, 0, 0))]}}
    route = "stream" if number % 3 == 0 else "invoke"
    try:
        give_up = 0.02 if number % 5 == 0 else 60
        reply = await asyncio.wait_for(client.post(f"/agent/{route}", json=body), give_up)
    except TimeoutError:
        return number, "cancelled"
    if reply.status_code != 200:
        return number, f"status {reply.status_code}"
    return number, reply.text


async def round_of(url: str, service, numbers: range) -> list[tuple[int, str]]:
    """Requests of sixteen clients at once, and the wait until no run is left."""
    limits = httpx.Limits(max_connections=16)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        results = await asyncio.gather(*(one_client(client, n) for n in numbers))
    for _ in range(200):
        if service.gate.inside == 0:
            break
        await asyncio.sleep(0.05)
    gc.collect()
    return results


@pytest.mark.slow
async def test_sixteen_clients_do_not_mix_and_nothing_grows() -> None:
    """200 requests, one in five given up. The last runs' pictures may linger in idle worker threads, no more."""
    engine = ScriptedEngine(echo)
    with served(engine, ServerSettings(running=4, waiting=64)) as (url, service):
        before = held()
        results = await round_of(url, service, range(100))
        threads = threading.active_count()
        results += await round_of(url, service, range(100, 200))
        engine.history.clear()
        gc.collect()
        wrong = [(n, text) for n, text in results if text != "cancelled" and f"number {n} red {n % 200}" not in text]
        assert wrong == []
        assert sum(text == "cancelled" for _, text in results) <= 40
        assert service.gate.inside == 0
        assert len(service.threads._used) == 0
        assert len(service.agent._sessions) == 0
        assert held() <= before + 2 * threads
        assert threading.active_count() <= threads + 4


def test_a_document_of_many_pages_counts_its_pages(url) -> None:
    pages = [Image.new("RGB", (20, 20), (n, 0, 0)) for n in range(9)]
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:])
    block = {"type": "file", "base64": base64.b64encode(buffer.getvalue()).decode(), "mime_type": "application/pdf"}
    body = {"input": {"messages": [{"role": "user", "content": [block]}]}}
    reply = httpx.post(f"{url}/chat/invoke", json=body, timeout=30)
    assert reply.status_code == 422
    assert "more than 8 pages" in reply.json()["error"]["message"]
