"""CRASH-10: whatever the endpoint of a chat model does, the answer is honest about it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
from fastapi import Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

from semantic_memory.ai.chat import openai
from semantic_memory.core.access import local_access
from semantic_memory.core.answers import Answer, Message
from tests.ai.doubles import Account, answer, generative, metered
from tests.ai.openai_server import Endpoint, chunk, failing, serving

if TYPE_CHECKING:
    from tests.ai.conftest import MakeHit

QUESTION = "How long are backups kept?"
SENTENCE = "Backups are kept for ninety days."
GOOD = "Backups are kept for ninety days [1]. "


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with serving() as running:
        yield running


async def asked(endpoint: Endpoint, make_hit: "MakeHit", *, timeout_s: float = 10, account: Account | None = None) -> Answer:
    chat = openai.build(endpoint.settings())
    answerer = generative(chat, metered_by=metered(chat, timeout_s=timeout_s, account=account))
    try:
        return await answer(answerer, QUESTION, [make_hit(f"{SENTENCE} The archive stands in the cellar.")])
    finally:
        await chat.close()


def events(*texts: str) -> Response:
    return StreamingResponse(iter(texts), media_type="text/event-stream")


def flood() -> Iterator[str]:
    for _ in range(2_000):
        yield chunk("x" * 5_000)


async def stalling() -> AsyncIterator[str]:
    yield chunk(GOOD)
    await asyncio.sleep(60)


async def breaking() -> AsyncIterator[str]:
    for piece in ("Back", "ups are "):
        yield chunk(piece)
    raise ConnectionResetError


FAULTS: dict[str, list[Response]] = {
    "500": [failing(500)] * 3,
    "529": [failing(529)] * 3,
    "429": [failing(429)] * 3,
    "400": [failing(400)],
    "invalid json": [events("data: {\n\n")],
    "empty": [events()],
    "wrong schema": [JSONResponse({"hello": "world"})],
    "wrong content type": [HTMLResponse("<html>busy</html>")],
    "broken off": [StreamingResponse(breaking(), media_type="text/event-stream")],
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_crash_10_a_fault_ends_in_quotes_that_say_so(endpoint: Endpoint, make_hit: "MakeHit", fault: str) -> None:
    endpoint.faults.extend(FAULTS[fault])

    said = await asked(endpoint, make_hit)

    assert said.text == SENTENCE
    assert said.degraded[0].startswith("chat model 'talk' failed: backend")


async def test_crash_10_ten_megabytes_are_not_kept(endpoint: Endpoint, make_hit: "MakeHit") -> None:
    endpoint.faults.append(StreamingResponse(flood(), media_type="text/event-stream"))

    said = await asked(endpoint, make_hit)

    assert said.degraded == ("chat model 'talk' failed: backend_response",)


async def test_crash_10_nobody_listens(endpoint: Endpoint, make_hit: "MakeHit") -> None:
    endpoint.url = "http://127.0.0.1:9/v1"

    assert (await asked(endpoint, make_hit)).degraded == ("chat model 'talk' failed: backend_unavailable",)


async def test_crash_10_a_stall_is_given_up_and_what_was_said_is_called_incomplete(endpoint: Endpoint, make_hit: "MakeHit") -> None:
    endpoint.faults.append(StreamingResponse(stalling(), media_type="text/event-stream"))
    endpoint.pieces = ()

    said = await asked(endpoint, make_hit, timeout_s=1)

    assert said.degraded[0].startswith("chat model 'talk' failed: backend_timeout")


async def test_crash_10_a_completion_cut_at_the_token_limit_is_called_incomplete(endpoint: Endpoint, make_hit: "MakeHit") -> None:
    endpoint.pieces, endpoint.finish = (GOOD, "The archive stands"), "length"

    said = await asked(endpoint, make_hit)

    assert said.text == SENTENCE
    assert said.degraded == ("chat model 'talk' failed: backend_response; the answer is incomplete",)


async def test_crash_10_a_chunk_that_comes_twice_is_said_once(endpoint: Endpoint, make_hit: "MakeHit") -> None:
    endpoint.pieces = (GOOD, GOOD)

    assert (await asked(endpoint, make_hit)).text == SENTENCE


async def test_crash_10_retry_after_is_honoured_and_two_retries_are_enough(endpoint: Endpoint, make_hit: "MakeHit") -> None:
    endpoint.pieces = (GOOD,)
    endpoint.faults.append(JSONResponse({"error": {"message": "slow down"}}, 429, {"Retry-After": "1"}))
    started = time.monotonic()

    said = await asked(endpoint, make_hit)

    assert (said.text, said.degraded, len(endpoint.requests)) == (SENTENCE, (), 2)
    assert time.monotonic() - started >= 1


async def test_a_call_that_never_began_costs_nothing(endpoint: Endpoint, make_hit: "MakeHit") -> None:
    account = Account()
    endpoint.faults.extend(FAULTS["500"])

    await asked(endpoint, make_hit, account=account)

    assert [used.tokens for used in account.days.values()] == [0]


async def test_a_stream_that_is_left_stops_the_model_within_a_second(endpoint: Endpoint) -> None:
    left = asyncio.Event()

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield chunk("word ")
                await asyncio.sleep(0.01)
        finally:
            left.set()

    endpoint.faults.append(StreamingResponse(endless(), media_type="text/event-stream"))
    chat, account = openai.build(endpoint.settings()), Account()
    stream = metered(chat, account=account).stream([Message("user", "Talk.")], access=local_access())
    await anext(stream)
    await stream.aclose()

    await asyncio.wait_for(left.wait(), 1)
    assert [used.completion_tokens for used in account.days.values()] == [2_000]
    await chat.close()
