"""Chat completions from an OpenAI-compatible endpoint: OpenAI, vLLM, Ollama, llama.cpp and others."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from semantic_memory.ai.openai_client import TIMEOUT_S, open_client, translated_errors
from semantic_memory.core.errors import BackendResponseError, BackendTimeoutError
from semantic_memory.core.ports import Message
from semantic_memory.core.settings import Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

COMPLETE = "stop"
"""The finish reason of a completion that the model itself ended."""


class OpenAIChat:
    def __init__(self, client: "AsyncOpenAI", model: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._client = client
        self._model = model
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        return self._model

    async def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncIterator[str]:
        """Pieces as they arrive; leaving the iterator early ends the request.

        Raises: ConfigurationError for a wrong key or model; BackendError, also for a completion that was cut; BackendTimeoutError when it
            is not whole within the time limit, the consumer's own time included.
        """
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        finish: str | None = None
        async with aclosing(self._chunks(messages, max_tokens, temperature)) as chunks:
            while chunk := await _next(chunks, deadline):
                piece, reason = _read(chunk)
                finish = reason or finish
                if piece:
                    yield piece
        if finish != COMPLETE:
            raise BackendResponseError(f"the completion was cut: finish reason {finish!r}")

    async def close(self) -> None:
        await self._client.close()

    async def _chunks(self, messages: Sequence[Message], max_tokens: int, temperature: float) -> "AsyncGenerator[ChatCompletionChunk]":
        conversation = [{"role": message.role, "content": message.content} for message in messages]
        with translated_errors():
            response = await self._client.chat.completions.create(
                model=self._model,
                messages=cast("list[ChatCompletionMessageParam]", conversation),
                max_tokens=max_tokens,
                temperature=temperature,
                stream=True,
            )
            async with response:
                async for chunk in response:
                    yield chunk


def build(settings: Settings) -> OpenAIChat:
    """Raises: ConfigurationError."""
    return OpenAIChat(open_client(settings), settings.openai_chat_model)


async def _next(chunks: "AsyncGenerator[ChatCompletionChunk]", deadline: float) -> "ChatCompletionChunk | None":
    try:
        async with asyncio.timeout_at(deadline):
            return await anext(chunks, None)
    except TimeoutError as error:
        raise BackendTimeoutError("the completion was not whole within the time limit") from error


def _read(chunk: "ChatCompletionChunk") -> tuple[str, str | None]:
    """The chunk's text and finish reason; the client does not check what it decodes. Raises: BackendResponseError."""
    try:
        if not chunk.choices:
            return "", None
        choice = chunk.choices[0]
        return choice.delta.content or "", choice.finish_reason
    except (AttributeError, TypeError) as error:
        raise BackendResponseError("the endpoint streamed something that is no completion") from error
