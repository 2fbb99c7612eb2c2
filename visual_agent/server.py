"""The HTTP server: the agent and the chat model over LangServe, with limits.

In: `POST /agent/{invoke,batch,stream,stream_events}` with a question and pictures (base64, data URIs or public URLs),
`POST /chat/...` with messages. Out: the JSON of `visual_agent.results`; streams give one event a step, then the
answer. LangServe is in maintenance (bug fixes only), so it lives in this module alone.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, convert_to_messages
from langchain_core.runnables import RunnableConfig, RunnableGenerator
from langserve import add_routes
from langserve.serialization import WellKnownLCSerializer
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sse_starlette import EventSourceResponse
from starlette.exceptions import HTTPException

from visual_agent import __version__
from visual_agent.admission import BoundedRequests, Busy, Gate, ServerSettings, Threads, TooSlow
from visual_agent.agent import Limits, VisualAgent
from visual_agent.answers import Answer
from visual_agent.blocks import resolved
from visual_agent.chat_models import ChatQwenVL, load_model
from visual_agent.errors import UserError, VisualAgentError
from visual_agent.loading import LoadPolicy
from visual_agent.results import answer_to_dict, error_to_dict, step_to_dict

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from visual_agent.images import Pixels

ENDPOINTS: Sequence[Any] = (
    "invoke",
    "batch",
    "stream",
    "stream_events",
    "stream_log",
    "input_schema",
    "output_schema",
    "config_schema",
    "playground",
)


#: A thread's token; null is taken for none. The playground cannot show a schema with null in it.
Token = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]

#: Where the playground's page looks for the kind of a field.
_UPLOAD: dict[str, Any] = {"extra": {"widget": {"type": "base64file"}}}


class AskRequest(BaseModel):
    """A question about pictures. Pictures are base64, data URIs or public http(s) URLs."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(description="In English or Chinese.")
    image: str = Field("", description="One picture.", json_schema_extra=_UPLOAD)
    images: list[str] = Field(default_factory=list, description="More pictures.")
    thread: Token = Field("", description="A token from an earlier answer: ask again about its pictures.")
    keep: bool = Field(False, description="Keep the pictures and give a thread token for follow-up questions.")


class AskAnswer(BaseModel):
    """The answer; see `visual_agent.results.answer_to_dict`. `event` is "answer", "step" or "error"."""

    model_config = ConfigDict(extra="allow")

    event: str = "answer"


class ChatRequest(BaseModel):
    """Messages for the chat model, in LangChain's or OpenAI's form."""

    model_config = ConfigDict(extra="forbid")

    messages: list[dict[str, Any]]


class ChatCall(BaseModel):
    """The body of `/chat/stream`, as LangServe's client sends it; `config` and `kwargs` are not used."""

    input: ChatRequest


class AgentService:
    """The agent behind the routes: checks requests, waits for a slot, runs, forgets."""

    def __init__(self, model: BaseChatModel, settings: ServerSettings) -> None:
        self.settings = settings
        policy = LoadPolicy(
            folders=(),
            urls=settings.urls,
            max_pixels=settings.pixels,
            max_pages=settings.images,
            max_bytes=settings.body,
        )
        self.chat_model = model
        #: Which pictures of a chat are opened here; None: the model opens them itself.
        self.chat_policy = policy if isinstance(model, ChatQwenVL) else None
        if isinstance(model, ChatQwenVL):
            timeout = min(model.timeout or settings.seconds, settings.seconds)
            self.chat_model = model.model_copy(update={"policy": policy, "timeout": timeout})
        room = settings.threads + settings.running + settings.waiting
        limits = Limits(seconds=settings.seconds)
        most = max(settings.thread_images, settings.images)
        self.agent = VisualAgent(model, limits=limits, policy=policy, max_threads=room, max_pictures=most)
        self.threads = Threads(settings.threads, settings.idle, self.agent.forget)
        self.gate = Gate(settings.running, settings.waiting, settings.seconds + settings.sending)

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
        if not pictures and not request.thread:
            raise UserError("A new question needs at least one picture; send it as base64, data URI or public URL.")
        return request.model_copy(update={"image": "", "images": pictures})

    async def events(self, value: Any) -> AsyncGenerator[dict[str, Any], None]:
        """Each finished step, then the answer. Raises our own errors."""
        request = self.checked(value)
        started = time.perf_counter()
        async with self.gate.enter() as slot:
            thread, answered = self._thread(request), False
            try:
                items = self.agent.astream(request.question, *request.images, thread=thread)
                async with aclosing(slot.stream(items)) as bounded:
                    async for item in bounded:
                        if isinstance(item, Answer):
                            answered = True
                            answer = answer_to_dict(item, seconds=time.perf_counter() - started)
                            yield {"event": "answer", **answer, **({"thread": thread} if thread else {})}
                        else:
                            yield {"event": "step", **step_to_dict(item)}
            finally:
                if thread and not (answered or request.thread):
                    self.threads.close(thread)  # nobody was told its token

    def _thread(self, request: AskRequest) -> str | None:
        """The conversation that the request continues or begins; None for a question without memory."""
        if request.thread:
            return self.threads.use(request.thread)
        return self.threads.open() if request.keep else None

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
                async with aclosing(self._service.events(value)) as events:
                    async for event in events:
                        yield event
            except VisualAgentError as error:
                yield {"event": "error", **error_to_dict(error)}

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """The answer as plain JSON; raises our own errors, which the app turns into statuses."""

        async def call(value: Any) -> dict[str, Any]:
            return await self._service.answer(value)

        return await self._acall_with_config(call, input, config, **kwargs)

    async def abatch(self, inputs: list[Any], config: Any = None, **kwargs: Any) -> list[Any]:
        """One answer or `{"event": "error", ...}` for each input, in order."""

        async def one(value: Any) -> dict[str, Any]:
            try:
                return await self._service.answer(value)
            except VisualAgentError as error:
                return {"event": "error", **error_to_dict(error)}

        return await in_turns(inputs, one, self._service.settings)


def _unused_sync(inputs: Iterator[Any]) -> Iterator[dict[str, Any]]:
    for _ in inputs:
        raise UserError("The server's agent runs asynchronously; call ainvoke or astream.")
    yield {}


async def in_turns(inputs: Sequence[Any], one: Callable[[Any], Awaitable[Any]], settings: ServerSettings) -> list[Any]:
    """`one` of each input, in order; as many at a time as may run, so that a batch leaves places for others."""
    if len(inputs) > settings.batch:
        raise UserError(f"At most {settings.batch} items a batch, not {len(inputs)}; send several batches.")
    slots = asyncio.Semaphore(settings.running)

    async def turn(value: Any) -> Any:
        async with slots:
            return await one(value)

    tasks = [asyncio.ensure_future(turn(value)) for value in inputs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:  # after an error the others have nobody left to answer
            task.cancel()


class ChatRunnable(RunnableGenerator[Any, Any]):
    """The chat model with checked messages: streams message chunks; `ainvoke` gives the whole message."""

    def __init__(self, service: AgentService) -> None:
        self._model, self._gate, self._settings = service.chat_model, service.gate, service.settings
        self._policy = service.chat_policy
        super().__init__(_unused_sync, self._chunks, name="chat")

    async def _chunks(self, inputs: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for value in inputs:
            messages = self._checked(value)
            async with self._gate.enter() as slot:
                messages, _held = await slot.run(asyncio.to_thread(self._opened, messages))
                async with aclosing(slot.stream(self._model.astream(messages))) as chunks:
                    async for chunk in chunks:
                        yield chunk

    def _checked(self, value: Any) -> list[BaseMessage]:
        messages = checked_messages(value)
        parts = [part for message in messages if isinstance(message.content, list) for part in message.content]
        pictures = sum(isinstance(part, dict) and part.get("type") != "text" for part in parts)
        if pictures > self._settings.images:
            raise UserError(f"At most {self._settings.images} pictures a request, not {pictures}; send fewer.")
        return messages

    async def _message(self, value: Any) -> BaseMessage:
        messages = self._checked(value)
        async with self._gate.enter() as slot:
            messages, _held = await slot.run(asyncio.to_thread(self._opened, messages))
            return await slot.run(self._model.ainvoke(messages))

    def _opened(self, messages: Sequence[BaseMessage]) -> tuple[list[BaseMessage], list[Pixels]]:
        if self._policy is None:
            return list(messages), []
        return opened(messages, self._policy, self._settings.images)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """The model's message."""
        return await self._acall_with_config(self._message, input, config, **kwargs)

    async def abatch(self, inputs: list[Any], config: Any = None, **kwargs: Any) -> list[Any]:
        """The model's message for each input, in order; raises the first error."""
        return await in_turns(inputs, self._message, self._settings)


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
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"These messages cannot be read ({reason}); give each a role (user, assistant, system) and a content."
        ) from error


def opened(messages: Sequence[BaseMessage], policy: LoadPolicy, most: int) -> tuple[list[BaseMessage], list[Pixels]]:
    """The messages with their pictures loaded, and the pictures, which the caller must hold.

    Raises:
        UserError: there are more than `most`, each page of a document counted, or one cannot be used.
    """
    held: list[Pixels] = []
    result: list[BaseMessage] = []
    for message in messages:
        if isinstance(message, AIMessage) or isinstance(message.content, str):
            result.append(message)
            continue
        content: list[Any] = []
        for block in message.content:  # one by one: what is over the limit need not be loaded
            (part,), pixels = resolved([HumanMessage([block])], policy)
            content += part.content
            held += pixels
            if len(held) > most:
                raise UserError(f"At most {most} pictures a request, each page of a document counted; send fewer.")
        result.append(message.model_copy(update={"content": content}))
    return result, held


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    keep = ("content", "name", "tool_calls", "tool_call_id")
    return {key: message[key] for key in keep if message.get(key)} | {"content": message.get("content", "")}


def create_app(model: BaseChatModel | None = None, settings: ServerSettings | None = None) -> FastAPI:
    """The application. `model` is the offline engine's chat model when none is given.

    Routes: `/agent` and `/chat` by LangServe, `/healthz`. Errors are `{"error": {"type", "message"}}` with status 422
    for bad input, 429 when busy, 413 for bodies that are too large, 408 for those that take too long to come, 502 when
    the model failed, 504 when it took too long.
    """
    settings = settings or ServerSettings()
    service = AgentService(model or load_model("offline"), settings)
    app = FastAPI(title="visual_agent", version=__version__)
    app.add_middleware(BoundedRequests, limit=settings.body, seconds=settings.upload)
    app.add_exception_handler(VisualAgentError, _error_response)
    for kind in (RequestValidationError, ValidationError, RecursionError):
        app.add_exception_handler(kind, _bad_request)
    app.add_exception_handler(HTTPException, _http_error)
    agent = AgentRunnable(service).with_types(input_type=AskRequest, output_type=AskAnswer)
    chat = ChatRunnable(service).with_types(input_type=ChatRequest)

    @app.post("/chat/stream")  # instead of LangServe's own, which hides every error in a broken stream
    async def chat_stream(call: ChatCall) -> EventSourceResponse:
        """Message chunks as LangServe streams them; what is wrong with the request is a status, not an event."""
        chunks = chat.astream(call.input)
        first = await anext(chunks, None)
        return EventSourceResponse(_chat_events(first, chunks))

    # LangServe's page has no field for a list of messages, so /chat goes without it.
    others = [name for name in ENDPOINTS if name not in ("stream", "playground")]
    with _quiet_schemas():
        add_routes(app, agent, path="/agent", enabled_endpoints=ENDPOINTS, config_keys=())
        add_routes(app, chat, path="/chat", enabled_endpoints=others, config_keys=())
    app.router.on_startup.clear()  # LangServe's banner, which names a page of /chat that is not there

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        """Whether the server answers, with what, and how busy it is."""
        return {"status": "ok", "model": service.agent.model_name, "runs": service.gate.inside, "version": __version__}

    app.state.service = service
    return app


async def _chat_events(first: Any, rest: AsyncIterator[Any]) -> AsyncIterator[dict[str, str]]:
    """LangServe's stream protocol: `data` events and an `end`, or an `error` where the model failed on the way."""
    serializer = WellKnownLCSerializer()
    try:
        if first is not None:
            yield {"event": "data", "data": serializer.dumps(first).decode()}
        async for chunk in rest:
            yield {"event": "data", "data": serializer.dumps(chunk).decode()}
        yield {"event": "end"}
    except VisualAgentError as error:
        told = {"status_code": _status(error), "message": f"{type(error).__name__}: {error}"}
        yield {"event": "error", "data": json.dumps(told)}


@contextmanager
def _quiet_schemas() -> Iterator[None]:
    """LangServe asks for a deprecated schema method; that is its business and not the user's."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _status(error: Exception) -> int:
    known: tuple[tuple[type[Exception], int], ...] = ((Busy, 429), (TooSlow, 504), (UserError, 422))
    return next((status for kind, status in known if isinstance(error, kind)), 502)


async def _error_response(_request: Request, error: Exception) -> JSONResponse:
    headers = {"retry-after": "2"} if isinstance(error, Busy) else None
    return JSONResponse(error_to_dict(error), status_code=_status(error), headers=headers)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = 422 if error.status_code == 400 else error.status_code
    told = {"type": "BadRequest", "message": f"{error.detail}; see /docs."}
    return JSONResponse({"error": told}, status_code=status, headers=error.headers)


async def _bad_request(_request: Request, error: Exception) -> JSONResponse:
    """A body that does not fit the route; what was sent (pictures, perhaps) is not sent back."""
    if isinstance(error, (RequestValidationError, ValidationError)):
        found = [item if isinstance(item, dict) else {"msg": str(item)} for item in error.errors()]
        words = [": ".join(filter(None, (".".join(map(str, e.get("loc", ()))), e["msg"]))) for e in found[:5]]
        text = f"{'; '.join(words)[:500]}; see /docs for what this route takes."
    else:
        text = "The JSON is nested too deeply; send plain values."
    return JSONResponse({"error": {"type": "BadRequest", "message": text}}, status_code=422)


__all__ = ["AskAnswer", "AskRequest", "ChatRequest", "create_app"]
