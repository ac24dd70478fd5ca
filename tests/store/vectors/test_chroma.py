"""What only Chroma can do wrong; what every vector store must do is in `tests/contracts`."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from pydantic import SecretStr

from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    EmbedderMismatchError,
    SemanticMemoryError,
    StorageFullError,
)
from semantic_memory.core.filters import Filters
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteVectors
from semantic_memory.store.remote.rows import Scope
from semantic_memory.store.vectors import chroma
from tests.contracts.changes import NOON, READER, attributes, drop, passage, put, unit
from tests.servers.chroma import Chroma, free_port

pytestmark = pytest.mark.stores

OTHER = np.array([1, 0, 0], dtype=np.float32)
"""As another embedder would make it."""
TOKEN = "a-token-of-the-tests"
TIMEOUT_S = 0.5
Opener = Callable[[Settings], RemoteVectors]
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def open_index() -> AsyncIterator[Opener]:
    """Opens indexes and closes them at the end."""
    opened: list[RemoteVectors] = []

    def open_one(settings: Settings) -> RemoteVectors:
        index = chroma.build(settings)
        assert isinstance(index, RemoteVectors)
        opened.append(index)
        return index

    yield open_one
    for index in opened:
        await index.close()


async def found(index: VectorIndex, vector: np.ndarray | None = None, filters: Filters | None = None) -> list[Any]:
    hits = await index.search(unit(1) if vector is None else vector, access=READER, filters=filters or Filters(), limit=10)
    return [hit.passage_id for hit in hits]


class Server:
    """Chroma's HTTP API, for what a test does by hand."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def databases(self, settings: Settings) -> list[str]:
        names = [one["name"] for one in (await self._client.get("/databases")).json()]
        return [name for name in names if name.startswith(settings.store_namespace)]

    async def collections(self, settings: Settings) -> list[str]:
        """Paths of those that hold rows."""
        found: list[str] = []
        for database in await self.databases(settings):
            if database != settings.store_namespace:
                found += [f"/databases/{database}/collections/{one['id']}" for one in await self._listed(database)]
        return found

    async def lose_everything(self, settings: Settings) -> None:
        for database in await self.databases(settings):
            for one in await self._listed(database):
                (await self._client.delete(f"/databases/{database}/collections/{one['name']}")).raise_for_status()
            (await self._client.delete(f"/databases/{database}")).raise_for_status()

    async def _listed(self, database: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self._client.get(f"/databases/{database}/collections")).json()
        return listed

    async def send(self, path: str, body: dict[str, Any]) -> None:
        (await self._client.post(path, json=body)).raise_for_status()


@pytest.fixture
async def server(chroma_server: Chroma) -> AsyncIterator[Server]:
    address = f"{chroma_server.url}/tenants/default_tenant"
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        yield Server(client)


@asynccontextmanager
async def answering(answer: Answer) -> AsyncGenerator[Settings]:
    """Settings of a server that answers each request so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await answer(await reader.readuntil(b"\r\n\r\n"), writer)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield Settings(
            vector_store="chroma",
            chroma_host="127.0.0.1",
            chroma_port=listening.sockets[0].getsockname()[1],
            chroma_token=SecretStr(TOKEN),
            store_timeout_s=TIMEOUT_S,
        )


async def test_reading_from_a_new_server_makes_nothing_there(chroma_settings: Settings, open_index: Opener, server: Server) -> None:
    index = open_index(chroma_settings)

    assert await index.position() == 0
    assert await found(index) == []
    assert await index.passage_ids(access=READER) == frozenset()
    assert await server.databases(chroma_settings) == []


async def test_two_processes_may_make_everything_at_once(chroma_settings: Settings, open_index: Opener) -> None:
    indexes = [open_index(chroma_settings) for _ in range(4)]
    await asyncio.gather(*(index.apply([put(number, number)]) for number, index in enumerate(indexes, 1)))

    assert set(await found(open_index(chroma_settings))) == {passage(number) for number in range(1, 5)}


async def test_another_process_sees_a_new_collection_within_a_second(chroma_settings: Settings, open_index: Opener) -> None:
    reader, writer = open_index(chroma_settings), open_index(chroma_settings)
    await writer.apply([put(1, 1)])
    assert await found(reader) == [passage(1)]

    await writer.apply([put(2, 2, like=attributes(collection="new"))])
    await asyncio.sleep(0.6)
    assert set(await found(reader)) == {passage(1), passage(2)}


async def test_a_killed_server_is_noticed_in_time_and_forgotten_when_it_is_back(
    chroma_server: Chroma, chroma_settings: Settings, open_index: Opener
) -> None:
    index = open_index(chroma_settings.model_copy(update={"store_timeout_s": 10}))
    await index.apply([put(1, 1)])
    chroma_server.kill()
    try:
        started = time.monotonic()
        with pytest.raises(BackendUnavailableError, match="Chroma"):
            await found(index)
        assert time.monotonic() - started < 10.2
    finally:
        chroma_server.start()

    assert await found(index) == [passage(1)]
    await asyncio.sleep(0.6)
    assert await index.position() == 1


async def test_a_server_that_lost_everything_is_filled_anew(chroma_settings: Settings, open_index: Opener, server: Server) -> None:
    index = open_index(chroma_settings)
    await index.apply([put(1, 1)])
    assert await found(index) == [passage(1)]

    await server.lose_everything(chroma_settings)
    assert await found(index) == []
    await asyncio.sleep(0.6)
    assert await index.position() == 0
    await index.apply([put(1, 1)])
    assert await found(index) == [passage(1)]


async def test_rows_that_say_they_are_another_tenants_are_dropped(chroma_settings: Settings, open_index: Opener, server: Server) -> None:
    index = open_index(chroma_settings)
    await index.apply([put(1, 1), put(2, 2)])
    (path,) = await server.collections(chroma_settings)
    await server.send(f"{path}/update", {"ids": [str(passage(1))], "embeddings": [None], "metadatas": [{"tenant": "stranger"}]})

    assert await found(index) == [passage(2)]
    assert index.dropped == 1


async def test_a_date_that_a_passage_lost_is_not_found_any_more(chroma_settings: Settings, open_index: Opener) -> None:
    index, dated = open_index(chroma_settings), Filters(modified_from=NOON)
    await index.apply([put(1, 1, like=attributes(modified_at=NOON))])
    assert await found(index, filters=dated) == [passage(1)]

    await index.apply([put(2, 1)])
    assert await found(index, filters=dated) == []


async def test_passages_embedded_anew_leave_nothing_of_their_old_vectors(chroma_settings: Settings, open_index: Opener) -> None:
    index = open_index(chroma_settings)
    await index.apply([put(1, 1), put(2, 2)])
    await index.apply([put(3, 1, OTHER)])
    with pytest.raises(EmbedderMismatchError, match="12 dimensions, the query has 3"):
        await found(index, OTHER)

    await index.apply([drop(4, 2)])
    assert await found(index, OTHER) == [passage(1)]
    assert await index.passage_ids(access=READER) == {passage(1)}


async def test_reset_leaves_other_installations_on_the_server_alone(chroma_settings: Settings, open_index: Opener, server: Server) -> None:
    neighbour = chroma_settings.model_copy(update={"store_namespace": f"{chroma_settings.store_namespace}_2"})
    ours, theirs = open_index(chroma_settings), open_index(neighbour)
    await ours.apply([put(1, 1)])
    await theirs.apply([put(1, 1)])
    await ours.reset()

    assert await found(theirs) == [passage(1)]
    assert len(await server.databases(chroma_settings)) == len(await server.databases(neighbour)) == 2


async def test_a_wrong_address_says_that_chroma_cannot_be_reached(tmp_path: Path, open_index: Opener) -> None:
    index = open_index(Settings(data_dir=tmp_path, chroma_host="127.0.0.1", chroma_port=free_port(), store_timeout_s=5))

    with pytest.raises(BackendUnavailableError, match="Chroma cannot be reached"):
        await found(index)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        ("401 Unauthorized", "", ConfigurationError),
        ("403 Forbidden", '{"error":"AuthError","message":"no"}', ConfigurationError),
        ("404 Not Found", "<html>", BackendResponseError),
        ("422 Unprocessable Entity", '{"error":"ChromaError","message":"secret words"}', BackendResponseError),
        ("429 Too Many Requests", '{"error":"RateLimitError","message":"secret words"}', BackendUnavailableError),
        ("500 Internal Server Error", '{"error":"InternalError","message":"database or disk is full"}', StorageFullError),
        ("503 Service Unavailable", "[]", BackendUnavailableError),
        ("200 OK", "not JSON", BackendResponseError),
        ("200 OK", '{"metadata":null}', BackendResponseError),
    ],
)
async def test_a_refusal_is_told_by_its_kind(open_index: Opener, status: str, body: str, error: type[SemanticMemoryError]) -> None:
    async def refuse(request: bytes, writer: asyncio.StreamWriter) -> None:
        assert f"Bearer {TOKEN}".encode() in request
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()

    async with answering(refuse) as settings:
        with pytest.raises(error) as raised:
            await open_index(settings).position()

    assert type(raised.value) is error
    assert TOKEN not in raised.value.message
    assert "secret" not in raised.value.message


async def test_a_server_that_talks_nonsense_is_reported(open_index: Opener) -> None:
    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x16\x03\x01 nonsense \x00" * 50)
        await writer.drain()

    async with answering(talk) as settings:
        with pytest.raises(BackendUnavailableError, match="broke off its answer"):
            await found(open_index(settings))


async def test_a_server_that_never_answers_costs_each_search_its_time_limit(open_index: Opener) -> None:
    async def wait(_: bytes, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with answering(wait) as settings:
        index = open_index(settings)
        started = time.monotonic()
        errors = await asyncio.gather(*(found(index) for _ in range(40)), return_exceptions=True)
        seconds = time.monotonic() - started

    assert {type(error) for error in errors} == {BackendTimeoutError}
    assert seconds < TIMEOUT_S + 0.5


def test_an_address_as_host_is_refused_at_start() -> None:
    with pytest.raises(ConfigurationError, match="CHROMA_HOST"):
        chroma.build(Settings(chroma_host="http://chroma:8000"))


async def test_a_second_process_on_the_files_is_told_who_has_them(chroma_files_settings: Settings, open_index: Opener) -> None:
    first, second = open_index(chroma_files_settings), open_index(chroma_files_settings)
    await first.apply([put(1, 1)])
    with pytest.raises(BackendUnavailableError, match="another process has the Chroma files in"):
        await found(second)

    await first.close()
    assert await found(second) == [passage(1)]


async def test_the_files_outlive_a_kill_of_their_process(chroma_files_settings: Settings, open_index: Opener) -> None:
    index = open_index(chroma_files_settings)
    await index.apply([put(1, 1), put(2, 2)])
    os.kill(_process_of(chroma_files_settings).pid, signal.SIGKILL)

    assert set(await found(index)) == {passage(1), passage(2)}


async def test_searches_of_the_files_beside_a_kill_end_with_an_error(chroma_files_settings: Settings, open_index: Opener) -> None:
    index = open_index(chroma_files_settings)
    await index.apply([put(1, 1)])
    process = _process_of(chroma_files_settings)
    process.suspend()
    asked = asyncio.create_task(index.engine.ids(Scope(READER.tenant, None)))
    await asyncio.sleep(0.1)
    process.kill()

    with pytest.raises(BackendUnavailableError, match="the process for Chroma's files ended"):
        await asked


def _process_of(settings: Settings) -> psutil.Process:
    """The child that has the files open."""
    folder = str(settings.data_dir.absolute())
    (process,) = [child for child in psutil.Process().children() if any(folder in part for part in child.cmdline())]
    return process
