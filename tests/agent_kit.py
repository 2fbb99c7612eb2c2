"""What the agent's tests share: a scripted model, small tools bound to a ledger, pictures."""

from __future__ import annotations

import json
from typing import Any

from PIL import Image, ImageDraw

from visual_agent.agent import VisualAgent
from visual_agent.chat_models import ChatQwenVL
from visual_agent.engines.scripted import ScriptedEngine
from visual_agent.geometry import Box, Region, Transform
from visual_agent.images import Ledger
from visual_agent.observations import Observation, line_of
from visual_agent_tools.toolkit import make_tool, resolve_box

LINES = (("ACME STORE", 10, 0.99), ("Date: 2026-01-03", 30, 0.97), ("TOTAL 12.30", 60, 0.96))


def picture(color: str = "white", size: tuple[int, int] = (200, 100)) -> Image.Image:
    """A plain picture with a mark, so that colours and sizes make different contents."""
    image = Image.new("RGB", size, color)
    ImageDraw.Draw(image).rectangle((10, 10, 40, 20), fill="black")
    return image


def reader(ledger: Ledger) -> Any:
    """A `read_text` that reads the same three lines in every picture and counts its calls."""
    calls: list[str] = []

    def read_text(image: str = "img1", box: list[float] | str | None = None) -> Observation:
        calls.append(image)
        frame, _ = resolve_box(ledger, image, box)
        regions = tuple(
            ledger.record(Region(text, Box(10, y, 150, y + 15), frame.name, score, "ocr")) for text, y, score in LINES
        )
        return Observation("\n".join([f"{frame.name}: 3 lines", *map(line_of, regions)]), regions, data={"lines": 3})

    tool = make_tool(ledger, "read_text", "Read the text of a picture.", read_text)
    tool.metadata = {"calls": calls}
    return tool


def cropper(ledger: Ledger) -> Any:
    """A `crop` that cuts and enlarges twofold."""

    def crop(image: str = "img1", box: list[float] | str | None = None) -> Observation:
        frame, part = resolve_box(ledger, image, box)
        cut = frame.image.crop(part.rounded())
        cut = cut.resize((cut.width * 2, cut.height * 2))
        made = ledger.derive(frame, cut, Transform(0.5, 0.5, part.x1, part.y1), "crop", note="a part")
        return Observation(f"{made.name} is a part of {frame.name}.", pictures=(made.name,))

    return make_tool(ledger, "crop", "Cut a part out of a picture.", crop)


def act(tool: str, arguments: dict[str, Any] | str = "{}", thought: str = "I look.") -> str:
    """What a Qwen-VL model writes to call a tool."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return f"{thought}\nAction: {tool}\nAction Input: {text}\nObservation:"


def final(text: str) -> str:
    """What a Qwen-VL model writes to answer."""
    return f"I now know the final answer.\nFinal Answer: {text}"


def scripted(*replies: Any, **options: Any) -> ChatQwenVL:
    """Our chat model on a scripted engine; a single function is asked for each reply."""
    script = replies[0] if len(replies) == 1 and callable(replies[0]) else list(replies)
    return ChatQwenVL(engine=ScriptedEngine(script, **options))


def agent_of(*replies: Any, tools: Any = (reader, cropper), **options: Any) -> VisualAgent:
    """An agent that says `replies` and has the tools above."""
    return VisualAgent(scripted(*replies), tools, **options)


def last_prompt(agent: VisualAgent) -> str:
    """The text of the last request that the scripted engine got."""
    history = agent.model.engine.history  # type: ignore[attr-defined]
    return "\n".join(turn.text for turn in history[-1].turns)
