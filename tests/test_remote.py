"""Chat models by name: local names, remote names, and clear errors for everything that can go wrong with them."""

from __future__ import annotations

import json
import sys
import threading
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.runnables import ConfigurableField

from visual_agent import load_model
from visual_agent.chat_models import ChatQwenVL
from visual_agent.engines import registry
from visual_agent.engines.scripted import ScriptedEngine
from visual_agent.errors import EndpointError, MissingDependency, ModelNotFound, UserError

STATUS = {"fine": 200, "wrong-key": 401, "unknown": 404, "busy": 429, "broken": 500, "forbidden": 403, "odd": 400}


class Handler(BaseHTTPRequestHandler):
    """An OpenAI-compatible server whose model names say what happens."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append((self.path, self.headers.get("authorization"), body))
        status = STATUS.get(body["model"], 200)
        if status != 200:
            self._send(status, json.dumps({"error": {"message": body["model"], "type": "x"}}), "application/json")
        elif body.get("stream"):
            deltas = [{"role": "assistant", "content": ""}, {"content": "Hel"}, {"content": "lo"}]
            lines = [self._chunk(delta, None) for delta in deltas] + [self._chunk({}, "stop"), "data: [DONE]\n\n"]
            self._send(200, "".join(lines), "text/event-stream")
        else:
            message = {"role": "assistant", "content": "Hello"}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
            self._send(200, json.dumps({**answer, "usage": usage}), "application/json")

    def _chunk(self, delta, finish):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        value = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        return f"data: {json.dumps(value)}\n\n"

    def _send(self, status, text, kind):
        data = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for name in ("DASHSCOPE_API_KEY", "DASHSCOPE_API_BASE", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)


def url_of(server):
    return f"http://127.0.0.1:{server.server_port}/v1"


def test_local_names(tmp_path, monkeypatch):
    monkeypatch.setattr("visual_agent.remote.find_spec", lambda name: object())
    offline = load_model("offline", temperature=0.1)
    assert isinstance(offline, ChatQwenVL)
    assert (offline.model, offline.temperature) == ("offline", 0.1)
    registry.register("my-engine", lambda: ScriptedEngine(["hi"]))
    assert load_model("my-engine").invoke("x").content == "hi"
    (tmp_path / "config.json").write_text("{}")
    assert load_model(str(tmp_path)).model == str(tmp_path)
    assert load_model("Qwen/Qwen-VL-Chat").model == "Qwen/Qwen-VL-Chat"


def test_ways_of_loading_make_their_own_engines(monkeypatch):
    calls = []

    def load_engine(name, **options):
        calls.append((name, options))
        return ScriptedEngine(lambda _: "hi")

    family = types.SimpleNamespace(load_engine=load_engine)
    monkeypatch.setitem(sys.modules, "visual_agent.engines.qwen_vl.family", family)
    monkeypatch.setattr("visual_agent.remote.find_spec", lambda name: object())
    models = [load_model("test-org/model", device="cpu", dtype=dtype, seed=1) for dtype in ("fp32", "bf16", "fp32")]
    copies = [model.configurable_fields(seed=ConfigurableField(id="s")) for model in models]
    for model in copies:
        assert model.invoke("x", config={"configurable": {"s": 2}}).content == "hi"
    assert calls == [("test-org/model", {"device": "cpu", "dtype": dtype}) for dtype in ("fp32", "bf16")]
    registry.release("test-org/model")
    with pytest.raises(UserError, match="no argument 'dtipe'"):
        load_model("test-org/model", dtipe="fp32")


def test_scripts_start_again_for_each_model(tmp_path):
    (tmp_path / "a.txt").write_text("one\n---\ntwo")
    models = [load_model(f"scripted:{tmp_path / 'a.txt'}") for _ in range(2)]
    assert [model.invoke("x").content.strip() for model in models] == ["one", "one"]
    assert models[0].invoke("x").content == "two"
    with pytest.raises(ModelNotFound, match="check the path"):
        load_model("scripted:nothing.txt")


@pytest.mark.parametrize("name", ["gpt", "no such model", "./missing", "/missing/folder", "a/b/c", "offlin"])
def test_unknown_names(name):
    with pytest.raises(ModelNotFound, match="'offline', a folder, a hub id"):
        load_model(name)


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_no_name(name):
    with pytest.raises(UserError, match="needs a name"):
        load_model(name)


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(ModelNotFound, match=r"config\.json"):
        load_model(str(tmp_path))


def test_local_weights_need_the_extra(monkeypatch):
    monkeypatch.setattr("visual_agent.remote.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"in the clone: pip install '\.\[local\]'"):
        load_model("Qwen/Qwen-VL-Chat")
    with pytest.raises(MissingDependency, match=r"in the clone: pip install '\.\[api\]'"):
        load_model("openai:m@http://127.0.0.1:1/v1")


@pytest.mark.parametrize("name", ["qwen-vl-plus", "qwen-vl-max", "qwen3-vl-plus", "qwen2.5-vl-72b-instruct", "qvq-max"])
def test_dashscope_needs_its_key(name):
    with pytest.raises(UserError, match="DASHSCOPE_API_KEY"):
        load_model(name)


def test_dashscope(server, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "secret")
    assert "dashscope" in str(load_model("qwen-vl-plus").openai_api_base)
    monkeypatch.setenv("DASHSCOPE_API_BASE", url_of(server))
    assert load_model("qwen-vl-plus", temperature=0).invoke("hi").content == "Hello"
    path, key, body = server.seen[-1]
    assert (path, key, body["model"], body["temperature"]) == (
        "/v1/chat/completions",
        "Bearer secret",
        "qwen-vl-plus",
        0,
    )


async def test_any_compatible_server(server):
    model = load_model(f"openai:fine@{url_of(server)}")
    assert model.invoke("hi").content == "Hello"
    assert (await model.ainvoke("hi")).content == "Hello"
    assert "".join(chunk.text for chunk in model.stream("hi")) == "Hello"
    assert "".join([chunk.text async for chunk in model.astream("hi")]) == "Hello"
    assert load_model("openai:fine", base_url=url_of(server), api_key="k").invoke("hi").content == "Hello"
    assert server.seen[-1][1] == "Bearer k"


def test_a_model_name_may_hold_an_at(server):
    load_model(f"openai:org/fine@v2@{url_of(server)}").invoke([HumanMessage("hi")])
    assert server.seen[-1][2]["model"] == "org/fine@v2"


ERRORS = {
    "wrong-key": (EndpointError, "refused the key"),
    "forbidden": (EndpointError, "refused the key"),
    "unknown": (ModelNotFound, "check the model's name"),
    "busy": (EndpointError, "rate or quota"),
    "broken": (EndpointError, "check the server"),
    "odd": (EndpointError, "check the server"),
}


@pytest.mark.parametrize(("name", "expected"), ERRORS.items())
async def test_failures_are_ours(server, name, expected):
    model = load_model(f"openai:{name}@{url_of(server)}", max_retries=0)
    kind, text = expected
    with pytest.raises(kind, match=text):
        model.invoke("hi")
    with pytest.raises(kind, match=text):
        await model.ainvoke("hi")
    with pytest.raises(kind, match=text):
        list(model.stream("hi"))
    with pytest.raises(kind, match=text):
        [chunk async for chunk in model.astream("hi")]


def test_a_refused_connection():
    with pytest.raises(EndpointError, match="cannot be reached"):
        load_model("openai:m@http://127.0.0.1:9/v1", max_retries=0).invoke("hi")


@pytest.mark.parametrize(
    "name", ["openai:", "openai:m", "openai:@http://x/v1", "openai:m@", "openai:m@ftp://x", "openai:m@x"]
)
def test_incomplete_addresses(name):
    with pytest.raises(UserError, match=r"openai:<model>@<base_url>|https://host/v1"):
        load_model(name)
