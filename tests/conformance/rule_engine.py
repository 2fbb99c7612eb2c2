"""An engine for the conformance suites that really reads its prompt, and answers by rules.

It knows a tool only from the preamble (or from the request, when it plays an engine with native tool calling), the
question only from behind `Question: `, and a result only from the last `Observation: `. Nothing is scripted a test.
"""

from __future__ import annotations

import json
import re
from typing import Any

from visual_agent.engines.base import Image, Profile, Request, Turn
from visual_agent.engines.scripted import ScriptedEngine

TOOL_LINE = re.compile(r"^(\w+): Call this tool to interact with the \1 API\..*? Parameters: (?=\{)", re.M | re.S)


def rule_engine(*, native: bool = False, name: str = "rules") -> ScriptedEngine:
    """A deterministic engine; `native`: tools by the request and `<tool_call>` text, not by ReAct."""
    profile = Profile(name, version="1", max_input_tokens=8192, native_tools=native, grid="thousandths")
    return ScriptedEngine(answer, profile=profile)


def answer(request: Request) -> str:
    """The reply to a request."""
    user = next(turn.text for turn in reversed(request.turns) if turn.role == "user")
    begun = request.turns[-1].text if request.turns[-1].role == "assistant" else ""
    if request.tools:
        return native(request, user, begun)
    tools = {match[1]: json.JSONDecoder().raw_decode(user[match.end() :])[0] for match in TOOL_LINE.finditer(user)}
    question = user.split("Begin!\n\nQuestion: ", 1)[-1]
    if begun.endswith("{"):
        return as_json(user)
    if not tools:
        return chat(request.turns, question)
    return react(tools, question, begun)


def react(tools: dict[str, Any], question: str, begun: str) -> str:
    """The next step."""
    if forced := re.search(r"Action: (\w+)\nAction Input:\Z", begun):
        return " " + arguments(tools[forced[1]], question)
    if begun.endswith("Action:"):
        tool = wanted(tools, question) or next(iter(tools))
        return f" {tool}\nAction Input: {arguments(tools[tool], question)}\nObservation: invented"
    if begun.endswith("Thought:"):
        seen = begun.rpartition("Observation: ")[2].removesuffix("Thought:").strip()
        return f" I now know the final answer.\nFinal Answer: {seen or 'a picture'}"
    if tool := wanted(tools, question):
        return f"Thought: {tool} helps.\nAction: {tool}\nAction Input: {arguments(tools[tool], question)}\n"
    return "Thought: No tool is needed.\nFinal Answer: Hello to you."


def native(request: Request, user: str, begun: str) -> str:
    """The next step in the form of newer Qwen models."""
    tools = {tool["function"]["name"]: tool["function"].get("parameters", {}) for tool in request.tools}
    if forced := re.search(r'<tool_call>\n\{"name": "(\w+)", "arguments":\Z', begun):
        return f" {arguments(tools[forced[1]], user)}}}\n</tool_call>"
    tool = wanted(tools, user)
    if begun.endswith("<tool_call>\n"):
        tool = tool or next(iter(tools))
        return f'{{"name": "{tool}", "arguments": {arguments(tools[tool], user)}}}\n</tool_call>'
    if tool and "<tool_response>" not in user:
        return (
            f'I call it.\n<tool_call>\n{{"name": "{tool}", "arguments": {arguments(tools[tool], user)}}}\n</tool_call>'
        )
    return "Hello to you, I have seen the result."


def wanted(tools: dict[str, Any], question: str) -> str | None:
    """The tool whose name, or a word of it, stands in the question."""
    for tool in tools:
        if tool in question or any(word in question.lower().split() for word in tool.split("_") if len(word) > 3):
            return tool
    return None


def arguments(schema: dict[str, Any], question: str) -> str:
    """Arguments for a JSON schema, from the numbers and quoted texts of the question."""
    numbers = iter(re.findall(r"(?<![\w.])-?\d+", question))
    texts = iter(re.findall(r"'([^']+)'", question))
    values = {}
    for name, property_ in schema.get("properties", {}).items():
        if property_.get("type") in ("integer", "number"):
            values[name] = int(next(numbers, 1))
        else:
            values[name] = next(texts, question.strip()[:60])
    return json.dumps(values, ensure_ascii=False)


def as_json(user: str) -> str:
    """The rest of an object behind its `{`: by the schema in the prompt, or with the keys that the prompt quotes."""
    _, marker, schema = user.rpartition("this JSON schema, and nothing else:\n")
    properties = json.loads(schema)["properties"] if marker else re.findall(r"'(\w+)'", user)
    return json.dumps({name: f"a {name} about cats" for name in properties})[1:] + "\nThat is all."


def chat(turns: tuple[Turn, ...], question: str) -> str:
    """A reply that shows what arrived."""
    pictures = sum(isinstance(part, Image) for turn in turns for part in turn.parts)
    roles = "/".join(turn.role for turn in turns)
    return f"Hello to you. I see {pictures} pictures in {roles}, and you said: {question.strip()[:80]}"
