"""What only Pinecone has: indexes that take time to create, writes that take time to be seen, and limits on everything."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.responses import Response

from semantic_memory.core.access import Access
from semantic_memory.core.errors import (
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    EmbedderMismatchError,
    StorageFullError,
)
from semantic_memory.core.filters import Filters
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteVectors
from semantic_memory.store.vectors.pinecone import build
from tests.contracts.changes import READER, attributes, drop, passage, put, random_units, unit
from tests.servers.pinecone_double import KEY, MOST_REQUEST_BYTES, PineconeDouble

pytestmark = pytest.mark.stores

WITHIN_S = 0.4
"""Time limit of searches where the service does not answer."""


@pytest.fixture
def double() -> Iterator[PineconeDouble]:
    """One that a test may break."""
    pytest.importorskip("pinecone", reason="needs the extra `pinecone`")
    double = PineconeDouble()
    double.start()
    yield double
    double.kill()


def settings(address: str, **changes: Any) -> Settings:
    given = {"store_namespace": "team_a", "pinecone_host": address, "pinecone_api_key": SecretStr(KEY), "store_timeout_s": 3}
    return Settings(data_dir=Path("unused"), **(given | changes))


@asynccontextmanager
async def opened(double: PineconeDouble, **changes: Any) -> AsyncIterator[RemoteVectors]:
    index = build(settings(double.url, **changes))
    assert isinstance(index, RemoteVectors)
    yield index
    await index.close()


async def found(index: RemoteVectors, vector: Any = None, *, access: Access = READER, filters: Filters | None = None) -> list[Any]:
    query = unit(1) if vector is None else vector
    hits = await index.search(query, access=access, filters=filters or Filters(), limit=10)
    return [hit.passage_id for hit in hits]


def bodies(double: PineconeDouble, path: str) -> list[Any]:
    return [json.loads(body) for at, body in double.requests if at.endswith(path)]


def busy(retry_after_s: float) -> Response:
    message = {"code": 8, "message": "Too many requests", "details": []}
    return Response(json.dumps(message), 429, {"retry-after": str(retry_after_s)}, "application/json")


async def test_searching_an_empty_account_creates_nothing(double: PineconeDouble) -> None:
    async with opened(double) as index:
        assert await found(index) == []
        assert await index.position() == 0

    assert double.indexes == {}


async def test_an_index_is_created_for_each_length_of_vectors(double: PineconeDouble) -> None:
    async with opened(double, pinecone_cloud="gcp", pinecone_region="europe-west4") as index:
        await index.apply([put(1, 1)])

    created = double.indexes["team-a-12"]
    assert (created.dimension, created.metric) == (12, "cosine")
    assert created.deployment == {"deployment_type": "managed", "cloud": "gcp", "region": "europe-west4"}


async def test_two_processes_may_create_everything_at_once(double: PineconeDouble) -> None:
    async with opened(double) as first, opened(double) as second:
        await asyncio.gather(first.apply([put(1, 1)]), second.apply([put(1, 2)]))

        assert set(await found(first)) == set(await found(second)) == {passage(1), passage(2)}
    assert list(double.indexes) == ["team-a-12"]


async def test_an_index_that_another_process_created_is_used(double: PineconeDouble) -> None:
    async with opened(double) as first, opened(double) as second, opened(double) as third:
        await first.apply([put(1, 1)])
        await second.apply([put(1, 2)])
        missing = {"error": {"code": "NOT_FOUND", "message": "not yet"}, "status": 404}
        double.faults.append(Response(json.dumps(missing), 404))
        await third.apply([put(1, 3)])

        assert set(await found(third)) == {passage(1), passage(2), passage(3)}


async def test_installations_share_an_account_without_meeting(double: PineconeDouble) -> None:
    async with opened(double, store_namespace="team") as theirs, opened(double, store_namespace="team_12") as ours:
        await theirs.apply([put(1, 1)])

        assert await found(ours) == []
        assert await ours.position() == 0


async def test_writes_are_seen_when_they_return_however_late_the_service_shows_them(double: PineconeDouble) -> None:
    double.seen_after_s = 0.4
    async with opened(double) as index:
        await index.apply([put(1, 1), put(2, 2)])
        assert set(await found(index)) == {passage(1), passage(2)}
        await index.apply([put(3, 1, unit(0, 1)), drop(4, 2)])

        assert await found(index, unit(0, 1)) == [passage(1)]
        assert (await index.scores(unit(0, 1), [passage(1)], access=READER))[passage(1)] == pytest.approx(1)
        assert await index.position() == 4


async def test_a_write_that_is_never_seen_is_an_error_in_bounded_time(double: PineconeDouble) -> None:
    async with opened(double, store_timeout_s=0.2) as index:
        await index.apply([put(1, 1)])
        double.seen_after_s = 60
        started = time.monotonic()
        with pytest.raises(BackendTimeoutError, match="did not see what was written"):
            await index.apply([put(2, 2)])

    assert time.monotonic() - started < 2.2


async def test_a_write_whose_place_in_the_log_is_not_told_is_an_error(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1)])
        double.faults.append(Response('{"upsertedCount": 1}', media_type="application/json"))
        with pytest.raises(BackendResponseError, match="did not say when"):
            await index.apply([put(2, 2)])


async def test_an_index_that_is_not_ready_yet_is_waited_for_in_bounded_time(double: PineconeDouble) -> None:
    double.ready_after_s = 60
    async with opened(double, store_timeout_s=0.3) as index:
        with pytest.raises(BackendUnavailableError, match="'team-a-12' is being created"):
            await index.apply([put(1, 1)])

        assert await found(index) == []


async def test_an_index_that_was_switched_off_is_not_taken_for_an_empty_one(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1)])
    double.indexes["team-a-12"].state = "Disabled"

    async with opened(double) as index:
        with pytest.raises(BackendUnavailableError, match="'team-a-12' is 'Disabled'"):
            await found(index)


async def test_a_search_names_tenant_collection_and_filters_to_the_service(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1), put(2, 2, tenant="Acme"), put(3, 3, like=attributes(collection="other"))])
        double.requests.clear()
        await found(index, access=replace(READER, collections=frozenset({"notes"})), filters=Filters(languages=frozenset({"de", "fr"})))

    (asked,) = bodies(double, "/query")
    (term,) = asked["filter"]["$and"]
    assert len(term["facts"]["$in"]) == 2
    (row,) = double.indexes["team-a-12"].namespaces[asked["namespace"]].rows.values()
    assert (row["metadata"]["tenant"], row["metadata"]["collection"]) == ("acme", "notes")


async def test_all_collections_of_a_tenant_are_found_by_a_second_process(double: PineconeDouble) -> None:
    async with opened(double) as writer, opened(double) as reader:
        await writer.apply([put(1, 1)])
        assert await found(reader) == [passage(1)]
        await writer.apply([put(2, 2, like=attributes(collection="new"))])
        await asyncio.sleep(0.6)

        assert set(await found(reader)) == {passage(1), passage(2)}


async def test_large_batches_keep_below_the_size_of_a_request(double: PineconeDouble) -> None:
    vectors = random_units(200, seed=1, dimension=1536)
    async with opened(double) as index:
        await index.apply([put(i + 1, i, vector) for i, vector in enumerate(vectors)])

        assert (await found(index, vectors[7]))[0] == passage(7)
    sizes = [len(body) for path, body in double.requests if path.endswith("/upsert")]
    assert len(sizes) > 2
    assert max(sizes) < MOST_REQUEST_BYTES


async def test_long_lists_of_ids_are_read_page_by_page(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(i + 1, i) for i in range(250)])

        assert await index.passage_ids(access=READER) == {passage(i) for i in range(250)}


async def test_a_passage_with_too_much_metadata_is_named(double: PineconeDouble) -> None:
    async with opened(double) as index:
        with pytest.raises(BackendResponseError, match=f"passage {passage(1)} has .* bytes of metadata"):
            await index.apply([put(1, 1, like=attributes(metadata={"note": "secret" * 10_000}))])


async def test_a_passage_embedded_anew_leaves_nothing_in_the_other_index(double: PineconeDouble) -> None:
    short = unit(1)[:3]
    async with opened(double) as index:
        await index.apply([put(1, 1)])
        await index.apply([put(2, 1, short)])

        assert await found(index, short) == [passage(1)]
        assert await index.position() == 2
        with pytest.raises(EmbedderMismatchError, match="3 dimensions, the query has 12"):
            await found(index)


async def test_a_filter_that_nothing_passes_is_no_mismatch(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1), put(2, 2, unit(1)[:3], like=attributes(collection="short"))])

        assert await found(index, filters=Filters(languages=frozenset({"xx"}))) == []


async def test_a_tenant_without_passages_has_no_mismatch(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1), put(2, 2, unit(1)[:3])])

        assert await found(index, access=replace(READER, tenant="stranger")) == []


async def test_an_index_deleted_behind_our_back_is_filled_anew(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1)])
        double.indexes.clear()
        await asyncio.sleep(0.6)

        assert await index.position() == 0
        assert await found(index) == []
        await index.apply([put(1, 1)])
        assert await found(index) == [passage(1)]


async def test_writing_after_the_index_was_deleted_creates_it_again(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1)])
        double.indexes.clear()
        await index.apply([put(2, 2)])

        assert await found(index) == [passage(2)]


async def test_the_position_is_lost_with_any_of_the_indexes(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1), put(2, 2, unit(1)[:3])])
    del double.indexes["team-a-3"]

    async with opened(double) as index:
        assert await index.position() == 0


async def test_a_service_that_was_away_is_used_again(double: PineconeDouble) -> None:
    async with opened(double, store_timeout_s=1) as index:
        await index.apply([put(1, 1)])
        double.kill()
        started = time.monotonic()
        with pytest.raises(BackendError):
            await found(index)
        assert time.monotonic() - started < 1.2
        double.start()

        assert await found(index) == [passage(1)]


async def test_a_busy_service_is_asked_again_when_it_says(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1)])
        double.faults.append(busy(0.3))
        started = time.monotonic()

        assert await found(index) == [passage(1)]
    assert time.monotonic() - started >= 0.3


async def test_a_search_does_not_wait_for_a_busy_service_beyond_its_time(double: PineconeDouble) -> None:
    async with opened(double, store_timeout_s=WITHIN_S) as index:
        await index.apply([put(1, 1)])
        double.faults.append(busy(30))
        started = time.monotonic()
        with pytest.raises(BackendTimeoutError):
            await found(index)

    assert time.monotonic() - started < WITHIN_S + 0.2


async def test_a_failure_that_passes_is_not_noticed(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1)])
        double.faults.append(Response("upstream", 503))

        assert await found(index) == [passage(1)]


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (403, {"error": {"code": "FORBIDDEN", "message": "no"}, "status": 403}, ConfigurationError, "PINECONE_API_KEY"),
        (402, {"error": {"code": "PAYMENT_REQUIRED", "message": "no"}, "status": 402}, ConfigurationError, "account"),
        (403, {"code": 7, "message": "You've reached the max storage allowed", "details": []}, StorageFullError, "quota"),
        (400, {"code": 3, "message": "bad request about secret text", "details": []}, BackendResponseError, "400"),
        (200, {"matches": "junk"}, BackendResponseError, "unusable"),
    ],
)
async def test_refusals_say_what_to_do_and_nothing_else(
    double: PineconeDouble, status: int, body: Any, error: type[Exception], says: str
) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1)])
        double.faults.append(Response(json.dumps(body), status, media_type="application/json"))
        with pytest.raises(error, match=says) as refusal:
            await found(index, access=replace(READER, collections=frozenset({"notes"})))

    assert "secret" not in str(refusal.value)


async def test_a_wrong_key_is_named_by_its_setting(double: PineconeDouble) -> None:
    async with opened(double, pinecone_api_key=SecretStr("pckey_wrong")) as index:
        with pytest.raises(ConfigurationError, match="PINECONE_API_KEY") as refusal:
            await index.position()

    assert "pckey_wrong" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pinecone_api_key": SecretStr("")}, "PINECONE_API_KEY"),
        ({"pinecone_api_key": SecretStr("two\nlines")}, "PINECONE_API_KEY"),
        ({"store_namespace": "n" * 40}, "STORE_NAMESPACE"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(changes: dict[str, Any], says: str) -> None:
    pytest.importorskip("pinecone", reason="needs the extra `pinecone`")
    with pytest.raises(ConfigurationError, match=says):
        build(settings("http://127.0.0.1:1", **changes))


async def test_a_wrong_address_is_an_unavailable_backend() -> None:
    pytest.importorskip("pinecone", reason="needs the extra `pinecone`")
    index = build(settings("http://127.0.0.1:1"))
    with pytest.raises(BackendUnavailableError, match="cannot be reached"):
        await index.position()
    await index.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"\x00\xff junk \r\n" * 20)
    writer.close()


@pytest.mark.parametrize("answer", [silent, babbling])
async def test_a_server_that_is_none_is_a_typed_error_in_time(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> None:
    pytest.importorskip("pinecone", reason="needs the extra `pinecone`")
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        index = build(settings(address, store_timeout_s=1))
        started = time.monotonic()
        with pytest.raises(BackendError):
            await index.position()
        assert time.monotonic() - started < 1.2
        await index.close()


async def test_a_row_of_another_tenant_is_dropped_and_counted(double: PineconeDouble) -> None:
    async with opened(double) as index:
        await index.apply([put(1, 1), put(2, 2)])
        next(row for row in double.rows("team-a-12") if row["id"] == str(passage(1)))["metadata"]["tenant"] = "other"

        assert await found(index) == [passage(2)]
        assert index.dropped == 1
