"""A small OpenAI-shaped endpoint on a loopback port, with faults on demand."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import SecretStr

from semantic_memory.core.settings import Settings

DIMENSION = 64


@dataclass
class Endpoint:
    """`faults` are answered first, one per request; `pieces` and `finish` make the next completions."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    faults: deque[Response] = field(default_factory=deque)
    pieces: tuple[str, ...] = ("Reset ", "it.")
    finish: str | None = "stop"
    pause_s: float = 0.0

    def settings(self, **changes: Any) -> Settings:
        values: dict[str, Any] = {
            "openai_api_key": SecretStr("key"),
            "openai_base_url": self.url,
            "openai_embed_model": "toy",
            "openai_embed_dimension": DIMENSION,
            "openai_chat_model": "talk",
            **changes,
        }
        return Settings(**values)


@asynccontextmanager
async def serving() -> AsyncGenerator[Endpoint]:
    endpoint = Endpoint()
    server = uvicorn.Server(uvicorn.Config(_app(endpoint), port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    endpoint.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield endpoint
    finally:
        server.should_exit = True
        await task


def embedding(text: str) -> list[float]:
    """Depends on every character; not of length 1."""
    digest = b"".join(blake2b(text.encode(), salt=bytes([part])).digest() for part in range(2))
    return [byte - 127.5 for byte in digest[:DIMENSION]]


def embeddings(vectors: list[list[float]], *, first: int = 0) -> Response:
    """The answer to an embedding request, last vector first; NaN is written as Python writes it."""
    data = [{"object": "embedding", "index": first + place, "embedding": vector} for place, vector in enumerate(vectors)]
    body = {"object": "list", "model": "toy", "data": data[::-1], "usage": {"prompt_tokens": 0, "total_tokens": 0}}
    return Response(json.dumps(body), media_type="application/json")


def chunk(content: str | None, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": content} if content else {}, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "talk", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n"


def failing(status: int) -> Response:
    """A refusal that asks the client to try again at once."""
    return JSONResponse({"error": {"message": "no"}}, status, {"retry-after-ms": "1"})


def _app(endpoint: Endpoint) -> FastAPI:
    app = FastAPI()

    @app.post("/v1/embeddings")
    async def embed(request: Request) -> Response:
        body = await _received(endpoint, request)
        return endpoint.faults.popleft() if endpoint.faults else embeddings([embedding(text) for text in body["input"]])

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        await _received(endpoint, request)
        return endpoint.faults.popleft() if endpoint.faults else StreamingResponse(_completion(endpoint), media_type="text/event-stream")

    return app


async def _received(endpoint: Endpoint, request: Request) -> dict[str, Any]:
    body: dict[str, Any] = await request.json()
    endpoint.requests.append(body)
    return body


async def _completion(endpoint: Endpoint) -> AsyncIterator[str]:
    for piece in endpoint.pieces:
        await asyncio.sleep(endpoint.pause_s)
        yield chunk(piece)
    yield chunk(None, endpoint.finish)
    yield "data: [DONE]\n\n"
