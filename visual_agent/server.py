"""The HTTP server: the agent and the chat model over LangServe, with limits.

In: `POST /agent/{invoke,batch,stream,stream_events}` with a question and pictures (base64, data URIs or public URLs),
`POST /chat/...` with messages. Out: the JSON of `visual_agent.results`; streams give one event a step, then the
answer. LangServe is in maintenance (bug fixes only), so it lives in this module alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.runnables import Runnable, RunnableConfig, RunnableGenerator
from langserve import add_routes
from pydantic import BaseModel, ConfigDict, Field

from visual_agent import __version__
from visual_agent.admission import BoundedRequests, Busy, Gate, ServerSettings, Threads
from visual_agent.agent import Limits, VisualAgent
from visual_agent.answers import Answer
from visual_agent.chat_models import ChatQwenVL, load_model
from visual_agent.errors import UserError, VisualAgentError
from visual_agent.loading import LoadPolicy
from visual_agent.results import answer_to_dict, error_to_dict, step_to_dict

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ENDPOINTS: Sequence[Any] = (
    "invoke",
    "batch",
    "stream",
    "stream_events",
    "input_schema",
    "output_schema",
    "config_schema",
    "playground",
)


class AskRequest(BaseModel):
    """A question about pictures. Pictures are base64, data URIs or public http(s) URLs."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(description="In English or Chinese.")
    image: str = Field("", description="One picture.", json_schema_extra={"widget": {"type": "base64file"}})
    images: list[str] = Field(default_factory=list, description="More pictures.")
    thread: str | None = Field(None, description="A token from an earlier answer: ask again about its pictures.")
    keep: bool = Field(False, description="Keep the pictures and give a thread token for follow-up questions.")


class AskAnswer(BaseModel):
    """The answer; see `visual_agent.results.answer_to_dict`. `event` is "answer", "step" or "error"."""

    model_config = ConfigDict(extra="allow")

    event: str = "answer"


class ChatRequest(BaseModel):
    """Messages for the chat model, in LangChain's or OpenAI's form."""

    model_config = ConfigDict(extra="forbid")

    messages: list[dict[str, Any]]


class AgentService:
    """The agent behind the routes: checks requests, waits for a slot, runs, forgets."""

    def __init__(self, model: BaseChatModel, settings: ServerSettings) -> None:
        self.settings = settings
        policy = LoadPolicy(folders=(), urls=settings.urls, max_pixels=settings.pixels)
        self.chat_model = model.model_copy(update={"policy": policy}) if isinstance(model, ChatQwenVL) else model
        room = settings.threads + settings.running + settings.waiting
        limits = Limits(seconds=settings.seconds)
        self.agent = VisualAgent(model, limits=limits, policy=policy, max_threads=room)
        self.threads = Threads(settings.threads, settings.idle, self.agent.forget)
        self.gate = Gate(settings.running, settings.waiting)

    def checked(self, value: Any) -> AskRequest:
        """The request within the limits; UserError otherwise."""
        request = AskRequest.model_validate(value.model_dump() if isinstance(value, BaseModel) else value)
        pictures = [*filter(None, [request.image]), *request.images]
        if not request.question.strip():
            raise UserError("The question is empty; ask something about the pictures.")
        if len(request.question) > self.settings.question:
            raise UserError(f"The question is over {self.settings.question} characters; ask a shorter one.")
        if len(pictures) > self.settings.images:
            raise UserError(f"At most {self.settings.images} pictures a question; send fewer.")
        if not pictures and request.thread is None:
            raise UserError("A new question needs at least one picture; send it as base64, data URI or public URL.")
        return request.model_copy(update={"image": "", "images": pictures})

    async def events(self, value: Any) -> AsyncIterator[dict[str, Any]]:
        """Each finished step, then the answer. Raises our own errors."""
        request = self.checked(value)
        started = time.perf_counter()
        kept = request.thread is not None or request.keep
        thread = self.threads.use(request.thread) if request.thread else self.threads.open()
        try:
            async with self.gate.enter():
                async for item in self.agent.astream(request.question, *request.images, thread=thread):
                    if isinstance(item, Answer):
                        seconds = time.perf_counter() - started
                        answer = answer_to_dict(item, seconds=seconds)
                        yield {"event": "answer", **answer, **({"thread": thread} if kept else {})}
                    else:
                        yield {"event": "step", **step_to_dict(item)}
        finally:
            if not kept:
                self.threads.close(thread)

    async def answer(self, value: Any) -> dict[str, Any]:
        """The answer alone."""
        last: dict[str, Any] = {}
        async for event in self.events(value):
            last = event
        return last


class AgentRunnable(RunnableGenerator[Any, Any]):
    """Streams step events and the answer; `ainvoke` gives the answer alone; `abatch` keeps errors to their item."""

    def __init__(self, service: AgentService) -> None:
        self._service = service
        super().__init__(_unused_sync, self._events, name="visual_agent")

    async def _events(self, inputs: AsyncIterator[Any]) -> AsyncIterator[dict[str, Any]]:
        async for value in inputs:
            try:
                async for event in self._service.events(value):
                    yield event
            except VisualAgentError as error:
                yield {"event": "error", **error_to_dict(error)}

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """The answer as plain JSON; raises our own errors, which the app turns into statuses."""

        async def call(value: Any) -> dict[str, Any]:
            return await self._service.answer(value)

        return await self._acall_with_config(call, input, config, **kwargs)

    async def abatch(self, inputs: list[Any], config: Any = None, **kwargs: Any) -> list[Any]:
        """One answer or `{"event": "error", ...}` for each input, in order; the gate bounds how many run."""

        async def one(value: Any) -> dict[str, Any]:
            try:
                return await self._service.answer(value)
            except VisualAgentError as error:
                return {"event": "error", **error_to_dict(error)}

        return list(await asyncio.gather(*(one(value) for value in inputs)))


def _unused_sync(inputs: Iterator[Any]) -> Iterator[dict[str, Any]]:
    for _ in inputs:
        raise UserError("The server's agent runs asynchronously; call ainvoke or astream.")
    yield {}


class ChatRunnable(RunnableGenerator[Any, Any]):
    """The chat model with checked messages: streams message chunks; `ainvoke` gives the whole message."""

    def __init__(self, model: BaseChatModel, gate: Gate) -> None:
        self._model, self._gate = model, gate
        super().__init__(_unused_sync, self._chunks, name="chat")

    async def _chunks(self, inputs: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for value in inputs:
            messages = checked_messages(value)
            async with self._gate.enter():
                async for chunk in self._model.astream(messages):
                    yield chunk

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """The model's message."""

        async def call(value: Any) -> BaseMessage:
            messages = checked_messages(value)
            async with self._gate.enter():
                return await self._model.ainvoke(messages)

        return await self._acall_with_config(call, input, config, **kwargs)


def checked_messages(value: Any) -> list[BaseMessage]:
    """Messages from `{"messages": [...]}`; both `{"type": "human"}` and `{"role": "user"}` are read."""
    raw = value.messages if isinstance(value, ChatRequest) else value["messages"]
    if not raw:
        raise UserError("There are no messages; send at least one.")
    roles = {"human": "user", "ai": "assistant"}
    try:
        return convert_to_messages(
            [m if "role" in m else {**_plain(m), "role": roles.get(m.get("type", ""), m.get("type"))} for m in raw]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"These messages cannot be read ({error}); give each a role (user, assistant, system) and a content."
        ) from error


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    keep = ("content", "name", "tool_calls", "tool_call_id")
    return {key: message[key] for key in keep if message.get(key)} | {"content": message.get("content", "")}


def create_app(model: BaseChatModel | None = None, settings: ServerSettings | None = None) -> FastAPI:
    """The application. `model` is the offline engine's chat model when none is given.

    Routes: `/agent` and `/chat` by LangServe, `/healthz`. Errors are `{"error": {"type", "message"}}` with status 422
    for bad input, 429 when busy, 413 for bodies that are too large, 502 when the model failed.
    """
    settings = settings or ServerSettings()
    service = AgentService(model or load_model("offline"), settings)
    app = FastAPI(title="visual_agent", version=__version__)
    app.add_middleware(BoundedRequests, limit=settings.body)
    app.add_exception_handler(VisualAgentError, _error_response)
    agent = AgentRunnable(service).with_types(input_type=AskRequest, output_type=AskAnswer)
    chat = ChatRunnable(service.chat_model, service.gate).with_types(input_type=ChatRequest)
    with _quiet_schemas():
        add_routes(app, agent, path="/agent", enabled_endpoints=ENDPOINTS, config_keys=())
        add_routes(app, chat, path="/chat", enabled_endpoints=ENDPOINTS, config_keys=())

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        """Whether the server answers, with what, and how busy it is."""
        return {"status": "ok", "model": service.agent.model_name, "runs": service.gate.inside, "version": __version__}

    app.state.service = service
    return app


@contextmanager
def _quiet_schemas() -> Iterator[None]:
    """LangServe asks for a deprecated schema method; that is its business and not the user's."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


async def _error_response(_request: Request, error: Exception) -> JSONResponse:
    status = 429 if isinstance(error, Busy) else 422 if isinstance(error, UserError) else 502
    headers = {"retry-after": "2"} if status == 429 else None
    return JSONResponse(error_to_dict(error), status_code=status, headers=headers)


__all__ = ["AskAnswer", "AskRequest", "ChatRequest", "Runnable", "create_app"]
