"""The ReAct text protocol, as Qwen documents it: tools and steps into prompt text, a model's text into one action.

In: OpenAI function schemas, steps already taken, the text a model writes. Out: prompt text; an `Action` (thought,
tool, arguments) or a `Final` (thought, text), whole (`parse`) or while the text still arrives (`Reader`).

The format is that of Qwen's `react_prompt.md` and `openai_api.py` (2023): one line a tool, then
Question / Thought / Action / Action Input / Observation / Final Answer. Pure: no LangChain, no model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from visual_agent.errors import ActionError, UserError
from visual_agent.prompts import load

Language = Literal["en", "zh"]

STOP = ("\nObservation:", "\nObservation：")
"""Texts that end a ReAct answer: what follows is for the tools to say, not for the model.

Only at the start of a line: a form may have a field called "Observation:", and answers and arguments may quote it.
"""

_TOOL_LINE = (
    "{name}: Call this tool to interact with the {name} API. What is the {name} API useful for? {description} "
    "Parameters: {parameters} Format the arguments as a JSON object."
)
_DUMMY_THOUGHTS: dict[Language, tuple[str, str]] = {
    "en": ("I need the tool {tool}.", "I now know the final answer."),
    "zh": ("我需要使用工具 {tool}。", "我会作答了。"),
}

# --- Writing -----------------------------------------------------------------------------------------------------

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》|‘[^’]*’")


def language_of(question: str) -> Language:
    """Chinese when the question, without what it quotes, has more Han characters than Latin words."""
    unquoted = _QUOTED.sub(" ", question)
    text = unquoted if _HAN.search(unquoted) or _LATIN_WORD.search(unquoted) else question
    return "zh" if len(_HAN.findall(text)) > len(_LATIN_WORD.findall(text)) else "en"


def _function(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    function = tool.get("function", tool)
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str) or not function["name"]:
        raise UserError(f"A tool must be an OpenAI function schema with a name, not {str(tool)[:80]!r}.")
    return function


def tool_names(tools: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of OpenAI function schemas, in order."""
    return [str(_function(tool)["name"]) for tool in tools]


def render_tools(tools: Sequence[Mapping[str, Any]]) -> str:
    """Qwen's line for each OpenAI function schema, with a blank line between them."""
    lines = []
    for tool in tools:
        function = _function(tool)
        parameters = json.dumps(function.get("parameters") or {"type": "object", "properties": {}}, ensure_ascii=False)
        description = str(function.get("description") or "").strip()
        lines.append(_TOOL_LINE.format(name=function["name"], description=description, parameters=parameters))
    return "\n\n".join(lines)


def preamble(tools: Sequence[Mapping[str, Any]], language: Language = "en") -> str:
    """The text in front of the question: the tools, the format, the rules, and `Question: ` at its end."""
    names = ", ".join(tool_names(tools))
    return load(f"react_{language}", tools=render_tools(tools), names=names, question="")


def render_call(tool: str, arguments: Mapping[str, Any] | str, thought: str = "", language: Language = "en") -> str:
    """`Thought: ...`, `Action: ...` and `Action Input: ...`, three lines without an end of line.

    `arguments` given as text are written as they are (a broken call in the history stays visible to the model).
    """
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    thought = _one_voice(thought) or _DUMMY_THOUGHTS[language][0].format(tool=tool)
    return f"Thought: {thought}\nAction: {tool}\nAction Input: {text}"


def render_observation(text: str) -> str:
    """`Observation: ...`; a line of the text that starts like one of our keywords is quoted with `> `."""
    return f"Observation: {_one_voice(text)}"


def render_final(text: str, thought: str = "", language: Language = "en") -> str:
    """`Thought: ...` and `Final Answer: ...`, as the model itself would have ended its turn."""
    return f"Thought: {_one_voice(thought) or _DUMMY_THOUGHTS[language][1]}\nFinal Answer: {text.strip()}"


# --- Keywords ----------------------------------------------------------------------------------------------------

_SPACE = " \t\u3000"
_OPEN, _CLOSE = "【「『《", "】」』》"
_ENDS = ("Action Input", "Action", "Final Answer")
_ALL = ("Thought", *_ENDS, "Observation", "Question")


def _line_start(words: Sequence[str]) -> re.Pattern[str]:
    """A keyword at the start of a line, perhaps in Chinese brackets, with its ASCII or full-width colon."""
    keyword = "|".join(words)
    return re.compile(rf"^[{_SPACE}]*[{_OPEN}]?({keyword})[{_SPACE}]*[{_CLOSE}]?[{_SPACE}]*[:：]", re.MULTILINE)


_KEYWORD = _line_start(_ENDS)
_THOUGHT = re.compile(rf"\A\s*{_line_start(('Thought',)).pattern.lstrip('^')}")
_ANY_KEYWORD = _line_start(_ALL)


def _one_voice(text: str) -> str:
    """Text of a tool or of an old thought, unable to speak as another part of the protocol."""
    return _ANY_KEYWORD.sub(lambda match: "> " + match[0], text.strip())


def _may_become(line: str, words: Sequence[str]) -> bool:
    """Whether an unfinished line may still turn into one of the keywords."""
    rest = line.lstrip(_SPACE)
    rest = rest[1:] if rest[:1] and rest[0] in _OPEN else rest
    return any(w.startswith(rest) or (rest.startswith(w) and not rest[len(w) :].strip(_SPACE + _CLOSE)) for w in words)


# --- Reading -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Action:
    """One tool call that the model asked for."""

    thought: str
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Final:
    """The model's answer to the question."""

    thought: str
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more characters of one part of the model's text."""

    kind: Literal["thought", "tool", "arguments", "answer"]
    text: str


def parse(text: str) -> Action | Final:
    """Read one action or a final answer; whichever keyword comes first decides.

    What follows a complete Action Input is ignored (models like to invent the observation). Text without any keyword
    is a final answer. Accepted beside the plain form: a code fence around the arguments, full-width colons, Chinese
    brackets around a keyword, Chinese punctuation or spaces after the tool's name.

    Raises:
        ActionError: an Action that cannot be read: no name, no Action Input, or not one JSON object.
    """
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader.result()


class Reader:
    """Reads a model's text while it arrives: knows what is thought, tool, arguments and answer.

    `feed` and `close` return the pieces that became certain; pieces of one kind joined are what `parse` gives for
    the whole text, with one exception: text without any keyword is handed out as thought while it arrives, and once
    more as the answer by `close`.
    """

    def __init__(self) -> None:
        self._text = ""
        self._at = 0  # start of what no piece has been made of yet
        self._state: Literal["thought", "tool", "input", "arguments", "answer", "done"] = "thought"
        self._problem = ""
        self._parts = {"thought": "", "tool": "", "arguments": "", "answer": ""}
        self._scan = ObjectScan()

    def feed(self, text: str) -> list[Piece]:
        """Take more characters; returns what they made certain."""
        self._text += text
        return self._advance(end=False)

    def close(self) -> list[Piece]:
        """The text is complete; returns the rest."""
        pieces = self._advance(end=True)
        if self._state == "thought":
            self._state = "answer"
            said, self._parts["thought"] = self._parts["thought"], ""
            pieces += self._hand_out("answer", said)
        elif self._state in ("tool", "input") and not self._problem:
            self._problem = "has no Action Input"
        return pieces

    def result(self) -> Action | Final:
        """What the closed text says; raises ActionError like `parse`."""
        if self._state == "answer":
            return Final(self._parts["thought"], self._parts["answer"])
        if self._problem:
            self._fail(self._problem)
        return Action(self._parts["thought"], self._parts["tool"], self._arguments())

    @property
    def parts(self) -> tuple[str, str, str]:
        """(thought, tool, arguments) as written so far, readable or not."""
        return self._parts["thought"], self._parts["tool"], self._parts["arguments"]

    @property
    def text(self) -> str:
        """Everything fed so far."""
        return self._text

    def _advance(self, *, end: bool) -> list[Piece]:
        pieces: list[Piece] = []
        while True:
            state, at = self._state, self._at
            pieces += self._step(end)
            if (state, at) == (self._state, self._at):
                return pieces

    def _step(self, end: bool) -> list[Piece]:
        match self._state:
            case "thought":
                return self._read_thought(end)
            case "tool":
                return self._read_tool(end)
            case "input":
                return self._read_input(end)
            case "arguments":
                return self._read_arguments(end)
            case "answer":
                return self._hand_out_safe("answer", (), end)
            case "done":
                self._at = len(self._text)
                return []

    def _hand_out(self, kind: Literal["thought", "tool", "arguments", "answer"], text: str) -> list[Piece]:
        """A piece of a part; white space at the part's start never goes out."""
        text = text if self._parts[kind] else text.lstrip()
        if not text:
            return []
        self._parts[kind] += text
        return [Piece(kind, text)]

    def _read_thought(self, end: bool) -> list[Piece]:
        if self._at == 0:
            if (opening := _THOUGHT.match(self._text)) is not None:
                self._at = opening.end()
            elif not end and _may_become(self._text.lstrip(), ("Thought",)):
                return []
        match = _KEYWORD.search(self._text, self._at)
        if match is not None:
            pieces = self._hand_out("thought", self._text[self._at : match.start()].rstrip())
            self._at = match.end()
            self._state = "answer" if match[1] == "Final Answer" else "tool"
            if match[1] == "Action Input":
                self._problem, self._state = "has an Action Input without an Action", "arguments"
            return pieces
        return self._hand_out_safe("thought", _ENDS, end)

    def _hand_out_safe(self, kind: Literal["thought", "answer"], words: Sequence[str], end: bool) -> list[Piece]:
        """Everything but trailing white space and a last line that may still become a keyword."""
        text = self._text[self._at :]
        if not end and words:
            head, newline, line = text.rpartition("\n")
            if (newline or not self._parts[kind]) and _may_become(line, words):
                text = head
        text = text.rstrip()
        self._at += len(text)
        return self._hand_out(kind, text)

    def _read_tool(self, end: bool) -> list[Piece]:
        line, newline, _ = self._text[self._at :].partition("\n")
        if not newline and not end:
            return []
        self._at += len(line) + len(newline)
        name = line.strip(_SPACE + "\r").rstrip("。，；、,;." + _SPACE)
        if not re.fullmatch(r"[\w.-]{1,128}", name):
            self._problem = "does not name a tool"
        self._state = "input"
        return self._hand_out("tool", name)

    def _read_input(self, end: bool) -> list[Piece]:
        text = self._text[self._at :]
        match = _KEYWORD.search(self._text, self._at)
        if match is not None and match[1] == "Action Input" and not self._text[self._at : match.start()].strip():
            self._at, self._state = match.end(), "arguments"
        elif end or not _may_become(text.lstrip().partition("\n")[0], ("Action Input",)):
            self._problem = self._problem or "has no Action Input on the line after it"
            self._state = "done"
        return []

    def _read_arguments(self, end: bool) -> list[Piece]:
        text = self._text[self._at :]
        if not self._parts["arguments"]:
            fence = re.match(r"\s*```[A-Za-z]*(?=[\s{])\s*", text)
            if fence is None and not end and re.fullmatch(r"\s*`{0,3}[A-Za-z]*\s*", text):
                return []
            skip = fence.end() if fence else len(text) - len(text.lstrip())
            if skip == len(text) and not end:
                return []
            self._at, text = self._at + skip, text[skip:]
        length = self._scan.take(text)
        if self._scan.complete:
            self._state = "done"
        self._at += length
        return self._hand_out("arguments", text[:length])

    def _arguments(self) -> dict[str, Any]:
        text = self._parts["arguments"]
        if not text:
            self._fail("has an empty Action Input")
        try:
            value = strict_json(text)
        except ValueError as error:
            self._fail(f"has arguments that are not valid JSON ({error})")
        if not isinstance(value, dict):
            self._fail("has arguments that are not a JSON object")
        return value

    def _fail(self, problem: str) -> NoReturn:
        raise ActionError(
            f"The model's action {self._parts['tool'][:80]!r} {problem}; write `Action: <tool>` and on the next line "
            "`Action Input: <one JSON object>`.",
            text=self._text,
        )


class ObjectScan:
    """Finds the end of the JSON object that a text starts with, character by character."""

    def __init__(self) -> None:
        self.complete = False
        self._depth = 0
        self._in_string = self._escaped = self._other = False

    def take(self, text: str) -> int:
        """How many of the characters still belong to the object; all of them if it is no object."""
        for index, char in enumerate(text):
            if not self._depth and not self._other:
                self._other = char != "{"
            if self._other:
                return len(text)
            if self._in_string:
                self._in_string = self._escaped or char != '"'
                self._escaped = not self._escaped and char == "\\"
            elif char == '"':
                self._in_string = True
            elif char in "{[":
                self._depth += 1
            elif char in "}]":
                self._depth -= 1
                if not self._depth:
                    self.complete = True
                    return index + 1
        return len(text)


def strict_json(text: str) -> Any:
    """The value of one JSON text by RFC 8259: no NaN, no infinities, no half surrogate pairs, no endless nesting.

    Raises:
        ValueError: it is not; the message says where.
    """
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair breaks every later writer
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is too large")
    return value
