"""Every agent tool: LangChain's standard suites, hostile arguments, public names, what is loaded when."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import ddgs
import hostile
import pytest
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests
from PIL import Image, ImageDraw

from visual_agent import tools
from visual_agent.drawing import font
from visual_agent.errors import BoxError
from visual_agent.geometry import Box, Region
from visual_agent.images import Ledger
from visual_agent.observations import Observation
from visual_agent_tools.toolkit import make_tool

EXAMPLES: dict[str, dict[str, Any]] = {
    "read_text": {"image": "img1"},
    "ground": {"phrase": "total", "image": "img1"},
    "crop": {"image": "img1", "box": [10, 10, 200, 60]},
    "compare": {"image_a": "img1", "image_b": "img2"},
    "count": {"phrase": "total", "image": "img1"},
    "annotate": {"image": "img1", "regions": ["r1"]},
    "web_search": {"query": "opening hours of the town hall"},
}


def receipt(total: str) -> Image.Image:
    image = Image.new("RGB", (420, 200), "white")
    canvas = ImageDraw.Draw(image)
    for y, line in ((20, "ACME STORE"), (80, "Coffee 2.50"), (140, f"TOTAL {total}")):
        canvas.text((20, y), line, font=font(28), fill="black")
    return image


def two_receipts() -> Ledger:
    ledger = Ledger([receipt("12.30"), receipt("13.30")])
    ledger.record(Region("TOTAL 12.30", Box(20, 140, 200, 175), "img1"))
    return ledger


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    return two_receipts()


@pytest.fixture(scope="session")
def by_name(ledger: Ledger) -> dict[str, BaseTool]:
    return {tool.name: tool for tool in tools.all_tools(ledger, search=True)}


def call(tool: BaseTool, arguments: dict[str, Any]) -> ToolMessage:
    message = tool.invoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})
    assert isinstance(message, ToolMessage)
    return message


def text_of(message: ToolMessage) -> str:
    return message.content if isinstance(message.content, str) else message.content[0]["text"]


# --- LangChain's own suites, nothing overridden ----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search engine of these tests answers at once and from nowhere."""

    class Engine:
        def __init__(self, **options: Any) -> None:
            pass

        def text(self, query: str, **options: Any) -> list[dict[str, str]]:
            return [{"title": "Town hall", "href": "https://town.example", "body": "Open 9 to 5."}]

    monkeypatch.setattr(ddgs, "DDGS", Engine)


def _suites() -> Iterator[type]:
    """A unit and an integration suite for each tool, as classes that pytest collects."""
    for name, example in EXAMPLES.items():
        for suite in (ToolsUnitTests, ToolsIntegrationTests):

            def constructor(self: Any, name: str = name) -> BaseTool:
                made = tools.all_tools(two_receipts(), search=True)
                return next(tool for tool in made if tool.name == name)

            def arguments(self: Any, example: dict[str, Any] = example) -> dict[str, Any]:
                return example

            title = f"Test_{name}_{suite.__name__}"
            members = {
                "tool_constructor": property(constructor),
                "tool_invoke_params_example": property(arguments),
                "__module__": __name__,
            }
            yield type(title, (suite,), members)


globals().update({suite.__name__: suite for suite in _suites()})


# --- what every tool promises ----------------------------------------------------------------------------------------


def test_every_tool_is_covered(by_name: dict[str, BaseTool]) -> None:
    assert set(by_name) == set(EXAMPLES)


def test_search_is_off_unless_asked_for(ledger: Ledger) -> None:
    assert "web_search" not in {tool.name for tool in tools.all_tools(ledger)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_argument_is_described(by_name: dict[str, BaseTool], name: str) -> None:
    schema = by_name[name].tool_call_schema.model_json_schema()
    assert by_name[name].description.endswith(".") or ". " in by_name[name].description
    for argument in schema["properties"].values():
        assert len(argument["description"]) > 10


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_artifact_is_the_observation_as_json(by_name: dict[str, BaseTool], name: str) -> None:
    message = call(by_name[name], EXAMPLES[name])
    assert message.status == "success"
    observation = Observation.from_dict(json.loads(json.dumps(message.artifact)))
    assert observation.text == text_of(message)
    blocks = message.content[1:] if isinstance(message.content, list) else []
    assert [block["type"] for block in blocks] == ["image"] * len(observation.pictures)
    assert all(block["file_id"].startswith("img_") for block in blocks)


@pytest.mark.parametrize("name", hostile.HOSTILE_ARGUMENTS)
def test_hostile_arguments_give_a_message(by_name: dict[str, BaseTool], name: str) -> None:
    tool, arguments = hostile.HOSTILE_ARGUMENTS[name]
    if tool not in by_name:
        pytest.skip(f"{tool} is no tool of ours")
    message = call(by_name[tool], arguments)
    said = text_of(message)
    assert said
    assert "Traceback" not in said
    assert len(said) < 3000
    if message.status == "error":
        assert said.startswith(tool)


@pytest.mark.parametrize("arguments", [{}, {"box": None}, {"box": {"x": 1}}, {"box": [1, "a"]}, {"box": 5}])
def test_wrong_arguments_are_explained(by_name: dict[str, BaseTool], arguments: dict[str, Any]) -> None:
    message = call(by_name["crop"], arguments)
    assert message.status == "error"
    assert "wrong arguments. box: " in message.content
    assert "[x1, y1, x2, y2] in pixels" in message.content


def test_our_errors_reach_the_model_and_others_the_caller(ledger: Ledger) -> None:
    def run(kind: Annotated[str, "which error"]) -> Observation:
        if kind == "ours":
            raise BoxError("No \ud800 area; give another.")
        raise ZeroDivisionError(kind)

    tool = make_tool(ledger, "broken", "Breaks.", run)
    message = call(tool, {"kind": "ours"})
    assert (message.status, message.content) == ("error", "broken failed: No ? area; give another.")
    with pytest.raises(ZeroDivisionError):
        call(tool, {"kind": "a bug"})


def test_lone_surrogates_do_not_reach_the_tool() -> None:
    def run(text: Annotated[str, "any text"]) -> Observation:
        return Observation(text)

    assert text_of(call(make_tool(None, "echo", "Echoes.", run), {"text": "a\ud800b"})) == "a?b"


async def test_ainvoke_runs_in_a_thread_and_leaves_the_loop_free() -> None:
    started, go_on = threading.Event(), threading.Event()

    def run() -> Observation:
        started.set()
        assert go_on.wait(5)
        return Observation(threading.current_thread().name)

    tool = make_tool(None, "slow", "Waits.", run)
    waiting = asyncio.create_task(tool.ainvoke({"name": "slow", "args": {}, "id": "1", "type": "tool_call"}))
    while not started.is_set():
        await asyncio.sleep(0.005)
    go_on.set()
    assert text_of(await waiting) != threading.main_thread().name


def test_public_names() -> None:
    expected = {"Detector", "all_tools", "read_lines"} | {name for tool in EXAMPLES for name in (tool, f"{tool}_tool")}
    assert set(tools.__all__) == expected
    assert all(callable(getattr(tools, name)) for name in tools.__all__)


def test_importing_the_tools_loads_nothing_heavy() -> None:
    code = "import visual_agent.tools, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"langchain_core", "cv2", "rapidocr", "onnxruntime", "skimage", "torch", "PIL", "ddgs"} & set(loaded)
