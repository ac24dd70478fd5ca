"""A PostgreSQL that refuses, hangs, dies and comes back."""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import Connection, create_engine, select, text

from semantic_memory.core.errors import (
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    ConflictError,
    InvalidInputError,
    SemanticMemoryError,
)
from semantic_memory.core.filters import Filters
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue import dialect, replace
from semantic_memory.store.catalogue.sql import SqlCatalogue, build
from semantic_memory.store.catalogue.tables import JOBS
from tests.servers.postgres import PASSWORD, Postgres, running_postgres
from tests.store.catalogue.making import NOON, access, job, version

pytestmark = pytest.mark.stores

ACME = access()
SHORT_S = 0.5


@pytest.fixture
def server(postgres: Postgres, tmp_path: Path) -> Iterator[Postgres]:
    """One of the test's own with an empty catalogue, to be killed, with fsync on; skipped where the shared one is."""
    with running_postgres(tmp_path, durable=True) as own:
        asyncio.run(build(Settings(database_url=own.url)).close())
        yield own


@pytest.fixture
async def catalogue(server: Postgres) -> AsyncIterator[SqlCatalogue]:
    opened = build(Settings(database_url=f"{server.url}?timeout={SHORT_S}&connect_timeout=2"))
    yield opened
    await opened.close()


@pytest.fixture
async def impatient(catalogue_database: str) -> AsyncIterator[SqlCatalogue]:
    """On the shared server, waiting for nothing longer than `SHORT_S`."""
    opened = build(Settings(database_url=f"{catalogue_database}?timeout={SHORT_S}"))
    yield opened
    await opened.close()


def told(error: BaseException) -> str:
    """Everything a log could show of the error."""
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("wrong", "expected", "message"),
    [
        ("{url}-not-there", BackendUnavailableError, "does not exist"),
        ("{url}?nonsense=1", ConfigurationError, "nonsense"),
        ("{url}?timeout=soon", ConfigurationError, "'soon'"),
        ("{url}?timeout=-1", ConfigurationError, "'-1'"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(postgres: Postgres, wrong: str, expected: type[Exception], message: str) -> None:
    with pytest.raises(expected, match=message) as caught:
        build(Settings(database_url=wrong.format(url=postgres.url)))

    assert PASSWORD not in told(caught.value)


def test_a_wrong_password_is_told_and_not_shown(postgres: Postgres) -> None:
    wrong = PASSWORD[::-1]
    with pytest.raises(BackendUnavailableError, match="password authentication failed") as caught:
        build(Settings(database_url=postgres.url.replace(PASSWORD, wrong)))

    assert wrong not in told(caught.value)


def test_a_server_that_is_not_there_is_unavailable(server: Postgres) -> None:
    server.stop()

    with pytest.raises(BackendUnavailableError, match="refused") as caught:
        build(Settings(database_url=server.url))
    assert PASSWORD not in told(caught.value)


async def test_a_server_killed_within_a_write_leaves_nothing_of_it_and_all_before(server: Postgres, catalogue: SqlCatalogue) -> None:
    await catalogue.documents.replace(version("kept.md"), replaces=0)

    def torn(connection: Connection) -> None:
        replace.replace(connection, version("torn.md"), 0)
        server.kill()
        connection.execute(select(1))

    with pytest.raises(BackendUnavailableError) as caught:
        await catalogue.database.write(torn)
    assert PASSWORD not in told(caught.value)
    with pytest.raises(BackendUnavailableError, match="refused"):
        await catalogue.documents.find(Filters(), access=ACME)
    server.start()

    assert [found.path for found in await catalogue.documents.find(Filters(), access=ACME)] == ["kept.md"]
    await catalogue.documents.replace(version("torn.md"), replaces=0)
    assert await catalogue.check() == []


async def test_a_server_that_was_restarted_between_calls_goes_unnoticed(server: Postgres, catalogue: SqlCatalogue) -> None:
    await catalogue.documents.replace(version(), replaces=0)
    await asyncio.gather(*(catalogue.documents.counts(access=ACME) for _ in range(8)))
    server.kill()
    server.start()

    await catalogue.documents.replace(version(number=2), replaces=1)
    counted = await asyncio.gather(*(catalogue.documents.counts(access=ACME) for _ in range(8)))
    assert {counts.documents for counts in counted} == {1}


@pytest.mark.slow
async def test_a_server_that_hangs_is_a_timeout_and_is_used_again_when_it_goes_on(server: Postgres, catalogue: SqlCatalogue) -> None:
    await catalogue.documents.replace(version(), replaces=0)
    server.pause()
    started = time.monotonic()

    with pytest.raises(BackendTimeoutError):
        await catalogue.documents.counts(access=ACME)
    with pytest.raises(SemanticMemoryError):
        await catalogue.documents.replace(version(number=2), replaces=1)
    assert time.monotonic() - started < 20
    server.resume()
    assert (await catalogue.documents.counts(access=ACME)).documents == 1


async def test_a_write_that_does_not_get_its_turn_is_a_timeout_and_leases_go_on(impatient: SqlCatalogue, catalogue_database: str) -> None:
    queued = await impatient.jobs.enqueue(job())
    await impatient.jobs.claim("w", kinds=("ingest",), lease_s=60, max_attempts=3)
    engine = create_engine(catalogue_database)
    with engine.begin() as other:
        dialect.lock_writes(other)
        waiting = asyncio.create_task(impatient.documents.replace(version(), replaces=0))
        await asyncio.sleep(0.1)
        assert await impatient.jobs.heartbeat(queued.id, "w", lease_s=60) is True
        assert await impatient.leases.hold("index", "w", lease_s=60) is True
        assert not waiting.done()
        with pytest.raises(BackendTimeoutError):
            await waiting
    engine.dispose()

    await impatient.documents.replace(version(), replaces=0)


async def test_a_process_that_stops_within_a_write_loses_its_turn(impatient: SqlCatalogue) -> None:
    def freeze(connection: Connection) -> None:
        replace.replace(connection, version("frozen.md"), 0)
        time.sleep(3 * SHORT_S)

    with pytest.raises(BackendUnavailableError):
        await impatient.database.write(freeze)
    assert await impatient.documents.find(Filters(), access=ACME) == []


async def test_reads_run_at_the_same_time(impatient: SqlCatalogue) -> None:
    together = Barrier(3, timeout=10)

    def meet(connection: Connection) -> int:
        together.wait()
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())

    assert len(set(await asyncio.gather(*(impatient.database.read(meet) for _ in range(3))))) == 3


async def test_a_job_that_another_worker_is_claiming_is_passed_over(impatient: SqlCatalogue, catalogue_database: str) -> None:
    oldest = await impatient.jobs.enqueue(job())
    newer = await impatient.jobs.enqueue(job(at=NOON + timedelta(seconds=1)))
    engine = create_engine(catalogue_database)
    with engine.begin() as other:
        other.execute(select(JOBS).where(JOBS.c.id == oldest.id).with_for_update())
        claimed = await impatient.jobs.claim("w", kinds=("ingest",), lease_s=60, max_attempts=3)
    engine.dispose()

    assert claimed is not None
    assert claimed.id == newer.id


async def test_a_read_cannot_write(impatient: SqlCatalogue) -> None:
    with pytest.raises(SemanticMemoryError, match="read-only transaction"):
        await impatient.database.read(lambda connection: connection.execute(text("DELETE FROM documents")))


async def test_a_path_longer_than_an_index_holds_is_invalid_input(impatient: SqlCatalogue) -> None:
    path = "/".join(uuid4().hex for _ in range(300))

    with pytest.raises(InvalidInputError, match="index row"):
        await impatient.documents.replace(version(path), replaces=0)


async def test_a_message_does_not_quote_rows(impatient: SqlCatalogue) -> None:
    def twice(connection: Connection) -> None:
        for _ in range(2):
            connection.execute(text("INSERT INTO collections VALUES ('acme', 'private-name', 'm', 1)"))

    with pytest.raises(ConflictError) as caught:
        await impatient.database.write(twice)
    assert "private-name" not in caught.value.message
