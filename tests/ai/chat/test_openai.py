"""The chat model behind an OpenAI-compatible endpoint, against a real one on loopback."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import Response
from fastapi.responses import StreamingResponse

from semantic_memory.ai.chat import openai
from semantic_memory.ai.chat.openai import OpenAIChat
from semantic_memory.core.access import local_access
from semantic_memory.core.answers import Message
from semantic_memory.core.errors import BackendError, BackendResponseError, BackendTimeoutError, BackendUnavailableError, ConfigurationError
from tests.ai.doubles import metered
from tests.ai.openai_server import Endpoint, chunk, failing, serving

QUESTION = [Message("system", "Answer briefly."), Message("user", "How?")]


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with serving() as running:
        yield running


@pytest.fixture
async def chat(endpoint: Endpoint) -> AsyncIterator[OpenAIChat]:
    opened = openai.build(endpoint.settings())
    yield opened
    await opened.close()


async def completion(chat: OpenAIChat) -> list[str]:
    return [piece.text async for piece in chat.stream(QUESTION, max_tokens=50, temperature=0.2) if piece.text]


async def test_the_completion_arrives_in_pieces(chat: OpenAIChat) -> None:
    assert await completion(chat) == ["Reset ", "it."]


async def test_the_endpoint_gets_the_messages_and_limits(endpoint: Endpoint, chat: OpenAIChat) -> None:
    await completion(chat)

    request = endpoint.requests[0]
    assert request["messages"] == [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": "How?"}]
    assert (request["model"], request["max_tokens"], request["temperature"]) == (chat.name, 50, 0.2)


@pytest.mark.parametrize("finish", ["length", "content_filter", None])
async def test_a_cut_completion_is_an_error_after_its_pieces(endpoint: Endpoint, chat: OpenAIChat, finish: str | None) -> None:
    endpoint.finish = finish
    stream = chat.stream(QUESTION, max_tokens=50, temperature=0.2)

    assert [(await anext(stream)).text, (await anext(stream)).text] == ["Reset ", "it."]
    with pytest.raises(BackendResponseError, match="cut"):
        [piece async for piece in stream]


async def test_a_completion_over_the_time_limit_is_given_up(endpoint: Endpoint, chat: OpenAIChat) -> None:
    endpoint.pause_s = 5
    limited = metered(chat, timeout_s=0.2)

    with pytest.raises(BackendTimeoutError):
        await limited.complete(QUESTION, access=local_access(), max_tokens=50)


async def test_a_passing_error_is_tried_again(endpoint: Endpoint, chat: OpenAIChat) -> None:
    endpoint.faults.extend([failing(500), failing(429)])

    assert await completion(chat) == ["Reset ", "it."]


async def test_after_two_more_tries_the_endpoint_is_unavailable(endpoint: Endpoint, chat: OpenAIChat) -> None:
    endpoint.faults.extend([failing(503)] * 3)

    with pytest.raises(BackendUnavailableError):
        await completion(chat)


async def test_a_wrong_key_is_the_operators_to_solve(endpoint: Endpoint, chat: OpenAIChat) -> None:
    endpoint.faults.append(failing(401))

    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        await completion(chat)


def event_stream(*events: str) -> Response:
    return StreamingResponse(iter(events), media_type="text/event-stream")


@pytest.mark.parametrize(
    "answer",
    [
        event_stream(chunk("a"), 'data: {"error": {"message": "overloaded"}}\n\n'),
        event_stream(chunk("a"), "data: {\n\n"),
        event_stream(chunk("a"), 'data: {"choices": [{"delta": null}]}\n\n'),
        event_stream(chunk("a"), 'data: {"choices": 3}\n\n'),
        event_stream(),
    ],
    ids=["error", "broken json", "no delta", "no choices", "nothing"],
)
async def test_a_stream_that_is_no_completion_is_refused(endpoint: Endpoint, chat: OpenAIChat, answer: Response) -> None:
    endpoint.faults.append(answer)

    with pytest.raises(BackendResponseError):
        await completion(chat)


async def test_a_chunk_without_choices_is_passed_over(endpoint: Endpoint, chat: OpenAIChat) -> None:
    endpoint.faults.append(event_stream('data: {"choices": []}\n\n', chunk("a"), chunk(None, "stop"), "data: [DONE]\n\n"))

    assert await completion(chat) == ["a"]


async def breaking_off() -> AsyncIterator[str]:
    yield chunk("a")
    raise ConnectionResetError


async def test_a_connection_that_breaks_is_an_error(endpoint: Endpoint, chat: OpenAIChat) -> None:
    endpoint.faults.append(StreamingResponse(breaking_off(), media_type="text/event-stream"))

    with pytest.raises(BackendError):
        await completion(chat)


async def test_leaving_early_ends_the_request(endpoint: Endpoint, chat: OpenAIChat) -> None:
    left = asyncio.Event()

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield chunk("a")
                await asyncio.sleep(0.01)
        finally:
            left.set()

    endpoint.faults.append(StreamingResponse(endless(), media_type="text/event-stream"))
    stream = chat.stream(QUESTION, max_tokens=50, temperature=0.2)
    await anext(stream)
    await stream.aclose()

    await asyncio.wait_for(left.wait(), 2)
