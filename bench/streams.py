"""Many answers streaming at once: time to the first event, memory of the server, and what a client that leaves costs.

    python -m bench.streams [--streams 200] [--seconds 20]

A server of its own with one small document, and in this process a chat model that never ends: every stream says a sentence, then goes on
with one word in each `PAUSE_S`. All streams are opened at once, held, and closed; then the model's open requests are counted.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from bench.serving import ROOT, Client, Server, serving

NOTE = b"# Handbook\n\nBackups are kept for ninety days in the archive.\n"
QUESTION = "For how many days are backups kept in the archive?"
SENTENCE = "Backups are kept for ninety days in the archive. [1] And"
MIB = 1024 * 1024
PAUSE_S = 0.25


class Model:
    """Counts the completions that somebody still listens to."""

    def __init__(self) -> None:
        self.open = 0
        self.url = ""

    async def completion(self) -> AsyncGenerator[str]:
        self.open += 1
        try:
            yield _chunk(SENTENCE)
            while True:
                await asyncio.sleep(PAUSE_S)
                yield _chunk(" on")
        finally:
            self.open -= 1


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--streams", type=int, default=200)
    options.add_argument("--seconds", type=float, default=20, help="how long they are held")
    chosen = options.parse_args()
    asyncio.run(_measure(chosen.streams, chosen.seconds))


async def _measure(count: int, seconds: float) -> None:
    async with _modelled() as model:
        with tempfile.TemporaryDirectory() as folder:
            settings = {"CHAT_MODEL": "openai", "OPENAI_BASE_URL": model.url, "SEARCH_STEPS": "0", "CHAT_TIMEOUT_S": "600"}
            with serving(Path(folder), **settings) as server:
                await _streams(server, model, count, seconds)


async def _streams(server: Server, model: Model, count: int, seconds: float) -> None:
    client = Client(server)
    await asyncio.to_thread(lambda: client.finished(client.upload("handbook.md", NOTE)))
    headers = {**client._headers(), "Accept": "text/event-stream"}
    limits = httpx.Limits(max_connections=count)
    async with httpx.AsyncClient(base_url=server.url, timeout=None, limits=limits) as http:
        alone = [await _first(http, headers, number) for number in range(5)]
        held = [asyncio.create_task(_hold(http, headers, number)) for number in range(count)]
        samples = await _sampled(server, model, seconds)
        for stream in held:
            stream.cancel()
        await asyncio.gather(*held, return_exceptions=True)
    left = time.monotonic()
    while model.open and time.monotonic() - left < 10:
        await asyncio.sleep(0.01)
    print(f"first event, one stream alone: {1000 * sorted(alone)[2]:.0f} ms after the request (median of 5)")
    print(f"{count} streams held for {seconds:.0f} s; open at the model: {max(opened for _, opened in samples)}")
    print("memory of the server, MiB: " + ", ".join(f"{memory / MIB:.0f}" for memory, _ in samples))
    print(f"after all clients left, the model's last request ended within {time.monotonic() - left:.2f} s")


async def _sampled(server: Server, model: Model, seconds: float) -> Sequence[tuple[int, int]]:
    samples = []
    for _ in range(10):
        await asyncio.sleep(seconds / 10)
        samples.append((server.process.memory_info().rss, model.open))
    return samples


async def _first(http: httpx.AsyncClient, headers: dict[str, str], number: int) -> float:
    started = time.perf_counter()
    async with http.stream("POST", f"{ROOT}/query", json={"query": f"{QUESTION} {number}"}, headers=headers) as answer:
        async for _ in answer.aiter_lines():
            return time.perf_counter() - started
    return float("inf")


async def _hold(http: httpx.AsyncClient, headers: dict[str, str], number: int) -> None:
    async with http.stream("POST", f"{ROOT}/query", json={"query": f"{QUESTION} ({number})"}, headers=headers) as answer:
        answer.raise_for_status()
        async for _ in answer.aiter_bytes():
            pass


@asynccontextmanager
async def _modelled() -> AsyncGenerator[Model]:
    model, app = Model(), FastAPI()

    @app.post("/v1/chat/completions")
    async def chat() -> StreamingResponse:
        return StreamingResponse(model.completion(), media_type="text/event-stream")

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    model.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    try:
        yield model
    finally:
        server.should_exit = True
        await task


def _chunk(text: str) -> str:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "endless", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n"


if __name__ == "__main__":
    main()
