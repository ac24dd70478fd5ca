"""OpenAI's own client against the application."""

import openai
import pytest

from semantic_memory.core.access import Role
from tests.api.conftest import Api

QUESTION = "How many days are backups kept in the archive?"
PICTURE = {"type": "image_url", "image_url": {"url": "data:x"}}
ASKED = [{"role": "user", "content": QUESTION}]


@pytest.fixture
async def sdk(api: Api) -> openai.AsyncOpenAI:
    await api.ingested(collection="handbooks")
    token = (await api.headers(Role.READER))["Authorization"].removeprefix("Bearer ")
    return openai.AsyncOpenAI(api_key=token, base_url="http://test/v1", http_client=api.http, max_retries=0)


async def test_the_models_are_the_memory_its_collections_and_its_embedder(sdk: openai.AsyncOpenAI) -> None:
    names = [model.id async for model in sdk.models.list()]

    assert names[:2] == ["semantic-memory", "semantic-memory/handbooks"]
    assert len(names) == 3


async def test_an_answer_has_markers_and_what_they_cite(sdk: openai.AsyncOpenAI) -> None:
    completion = await sdk.chat.completions.create(model="semantic-memory", messages=ASKED)  # type: ignore[arg-type]
    message = completion.choices[0].message
    citation = (message.annotations or [])[0].url_citation

    assert "ninety days" in (message.content or "")
    assert (message.content or "")[citation.start_index : citation.end_index] == "[1]"
    assert citation.url.startswith("http://test/api/v1/memory/file/")
    assert completion.choices[0].finish_reason == "stop"


async def test_the_stream_says_what_the_answer_says(sdk: openai.AsyncOpenAI) -> None:
    whole = await sdk.chat.completions.create(model="semantic-memory", messages=ASKED)  # type: ignore[arg-type]
    stream = await sdk.chat.completions.create(model="semantic-memory", messages=ASKED, stream=True, stream_options={"include_usage": True})  # type: ignore[call-overload]
    chunks = [chunk async for chunk in stream]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    annotations = [annotation for delta in deltas for annotation in (delta.model_extra or {}).get("annotations", ())]

    assert "".join(delta.content or "" for delta in deltas) == whole.choices[0].message.content
    assert annotations == [annotation.model_dump() for annotation in whole.choices[0].message.annotations or ()]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None


async def test_earlier_messages_are_the_conversation(sdk: openai.AsyncOpenAI) -> None:
    messages = [
        {"role": "system", "content": "Answer in rhymes."},
        *ASKED,
        {"role": "assistant", "content": "Ninety days."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "And how many days is that in the archive?"},
                {"type": "image_url", "image_url": {"url": "data:x"}},
            ],
        },
    ]

    completion = await sdk.chat.completions.create(model="semantic-memory", messages=messages)  # type: ignore[arg-type]

    assert "archive" in (completion.choices[0].message.content or "")


async def test_a_collection_is_a_model(sdk: openai.AsyncOpenAI) -> None:
    completion = await sdk.chat.completions.create(model="semantic-memory/elsewhere", messages=ASKED)  # type: ignore[arg-type]

    assert completion.choices[0].message.content == "I don't know."


async def test_texts_are_embedded(sdk: openai.AsyncOpenAI) -> None:
    plain = await sdk.embeddings.create(model="any", input=["one", "two"], encoding_format="float")
    packed = await sdk.embeddings.create(model="any", input=["one", "two"])

    assert [item.index for item in plain.data] == [0, 1]
    assert packed.data[1].embedding == pytest.approx(plain.data[1].embedding)


async def test_failures_are_the_clients_own_errors(sdk: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        await sdk.chat.completions.create(model="gpt-4o", messages=ASKED)  # type: ignore[arg-type]
    with pytest.raises(openai.UnprocessableEntityError, match="last message"):
        await sdk.chat.completions.create(model="semantic-memory", messages=[{"role": "assistant", "content": "Hello"}])
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        await sdk.embeddings.create(model="any", input=[])
    assert refused.value.type == "invalid_request_error"
    with pytest.raises(openai.AuthenticationError) as nobody:
        await sdk.with_options(api_key="x").models.list()
    assert nobody.value.code == "unauthenticated"
