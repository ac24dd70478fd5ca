"""Bounds on bodies and on work at once (DOS-01, DOS-03)."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from semantic_memory.api.limits import BodyBounds, BodyLimit, Gate
from semantic_memory.core.errors import OverloadedError


async def echo_size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


def limited(max_bytes: int = 100, max_seconds: float = 5) -> Starlette:
    app = Starlette(routes=[Route("/{name}", echo_size, methods=["POST"])])
    app.add_middleware(BodyLimit, default=BodyBounds(max_bytes, max_seconds), per_path={"/large": BodyBounds(1000, max_seconds)})
    return app


def asked(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def chunks(count: int) -> AsyncIterator[bytes]:
    """Ten bytes at a time, with no Content-Length."""
    for _ in range(count):
        yield b"x" * 10


async def test_a_body_at_the_limit_passes() -> None:
    async with asked(limited()) as http:
        assert (await http.post("/small", content=b"x" * 100)).text == "100"


async def test_dos_01_an_announced_long_body_is_refused() -> None:
    async with asked(limited()) as http:
        answer = await http.post("/small", content=b"x" * 101)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_dos_01_a_long_body_that_says_nothing_is_refused() -> None:
    async with asked(limited()) as http:
        assert (await http.post("/small", content=chunks(11))).status_code == 413


@pytest.mark.parametrize("length", ["5", "-1", "1e3", "9" * 30, "x"])
async def test_dos_01_a_lying_length_does_not_help(length: str) -> None:
    async with asked(limited()) as http:
        assert (await http.post("/small", content=chunks(11), headers={"Content-Length": length})).status_code == 413


async def test_a_path_can_have_bounds_of_its_own() -> None:
    async with asked(limited()) as http:
        assert (await http.post("/large", content=b"x" * 1000)).text == "1000"


async def test_dos_03_a_body_that_never_ends_is_given_up() -> None:
    sent = await answers_to_silence(limited(max_seconds=0.05))

    assert sent[0]["status"] == 408


async def answers_to_silence(app: Starlette) -> list[Message]:
    """What a client gets that starts a body and then says nothing."""
    first: Iterator[Message] = iter([{"type": "http.request", "body": b"x", "more_body": True}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(first, None) or await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/small", "headers": [], "query_string": b"", "http_version": "1.1"}
    await app(scope, receive, send)
    return sent


async def test_other_protocols_pass() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    limit = BodyLimit(app, default=BodyBounds(1, 1), per_path={})
    await limit({"type": "lifespan"}, receive=_nothing, send=_nowhere)

    assert seen == ["lifespan"]


async def _nothing() -> Message:
    return {"type": "lifespan.startup"}


async def _nowhere(message: Message) -> None:
    """Drops it."""


async def test_a_full_gate_refuses_at_once() -> None:
    gate = Gate(1)
    async with gate.hold():
        with pytest.raises(OverloadedError):
            async with gate.hold():
                pytest.fail("two holders")


async def test_a_gate_opens_again_even_after_an_error() -> None:
    gate = Gate(1)
    with pytest.raises(ValueError, match="x"):
        async with gate.hold():
            raise ValueError("x")

    async with gate.hold():
        assert gate.is_full
