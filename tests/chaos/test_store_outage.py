"""CRASH-07 and CRASH-08: a vector server, or the database, is killed in the middle of an ingest, or comes back without its data."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from semantic_memory.core.ingest import Outcome
from semantic_memory.core.memory import Memory
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import open_memory
from tests.servers.postgres import Postgres

pytestmark = [pytest.mark.stores, pytest.mark.slow]

SERVERS = {
    "chroma": "chroma_server",
    "milvus": "milvus_server",
    "pgvector": "postgres",
    "pinecone": "pinecone_server",
    "qdrant_server": "qdrant_double",
    "weaviate": "weaviate_double",
}
"""Store → the fixture of its server."""
FILES = 40
RECOVERY_S = 60


class Server(Protocol):
    def kill(self) -> None: ...

    def start(self) -> None: ...


@pytest.fixture(params=SERVERS)
def store(request: pytest.FixtureRequest, settings: Settings) -> tuple[Settings, Server]:
    """Settings of a memory on this store, whose catalogue is a SQLite file, and the store's server."""
    chosen: Settings = request.getfixturevalue(f"{request.param}_settings")
    server: Any = request.getfixturevalue(SERVERS[request.param])
    return chosen.model_copy(update={"embedder": "hashing", "extract_workers": 1, "keyword_store": "embedded", "database_url": ""}), server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:03}.md").write_text(f"# Note {number}\n\nThe key of room {number} hangs on hook {number * 7}.\n")
    return folder


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(RECOVERY_S):
        while not await holds():
            await asyncio.sleep(0.2)


async def _has_some(memory: Memory) -> bool:
    return len(await memory.documents()) > FILES // 4


async def test_crash_07_a_store_killed_in_the_middle_of_an_ingest_loses_nothing(store: tuple[Settings, Server], folder: Path) -> None:
    settings, server = store
    async with open_memory(settings) as memory:
        ingesting = asyncio.create_task(memory.ingest(folder))
        await until(lambda: _has_some(memory))
        await asyncio.to_thread(server.kill)
        try:
            summary = await ingesting
            during = await memory.search("key of room 7")
            assert (await memory.health())["vectors"]["status"] == "down"
        finally:
            await asyncio.to_thread(server.start)
        await until(memory.level)
        after = await memory.search("key of room 7")

        assert summary.count(Outcome.NEW) == FILES
        assert not summary.searchable
        assert during.hits
        assert any("dense lane down" in reason for reason in during.degraded)
        assert not after.degraded
        assert (await memory.fsck()).is_clean


async def test_crash_07_once_a_store_is_known_to_be_down_searches_wait_for_it_no_longer(
    store: tuple[Settings, Server], folder: Path
) -> None:
    settings, server = store
    async with open_memory(settings) as memory:
        await memory.ingest(folder)
        await asyncio.to_thread(server.kill)
        try:
            for _ in range(6):
                await memory.search("key of room 7")
            async with asyncio.timeout(settings.store_timeout_s / 2):
                assert (await memory.search("key of room 8")).degraded
        finally:
            await asyncio.to_thread(server.start)

        async def is_whole() -> bool:
            return not (await memory.search("key of room 8")).degraded

        await until(is_whole)


async def test_crash_08_a_store_that_lost_rows_gets_them_back(store: tuple[Settings, Server], folder: Path) -> None:
    settings, _ = store
    async with open_memory(settings) as memory:
        await memory.ingest(folder)
        index: Any = memory.stores._indexes["vectors"]
        held = await index.passage_ids(access=_operator())
        lost = [change for change in await memory.stores._catalogue.changes.read(after=0, limit=10) if change.entry][:5]
        await index.engine.remove([_gone(change) for change in lost])
        await until(lambda: _has(index, len(held) - 5))

        assert not (await memory.fsck()).is_clean
        assert await memory.stores.reconcile() == {"vectors": 5, "keywords": 0}
        await until(memory.level)
        assert (await memory.fsck()).is_clean


async def test_crash_08_a_store_that_lost_everything_is_filled_again_by_itself(store: tuple[Settings, Server], folder: Path) -> None:
    settings, _ = store
    async with open_memory(settings) as memory:
        await memory.ingest(folder)
        index: Any = memory.stores._indexes["vectors"]
        await index.engine.clear()

        await asyncio.sleep(1)
        await until(memory.level)
        assert (await memory.fsck()).is_clean


async def test_killing_the_database_in_the_middle_of_an_ingest_loses_nothing_acknowledged(
    postgres: Postgres, settings: Settings, folder: Path
) -> None:
    settings = settings.model_copy(update={"database_url": postgres.new_database()})
    async with open_memory(settings) as memory:
        ingesting = asyncio.create_task(memory.ingest(folder))
        await until(lambda: _has_some(memory))
        postgres.kill()
        summary = await ingesting
        postgres.start()
        acknowledged = {file.path for file in summary.files if file.outcome is Outcome.NEW}
        stored = {document.path for document in await memory.documents(limit=1000)}

        assert acknowledged <= stored
        assert 0 < len(acknowledged) < FILES
        await memory.ingest(folder)
        await until(memory.level)
        assert len(await memory.documents(limit=1000)) == FILES
        assert (await memory.fsck()).is_clean


async def _has(index: Any, count: int) -> bool:
    return len(await index.passage_ids(access=_operator())) == count


def _operator() -> Any:
    from semantic_memory.core.access import local_access

    return local_access()


def _gone(change: Any) -> Any:
    from semantic_memory.store.remote.rows import Gone

    return Gone(change.tenant, change.collection, change.passage_id)
