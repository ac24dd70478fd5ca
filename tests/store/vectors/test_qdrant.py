"""What only Qdrant has: a server that comes and goes, and local files for one process. The double's searches are exact."""

import asyncio
import errno
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

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
from semantic_memory.store.keywords import qdrant as keywords
from semantic_memory.store.remote.index import RemoteVectors
from semantic_memory.store.remote.qdrant.engine import row_id
from semantic_memory.store.remote.qdrant.errors import translation
from semantic_memory.store.vectors.qdrant import build
from tests.contracts.changes import READER, attributes, drop, passage, put, unit
from tests.servers.qdrant import QdrantDouble, free_port, running_qdrant, settings_of

pytestmark = pytest.mark.stores

WITHIN_S = 0.5
"""Time limit of searches where the server does not answer."""
SHORT = np.array([1, 0, 0], dtype=np.float32)
STRANGER = replace(READER, tenant="stranger")


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QdrantDouble]:
    """One that tests kill; each leaves it running."""
    with running_qdrant(tmp_path_factory.mktemp("qdrant")) as started:
        yield started


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[RemoteVectors]:
    index = build(settings)
    assert isinstance(index, RemoteVectors)
    yield index
    await index.close()


async def found(index: RemoteVectors, filters: Filters | None = None) -> set[int]:
    numbers = {passage(number): number for number in range(100)}
    hits = await index.search(unit(1), access=READER, filters=filters or Filters(), limit=10)
    return {numbers[hit.passage_id] for hit in hits}


async def failure(call: Callable[[], Awaitable[object]]) -> tuple[Exception | None, float]:
    """What it raises, after how many seconds."""
    start = time.monotonic()
    try:
        await call()
    except Exception as error:  # noqa: BLE001 - its type is what the test is about
        return error, time.monotonic() - start
    return None, time.monotonic() - start


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    """The address of a server that answers as told."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await handler(reader, writer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def saying(status: str, body: str, headers: str = "") -> Handler:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode())

    return say


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, never answers; ends when the caller gives up."""
    while await reader.read(1000):
        pass


async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x15\x03\x01 220 this is no web server\r\n")


async def test_every_field_that_is_filtered_by_has_an_index(double: QdrantDouble, tmp_path: Path) -> None:
    from qdrant_client import AsyncQdrantClient

    settings = settings_of(double.url, tmp_path)
    async with opened(settings) as index:
        await index.apply([put(1, 1)])
    client = AsyncQdrantClient(double.url, check_compatibility=False)
    made = (await client.get_collection(f"{settings.store_namespace}_vectors")).payload_schema
    await client.close()

    assert {field: info.data_type.value for field, info in made.items()} == {
        "tenant": "keyword", "collection": "keyword", "facts": "keyword", "modified": "integer",
    }  # fmt: skip
    assert made["tenant"].params.is_tenant


async def test_several_adapters_create_everything_at_once(double: QdrantDouble, tmp_path: Path) -> None:
    """The collection, then vectors of another length in it."""
    settings = settings_of(double.url, tmp_path)
    indexes = [build(settings) for _ in range(4)]
    for index in indexes:
        assert await index.position() == 0
    await asyncio.gather(*(index.apply([put(i, i)]) for i, index in enumerate(indexes, 1)))
    await asyncio.gather(*(index.apply([put(i, i, SHORT, tenant="stranger")]) for i, index in enumerate(indexes, 5)))
    seen = [await found(index) for index in indexes]
    others = [len(await index.search(SHORT, access=STRANGER, filters=Filters(), limit=9)) for index in indexes]
    for index in indexes:
        await index.close()

    assert (seen, others) == ([{1, 2, 3, 4}] * 4, [4] * 4)


async def test_many_first_searches_at_once_share_a_client(qdrant_server_settings: Settings) -> None:
    async with opened(qdrant_server_settings) as index:
        assert await asyncio.gather(*(found(index) for _ in range(20))) == [set()] * 20


async def test_a_reset_takes_the_rows_and_the_position(qdrant_server_settings: Settings) -> None:
    async with opened(qdrant_server_settings) as index:
        await index.apply([put(1, 1)])
        await index.reset()

        assert (await index.position(), await found(index), await index.passage_ids(access=READER)) == (0, set(), frozenset())


async def test_writing_to_a_dead_server_is_an_error(tmp_path: Path) -> None:
    with running_qdrant(tmp_path) as dying:
        async with opened(settings_of(dying.url, tmp_path)) as index:
            await index.apply([put(1, 1)])
            await asyncio.to_thread(dying.kill)
            with pytest.raises(BackendUnavailableError):
                await index.apply([put(2, 2)])


async def test_a_search_that_a_server_with_rows_refuses_is_an_error(double: QdrantDouble, tmp_path: Path) -> None:
    """Here by a strict server whose index was dropped by hand: not taken for a server without rows."""
    from qdrant_client import AsyncQdrantClient

    settings = settings_of(double.url, tmp_path)
    async with opened(settings) as index:
        await index.apply([put(1, 1)])
        client = AsyncQdrantClient(double.url, check_compatibility=False)
        await client.delete_payload_index(f"{settings.store_namespace}_vectors", "facts")
        await client.close()

        with pytest.raises(BackendResponseError, match="Qdrant refused a request: HTTP 400"):
            await found(index, Filters(languages=frozenset({"en"})))


async def test_a_removal_before_any_row_is_remembered(double: QdrantDouble, tmp_path: Path) -> None:
    settings = settings_of(double.url, tmp_path)
    async with opened(settings) as index:
        await index.apply([drop(7, 1)])
        await index.apply([put(8, 2)])
        assert await found(index) == {2}
    async with opened(settings) as again:
        assert await again.position() == 8


@pytest.mark.parametrize("store", ["qdrant_settings", "qdrant_server_settings"])
async def test_vectors_of_several_lengths_live_side_by_side(request: pytest.FixtureRequest, store: str) -> None:
    async with opened(request.getfixturevalue(store)) as index:
        await index.apply([put(1, 1)])
        await index.apply([put(2, 2, SHORT, tenant="stranger")])
        hits = await index.search(SHORT, access=STRANGER, filters=Filters(), limit=5)

        assert [hit.passage_id for hit in hits] == [passage(2)]
        assert await found(index) == {1}
        with pytest.raises(EmbedderMismatchError, match="12 dimensions, the query has 3"):
            await index.search(SHORT, access=READER, filters=Filters(), limit=5)
        with pytest.raises(EmbedderMismatchError, match="3 dimensions, the query has 12"):
            await index.search(unit(1), access=STRANGER, filters=Filters(), limit=5)


async def test_a_passage_may_change_its_length(qdrant_server_settings: Settings) -> None:
    async with opened(qdrant_server_settings) as index:
        await index.apply([put(1, 1)])
        await index.apply([put(2, 1, SHORT)])

        assert await index.scores(SHORT, [passage(1)], access=READER) == {passage(1): 1}


async def test_dates_of_any_age_are_compared_exactly_enough(qdrant_server_settings: Settings) -> None:
    dates = [datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]
    async with opened(qdrant_server_settings) as index:
        await index.apply([put(i, i, like=attributes(modified_at=date)) for i, date in enumerate(dates)])

        assert [await found(index, Filters(modified_from=date)) for date in dates] == [{0, 1}, {1}]
        assert [await found(index, Filters(modified_before=date)) for date in dates] == [set(), {0}]


async def test_a_killed_server_is_an_error_until_it_is_back_with_its_rows(double: QdrantDouble, tmp_path: Path) -> None:
    async with opened(settings_of(double.url, tmp_path, store_timeout_s=3)) as index:
        await index.apply([put(1, 1)])
        await asyncio.to_thread(double.kill)
        error, seconds = await failure(lambda: found(index))
        await asyncio.to_thread(double.start)

        assert (type(error), seconds < 3.2) == (BackendUnavailableError, True)
        assert await found(index) == {1}
        await index.apply([put(2, 2)])
        assert await found(index) == {1, 2}


async def test_a_server_that_lost_everything_stands_at_position_0_and_is_filled_anew(double: QdrantDouble, tmp_path: Path) -> None:
    async with opened(settings_of(double.url, tmp_path)) as index:
        await index.apply([put(5, 1)])
        await asyncio.to_thread(double.lose_everything)
        await asyncio.sleep(0.6)  # until the position read before is no longer believed

        assert (await index.position(), await found(index)) == (0, set())
        await index.apply([put(5, 1)])
        assert (await index.position(), await found(index)) == (5, {1})


async def test_nobody_at_the_address_is_an_error_at_once(tmp_path: Path) -> None:
    async with opened(settings_of(f"http://127.0.0.1:{free_port()}", tmp_path)) as index:
        error, seconds = await failure(lambda: found(index))

    assert (type(error), seconds < 5) == (BackendUnavailableError, True)


async def test_a_server_that_never_answers_is_given_up_in_time(tmp_path: Path) -> None:
    async with listening(silent) as address, opened(settings_of(address, tmp_path, store_timeout_s=WITHIN_S)) as index:
        await failure(lambda: found(index))  # the first one also loads the library
        error, seconds = await failure(lambda: found(index))

    assert (type(error), seconds < WITHIN_S + 0.2) == (BackendTimeoutError, True)


@pytest.mark.parametrize("handler", [babbling, saying("200 OK", "<html>"), saying("200 OK", "{}"), saying("302 Found", "")])
async def test_a_server_that_is_no_qdrant_is_an_error(handler: Handler, tmp_path: Path) -> None:
    async with listening(handler) as address, opened(settings_of(address, tmp_path)) as index:
        with pytest.raises(BackendError):
            await found(index)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("500 Internal Server Error", BackendResponseError),
        ("507 Insufficient Storage", StorageFullError),
        ("503 Service Unavailable", BackendUnavailableError),
        ("429 Too Many Requests", BackendUnavailableError),
        ("429 Too Many Requests\r\nretry-after: 1", BackendUnavailableError),
        ("403 Forbidden", ConfigurationError),
    ],
)
async def test_each_answer_becomes_its_error_and_quotes_nothing(status: str, expected: type[Exception], tmp_path: Path) -> None:
    async with listening(saying(status, "a secret of somebody's")) as address, opened(settings_of(address, tmp_path)) as index:
        with pytest.raises(expected) as caught:
            await found(index)

    assert type(caught.value) is expected
    assert "secret" not in str(caught.value)


async def test_a_full_disk_is_told_from_other_internal_errors(tmp_path: Path) -> None:
    handler = saying("500 Internal Server Error", "Service internal error: No space left on device: WAL buffer size exceeds")
    async with listening(handler) as address, opened(settings_of(address, tmp_path)) as index:
        with pytest.raises(StorageFullError):
            await index.apply([put(1, 1)])


async def test_a_forged_row_is_dropped_and_counted(qdrant_server_settings: Settings) -> None:
    from qdrant_client import AsyncQdrantClient

    collection = f"{qdrant_server_settings.store_namespace}_vectors"
    async with opened(qdrant_server_settings) as index:
        await index.apply([put(1, 1), put(2, 2, tenant="stranger")])
        client = AsyncQdrantClient(qdrant_server_settings.qdrant_url, check_compatibility=False)
        (row,) = await client.retrieve(collection, [row_id("stranger", passage(2))], with_vectors=True)
        await client.upsert(collection, [{"id": row.id, "vector": row.vector, "payload": (row.payload or {}) | {"tenant": "acme"}}])
        await client.close()

        assert (await found(index), index.dropped) == ({1}, 1)
        assert await index.scores(unit(1), [passage(1), passage(2)], access=READER) == {passage(1): 1}


async def test_a_key_is_needed_where_the_server_has_one(tmp_path: Path) -> None:
    with running_qdrant(tmp_path, "--api-key", "open-sesame", "--read-key", "look-only") as locked:
        async with opened(settings_of(locked.url, tmp_path, qdrant_api_key=SecretStr("wrong-key"))) as index:
            with pytest.raises(ConfigurationError, match="set QDRANT_API_KEY") as caught:
                await found(index)
        async with opened(settings_of(locked.url, tmp_path, qdrant_api_key=SecretStr("look-only"))) as index:
            assert await found(index) == set()
            with pytest.raises(ConfigurationError, match="may read, write and create collections"):
                await index.apply([put(1, 1)])
        async with opened(settings_of(locked.url, tmp_path, qdrant_api_key=SecretStr("open-sesame"))) as index:
            await index.apply([put(1, 1)])
            assert await found(index) == {1}

    assert "wrong-key" not in str(caught.value)


async def test_rows_that_are_not_shown_yet_are_no_success(tmp_path: Path) -> None:
    with running_qdrant(tmp_path, "--write-status", "wait_timeout") as slow:
        async with opened(settings_of(slow.url, tmp_path)) as index:
            with pytest.raises(BackendTimeoutError, match="does not show it yet"):
                await index.apply([put(1, 1)])


async def test_an_old_server_is_refused(tmp_path: Path) -> None:
    async with (
        listening(saying("200 OK", '{"title": "qdrant", "version": "1.18.3"}')) as address,
        opened(settings_of(address, tmp_path)) as index,
    ):
        with pytest.raises(ConfigurationError, match=r"Qdrant 1\.18\.3 is too old; this needs 1\.19 or newer"):
            await found(index)


@pytest.mark.parametrize("address", ["ftp://qdrant", "http://[qdrant", "qdrant:6333"])
async def test_what_is_no_address_is_named(address: str, tmp_path: Path) -> None:
    async with opened(settings_of(address, tmp_path)) as index:
        with pytest.raises(ConfigurationError, match="QDRANT_URL is no address"):
            await found(index)


async def test_local_files_are_for_one_process_and_a_lane_each(qdrant_settings: Settings) -> None:
    words = keywords.build(qdrant_settings)
    async with opened(qdrant_settings) as index, opened(qdrant_settings) as second:
        await index.apply([put(1, 1, words="word")])
        await words.apply([put(1, 1, words="word")])
        with pytest.raises(ConfigurationError, match="run a Qdrant server and set QDRANT_URL"):
            await second.position()
    await words.close()

    async with opened(qdrant_settings) as later:
        assert (await later.position(), await found(later)) == (1, {1})


def transport_errors() -> list[Exception]:
    """Every error of the client's HTTP library, as the client passes it on."""
    import httpx
    from qdrant_client.http.exceptions import ResponseHandlingException

    kinds, known = [httpx.TransportError], list[type[httpx.TransportError]]()
    while kinds:
        known.append(kinds.pop())
        kinds.extend(known[-1].__subclasses__())
    return [ResponseHandlingException(kind("a secret")) for kind in known]


def test_every_error_of_the_client_becomes_ours_and_quotes_nothing() -> None:
    full = sqlite3.OperationalError("a secret")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    ours = [*map(translation, [*transport_errors(), full, OSError(errno.ENOSPC, "a secret"), OSError("a secret"), KeyError("a secret")])]

    assert {type(error) for error in ours[:-4]} == {BackendTimeoutError, BackendUnavailableError}
    assert [type(error) for error in ours[-4:]] == [StorageFullError, StorageFullError, BackendResponseError, BackendResponseError]
    assert not [error for error in ours if "secret" in str(error)]


def test_without_the_library_the_extra_to_install_is_named() -> None:
    code = """
import sys
sys.modules["qdrant_client"] = None
from semantic_memory.core.errors import MissingExtraError
from semantic_memory.core.settings import Settings
from semantic_memory.store.vectors.qdrant import build
try:
    build(Settings())
except MissingExtraError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "pip install 'semantic-memory[qdrant]'" in said
