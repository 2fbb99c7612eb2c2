"""Structured output: a chat model that answers in the form of a schema.

In: a model, a schema (pydantic class, TypedDict, JSON schema or OpenAI function schema) and a method. Out: a runnable
that gives pydantic objects or dicts, and an error, never None, for an answer that has not the form.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableLambda, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.v1 import BaseModel as BaseModelV1

from visual_agent.errors import ContentError, ModelOutputError
from visual_agent.react import strict_json

if TYPE_CHECKING:
    from visual_agent.chat_models import ChatQwenVL

Method = Literal["function_calling", "json_mode", "json_schema"]
Parsed = dict[str, Any] | BaseModel


def structured(
    model: ChatQwenVL, schema: dict[str, Any] | type, *, method: Method, include_raw: bool, **kwargs: Any
) -> Runnable[LanguageModelInput, Parsed]:
    """The model bound to answer in the form of `schema`, and the parser behind it.

    Args:
        model: the chat model.
        schema: what the answer must be.
        method: a forced tool call, JSON as described by the user ("json_mode"), or JSON by the schema in the prompt.
        include_raw: give {"raw", "parsed", "parsing_error"} and never raise for the answer's form.
        kwargs: nothing; a wrong name is an error.

    Raises:
        ContentError: an unknown method, or arguments that nothing reads.
    """
    if kwargs:
        raise ContentError(f"with_structured_output has no argument {', '.join(map(repr, kwargs))}; leave it out.")
    note = {"ls_structured_output_format": {"kwargs": {"method": method}, "schema": schema}}
    if method == "function_calling":
        name = convert_to_openai_tool(schema)["function"]["name"]
        bound = model.bind_tools([schema], tool_choice=name, **note)
    elif method == "json_mode":
        bound = model.bind(response_format={"type": "json_object"}, **note)
    elif method == "json_schema":
        json_schema = convert_to_json_schema(schema)
        described = {"name": json_schema.get("title", "answer"), "schema": json_schema}
        bound = model.bind(response_format={"type": "json_schema", "json_schema": described}, **note)
    else:
        raise ContentError(f"method {method!r} is not known; use 'function_calling', 'json_mode' or 'json_schema'.")
    read = _from_call if method == "function_calling" else _from_text
    parser: Runnable[AIMessage, Parsed] = RunnableLambda(lambda message: _in_form(read(message), message, schema))
    if not include_raw:
        return bound | parser
    with_parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
    without = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=bound) | with_parsed.with_fallbacks([without], exception_key="parsing_error")


def _from_call(message: AIMessage) -> Any:
    if message.tool_calls:
        return message.tool_calls[0]["args"]
    for call in message.invalid_tool_calls:
        raise ModelOutputError(
            f"The model's structured answer could not be read: {call['error'] or 'the arguments are not valid JSON'}; "
            "ask again or simplify the schema.",
            text=call["args"] or "",
        )
    raise ModelOutputError(
        "The model gave no structured answer, only text; ask again or simplify the schema.", text=message.text
    )


def _from_text(message: AIMessage) -> Any:
    try:
        return strict_json(message.text)
    except ValueError as error:
        raise ModelOutputError(
            f"The model's answer is not valid JSON ({error}); ask again, or allow more max_tokens.", text=message.text
        ) from None


def _in_form(value: Any, message: AIMessage, schema: dict[str, Any] | type) -> Parsed:
    """The value as the schema's type; for JSON schemas and TypedDicts at least an object with the required keys."""
    try:
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            return schema.model_validate(value)
        if isinstance(schema, type) and issubclass(schema, BaseModelV1):
            return schema.parse_obj(value)  # type: ignore[return-value]
        if isinstance(schema, type):
            checker: TypeAdapter[dict[str, Any]] = TypeAdapter(cast("type[dict[str, Any]]", schema))
            return checker.validate_python(value)
    except (ValidationError, ValueError, TypeError) as error:
        name = getattr(schema, "__name__", "the schema")
        raise ModelOutputError(
            f"The model's answer does not fit {name} ({_first(error)}); ask again or simplify the schema.",
            text=message.text,
        ) from error
    if not isinstance(value, dict):
        raise ModelOutputError("The model's structured answer is not an object; ask again.", text=message.text)
    if missing := [key for key in convert_to_json_schema(schema).get("required", ()) if key not in value]:
        raise ModelOutputError(
            f"The model's structured answer lacks {', '.join(missing)}; ask again.", text=message.text
        )
    return value


def _first(error: Exception) -> str:
    """What is wrong, in a line: pydantic's first finding with its place."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in found["loc"])
        return f"{place}: {found['msg']}" if place else found["msg"]
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
