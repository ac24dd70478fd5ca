"""Milvus as a vector store: what may go wrong with a server, and what its rows look like."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from pydantic import SecretStr

from semantic_memory.core.access import Access
from semantic_memory.core.errors import (
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    EmbedderMismatchError,
    SemanticMemoryError,
    StorageFullError,
)
from semantic_memory.core.filters import Filters
from semantic_memory.core.ports import KeywordIndex, VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords import milvus as keywords
from semantic_memory.store.remote.index import RemoteVectors
from semantic_memory.store.remote.milvus import errors
from semantic_memory.store.remote.milvus.connection import refuse_old_server
from semantic_memory.store.remote.milvus.engine import MilvusEngine
from semantic_memory.store.remote.rows import Scope, scope
from semantic_memory.store.vectors import milvus
from semantic_memory.store.vectors.milvus import MilvusVectors
from tests.contracts.changes import NOON, READER, attributes, drop, passage, put, random_units, unit
from tests.servers.milvus import MilvusServer, free_port

pytestmark = pytest.mark.stores

TIMEOUT_S = 0.5
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def index(milvus_settings: Settings) -> AsyncIterator[RemoteVectors]:
    index = milvus.build(milvus_settings)
    assert isinstance(index, RemoteVectors)
    yield index
    await index.close()


async def found(index: VectorIndex, access: Access = READER) -> list[int]:
    numbers = {passage(number): number for number in range(200)}
    return [numbers[hit.passage_id] for hit in await index.search(unit(1), access=access, filters=Filters(), limit=100)]


async def client_of(index: RemoteVectors) -> Any:
    """The library's own client, to do what the adapter would not."""
    assert isinstance(index.engine, MilvusEngine)
    return (await index.engine.milvus())._client


async def test_two_adapters_make_everything_at_once(milvus_settings: Settings) -> None:
    both = [milvus.build(milvus_settings), milvus.build(milvus_settings)]

    await asyncio.gather(*(index.apply([put(1, 1), put(2, number)]) for number, index in enumerate(both, 2)))

    assert [sorted(await found(index)) for index in both] == [[1, 2, 3]] * 2
    for index in both:
        await index.close()


async def test_a_killed_server_is_reported_in_time_and_found_again_with_its_rows(
    milvus_server: MilvusServer, milvus_settings: Settings
) -> None:
    index, words = milvus.build(milvus_settings), keywords.build(milvus_settings)
    await asyncio.gather(index.apply([put(1, 1)]), words.apply([put(1, 1, words="kept")]))
    milvus_server.kill()
    asked_at = time.monotonic()
    try:
        with pytest.raises(BackendUnavailableError):
            await found(index)
        took = time.monotonic() - asked_at
        with pytest.raises(BackendUnavailableError):
            await index.apply([put(2, 2)])
    finally:
        await asyncio.to_thread(milvus_server.start)

    assert took < milvus_settings.store_timeout_s + 0.2
    assert await answered(lambda: found(index)) == [1]
    assert [hit.passage_id for hit in await answered(lambda: search_words(words))] == [passage(1)]
    await index.apply([put(2, 2)])
    assert (sorted(await found(index)), await index.position()) == ([1, 2], 2)
    await asyncio.gather(index.close(), words.close())


async def search_words(index: KeywordIndex) -> list[Any]:
    return await index.search("kept", access=READER, filters=Filters(), limit=9)


async def answered(ask: Callable[[], Awaitable[Any]], *, within_s: float = 30) -> Any:
    """The first answer that is no error of the backend's."""
    end = time.monotonic() + within_s
    while True:
        try:
            return await ask()
        except BackendError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.1)


async def test_a_server_that_lost_everything_is_filled_anew(index: RemoteVectors) -> None:
    await index.apply([put(1, 1)])
    client = await client_of(index)
    for name in await client.list_collections():
        await client.drop_collection(name)
    await asyncio.sleep(0.6)  # the position is believed for half a second

    assert (await index.position(), await found(index)) == (0, [])
    assert await index.passage_ids(access=READER) == frozenset()
    await index.apply([drop(1, 5), put(2, 1)])
    assert (await index.position(), await found(index)) == (2, [1])


async def test_a_collection_that_was_released_is_loaded_again(index: RemoteVectors) -> None:
    await index.apply([put(1, 1)])
    client = await client_of(index)
    for name in await client.list_collections():
        await client.release_collection(name)

    assert await found(index) == [1]


async def test_a_server_that_is_not_there_is_unavailable(milvus_settings: Settings) -> None:
    await fails_in_time(f"http://127.0.0.1:{free_port()}", milvus_settings, BackendUnavailableError)


async def test_a_server_that_talks_nonsense_is_unavailable(milvus_settings: Settings) -> None:
    async def nonsense(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xffnonsense\r\n" * 100)
        await writer.drain()

    async with talking(nonsense) as address:
        await fails_in_time(address, milvus_settings, BackendUnavailableError)


async def test_a_server_that_never_answers_runs_into_the_time_limit(milvus_settings: Settings) -> None:
    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(silence) as address:
        await fails_in_time(address, milvus_settings, (BackendTimeoutError, BackendUnavailableError))


async def test_an_address_without_a_scheme_is_the_operators_mistake(milvus_settings: Settings) -> None:
    await fails_in_time("milvus", milvus_settings, ConfigurationError)


async def test_refused_credentials_are_the_operators_mistake(milvus_settings: Settings) -> None:
    class Refusal(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, _call: Any) -> Any:
            async def refuse(_request: bytes, context: Any) -> None:
                await context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure")

            return grpc.unary_unary_rpc_method_handler(refuse)

    server = grpc.aio.server(handlers=[Refusal()])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await fails_in_time(f"http://127.0.0.1:{port}", milvus_settings, ConfigurationError)
    await server.stop(None)


async def fails_in_time(uri: str, settings: Settings, kind: "type[Exception] | tuple[type[Exception], ...]") -> None:
    """Without naming the token."""
    changed = {"milvus_uri": uri, "milvus_token": SecretStr("s3cret"), "store_timeout_s": TIMEOUT_S}
    index = milvus.build(settings.model_copy(update=changed))
    asked_at = time.monotonic()
    with pytest.raises(kind) as caught:
        await found(index)
    await index.close()

    assert time.monotonic() - asked_at < TIMEOUT_S + 0.2
    assert "s3cret" not in str(caught.value)


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    """The address of a server that answers every connection so."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, ConfigurationError),
        (1401, ConfigurationError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, BackendTimeoutError),
        (grpc.StatusCode.UNAVAILABLE, BackendUnavailableError),
        (8, BackendUnavailableError),
        (9, StorageFullError),
        (102, StorageFullError),
        (1100, BackendResponseError),
    ],
)
def test_codes_of_milvus_become_errors_of_the_product_without_its_words(code: Any, expected: type[SemanticMemoryError]) -> None:
    from pymilvus.exceptions import MilvusException

    with pytest.raises(expected) as caught, errors.translated():
        raise MilvusException(code, "value of field words is 'our secret plans'")

    assert "secret" not in str(caught.value)


async def test_a_row_that_claims_another_tenant_is_dropped_and_counted(index: RemoteVectors) -> None:
    await index.apply([put(1, 1), put(2, 2)])
    client = await client_of(index)
    assert isinstance(index.engine, MilvusVectors)
    name = index.engine._name(12)
    [row] = await client.query(name, filter=f'id like "%{passage(2).hex}"', output_fields=["*"])
    await client.upsert(name, [dict(row) | {"tenant": "stranger"}])

    assert await found(index) == [1]
    assert index.dropped == 1


async def test_the_server_itself_gives_no_row_outside_the_scope(index: RemoteVectors) -> None:
    day = timedelta(days=1)
    await index.apply(
        [
            put(1, 1, like=attributes(language="de", modified_at=NOON)),
            put(2, 2, like=attributes(language="en", modified_at=NOON)),
            put(3, 3, like=attributes(language="de", modified_at=NOON + day)),
            put(4, 4, like=attributes(language="de", modified_at=None)),
            put(5, 5, like=attributes(language="de", modified_at=NOON, collection="secret")),
            put(6, 6, like=attributes(language="de", modified_at=NOON), tenant="other"),
        ]
    )
    wanted = Filters(languages=frozenset({"de", "fr"}), modified_from=NOON - day, modified_before=NOON + day)
    asked = scope(replace(READER, collections=frozenset({"notes"})), wanted)

    assert {one.passage_id for one in await index.engine.nearest(unit(1), asked, 9)} == {passage(1)}
    assert await index.engine.ids(asked) == {passage(1)}
    assert set(await index.engine.vectors([passage(number) for number in range(9)], asked)) == {passage(1)}
    assert {one.passage_id for one in await index.engine.nearest(unit(1), Scope("other", None), 9)} == {passage(6)}
    assert await index.engine.ids(scope(READER, Filters(modified_before=NOON + day))) == {passage(1), passage(2), passage(5)}


async def test_a_passage_embedded_anew_leaves_nothing_of_its_old_dimension(index: RemoteVectors) -> None:
    await index.apply([put(1, 1), put(2, 2, tenant="other")])
    await index.apply([put(3, 1, random_units(1, seed=1, dimension=5)[0])])

    with pytest.raises(EmbedderMismatchError, match="5 dimensions, the query has 12"):
        await found(index)
    assert await index.passage_ids(access=READER) == {passage(1)}
    assert await found(index, replace(READER, tenant="other")) == [2]
    await index.apply([drop(4, 1)])
    assert await index.passage_ids(access=READER) == frozenset()


async def test_ids_are_complete_when_they_take_several_answers(index: RemoteVectors) -> None:
    await index.apply([put(number, number) for number in range(1, 60)])
    assert isinstance(index.engine, MilvusEngine)
    index.engine.page = 20

    assert await index.passage_ids(access=READER) == {passage(number) for number in range(1, 60)}


async def test_many_rows_at_once_are_all_found(index: RemoteVectors) -> None:
    await index.apply([put(number, number, vector) for number, vector in enumerate(random_units(600, seed=1), 1)])

    hits = await index.search(unit(1), access=READER, filters=Filters(), limit=600)

    assert {hit.passage_id for hit in hits} == {passage(number) for number in range(1, 601)}


async def test_attributes_longer_than_a_string_of_milvus_are_kept(index: RemoteVectors) -> None:
    long = {"k": "ä" * 40_000, "tag": "a"}
    await index.apply([put(1, 1, like=attributes(metadata=long))])

    assert [hit.passage_id for hit in await index.search(unit(1), access=READER, filters=Filters(metadata=long), limit=1)] == [passage(1)]


async def test_a_passage_with_more_values_than_an_array_holds_is_still_filtered(index: RemoteVectors) -> None:
    many = attributes(metadata={"tag": [f"tag {number}" for number in range(5_000)]})
    await index.apply([put(1, 1, like=many), put(2, 2)])

    for tag, expected in (("tag 4999", [passage(1)]), ("tag 5000", [])):
        hits = await index.search(unit(1), access=READER, filters=Filters(metadata={"tag": tag}), limit=9)
        assert [hit.passage_id for hit in hits] == expected


def test_a_server_without_bm25_is_refused() -> None:
    for version in ("v2.5.0", "2.6.4-rc1", "milvus_lite-3.2.2", "Zilliz Cloud"):
        refuse_old_server(version)
    with pytest.raises(ConfigurationError, match="too old"):
        refuse_old_server("v2.4.15")


async def test_without_an_address_both_lanes_share_one_file_of_milvus_lite(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "data", store_timeout_s=10)
    index, words = milvus.build(settings), keywords.build(settings)
    await asyncio.gather(index.apply([put(1, 1)]), words.apply([put(1, 1, words="kept")]))

    assert (await found(index), len(await search_words(words))) == ([1], 1)
    assert (settings.data_dir / "milvus.db").is_dir()
    await asyncio.gather(index.close(), words.close())


async def test_a_file_that_another_process_has_open_is_unavailable(milvus_server: MilvusServer) -> None:
    index = milvus.build(Settings(data_dir=milvus_server.data.parent, store_timeout_s=10))

    with pytest.raises(BackendUnavailableError, match="one process at a time"):
        await found(index)
    await index.close()
