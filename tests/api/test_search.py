"""Search, questions and status over HTTP."""

import json
from typing import Any

import httpx
import pytest

from semantic_memory.core.access import Role
from tests.api.conftest import ONE_LOOP, ROOT, Api


async def search(api: Api, **body: object) -> httpx.Response:
    return await api.http.post(f"{ROOT}/search", json=body, headers=await api.headers(Role.READER))


async def ask(api: Api, **body: object) -> httpx.Response:
    return await api.http.post(f"{ROOT}/query", json=body, headers=await api.headers(Role.READER))


async def test_a_search_finds_the_section_with_its_lines(api: Api) -> None:
    document = await api.ingested()

    hit = (await search(api, query="reset password", top_k=1)).json()["hits"][0]

    assert (hit["rank"], hit["document_id"], hit["path"]) == (1, document, "handbook.md")
    assert hit["heading_path"][-1] == "Reset a password"
    assert hit["anchor"]["start_line"] <= 5 <= hit["anchor"]["end_line"]
    assert 0 <= hit["score"] <= 1
    assert "Reset password" in hit["preview"]


async def test_hits_are_ordered_and_as_many_as_asked(api: Api) -> None:
    await api.ingested()

    hits = (await search(api, query="password backups", top_k=2)).json()["hits"]

    assert [hit["rank"] for hit in hits] == [1, 2]
    assert hits[0]["score"] >= hits[1]["score"]


async def test_lanes_are_told_only_when_asked_for(api: Api) -> None:
    await api.ingested()
    plain = (await search(api, query="backups")).json()
    explained = (await search(api, query="backups", explain=True)).json()

    assert "lanes" not in plain["hits"][0]
    assert "explanation" not in plain
    assert explained["hits"][0]["lanes"]["lexical"]["rank"] == 1
    assert explained["explanation"]


async def test_filters_narrow(api: Api) -> None:
    await api.ingested("a.md", collection="left", metadata='{"team": "blue", "year": 2024, "note": ""}')
    await api.ingested("b.md", collection="right")

    for filters in (
        {"collections": ["left"]},
        {"metadata": {"team": "blue"}},
        {"metadata": {"year": 2024, "note": ""}},
        {"path_prefix": "a"},
    ):
        hits = (await search(api, query="backups", filters=filters)).json()["hits"]
        assert {hit["path"] for hit in hits} == {"a.md"}


@pytest.mark.parametrize(
    "filters",
    [
        {"languages": ["xx"]},
        {"types": ["table"]},
        {"sources": ["elsewhere"]},
        {"modified_from": "2999-01-01T00:00:00Z"},
        {"metadata": {"team": True}},
        {"collections": ["' OR 1=1 --"]},
    ],
    ids=str,
)
async def test_filters_that_nothing_fits_find_nothing(api: Api, filters: dict[str, Any]) -> None:
    await api.ingested()

    assert (await search(api, query="backups", filters=filters)).json()["hits"] == []


async def test_an_answer_quotes_its_sources(api: Api) -> None:
    document = await api.ingested()

    answer = (await ask(api, query="How many days are backups kept in the archive?")).json()

    assert answer["answerable"] is True
    assert "ninety days" in answer["answer"]
    source = answer["sources"][0]
    assert (source["document_id"], source["path"]) == (document, "handbook.md")
    assert source["quote"] in "Backups are kept for ninety days in the archive."
    assert {number for sentence in answer["sentences"] for number in sentence["citations"]} <= {1, len(answer["sources"])}


async def test_without_documents_there_is_no_answer(api: Api) -> None:
    answer = (await ask(api, query="How many days are backups kept in the archive?")).json()

    assert (answer["answer"], answer["answerable"], answer["sources"]) == ("I don't know.", False, [])


async def test_questions_are_measured(api: Api) -> None:
    await ask(api, query="How many days are backups kept in the archive?")

    metrics = (await api.http.get("/metrics")).text
    assert "rag_latency_seconds_count 1.0" in metrics
    assert "rag_empty_context_total 1.0" in metrics


async def test_the_status_counts_what_is_there(api: Api) -> None:
    await api.ingested()

    status = (await api.http.get(f"{ROOT}/status", headers=await api.headers(Role.READER))).json()

    assert (status["documents"], status["failed_documents"], status["pending_jobs"]) == (1, 0, 0)
    assert status["passages"] >= 2
    assert set(status["index_lag"]) == {"vectors", "keywords"}


BAD_FILTERS: list[dict[str, Any]] = [
    {"unknown": "x"},
    {"$or": [{"tenant": "a"}]},
    {"tenant": "a"},
    {"types": ["poem"]},
    {"languages": "en"},
    {"languages": ["x" * 2000]},
    {"languages": ["x"] * 2 + [str(number) for number in range(100)]},
    {"modified_from": "2024-01-01T00:00:00"},
    {"modified_from": "0001-01-01T00:00:00+14:00"},
    {"modified_from": "yesterday"},
    {"metadata": {"a": {"$ne": ""}}},
    {"metadata": {"a": None}},
    {"metadata": {f"key{number}": 1 for number in range(17)}},
    {"path_prefix": "a\0b"},
    {"metadata": {"a\0": 1}},
]


@ONE_LOOP
@pytest.mark.parametrize("filters", BAD_FILTERS, ids=lambda value: str(value)[:40])
async def test_an_unfit_filter_is_refused(shared: Api, filters: dict[str, Any]) -> None:
    answer = await search(shared, query="x", filters=filters)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.headers["Content-Type"] == "application/problem+json"


@ONE_LOOP
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "   "},
        {"query": "x" * 4001},
        {"query": "a\0b"},
        {"query": 5},
        {"query": ["x"]},
        {"query": "x", "top_k": 0},
        {"query": "x", "top_k": -1},
        {"query": "x", "top_k": 10**9},
        {"query": "x", "top_k": "1e3"},
        {"query": "x", "top_k": 1.5},
        {"query": "x", "top-k": 1},
        {"query": "x", "tenant": "other"},
        {"query": "x", "role": "admin"},
    ],
    ids=lambda value: str(value)[:40],
)
async def test_dos_09_ten_03_an_unfit_search_is_refused(shared: Api, body: dict[str, Any]) -> None:
    assert (await search(shared, **body)).status_code == 422


JUNK = [
    b"",
    b"null",
    b"[]",
    b"5",
    b"{",
    b"\xff",
    b'{"query": "x", "top_k": NaN}',
    b'{"query": "x", "filters": {"metadata": {"a": NaN}}}',
    b'{"query": "x", "filters": {"metadata": {"a": Infinity}}}',
    b'{"query": "\\ud800"}',
    b'{"query": "x", "filters": {"metadata": {"\\ud800": 1}}}',
    b'{"query": "x", "filters": {"languages": ["\\udfff"]}}',
    b'{"\\ud800": 1, "query": "x"}',
    b'{"query": "x", "top_k": ' + b"9" * 10_000 + b"}",
    b"[" * 100_000 + b"]" * 100_000,
    b'{"query":' * 50_000,
    b'{"query": "x", "filters": ' * 500 + b"{}" + b"}" * 500,
]


@ONE_LOOP
@pytest.mark.parametrize("route", ["search", "query"])
@pytest.mark.parametrize("content", JUNK, ids=lambda content: repr(content[:40]))
async def test_dos_07_inj_06_inj_15_junk_is_refused(shared: Api, route: str, content: bytes) -> None:
    headers = {**await shared.headers(Role.READER), "Content-Type": "application/json"}

    answer = await shared.http.post(f"{ROOT}/{route}", content=content, headers=headers)

    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"


@ONE_LOOP
@pytest.mark.parametrize(
    "query", ["' OR 1=1--", '"; DROP', "\\", "%", "_", "{{7*7}}", "*", '"', "(((", "a AND OR NOT", "field:x", "🙂", "\u202e"]
)
async def test_inj_06_inj_07_strange_words_are_words(shared: Api, query: str) -> None:
    assert (await search(shared, query=query)).status_code == 200


async def test_a_json_body_of_two_megabytes_is_refused(api: Api) -> None:
    answer = await search(api, query="x" * 2_000_000)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_refused_body_is_not_repeated(api: Api) -> None:
    answer = await search(api, query="x", api_key="sk-secret-value")

    assert "sk-secret-value" not in answer.text
    assert answer.json()["errors"][0]["field"] == "body.api_key"


async def test_a_body_that_is_not_called_json_is_refused(api: Api) -> None:
    headers = {**await api.headers(Role.READER), "Content-Type": "text/plain"}

    answer = await api.http.post(f"{ROOT}/search", content=json.dumps({"query": "x"}), headers=headers)

    assert answer.status_code == 422


async def test_more_searches_than_can_be_worked_on_are_sent_away(api: Api) -> None:
    held = [api.services.searches.hold() for _ in range(64)]
    for hold in held:
        await hold.__aenter__()

    answer = await search(api, query="x")
    for hold in held:
        await hold.__aexit__(None, None, None)

    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "overloaded", "5")
    assert (await search(api, query="x")).status_code == 200
