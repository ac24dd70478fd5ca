"""The embedder behind an OpenAI-compatible endpoint, against a real one on loopback."""

import math
from collections.abc import AsyncIterator

import numpy as np
import pytest
from fastapi import Response
from pydantic import SecretStr

from semantic_memory.ai.embed import openai
from semantic_memory.ai.embed.openai import BATCH, OpenAIEmbedder
from semantic_memory.core.errors import BackendResponseError, BackendUnavailableError, ConfigurationError
from semantic_memory.core.settings import Settings
from tests.ai.openai_server import DIMENSION, Endpoint, embedding, embeddings, failing, serving


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with serving() as running:
        yield running


@pytest.fixture
async def embedder(endpoint: Endpoint) -> AsyncIterator[OpenAIEmbedder]:
    opened = openai.build(endpoint.settings())
    yield opened
    await opened.close()


async def test_many_texts_are_sent_in_batches(endpoint: Endpoint, embedder: OpenAIEmbedder) -> None:
    vectors = await embedder.embed([f"text {number}" for number in range(BATCH + 2)])

    assert [len(request["input"]) for request in endpoint.requests] == [BATCH, 2]
    assert np.argmax(vectors @ await embedder.embed_query(f"text {BATCH + 1}")) == BATCH + 1


async def test_the_model_of_the_settings_is_asked(endpoint: Endpoint, embedder: OpenAIEmbedder) -> None:
    await embedder.embed_query("text")

    assert endpoint.requests[0]["model"] == embedder.model.name == "toy"


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_passing_error_is_tried_again(endpoint: Endpoint, embedder: OpenAIEmbedder, status: int) -> None:
    endpoint.faults.extend([failing(status), failing(status)])

    assert len(await embedder.embed(["text"])) == 1


async def test_after_two_more_tries_the_endpoint_is_unavailable(endpoint: Endpoint, embedder: OpenAIEmbedder) -> None:
    endpoint.faults.extend([failing(503)] * 3)

    with pytest.raises(BackendUnavailableError, match="503"):
        await embedder.embed(["text"])
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refusal_is_the_operators_to_solve(endpoint: Endpoint, embedder: OpenAIEmbedder, status: int) -> None:
    endpoint.faults.append(failing(status))

    with pytest.raises(ConfigurationError, match=str(status)):
        await embedder.embed(["text"])
    assert len(endpoint.requests) == 1


async def test_a_request_that_is_refused_is_not_tried_again(endpoint: Endpoint, embedder: OpenAIEmbedder) -> None:
    endpoint.faults.append(failing(400))

    with pytest.raises(BackendResponseError, match="400"):
        await embedder.embed(["text"])
    assert len(endpoint.requests) == 1


GOOD = embedding("text")


@pytest.mark.parametrize(
    "answer",
    [
        embeddings([GOOD]),
        embeddings([GOOD, GOOD, GOOD]),
        embeddings([GOOD, GOOD[:-1]]),
        embeddings([GOOD[:-1], GOOD[:-1]]),
        embeddings([GOOD, [0.0] * DIMENSION]),
        embeddings([GOOD, [*GOOD[:-1], math.nan]]),
        embeddings([GOOD, [*GOOD[:-1], math.inf]]),
        embeddings([GOOD, GOOD], first=1),
        Response('{"data": null}', media_type="application/json"),
        Response('{"data": [1, 2]}', media_type="application/json"),
        Response("{", media_type="application/json"),
        Response("<html>", media_type="text/html"),
    ],
    ids=["too few", "too many", "uneven", "dimension", "zeros", "nan", "inf", "index", "none", "numbers", "broken json", "page"],
)
async def test_an_answer_that_is_no_vectors_is_refused(endpoint: Endpoint, embedder: OpenAIEmbedder, answer: Response) -> None:
    endpoint.faults.append(answer)

    with pytest.raises(BackendResponseError):
        await embedder.embed(["one", "two"])


async def test_an_endpoint_that_is_gone_is_unavailable() -> None:
    async with serving() as endpoint:
        embedder = openai.build(endpoint.settings())

    with pytest.raises(BackendUnavailableError):
        await embedder.embed(["text"])


def test_without_key_and_address_there_is_no_endpoint() -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        openai.build(Settings())


async def test_a_local_endpoint_needs_no_key(endpoint: Endpoint) -> None:
    embedder = openai.build(endpoint.settings(openai_api_key=SecretStr("")))

    assert len(await embedder.embed(["text"])) == 1
    await embedder.close()


@pytest.mark.parametrize("address", ["", "https://models.example/v1", "http://10.0.0.7/v1"])
def test_offline_forbids_endpoints_elsewhere(address: str) -> None:
    with pytest.raises(ConfigurationError, match="OFFLINE"):
        openai.build(Settings(offline=True, openai_api_key=SecretStr("key"), openai_base_url=address))


@pytest.mark.parametrize("address", ["http://localhost:1/v1", "http://127.0.0.1:1/v1", "http://[::1]:1/v1"])
def test_offline_allows_endpoints_on_this_machine(address: str) -> None:
    settings = Settings(offline=True, openai_base_url=address, openai_embed_model="own")

    assert openai.build(settings).model.name == "own"
