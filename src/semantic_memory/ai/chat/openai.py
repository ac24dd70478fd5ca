"""Chat completions from an OpenAI-compatible endpoint: OpenAI, vLLM, Ollama, llama.cpp and others."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from semantic_memory.ai.openai_client import open_client, translated_errors
from semantic_memory.core.answers import Message, Piece, Usage
from semantic_memory.core.errors import BackendResponseError
from semantic_memory.core.settings import Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

COMPLETE = "stop"
"""The finish reason of a completion that the model itself ended."""


class OpenAIChat:
    def __init__(self, client: "AsyncOpenAI", model: str) -> None:
        self._client = client
        self._model = model

    @property
    def name(self) -> str:
        return self._model

    async def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncGenerator[Piece, None]:
        """Pieces as they arrive; leaving the generator early ends the request.

        Raises: ConfigurationError for a wrong key or model; BackendError, also for a completion that was cut.
        """
        finish: str | None = None
        async with aclosing(self._chunks(messages, max_tokens, temperature)) as chunks:
            async for chunk in chunks:
                piece, reason = _read(chunk)
                finish = reason or finish
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
                stream_options={"include_usage": True},
            )
            async with response:
                async for chunk in response:
                    yield chunk


def build(settings: Settings) -> OpenAIChat:
    """Raises: ConfigurationError."""
    return OpenAIChat(open_client(settings), settings.openai_chat_model)


def _read(chunk: "ChatCompletionChunk") -> tuple[Piece, str | None]:
    """The chunk's text, count and finish reason; the client does not check what it decodes. Raises: BackendResponseError."""
    try:
        usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens) if chunk.usage else None
        if not chunk.choices:
            return Piece(usage=usage), None
        choice = chunk.choices[0]
        return Piece(choice.delta.content or "", usage), choice.finish_reason
    except (AttributeError, TypeError) as error:
        raise BackendResponseError("the endpoint streamed something that is no completion") from error
