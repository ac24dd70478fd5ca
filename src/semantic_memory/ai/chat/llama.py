"""A chat model in a GGUF file, run in this process by llama.cpp (extra `llama`)."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from semantic_memory.ai.workers import Workers
from semantic_memory.core.answers import Message, Piece, Usage
from semantic_memory.core.errors import BackendResponseError, ConfigurationError
from semantic_memory.core.settings import Settings

COMPLETE = "stop"
ROOM = 1024
"""Tokens beside sources and answer: instructions, question, and what the model's tokenizer needs more than the embedder's."""
ERRORS_ONLY = 1
THREADS = 2
"""More threads spin against each other on few cores."""


class LlamaChat:
    """One completion at a time; the next ones wait. The model is read at the first."""

    def __init__(self, file: Path, context_tokens: int) -> None:
        """Raises: ConfigurationError when there is no such file."""
        if not file.is_file():
            raise ConfigurationError(f"LLAMA_MODEL_PATH: no file {str(file)!r}")
        self._file = file
        self._context_tokens = context_tokens
        self._workers = Workers("llama", 1)
        self._server: Any = None

    @property
    def name(self) -> str:
        return self._file.stem

    async def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncGenerator[Piece, None]:
        """Pieces as they arrive; a completion that nobody listens to any more is stopped at its next token.

        Raises: BackendResponseError, also for a completion that was cut.
        """
        request = {
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
            "cache_prompt": True,
        }
        heard = _Heard(asyncio.get_running_loop())
        running = asyncio.ensure_future(self._workers.first(partial(self._complete, request, heard)))
        running.add_done_callback(lambda _: heard.pieces.put_nowait(None))
        try:
            while (chunk := await heard.pieces.get()) is not None:
                yield heard.read(chunk)
            await running
        finally:
            heard.is_wanted = False
        if heard.finish != COMPLETE:
            raise BackendResponseError(f"the completion was cut: finish reason {heard.finish!r}")

    async def close(self) -> None:
        await self._workers.close()

    def _complete(self, request: dict[str, Any], heard: "_Heard") -> None:
        if self._server is None:
            self._server = _load(self._file, self._context_tokens)
        self._server.handle_chat_completions(request, heard.tell)


class _Heard:
    """What the model's thread tells the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.pieces: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.is_wanted = True
        self.finish: str | None = None
        self._loop = loop

    def tell(self, chunk: dict[str, Any]) -> bool:
        """True stops the model: the library's callback protocol."""
        self._loop.call_soon_threadsafe(self.pieces.put_nowait, chunk)
        return not self.is_wanted

    def read(self, chunk: dict[str, Any]) -> Piece:
        if "error" in chunk or "code" in chunk:
            raise BackendResponseError(f"llama.cpp refused: {str(chunk.get('error', chunk))[:200]}")
        counted: dict[str, int] = chunk.get("usage") or {}
        usage = Usage(counted["prompt_tokens"], counted["completion_tokens"]) if counted else None
        choice = next(iter(chunk.get("choices", ())), None)
        if choice is None:
            return Piece(usage=usage)
        self.finish = choice.get("finish_reason") or self.finish
        return Piece(choice.get("delta", {}).get("content") or "", usage)


def _load(file: Path, context_tokens: int) -> Any:
    library = _library()
    parameters = library.CommonParams()
    parameters.model.path = str(file)
    parameters.n_ctx = context_tokens
    parameters.n_parallel = 1
    parameters.verbosity = ERRORS_ONLY
    parameters.api_keys = [secrets.token_urlsafe()]  # the library opens a port on loopback that nobody is to use
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = THREADS
    return library.Server(parameters)


def _library() -> Any:
    """The library ships no types."""
    return import_module("xllamacpp")


def build(settings: Settings) -> LlamaChat:
    """Raises: ConfigurationError without a file; ModuleNotFoundError without the extra, at the start rather than at the first question."""
    _library()
    if settings.llama_model_path is None:
        raise ConfigurationError("CHAT_MODEL=llama needs LLAMA_MODEL_PATH, a GGUF file")
    return LlamaChat(settings.llama_model_path, settings.chat_context_tokens + settings.chat_max_tokens + ROOM)
