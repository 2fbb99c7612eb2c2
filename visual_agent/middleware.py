"""The agent's own rules around LangChain's loop: limits, repairs, repeated looks.

In: a `Session` (ledger, looks) and, as the run's context, a `Run`. Out: middleware for `create_agent`:

- `Budget` ends a run at its limits, with a message instead of an error, and gives each call only the time left;
- `Repair` answers unreadable output and failing tools with a message the model can act on;
- `Repeats` answers a look that was taken already from memory.

Every hook has a sync and an async form that share one decision function.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse, hook_config
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.errors import GraphBubbleUp
from langgraph.prebuilt.tool_node import ToolCallRequest
from langgraph.runtime import Runtime
from langgraph.types import Command

from visual_agent.errors import EndpointError, EngineError, ModelOutputError, NeedsVisionModel, VisualAgentError
from visual_agent.images import RUN_IS_OVER, Ledger
from visual_agent.looks import Look, Looks, Seen, look_of
from visual_agent.runs import REPAIRS, OutOfTime, Run

ToolResult: TypeAlias = ToolMessage | Command[Any]
State: TypeAlias = AgentState[Any]

_FORM_HINT = "Write one tool call with valid arguments, or give the final answer."


class Budget(AgentMiddleware[State, Run]):
    """Ends a run at its limits on model calls, tool calls and wall time.

    `session` names the conversation to our own chat model, which keeps time and cancels by itself; None says that the
    model is another one, whose sync calls are left behind in a thread when the time is over.
    """

    def __init__(self, session: str | None = None) -> None:
        super().__init__()
        self._session = session

    @hook_config(can_jump_to=["end"])
    def before_model(self, state: State, runtime: Runtime[Run]) -> dict[str, Any] | None:
        """Stop before a model call that the limits do not allow."""
        run = runtime.context
        reason = ""
        if run.model_calls >= run.limits.model_calls:
            reason = "model_calls"
        elif run.left() <= 0:
            reason = "seconds"
        elif run.refused_calls and _refused_twice(state["messages"]):
            reason = "tool_calls"
        if not reason:
            return None
        return {"jump_to": "end", "messages": [AIMessage(_ended(run.stop(reason)))]}

    def wrap_model_call(
        self, request: ModelRequest[Run], handler: Callable[[ModelRequest[Run]], ModelResponse[Any]]
    ) -> ModelResponse[Any] | AIMessage:
        """Give the call what time is left; what it says about itself becomes a message."""
        run = request.runtime.context
        started = _count_model_call(run)
        try:
            if self._session is None:
                return _with_own_ids(run.bounded(lambda: handler(request)), request.messages)
            return handler(self._timed(request, run))
        except Exception as error:
            return _message_of_failure(run, error)
        finally:
            run.model_seconds = time.monotonic() - started

    async def awrap_model_call(
        self, request: ModelRequest[Run], handler: Callable[[ModelRequest[Run]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any] | AIMessage:
        """As `wrap_model_call`; the generation is cancelled when the time is over."""
        run = request.runtime.context
        started = _count_model_call(run)
        try:
            response = await asyncio.wait_for(handler(self._timed(request, run)), run.left())
            return response if self._session is not None else _with_own_ids(response, request.messages)
        except Exception as error:
            return _message_of_failure(run, error)
        finally:
            run.model_seconds = time.monotonic() - started

    def _timed(self, request: ModelRequest[Run], run: Run) -> ModelRequest[Run]:
        if self._session is None:
            return request
        settings = {**request.model_settings, "timeout": max(run.left(), 0.01), "session": self._session}
        return request.override(model_settings=settings)

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolResult]) -> ToolResult:
        """Run the tool in what time is left."""
        run = _run_of(request)
        if refusal := _refusal(run, request):
            return refusal
        started = time.monotonic()
        try:
            return run.bounded(lambda: _entering_for(run, handler, request))
        except OutOfTime:
            return _tool_out_of_time(run, request)
        finally:
            run.tool_seconds[_call_id(request)] = time.monotonic() - started

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolResult]]
    ) -> ToolResult:
        """As `wrap_tool_call`."""
        run = _run_of(request)
        if refusal := _refusal(run, request):
            return refusal
        started = time.monotonic()
        try:
            return await asyncio.wait_for(_aentering_for(run, handler, request), run.left())
        except TimeoutError:
            return _tool_out_of_time(run, request)
        finally:
            run.tool_seconds[_call_id(request)] = time.monotonic() - started


def _entering_for(run: Run, tool: Callable[[ToolCallRequest], ToolResult], request: ToolCallRequest) -> ToolResult:
    """Run a tool, in a context of its own, that enters pictures and regions only while its run goes on."""
    RUN_IS_OVER.set(lambda: run.over)
    return tool(request)


async def _aentering_for(
    run: Run, tool: Callable[[ToolCallRequest], Awaitable[ToolResult]], request: ToolCallRequest
) -> ToolResult:
    """As `_entering_for`."""
    RUN_IS_OVER.set(lambda: run.over)
    return await tool(request)


def _count_model_call(run: Run) -> float:
    run.model_calls += 1
    return time.monotonic()


def _with_own_ids(response: ModelResponse[Any], before: Sequence[AnyMessage]) -> ModelResponse[Any]:
    """The response with a different id for every tool call: some servers give none, or the same in every turn."""
    used = {call["id"] for message in before if isinstance(message, AIMessage) for call in message.tool_calls}
    for message in response.result:
        if isinstance(message, AIMessage):
            for call in message.tool_calls:
                if not call["id"] or call["id"] in used:
                    call["id"] = _new_id()
                used.add(call["id"])
    return response


def _message_of_failure(run: Run, error: Exception) -> AIMessage:
    """What a failed model call becomes: an ended run, or unreadable output for `Repair`; else the error goes on."""
    if isinstance(error, ModelOutputError):
        broken = {"name": None, "args": error.text, "id": _new_id(), "error": str(error), "type": "invalid_tool_call"}
        return AIMessage(error.text, invalid_tool_calls=[broken])
    if isinstance(error, NeedsVisionModel):
        return AIMessage(f"Needs a vision-language model: {error}")
    if isinstance(error, (OutOfTime, TimeoutError, EngineError)) and run.left() <= 0:
        return AIMessage(_ended(run.stop("seconds")))
    if isinstance(error, (VisualAgentError, GraphBubbleUp)):
        raise error
    raise EndpointError(
        f"The chat model failed: {type(error).__name__}: {str(error)[:300]}; check its name, key, address and load."
    ) from error


def _refusal(run: Run, request: ToolCallRequest) -> ToolMessage | None:
    if run.left() <= 0:
        return _tool_out_of_time(run, request)
    if not run.take_tool_call():
        return _error(
            request,
            f"Not run: the limit of {run.limits.tool_calls} tool calls is reached. "
            "Give the final answer now, with what you have seen.",
        )
    return None


def _tool_out_of_time(run: Run, request: ToolCallRequest) -> ToolMessage:
    run.stop("seconds")
    return _error(request, f"{request.tool_call['name']} was ended: the run's {run.limits.seconds:g} seconds are over.")


def _refused_twice(messages: Sequence[AnyMessage]) -> bool:
    """Whether the model was told twice in a row that no tool call is left."""
    turns = 0
    for message in reversed(messages):
        if isinstance(message, ToolMessage):
            if not (message.status == "error" and str(message.text).startswith("Not run: the limit")):
                return False
        elif isinstance(message, AIMessage):
            turns += 1
            if turns == 2:
                return True
        else:
            return False
    return False


def _ended(sentence: str) -> str:
    return f"Not found: {sentence}."


class Repair(AgentMiddleware[State, Run]):
    """Unreadable output, unknown tools and failing tools become messages that the model can act on."""

    def __init__(self, tool_names: Sequence[str]) -> None:
        super().__init__()
        self._names = ", ".join(tool_names) or "none"

    @hook_config(can_jump_to=["model", "end"])
    def after_model(self, state: State, runtime: Runtime[Run]) -> dict[str, Any] | None:
        """Ask again after output that could not be read, at most `REPAIRS` times in a row."""
        run, message = runtime.context, state["messages"][-1]
        if run.stopped or not isinstance(message, AIMessage) or not _unreadable(message):
            run.broken_in_a_row = 0
            # Broken calls beside good ones are answered too: every model wants an answer to each of its calls.
            broken = _answers_to_broken(message) if isinstance(message, AIMessage) else []
            return {"messages": broken} if broken else None
        run.broken_in_a_row += 1
        if run.broken_in_a_row > REPAIRS:
            ended = AIMessage(_ended(run.stop("unreadable_output")))
            return {"jump_to": "end", "messages": [*_answers_to_broken(message), ended]}
        run.repairs += 1
        return {"jump_to": "model", "messages": _answers_to_broken(message) or [_empty_hint()]}

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolResult]) -> ToolResult:
        """A tool that fails, or does not exist, gives a message instead of ending the run."""
        if request.tool is None:
            return self._unknown(request)
        try:
            return handler(request)
        except (GraphBubbleUp, OutOfTime):
            raise
        except Exception as error:
            return _tool_failed(request, error)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolResult]]
    ) -> ToolResult:
        """As `wrap_tool_call`."""
        if request.tool is None:
            return self._unknown(request)
        try:
            return await handler(request)
        except (GraphBubbleUp, OutOfTime):
            raise
        except Exception as error:
            return _tool_failed(request, error)

    def _unknown(self, request: ToolCallRequest) -> ToolMessage:
        name = str(request.tool_call["name"])[:80]
        return _error(request, f"There is no tool {name!r}. Use one of: {self._names}; or give the final answer.")


def _unreadable(message: AIMessage) -> bool:
    if message.invalid_tool_calls and not message.tool_calls:
        return True
    return not message.tool_calls and not message.text.strip()


def _answers_to_broken(message: AIMessage) -> list[AnyMessage]:
    """An error message for each broken call; calls without an id get none (no model accepts one)."""
    return [
        ToolMessage(
            f"{call.get('error') or 'The call could not be read.'} {_FORM_HINT}"[:600],
            name=call.get("name") or "unknown",
            tool_call_id=call["id"],
            status="error",
        )
        for call in message.invalid_tool_calls
        if call.get("id")
    ]


def _empty_hint() -> HumanMessage:
    return HumanMessage(f"Your last message could not be read. {_FORM_HINT}")


def _tool_failed(request: ToolCallRequest, error: Exception) -> ToolMessage:
    what = str(error) if isinstance(error, VisualAgentError) else f"{type(error).__name__}: {error}"
    name = request.tool_call["name"]
    return _error(
        request, f"{name} failed: {what[:400]} Try other arguments, another tool, or answer with what you have."
    )


class Repeats(AgentMiddleware[State, Run]):
    """A look that was taken already is answered from memory, with a hint when it repeats within one run.

    Only tools that give the same result for the same look take part (`names`): our own, minus the web search.
    """

    def __init__(self, ledger: Ledger, looks: Looks, names: frozenset[str]) -> None:
        super().__init__()
        self._ledger, self._looks, self._names = ledger, looks, names

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolResult]) -> ToolResult:
        """Answer from memory, or run the tool and remember."""
        look = self._look(request)
        if look and (seen := self._looks.find(look)):
            return _remembered(request, seen)
        return self._remember(request, look, handler(request))

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolResult]]
    ) -> ToolResult:
        """As `wrap_tool_call`."""
        look = self._look(request)
        if look and (seen := self._looks.find(look)):
            return _remembered(request, seen)
        return self._remember(request, look, await handler(request))

    def _look(self, request: ToolCallRequest) -> Look | None:
        name = request.tool_call["name"]
        if name not in self._names or request.tool is None:
            return None
        return look_of(name, request.tool_call["args"], _defaults(request.tool.args), self._ledger)

    def _remember(self, request: ToolCallRequest, look: Look | None, result: ToolResult) -> ToolResult:
        if look and isinstance(result, ToolMessage) and result.status != "error" and isinstance(result.artifact, dict):
            run = _run_of(request)
            if not run.over:
                self._looks.add(Seen(look, result.content, result.artifact, _call_id(request), run.number))
        return result


def _defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults in a tool's argument schema."""
    return {name: value["default"] for name, value in schema.items() if isinstance(value, dict) and "default" in value}


def _remembered(request: ToolCallRequest, seen: Seen) -> ToolMessage:
    """The earlier result; with a hint when the model goes in circles, plainly when an earlier run took the look."""
    run = _run_of(request)
    call_id = _call_id(request)
    with run.lock:
        run.repeated_looks += 1
        run.cached.add(call_id)
    content = seen.content if seen.run != run.number else _with_hint(seen.content)
    return ToolMessage(content, name=request.tool_call["name"], tool_call_id=call_id, artifact=seen.artifact)


def _with_hint(content: str | list[Any]) -> str | list[Any]:
    before, after = "You have looked here already:\n", "\nTry another tool or answer."
    if isinstance(content, str):
        return f"{before}{content}{after}"
    texts = [b.get("text", "") for b in content if isinstance(b, dict) and b.get("type") == "text"]
    others = [b for b in content if not (isinstance(b, dict) and b.get("type") == "text")]
    return [{"type": "text", "text": before + "\n".join(texts) + after}, *others]


def _error(request: ToolCallRequest, text: str) -> ToolMessage:
    return ToolMessage(text, name=request.tool_call["name"], tool_call_id=_call_id(request), status="error")


def _run_of(request: ToolCallRequest) -> Run:
    return cast("Run", request.runtime.context)


def _call_id(request: ToolCallRequest) -> str:
    return str(request.tool_call["id"] or "")


def _new_id() -> str:
    return f"call_{uuid.uuid4().hex[:12]}"
