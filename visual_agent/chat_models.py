"""`ChatQwenVL`: the LangChain face of an engine, and `load_model`: a chat model by name.

Messages -> turns (`messages.py`; bound tools become a ReAct preamble, `react.py`) -> an engine's text, streamed by one
worker thread a generation (`streaming.py`) -> content, reasoning and tool calls (`replies.py`) -> an `AIMessage`.

Engines with native tool calling (`profile.native_tools`) get the tools in the request instead of the preamble.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput, ModelProfile
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompt_values import ChatPromptValue, PromptValue
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field, model_validator

from visual_agent import prompts, react
from visual_agent.blocks import resolved, typed
from visual_agent.calling import Call, check_names, forced_tool, prepare
from visual_agent.engines.base import Chunk, Text, Turn
from visual_agent.engines.registry import SharedEngine
from visual_agent.loading import LoadPolicy
from visual_agent.messages import to_turns
from visual_agent.remote import load_model as load_model
from visual_agent.replies import Delta
from visual_agent.streaming import agenerate, generate
from visual_agent.structured import structured

#: Constructor arguments of other chat models that mean nothing here and are accepted silently.
_IGNORED = frozenset(("api_key", "base_url", "max_retries", "model_kwargs", "n", "top_logprobs", "use_responses_api"))

#: In a message of output version "v1" the reasoning and the text have the block indices 0 and 1.
_FIRST_CALL_INDEX = 2


class ChatQwenVL(BaseChatModel):
    """A chat model on a visual_agent engine.

    Key init args:
        model: name of the engine: "offline", a folder or hub id of a Qwen-VL model, or a registered name.
        engine: an engine object instead of a name.
        temperature, top_p, top_k, repetition_penalty, seed, max_tokens: sampling; None is the engine's own default.
        stop: texts that end every answer.
        timeout: seconds that one generation may take.
        policy: what pictures in messages may come from; None allows URLs and pictures in the message, no files.
        language: of the tool preamble; None follows the question.

    Pictures, text and tools:
        .. code-block:: python

            from langchain_core.messages import HumanMessage
            from visual_agent import ChatQwenVL
            from visual_agent.messages import image_block

            model = ChatQwenVL(model="Qwen/Qwen-VL-Chat")
            message = HumanMessage([image_block("street.jpg"), {"type": "text", "text": "What is this?"}])
            print(model.invoke([message]).text)
            for chunk in model.stream([message]):
                print(chunk.text, end="")
            model.bind_tools([my_tool]).invoke([message]).tool_calls

    Copies and pickles share the engine. `response_metadata` has `model_name`, `model_provider`, `finish_reason`,
    `counters` (what the engine's caches did) and, with `logprobs=True`, `logprobs`.
    """

    model: str = "offline"
    engine: Any = Field(default=None, exclude=True)
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    logprobs: bool = False
    stop: list[str] | None = None
    timeout: float | None = None
    streaming: bool = False
    language: Literal["en", "zh"] | None = None
    policy: LoadPolicy | None = None
    session: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_arguments(cls, values: Any) -> Any:
        """Refuse typing errors, and keep only a reference to the engine: its weights never live on this object."""
        if not isinstance(values, Mapping):
            return values
        values = check_names(dict(values), known=set(cls.model_fields), ignored=_IGNORED, where="ChatQwenVL")
        engine, name = values.get("engine"), values.get("model")
        if engine is None or (isinstance(engine, SharedEngine) and engine.by_name and name not in (None, engine.name)):
            engine = SharedEngine(name or "offline")
        engine = SharedEngine.of(engine)
        return {**values, "engine": engine, "model": name or engine.name}

    def _resolve_model_profile(self) -> ModelProfile:
        """What the engine says; what is usual for Qwen-VL while the engine is not loaded."""
        known = self.engine.profile if self.engine.loaded else None
        sees = known.sees if known else self.model != "offline"
        return ModelProfile(
            max_input_tokens=known.max_input_tokens if known else 8192,
            image_inputs=sees,
            image_url_inputs=sees,
            image_tool_message=sees,
            pdf_inputs=sees,
            pdf_tool_message=sees,
            tool_calling=True,
            tool_choice=True,
            text_inputs=True,
            text_outputs=True,
        )

    @property
    def _llm_type(self) -> str:
        return "qwen-vl"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        """Everything that an answer depends on: the key of LangChain's cache, and what traces show."""
        profile = self.engine.profile
        names = ("temperature", "top_p", "top_k", "repetition_penalty", "seed", "max_tokens", "logprobs", "language")
        return {
            "model": self.model,
            "engine": f"{profile.name} {profile.version}".strip(),
            "prompts": prompts.version(),
            "default_stop": self.stop,
            **{name: getattr(self, name) for name in names},
        }

    def _convert_input(self, model_input: LanguageModelInput) -> PromptValue:
        """As LangChain does it, with what its tracing needs to know about pictures."""
        value = super()._convert_input(model_input)
        messages = value.to_messages()
        completed = typed(messages)
        same = all(given is own for given, own in zip(messages, completed, strict=True))
        return value if same else ChatPromptValue(messages=completed)

    # --- Generating ----------------------------------------------------------------------------------------------

    def _call(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> Call:
        return prepare(self, messages, stop, options)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - LangChain fires the callbacks itself
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call(messages, stop, kwargs)
        whole = _Whole(call)
        for chunk in generate(call.engine, call.request, timeout=call.timeout):
            whole.add(chunk)
        return whole.result()

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        call = await _in_thread(self._call, messages, stop, kwargs)
        whole = _Whole(call)
        async for chunk in agenerate(call.engine, call.request, timeout=call.timeout):
            whole.add(chunk)
        return whole.result()

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call = self._call(messages, stop, kwargs)
        pieces = _Pieces(call)
        chunks = generate(call.engine, call.request, timeout=call.timeout)
        try:
            for chunk in chunks:
                yield from pieces.add(chunk)
        finally:
            chunks.close()  # type: ignore[attr-defined]

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = await _in_thread(self._call, messages, stop, kwargs)
        pieces = _Pieces(call)
        chunks = agenerate(call.engine, call.request, timeout=call.timeout)
        try:
            async for chunk in chunks:
                for piece in pieces.add(chunk):
                    yield piece
        finally:
            await chunks.aclose()  # type: ignore[attr-defined]

    # --- The cache sees pictures, not their names ------------------------------------------------------------------

    def _get_llm_string(self, stop: list[str] | None = None, **kwargs: Any) -> str:
        """The cache's key: neither a call's time limit nor its session changes an answer."""
        options = {name: value for name, value in kwargs.items() if name not in ("timeout", "session")}
        return super()._get_llm_string(stop=stop, **options)

    def _generate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        by_content, _held = resolved(messages, self.policy)
        return super()._generate_with_cache(by_content, stop=stop, run_manager=run_manager, **kwargs)

    async def _agenerate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        by_content, _held = await _in_thread(resolved, messages, self.policy)
        return await super()._agenerate_with_cache(by_content, stop=stop, run_manager=run_manager, **kwargs)

    # --- Tools, structured output, counting --------------------------------------------------------------------------

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Let the model call tools.

        Args:
            tools: LangChain tools, functions, pydantic classes or OpenAI function schemas.
            tool_choice: None or "auto": the model decides; "none": no tools; "any", "required" or True: one of them;
                a tool's name, or {"type": "function", "function": {"name": ...}}: that one.
            kwargs: bound as they are.

        Raises:
            ContentError: `tool_choice` names no tool that is bound.
        """
        schemas = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=schemas, tool_choice=forced_tool(tool_choice, schemas), **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        method: Literal["function_calling", "json_mode", "json_schema"] = "function_calling",
        include_raw: bool = False,
        strict: bool | None = None,  # noqa: ARG002 - we always read strictly
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """A runnable that answers in the form of `schema`; see `visual_agent.structured`.

        Raises (when it runs):
            ModelOutputError: the model's answer has not that form; with `include_raw` it is in `parsing_error`.
        """
        return structured(self, schema, method=method, include_raw=include_raw, **kwargs)

    def get_num_tokens(self, text: str) -> int:
        """How many tokens a text takes in the engine's tokenizer."""
        empty: int = self.engine.count_tokens((Turn("user", (Text(""),)),))
        full: int = self.engine.count_tokens((Turn("user", (Text(text),)),))
        return max(0, full - empty)

    def get_num_tokens_from_messages(
        self, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any] | type | Callable[..., Any]] | None = None
    ) -> int:
        """How many prompt tokens messages take: pictures, the chat frame and the tool preamble included."""
        schemas = [convert_to_openai_tool(tool) for tool in tools or ()]
        native = self.engine.profile.native_tools
        turns = to_turns(messages, tools=schemas, native=native, language=self.language, policy=self.policy)
        count: int = self.engine.count_tokens(turns)
        return count


async def _in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Loading pictures and weights blocks; the event loop must not."""
    from langchain_core.runnables import run_in_executor

    return await run_in_executor(None, function, *args)


# --- From chunks to messages -----------------------------------------------------------------------------------------


@dataclass
class _Whole:
    """Collects a reply into one message."""

    call: Call
    content: str = ""
    reasoning: str = ""
    calls: list[tuple[str, Delta]] = field(default_factory=list)
    logprobs: list[tuple[str, float]] = field(default_factory=list)
    last: Chunk = field(default_factory=lambda: Chunk(""))
    _name: str = ""

    def add(self, chunk: Chunk) -> None:
        """Take the engine's next chunk."""
        self._take(self.call.reply.feed(chunk.text))
        self.logprobs.extend(chunk.logprobs)
        if chunk.finish is not None:
            self._take(self.call.reply.close())
            self.last = chunk

    def _take(self, deltas: list[Delta]) -> None:
        for delta in deltas:
            if delta.kind == "content":
                self.content += delta.text
            elif delta.kind == "reasoning":
                self.reasoning += delta.text
            elif delta.kind == "name":
                self._name = delta.text
            else:
                self.calls.append((self._name, delta))

    def result(self) -> ChatResult:
        """The message, with its calls checked."""
        good, bad = [], []
        for name, delta in self.calls:
            if delta.kind == "arguments":
                good.append(tool_call(name=name, args=react.strict_json(delta.text), id=_new_id()))
            else:
                bad.append(invalid_tool_call(name=name, args=delta.text, id=_new_id(), error=delta.error))
        message = AIMessage(
            self.content,
            additional_kwargs={"reasoning_content": self.reasoning} if self.reasoning else {},
            tool_calls=good,
            invalid_tool_calls=bad,
            usage_metadata=_usage(self.last),
        )
        info = _info(self.call, self.last, bool(self.calls), self.logprobs)
        return ChatResult(generations=[ChatGeneration(message=message, generation_info=info)])


@dataclass
class _Pieces:
    """Makes message chunks of a reply while it arrives."""

    call: Call
    calls: int = 0
    logprobs: list[tuple[str, float]] = field(default_factory=list)

    def add(self, chunk: Chunk) -> Iterator[ChatGenerationChunk]:
        """The message chunks of the engine's next chunk."""
        self.logprobs.extend(chunk.logprobs)
        for delta in self.call.reply.feed(chunk.text):
            yield self._piece(delta)
        if chunk.finish is None:
            return
        for delta in self.call.reply.close():
            yield self._piece(delta)
        end = AIMessageChunk(content="", usage_metadata=_usage(chunk), chunk_position="last")
        info = _info(self.call, chunk, bool(self.calls), self.logprobs)
        yield ChatGenerationChunk(message=end, generation_info=info)

    def _piece(self, delta: Delta) -> ChatGenerationChunk:
        if delta.kind == "content":
            return ChatGenerationChunk(message=AIMessageChunk(content=delta.text))
        if delta.kind == "reasoning":
            thought = {"reasoning_content": delta.text}
            return ChatGenerationChunk(message=AIMessageChunk(content="", additional_kwargs=thought))
        if delta.kind == "name":
            self.calls += 1
        index = _FIRST_CALL_INDEX + self.calls - 1
        if delta.kind == "name":
            piece = tool_call_chunk(name=delta.text, args="", id=_new_id(), index=index)
        else:
            piece = tool_call_chunk(name=None, args=delta.text, id=None, index=index)
        return ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[piece]))


def _new_id() -> str:
    return f"call_{uuid.uuid4().hex[:24]}"


def _usage(chunk: Chunk) -> UsageMetadata | None:
    usage = chunk.usage
    if usage is None:
        return None
    details: Any = {"image": usage.image_tokens}
    if "prompt_reused" in chunk.counters:
        details["cache_read"] = chunk.counters["prompt_reused"]
    return UsageMetadata(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.new_tokens,
        total_tokens=usage.prompt_tokens + usage.new_tokens,
        input_token_details=details,
    )


def _info(call: Call, last: Chunk, called: bool, logprobs: list[tuple[str, float]]) -> dict[str, Any]:
    """Metadata of the response, on the last chunk only: chunks are merged by joining texts."""
    reason = "tool_calls" if called and last.finish == "stop" else last.finish
    info: dict[str, Any] = {"model_name": call.name, "model_provider": "visual_agent", "finish_reason": reason}
    if last.counters:
        info["counters"] = dict(last.counters)
    if call.request.sampling.logprobs:
        info["logprobs"] = {"content": [{"token": token, "logprob": value} for token, value in logprobs]}
    return info
