"""A remote chat model whose failures are our errors, each with what to do.

In: messages. Out: langchain-openai's answers. Refused connections, wrong keys, unknown models and timeouts become
`EndpointError` or `ModelNotFound`. `load_model` makes it; the extra `api` brings langchain-openai.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import openai
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

from visual_agent.errors import EndpointError, ModelNotFound


class ChatEndpoint(ChatOpenAI):
    """`ChatOpenAI` with our errors."""

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        with self._our_errors():
            return super()._generate(*args, **kwargs)

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        with self._our_errors():
            return await super()._agenerate(*args, **kwargs)

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        with self._our_errors():
            yield from super()._stream(*args, **kwargs)

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        with self._our_errors():
            async for chunk in super()._astream(*args, **kwargs):
                yield chunk

    @contextmanager
    def _our_errors(self) -> Iterator[None]:
        where = f"{self.model_name!r} at {self.openai_api_base}"
        try:
            yield
        except openai.APITimeoutError as error:
            raise EndpointError(f"{where} did not answer in time; try again or raise `timeout`.") from error
        except openai.APIConnectionError as error:
            raise EndpointError(f"{where} cannot be reached; check the address and that the server runs.") from error
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise EndpointError(
                f"{where} refused the key; check DASHSCOPE_API_KEY or OPENAI_API_KEY, and that the key belongs to this "
                "address (DASHSCOPE_API_BASE names another region's)."
            ) from error
        except openai.NotFoundError as error:
            raise ModelNotFound(f"{where} does not exist there; check the model's name and the address.") from error
        except openai.RateLimitError as error:
            raise EndpointError(f"{where} takes no more requests now (rate or quota); wait or raise it.") from error
        except openai.APIError as error:
            raise EndpointError(f"{where} failed: {str(error)[:300]}; check the server and its log.") from error
