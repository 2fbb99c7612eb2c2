"""Recording: the graph's messages become steps, and at the end the answer with its trace.

In: the updates that the agent's graph streams. Out: `Step`s as they end, then an `Answer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from visual_agent.answers import Answer
from visual_agent.claims import Sight, best_so_far, cited_claims, claims_of, is_found, without_citations
from visual_agent.errors import UserError
from visual_agent.observations import Observation, region_to_dict
from visual_agent.runs import Run
from visual_agent.sessions import Session
from visual_agent.trace import Step, Trace, answer_to_dict

_THOUGHT = re.compile(r"\A\s*Thought\s*[:：]\s*")
_OPENING = re.compile(r"\A\s*(?:Thought|Final Answer)[ \t]*[:：]")
_FINAL = re.compile(r"\A.*?^[ \t]*Final Answer[ \t]*[:：]\s*", re.DOTALL | re.MULTILINE)


class Recorder:
    """Follows one run."""

    def __init__(self, run: Run, session: Session, model: str, settings: dict[str, Any]) -> None:
        self.run = run
        self._session = session
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._trace = Trace(run.question, model, now, settings=settings)
        if session.ledger.roots():
            self._trace.before = {
                "pictures": [picture.name for picture in session.ledger.pictures()],
                "regions": [region_to_dict(region) for region in session.ledger.regions()],
            }
        self._asked: dict[str, tuple[AIMessage, Mapping[str, Any], float]] = {}
        self._seen: set[str] = set()
        self._final = self._last_thought = ""

    def take(self, update: Mapping[str, Any]) -> list[Step]:
        """The steps that ended with this update of the graph."""
        steps = []
        for message in _messages(update):
            if message.id and message.id in self._seen:
                continue
            self._seen.add(message.id or "")
            if isinstance(message, AIMessage):
                self._model_said(message)
            elif isinstance(message, ToolMessage) and message.tool_call_id in self._asked:
                steps.append(self._step(message))
        return steps

    def finish(self) -> Answer:
        """The answer, when the graph has ended."""
        run, trace = self.run, self._trace
        called = frozenset(step.tool for step in trace.steps if not step.error)
        sight = Sight(self._session.ledger, self._session.shown, self._session.observations, called)
        if run.stopped:
            text, claims = best_so_far(run.question, run.sentence(), sight)
            found = False
        else:
            text = self._final
            found = is_found(text)
            claims = claims_of(text, sight) if found else cited_claims(text, sight)
        answer = Answer(without_citations(text), found, tuple(claims), trace, run.usage(), run.stopped)
        trace.answer = {**answer_to_dict(answer), "thought": self._last_thought}
        trace.usage, trace.seconds = answer.usage, run.elapsed()
        trace.add_pictures(self._session.ledger)
        return answer

    def _model_said(self, message: AIMessage) -> None:
        tokens = _tokens(message)
        for name, count in tokens.items():
            key = f"{name}_tokens"
            self.run.tokens[key] = self.run.tokens.get(key, 0) + count
        for name, count in _counters(message).items():
            self.run.tokens[name] = self.run.tokens.get(name, 0) + count
        seconds = self.run.model_seconds
        for call in [*message.tool_calls, *message.invalid_tool_calls]:
            self._asked[str(call["id"])] = message, dict(call), seconds
            seconds = 0.0  # the model call is counted once, with its first tool call
        if not message.tool_calls and not message.invalid_tool_calls:
            self._final = _final_of(message)
            self._last_thought = str(message.additional_kwargs.get("reasoning_content") or "").strip()

    def _step(self, message: ToolMessage) -> Step:
        asked, call, model_seconds = self._asked[message.tool_call_id]
        observation = _observation(message)
        failed = message.status == "error"
        args = call["args"] if isinstance(call["args"], dict) else {"text": str(call["args"] or "")}
        first = next(iter([*asked.tool_calls, *asked.invalid_tool_calls]))["id"] == message.tool_call_id
        step = Step(
            index=len(self._trace.steps) + 1,
            thought=_thought(asked) if first else "",
            tool=str(call["name"] or ""),
            args=args,
            call_id=message.tool_call_id,
            observation=observation,
            seconds=model_seconds + self.run.tool_seconds.get(message.tool_call_id, 0.0),
            tokens={**_tokens(asked), **_counters(asked)} if first else {},
            error=observation.text if failed else "",
            cached=message.tool_call_id in self.run.cached,
        )
        self._trace.steps.append(step)
        if not failed:
            self._session.saw(step.call_id, step.tool, observation)
        return step


def _final_of(message: AIMessage) -> str:
    """The answer. Our own models' text has been read by then; others may write in ReAct's words, or quote them."""
    ours = message.response_metadata.get("model_provider") == "visual_agent"
    text = message.text
    return (_FINAL.sub("", text) if not ours and _OPENING.match(text) else text).strip()


def _thought(message: AIMessage) -> str:
    """What a model said beside its tool call; models that reason apart say it there."""
    said = _THOUGHT.sub("", message.text).strip()
    return said or str(message.additional_kwargs.get("reasoning_content") or "").strip()


def _messages(update: Mapping[str, Any]) -> Iterator[BaseMessage]:
    """The messages in an update: `{node: {"messages": [...]}}`, or a list of such values."""
    for value in update.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Mapping):
                yield from (m for m in part.get("messages", ()) if isinstance(m, BaseMessage))


def _observation(message: ToolMessage) -> Observation:
    """What a tool message showed: its artifact when it is one of ours, else its text."""
    if isinstance(message.artifact, Mapping) and message.status != "error":
        try:
            return Observation.from_dict(dict(message.artifact))
        except (KeyError, TypeError, ValueError, UserError):
            pass  # another tool's artifact; its text is what counts
    return Observation(message.text)


def _tokens(message: AIMessage) -> dict[str, int]:
    usage = message.usage_metadata
    if not usage:
        return {}
    details: Mapping[str, Any] = usage.get("input_token_details") or {}
    return {
        "prompt": usage["input_tokens"],
        "new": usage["output_tokens"],
        "image": int(details.get("image") or 0),
    }


def _counters(message: AIMessage) -> dict[str, int]:
    """What the engine's caches did for this call: prompt_reused, images_encoded, ..."""
    counters = message.response_metadata.get("counters")
    return {str(name): int(count) for name, count in counters.items()} if isinstance(counters, Mapping) else {}
