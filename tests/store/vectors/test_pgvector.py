"""What PostgreSQL adds to the contract: graphs that appear, a server that dies, hangs or refuses, and many processes at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from semantic_memory.core.errors import (
    BackendError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    EmbedderMismatchError,
    StorageFullError,
)
from semantic_memory.core.filters import Filters
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from tests.contracts.changes import READER, attributes, drop, passage, put, random_units, unit
from tests.servers.postgres import PASSWORD, Postgres, running_postgres

psycopg = pytest.importorskip("psycopg", reason="needs the extra `pgvector`")

from semantic_memory.store.remote.postgres.driver_errors import core_error  # noqa: E402 - behind the check for psycopg
from semantic_memory.store.vectors.pgvector import build  # noqa: E402

pytestmark = pytest.mark.stores

WITHIN_S = 0.5
"""Time limit of searches where the server does not answer."""

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def index(pgvector_settings: Settings) -> AsyncIterator[VectorIndex]:
    index = build(pgvector_settings)
    yield index
    await index.close()


def settings(url: str, timeout_s: float = 3) -> Settings:
    return Settings.model_validate({"data_dir": "unused", "pgvector_url": url, "store_timeout_s": timeout_s})


async def found(index: VectorIndex, filters: Filters | None = None, limit: int = 10) -> list[object]:
    return [hit.passage_id for hit in await index.search(unit(1), access=READER, filters=filters or Filters(), limit=limit)]


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def url_of(of: Settings) -> str:
    return of.pgvector_url.get_secret_value()


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    """The URL of a server that is no PostgreSQL."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"postgresql://somebody:{PASSWORD}@127.0.0.1:{server.sockets[0].getsockname()[1]}/memory"


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)
    writer.close()


async def junk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(8)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)
    writer.close()


async def test_a_table_with_a_graph_finds_the_nearest_in_every_scope(pgvector_settings: Settings) -> None:
    vectors = random_units(600, seed=5)
    index = build(pgvector_settings, exact_rows=20)
    kinds = [attributes(language="de" if i % 100 == 0 else "en", collection=f"c{i % 2}") for i in range(600)]
    await index.apply([put(i + 1, i, vector, like=kinds[i]) for i, vector in enumerate(vectors)])
    graph = f"{pgvector_settings.store_namespace}_vectors_graph_12"
    made = run(url_of(pgvector_settings), f"SELECT to_regclass('{graph}')::text")
    scopes = {1: Filters(), 2: Filters(collections=frozenset({"c0"})), 100: Filters(languages=frozenset({"de"}))}
    shares = {}
    for every, filters in scopes.items():
        expected = {passage(every * int(i)) for i in np.argsort(-(vectors[::every] @ unit(1)))[:5]}
        shares[every] = len(expected & set(await found(index, filters, limit=5))) / 5
    await index.close()

    assert made == [(graph,)]
    assert min(shares.values()) >= 0.8
    assert shares[100] == 1


async def test_small_tables_have_no_graph(index: VectorIndex, pgvector_settings: Settings) -> None:
    await index.apply([put(i, i) for i in range(1, 30)])

    assert run(url_of(pgvector_settings), f"SELECT to_regclass('{pgvector_settings.store_namespace}_vectors_graph_12')") == [(None,)]


async def test_vectors_too_long_for_a_graph_are_compared_one_by_one(pgvector_settings: Settings) -> None:
    vectors = random_units(8, seed=5, dimension=4_100)
    index = build(pgvector_settings, exact_rows=2)
    await index.apply([put(i + 1, i, vector) for i, vector in enumerate(vectors)])
    await index.apply([put(9, 0, vectors[0])])

    (best, *_) = await index.search(vectors[3], access=READER, filters=Filters(), limit=8)
    assert (best.passage_id, best.score) == (passage(3), pytest.approx(1, abs=1e-3))
    await index.close()


async def test_collections_of_different_lengths_lie_side_by_side(index: VectorIndex) -> None:
    short = np.array([1, 0, 0], dtype=np.float32)
    await index.apply([put(1, 1), put(2, 2, short, like=attributes(collection="short"))])
    await index.apply([put(3, 1, short)])

    hits = await index.search(short, access=READER, filters=Filters(), limit=9)
    assert {hit.passage_id for hit in hits} == {passage(1), passage(2)}
    with pytest.raises(EmbedderMismatchError, match="3 dimensions, the query has 12"):
        await found(index)


async def test_two_processes_that_start_at_once_both_write(pgvector_settings: Settings) -> None:
    both = [build(pgvector_settings), build(pgvector_settings)]
    await asyncio.gather(*(index.apply([put(1 + n, 1 + n), put(9, 9)]) for n, index in enumerate(both)))

    assert await both[0].passage_ids(access=READER) == {passage(1), passage(2), passage(9)}
    await asyncio.gather(*(index.close() for index in both))


async def test_several_installations_may_start_at_once_in_an_empty_database(postgres: Postgres) -> None:
    url = postgres.new_database()
    all_of_them = [build(settings(url).model_copy(update={"store_namespace": name})) for name in ("first", "second", "third")]
    await asyncio.gather(*(index.apply([put(1, 1)]) for index in all_of_them))

    assert [await found(index) for index in all_of_them] == [[passage(1)]] * 3
    await asyncio.gather(*(index.close() for index in all_of_them))


async def test_writers_of_the_same_passages_do_not_deadlock(pgvector_settings: Settings) -> None:
    both = [build(pgvector_settings), build(pgvector_settings)]
    forth = [put(i, i) for i in range(1, 60)]
    back = [put(i, 60 - i, unit(0, 1)) for i in range(1, 60)]
    await asyncio.gather(*(index.apply(some) for index in both for some in (forth, back, [drop(99, i) for i in range(20)])))

    assert await both[0].passage_ids(access=READER) >= {passage(i) for i in range(20, 60)}
    await asyncio.gather(*(index.close() for index in both))


async def test_a_row_altered_by_hand_is_not_returned_to_the_tenant_it_had(index: VectorIndex, pgvector_settings: Settings) -> None:
    await index.apply([put(1, 1), put(2, 2)])
    table = f"{pgvector_settings.store_namespace}_vectors_rows"
    run(url_of(pgvector_settings), f"UPDATE {table} SET tenant = 'other' WHERE id = '{passage(1)}'")

    assert await found(index) == [passage(2)]


async def test_a_server_that_lost_everything_is_filled_anew(index: VectorIndex, pgvector_settings: Settings) -> None:
    await index.apply([put(1, 1)])
    run(url_of(pgvector_settings), f"DROP TABLE {pgvector_settings.store_namespace}_vectors_rows")
    await asyncio.sleep(0.6)  # longer than a position is believed

    assert await index.position() == 0
    assert await found(index) == []
    await index.apply([put(1, 1)])
    assert await found(index) == [passage(1)]


async def test_a_killed_server_is_an_error_in_time_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    with running_postgres(tmp_path) as server:
        index = build(settings(server.url))
        await index.apply([put(1, 1)])
        await asyncio.gather(*(found(index) for _ in range(4)))
        server.kill()
        began = time.monotonic()
        with pytest.raises(BackendUnavailableError):
            await found(index)
        waited = time.monotonic() - began
        server.start()

        assert waited < 3.2
        assert await found(index) == [passage(1)]
        await index.close()


async def test_a_stopped_server_is_an_error_in_time_and_used_again_when_it_goes_on(tmp_path: Path) -> None:
    with running_postgres(tmp_path) as server:
        index = build(settings(server.url, WITHIN_S))
        await index.apply([put(1, 1)])
        processes = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
        for process in processes:
            process.suspend()
        began = time.monotonic()
        with pytest.raises(BackendTimeoutError):
            await found(index)
        waited = time.monotonic() - began
        for process in processes:
            process.resume()

        assert waited < WITHIN_S + 0.2
        assert await found(index) == [passage(1)]
        await index.close()


async def test_a_table_that_is_locked_is_an_error_in_time_and_used_again_when_it_is_free(postgres: Postgres) -> None:
    url = postgres.new_database()
    index = build(settings(url, WITHIN_S))
    await index.apply([put(1, 1)])
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE semantic_memory_vectors_rows")
        began = time.monotonic()
        with pytest.raises(BackendTimeoutError):
            await found(index)
        waited = time.monotonic() - began

    assert waited < WITHIN_S + 0.2
    assert await found(index) == [passage(1)]
    await index.close()


async def test_a_cancelled_search_leaves_a_working_store(index: VectorIndex) -> None:
    await index.apply([put(i, i) for i in range(1, 9)])
    for pause in (0, 0.001, 0.003, 0.01):
        search = asyncio.create_task(found(index))
        await asyncio.sleep(pause)
        search.cancel()

    assert len(await found(index)) == 8


@pytest.mark.parametrize("answer", [silence, junk])
async def test_whatever_else_listens_there_is_an_error_in_time(answer: Answer) -> None:
    async with listening(answer) as url:
        index = build(settings(url, WITHIN_S))
        began = time.monotonic()
        with pytest.raises(BackendError) as caught:
            await found(index)
        await index.close()

    assert time.monotonic() - began < WITHIN_S + 0.2
    assert PASSWORD not in str(caught.value)


async def test_a_port_nobody_listens_on_is_named_unavailable(unused_tcp_port: int) -> None:
    index = build(settings(f"postgresql://somebody:{PASSWORD}@127.0.0.1:{unused_tcp_port}/memory"))

    with pytest.raises(BackendUnavailableError, match="PostgreSQL cannot be reached"):
        await index.position()


@pytest.mark.parametrize(("old", "new"), [(PASSWORD, "wrong"), ("postgres:", "nobody:"), ("/test_", "/no_test_")])
async def test_a_wrong_account_or_database_is_a_setting_to_change(pgvector_settings: Settings, old: str, new: str) -> None:
    index = build(settings(url_of(pgvector_settings).replace(old, new)))

    with pytest.raises(ConfigurationError, match="check user, password and database") as caught:
        await index.position()
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("url", ["", "sqlite:///memory.db", f"postgresql://somebody:{PASSWORD}/x@[host/memory"])
def test_a_url_that_names_no_postgresql_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(settings(url))

    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
async def test_every_form_of_url_is_understood(pgvector_settings: Settings, scheme: str) -> None:
    index = build(settings(scheme + url_of(pgvector_settings).removeprefix("postgresql+psycopg")))

    assert await index.position() == 0
    await index.close()


async def test_an_account_that_may_not_install_pgvector_is_told_the_command(postgres: Postgres) -> None:
    url = postgres.new_database()
    name = f"reader_{url[-8:]}"
    run(url, f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    index = build(settings(url.replace("postgres:", f"{name}:", 1)))

    with pytest.raises(ConfigurationError, match="CREATE EXTENSION vector"):
        await index.apply([put(1, 1)])
    await index.close()
    run(url, f"DROP ROLE {name}")


async def test_a_server_without_pgvector_is_named_as_such(postgres: Postgres) -> None:
    url = postgres.new_database()
    run(url, f"ALTER DATABASE {url.rpartition('/')[2]} SET extension_control_path = '/nowhere'")
    index = build(settings(url))

    with pytest.raises(ConfigurationError, match="has no pgvector"):
        await index.apply([put(1, 1)])
    await index.close()


async def test_an_old_pgvector_is_refused(postgres: Postgres) -> None:
    url = postgres.new_database()
    run(url, "CREATE EXTENSION vector")
    run(url, "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'")
    index = build(settings(url))

    with pytest.raises(ConfigurationError, match=r"pgvector 0\.7\.4 is too old"):
        await index.apply([put(1, 1)])
    await index.close()


async def test_the_databases_own_time_limit_ends_what_nobody_waits_for(index: VectorIndex, pgvector_settings: Settings) -> None:
    await index.apply([put(1, 1)])
    shown = await index.engine.database.read(lambda connection: _shown(connection, "statement_timeout"))

    assert shown == f"{pgvector_settings.store_timeout_s:g}s"


async def _shown(connection: "psycopg.AsyncConnection", name: str) -> object:
    return (await (await connection.execute("SELECT current_setting(%s)", [name])).fetchone())[0]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.errors.DiskFull(), StorageFullError),
        (psycopg.errors.QueryCanceled(), BackendTimeoutError),
        (psycopg.errors.AdminShutdown(), BackendUnavailableError),
        (psycopg.errors.TooManyConnections(), BackendUnavailableError),
        (psycopg.errors.DeadlockDetected(), BackendUnavailableError),
        (psycopg.errors.InsufficientPrivilege(), ConfigurationError),
        (psycopg.errors.ReadOnlySqlTransaction(), BackendUnavailableError),
        (psycopg.errors.ConnectionTimeout(), BackendTimeoutError),
        (psycopg.OperationalError("the connection is closed"), BackendUnavailableError),
    ],
)
def test_errors_of_the_database_arrive_as_ours(error: "psycopg.Error", expected: type[Exception]) -> None:
    assert type(core_error(error)) is expected
