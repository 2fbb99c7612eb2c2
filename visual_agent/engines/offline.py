"""The offline engine: answers questions about the text in pictures, on any machine.

In: the turns of a request. Out: ReAct text, streamed: one tool call, or the final answer with region citations. It
looks at no pixels and keeps nothing between calls: `visual_agent.engines.planner` reads the question and the
observations back out of the turns and plans the next step, always the same one for the same request. What only
looking would tell it refuses ("Needs a vision-language model: ...") instead of guessing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from visual_agent.engines.base import Cancel, Chunk, FinishReason, Profile, Request, Turn, Usage
from visual_agent.engines.planner.asked.conversation import Conversation, read_turns
from visual_agent.engines.planner.asked.questions import analyse
from visual_agent.engines.planner.language import weights
from visual_agent.engines.planner.plans import Move, chosen_pictures, next_move

VERSION = "2"
"""Changes when answers may change; goes into cache keys."""

_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W\u3400-\u9fff\uf900-\ufaff]{1,4}|[^\w\s]")
_PIECE = re.compile(r"\s*\S{1,12}|\s+")


class OfflineEngine:
    """A deterministic planner behind the `Engine` seam. It has no state: safe to call from any number of threads."""

    @property
    def profile(self) -> Profile:
        """What this engine can do: it reads text only, and writes no boxes of its own."""
        version = VERSION if weights.path() is None else f"{VERSION} with {weights.REQUIREMENT}"
        return Profile(name="offline", version=version, max_input_tokens=1_000_000, sees=False, grid=None)

    def stream(self, request: Request, cancel: Cancel | None = None) -> Iterator[Chunk]:
        """The next step as ReAct text, a few characters a piece.

        Stop texts and `max_tokens` are kept; all other sampling settings have no meaning for a planner. Raises
        Cancelled when `cancel` is set.
        """
        if cancel is not None:
            cancel.check()
        text, finish = cut(reply(request.turns), request.stop, request.sampling.max_tokens)
        for piece in _PIECE.findall(text):
            if cancel is not None:
                cancel.check()
            yield Chunk(piece)
        usage = Usage(self.count_tokens(request.turns), count_tokens(text))
        yield Chunk("", finish, usage)

    def count_tokens(self, turns: Sequence[Turn]) -> int:
        """Prompt tokens by the rule of `count_tokens`; pictures count nothing, for they are not looked at."""
        return sum(count_tokens(turn.text) for turn in turns)


def count_tokens(text: str) -> int:
    """Tokens of a text, by a simple rule, as there is no tokenizer here.

    A Hanzi is one token, every four letters or digits of a word are one (rounded up), each other sign is one, white
    space none.
    """
    return sum(1 for _ in _TOKEN.finditer(text))


def cut(text: str, stop: Sequence[str], max_tokens: int | None) -> tuple[str, FinishReason]:
    """The text up to the first stop text, and at most `max_tokens` tokens of it."""
    ends = [at for s in stop if s and (at := text.find(s)) >= 0]
    text = text[: min(ends)] if ends else text
    if max_tokens is not None:
        tokens = list(_TOKEN.finditer(text))
        if len(tokens) > max_tokens:
            return text[: tokens[max_tokens - 1].end()] if max_tokens > 0 else "", "length"
    return text, "stop"


def reply(turns: Sequence[Turn]) -> str:
    """What the assistant says next, continuing an unfinished turn where there is one."""
    conversation = read_turns(turns)
    if conversation.opened in ("Action", "Action Input"):
        return _forced(conversation)
    move = next_move(conversation)
    if conversation.opened == "Final Answer":
        return f" {move.answer or move.thought}"
    if conversation.tools is None:
        return move.answer
    body = f"{move.thought}\n{_ending(move)}"
    return f" {body}" if conversation.opened == "Thought" else f"Thought: {body}"


def _ending(move: Move) -> str:
    if move.tool:
        return f"Action: {move.tool}\nAction Input: {json.dumps(move.arguments, ensure_ascii=False)}"
    return f"Final Answer: {move.answer}"


def _forced(conversation: Conversation) -> str:
    """The rest of a call whose tool, or the fact that there is one, is already written."""
    move = next_move(conversation)
    if conversation.opened == "Action":
        tools = conversation.tools or ("read_text",)
        tool = move.tool or ("read_text" if "read_text" in tools else tools[0])
        arguments = move.arguments if move.tool == tool else arguments_for(tool, conversation)
        return f" {tool}\nAction Input: {json.dumps(arguments, ensure_ascii=False)}"
    tool = conversation.forced
    arguments = move.arguments if move.tool == tool else arguments_for(tool, conversation)
    return f" {json.dumps(arguments, ensure_ascii=False)}"


def arguments_for(tool: str, conversation: Conversation) -> dict[str, object]:
    """Sensible arguments for a tool that the caller insists on."""
    question = analyse(conversation.question, max(len(conversation.roots), 1))
    names = chosen_pictures(conversation, question)
    phrase = (
        question.quoted[0] if question.quoted else " ".join(t.text for t in question.content[:4]) or question.text[:80]
    )
    known: dict[str, dict[str, object]] = {
        "read_text": {"image": names[0]},
        "ground": {"phrase": phrase, "image": names[0]},
        "count": {"phrase": phrase, "image": names[0]},
        "compare": {"image_a": names[0], "image_b": names[-1]},
        "crop": {"image": names[0], "box": "r1"},
        "annotate": {"image": names[0], "regions": ["r1"]},
        "web_search": {"query": question.text[:200]},
    }
    return known.get(tool, {})
