"""What only Weaviate has: a server that comes and goes, classes that others make, too, and vectors of several lengths side by side."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

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
from semantic_memory.store.remote.index import STATE_LIFE_S, RemoteVectors
from semantic_memory.store.vectors.weaviate import build
from tests.contracts.changes import READER, attributes, drop, passage, put, unit
from tests.servers.ports import free_port
from tests.servers.weaviate import Nursery, WeaviateDouble

pytestmark = pytest.mark.stores

WITHIN_S = 1.0
"""Time limit of searches where a server does not answer."""
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
connections: list[Any] = []
is_listening = False


@pytest.fixture(autouse=True)
def _client() -> None:
    pytest.importorskip("weaviate", reason="weaviate-client is not installed")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[RemoteVectors]:
    index = build(settings)
    assert isinstance(index, RemoteVectors)
    yield index
    await index.close()


@pytest.fixture
async def index(weaviate_settings: Settings) -> AsyncIterator[RemoteVectors]:
    async with opened(weaviate_settings) as index:
        yield index


async def found(index: RemoteVectors, vector: np.ndarray | None = None, filters: Filters | None = None) -> set[int]:
    numbers = {passage(number): number for number in range(100)}
    hits = await index.search(unit(1) if vector is None else vector, access=READER, filters=filters or Filters(), limit=10)
    return {numbers[hit.passage_id] for hit in hits}


async def client_of(index: RemoteVectors, stack: AsyncExitStack) -> Any:
    """A client of the same server, to do by hand what an adapter never does."""
    import weaviate

    settings = index.engine.link  # type: ignore[attr-defined]
    client = weaviate.use_async_with_local(port=settings._port, grpc_port=settings._grpc_port, skip_init_checks=True)
    return await stack.enter_async_context(client)


# ── outages ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_killed_server_is_reported_at_once_and_found_again_with_its_rows(own_weaviate: WeaviateDouble, tmp_path: Path) -> None:
    async with opened(own_weaviate.settings(tmp_path)) as index:
        await index.apply([put(1, 1)])
        assert await found(index) == {1}
        own_weaviate.kill()
        started = time.monotonic()

        errors = await asyncio.gather(found(index), found(index), found(index), return_exceptions=True)
        assert {type(error) for error in errors} == {BackendUnavailableError}
        assert time.monotonic() - started < 2

        own_weaviate.start()
        assert await found(index) == {1}
        await index.apply([put(2, 2)])
        assert await found(index) == {1, 2}


async def test_a_call_under_way_when_the_server_dies_is_reported(own_weaviate: WeaviateDouble, tmp_path: Path) -> None:
    async with opened(own_weaviate.settings(tmp_path)) as index:
        await index.apply([put(1, 1)])
        os.kill(own_weaviate.pid, signal.SIGSTOP)
        searching = asyncio.create_task(found(index))
        await asyncio.sleep(0.1)
        own_weaviate.kill()

        with pytest.raises(BackendUnavailableError):
            await searching


async def test_a_server_that_hangs_costs_no_more_than_the_time_limit(own_weaviate: WeaviateDouble, tmp_path: Path) -> None:
    async with opened(own_weaviate.settings(tmp_path, store_timeout_s=1.5)) as index:
        await index.apply([put(1, 1)])
        os.kill(own_weaviate.pid, signal.SIGSTOP)
        started = time.monotonic()

        with pytest.raises(BackendTimeoutError):
            await found(index)
        assert time.monotonic() - started < 1.7

        os.kill(own_weaviate.pid, signal.SIGCONT)
        assert await found(index) == {1}


async def test_a_server_that_lost_everything_is_filled_anew(own_weaviate: WeaviateDouble, tmp_path: Path) -> None:
    async with opened(own_weaviate.settings(tmp_path)) as index:
        await index.apply([put(1, 1)])
        own_weaviate.lose_everything()
        await asyncio.sleep(STATE_LIFE_S)

        assert await index.position() == 0
        assert await found(index) == set()
        assert await index.scores(unit(1), [passage(1)], access=READER) == {}
        assert await index.passage_ids(access=READER) == frozenset()
        await index.apply([drop(1, 2), put(2, 1)])
        assert await found(index) == {1}


async def test_rows_sent_right_after_the_loss_make_no_class_of_guessed_types(own_weaviate: WeaviateDouble, tmp_path: Path) -> None:
    async with opened(own_weaviate.settings(tmp_path)) as index:
        await index.apply([put(1, 1)])
        own_weaviate.lose_everything()
        await index.apply([put(2, 2)])

        assert await found(index, filters=Filters(path_prefix="a.md")) == {2}


async def test_nobody_at_the_address_is_said_at_once(tmp_path: Path, weaviate_double: WeaviateDouble) -> None:
    async with opened(weaviate_double.settings(tmp_path, weaviate_url=f"http://127.0.0.1:{free_port()}")) as index:
        with pytest.raises(BackendUnavailableError, match="WEAVIATE_URL"):
            await found(index)


async def test_nobody_at_the_grpc_port_is_said_at_once(tmp_path: Path, weaviate_double: WeaviateDouble) -> None:
    async with opened(weaviate_double.settings(tmp_path, weaviate_grpc_port=free_port())) as index:
        with pytest.raises(BackendUnavailableError, match="WEAVIATE_GRPC_PORT"):
            await found(index)


# ── servers that are none ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[int]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def sending(content: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(content)
        await writer.drain()
        writer.close()

    return answer


def response(status: int, body: str) -> bytes:
    return f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x00\xffjunk\r\n\r\n" * 9, BackendResponseError),
        (response(200, "<html>"), BackendResponseError),
        (response(200, "[]"), BackendResponseError),
        (response(200, '{"version": 5}'), BackendResponseError),
        (b"", BackendUnavailableError),
        (response(401, "{}"), ConfigurationError),
        (response(403, "{}"), ConfigurationError),
        (response(500, '{"error": [{"message": "boom"}]}'), BackendResponseError),
        (response(503, ""), BackendUnavailableError),
    ],
    ids=["junk", "a page", "a list", "a wrong type", "nothing", "401", "403", "500", "503"],
)
async def test_whatever_else_answers_is_no_weaviate(
    content: bytes, expected: type[Exception], weaviate_double: WeaviateDouble, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(answering(sending(content)))
        settings = weaviate_double.settings(tmp_path, weaviate_url=f"http://127.0.0.1:{port}")
        index = await stack.enter_async_context(opened(settings))

        with pytest.raises(expected):
            await found(index)


async def test_junk_on_the_grpc_port_is_an_error_within_the_time_limit(weaviate_double: WeaviateDouble, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(answering(sending(b"junk" * 99)))
        settings = weaviate_double.settings(tmp_path, weaviate_grpc_port=port, store_timeout_s=WITHIN_S)
        index = await stack.enter_async_context(opened(settings))
        started = time.monotonic()

        with pytest.raises(BackendError):
            await index.position()
        assert time.monotonic() - started < WITHIN_S + 0.2


@pytest.mark.parametrize("setting", ["weaviate_url", "weaviate_grpc_port"])
async def test_a_port_that_never_answers_costs_no_more_than_the_time_limit(
    setting: str, weaviate_double: WeaviateDouble, tmp_path: Path
) -> None:
    async with answering(never) as port:
        value = {"weaviate_url": f"http://127.0.0.1:{port}", "weaviate_grpc_port": port}[setting]
        async with opened(weaviate_double.settings(tmp_path, store_timeout_s=WITHIN_S, **{setting: value})) as index:
            started = time.monotonic()

            with pytest.raises(BackendTimeoutError):
                await index.position()
            assert time.monotonic() - started < WITHIN_S + 0.2


async def test_a_server_too_old_for_its_client_is_named_so(weaviate_nursery: Nursery, tmp_path: Path) -> None:
    old = WeaviateDouble(weaviate_nursery, tmp_path / "weaviate", version="1.20.0")
    old.start()
    async with opened(old.settings(tmp_path)) as index:
        with pytest.raises(ConfigurationError, match="too old"):
            await found(index)
    old.kill()


@pytest.mark.parametrize("address", ["", "weaviate:8080", "ftp://weaviate", "http://"])
def test_an_address_that_is_none_is_refused_before_anything_is_asked(address: str) -> None:
    with pytest.raises(ConfigurationError, match="WEAVIATE_URL names no server"):
        build(Settings(weaviate_url=address))


def driver_errors() -> dict[str, Exception]:
    import grpc
    from weaviate import exceptions

    def rpc(code: grpc.StatusCode, details: str = "") -> Exception:
        return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details)

    return {
        "HTTP time-out": httpx.ReadTimeout(""),
        "HTTP reset": httpx.ReadError(""),
        "time-out": exceptions.WeaviateTimeoutError(),
        "refused": exceptions.WeaviateConnectionError(),
        "query": exceptions.WeaviateQueryError("why", "GRPC"),
        "out of memory": exceptions.WeaviateBatchError("memory pressure"),
        "gRPC away": rpc(grpc.StatusCode.UNAVAILABLE),
        "gRPC time-out": rpc(grpc.StatusCode.DEADLINE_EXCEEDED),
        "gRPC forbidden": rpc(grpc.StatusCode.PERMISSION_DENIED),
        "gRPC disk full": rpc(grpc.StatusCode.UNKNOWN, "no space left on device"),
        "gRPC other": rpc(grpc.StatusCode.INTERNAL),
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HTTP time-out", BackendTimeoutError),
        ("HTTP reset", BackendUnavailableError),
        ("time-out", BackendTimeoutError),
        ("refused", BackendUnavailableError),
        ("query", BackendResponseError),
        ("out of memory", StorageFullError),
        ("gRPC away", BackendUnavailableError),
        ("gRPC time-out", BackendTimeoutError),
        ("gRPC forbidden", ConfigurationError),
        ("gRPC disk full", StorageFullError),
        ("gRPC other", BackendResponseError),
    ],
)
def test_errors_of_the_driver_become_the_products_own(name: str, expected: type[Exception]) -> None:
    from semantic_memory.store.remote.weaviate.errors import translated

    with pytest.raises(expected), translated():
        raise driver_errors()[name]


# ── keys and connections ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def locked_weaviate(weaviate_nursery: Nursery, tmp_path: Path) -> Iterator[WeaviateDouble]:
    double = WeaviateDouble(weaviate_nursery, tmp_path / "weaviate", key="sesame")
    double.start()
    yield double
    double.kill()


async def test_the_right_key_opens_and_a_wrong_one_is_named(locked_weaviate: WeaviateDouble, tmp_path: Path) -> None:
    settings = locked_weaviate.settings(tmp_path)
    async with opened(settings) as index, opened(locked_weaviate.settings(tmp_path, weaviate_api_key="wrong")) as stranger:
        await index.apply([put(1, 1)])

        assert await found(index) == {1}
        with pytest.raises(ConfigurationError, match="WEAVIATE_API_KEY") as refused:
            await found(stranger)
        assert "wrong" not in str(refused.value)


async def test_a_key_that_was_changed_meanwhile_is_named(locked_weaviate: WeaviateDouble, tmp_path: Path) -> None:
    async with opened(locked_weaviate.settings(tmp_path)) as index:
        await index.apply([put(1, 1)])
        locked_weaviate.kill()
        locked_weaviate.key = "another"
        locked_weaviate.start()

        with pytest.raises(ConfigurationError, match="WEAVIATE_API_KEY"):
            await found(index)


def _listen(event: str, values: tuple[Any, ...]) -> None:
    if is_listening and event in {"socket.connect", "socket.getaddrinfo"}:
        connections.append(values[1] if event == "socket.connect" else values[:2])


async def test_nothing_but_the_server_is_connected_to(weaviate_settings: Settings) -> None:
    global is_listening  # noqa: PLW0603 - an audit hook stays for good
    sys.addaudithook(_listen)
    is_listening = True
    async with opened(weaviate_settings) as index:
        await index.apply([put(1, 1)])
    is_listening = False

    assert {host for host, _ in connections} == {"127.0.0.1"}


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_two_adapters_make_everything_at_once(weaviate_settings: Settings) -> None:
    async with opened(weaviate_settings) as first, opened(weaviate_settings) as second:
        await asyncio.gather(
            first.apply([put(1, 1)]), second.apply([put(1, 2)]), first.search(unit(1), access=READER, filters=Filters(), limit=1)
        )

        assert await found(first) == await found(second) == {1, 2}


async def test_a_forged_row_is_dropped_and_counted(index: RemoteVectors) -> None:
    await index.apply([put(1, 1), put(2, 2)])
    async with AsyncExitStack() as stack:
        await _forge(await client_of(index, stack), index, passage(1))

    assert await found(index) == {2}
    assert await index.scores(unit(1), [passage(1), passage(2)], access=READER) == pytest.approx({passage(2): 1})
    assert index.dropped == 2


async def _forge(client: Any, index: RemoteVectors, row_id: Any) -> None:
    """The row says of itself that it is another tenant's."""
    from weaviate.classes.data import DataObject

    from semantic_memory.store.remote.weaviate.engine import digest

    rows = client.collections.use(index.engine.class_name).with_tenant(digest("acme"))  # type: ignore[attr-defined]
    stored = await rows.query.fetch_object_by_id(row_id, include_vector=True)
    await rows.data.insert_many([DataObject(properties={**stored.properties, "tenant": "stranger"}, uuid=row_id, vector=stored.vector)])


async def test_a_class_of_somebody_elses_is_left_alone(index: RemoteVectors) -> None:
    async with AsyncExitStack() as stack:
        client = await client_of(index, stack)
        await client.collections.create_from_dict({"class": index.engine.class_name})  # type: ignore[attr-defined]

        with pytest.raises(BackendResponseError, match="is not ours"):
            await index.apply([put(1, 1)])


async def test_the_position_is_kept_before_there_is_any_row(index: RemoteVectors) -> None:
    await index.apply([drop(7, 1)])
    assert await index.position() == 7

    await index.apply([put(8, 1)])
    assert await found(index) == {1}


async def test_vectors_of_several_lengths_live_side_by_side(index: RemoteVectors) -> None:
    short = np.array([0, 1, 0], np.float32)
    other = attributes(collection="other")
    await index.apply([put(1, 1), put(2, 2, short, like=other)])

    assert await found(index, short, Filters(collections=frozenset({"other"}))) == {2}
    assert await found(index, filters=Filters(collections=frozenset({"notes"}))) == {1}
    with pytest.raises(EmbedderMismatchError, match="3 dimensions, the query has 12"):
        await found(index)


async def test_a_passage_embedded_anew_has_left_its_old_vector(index: RemoteVectors) -> None:
    short = np.array([0, 1, 0], np.float32)
    await index.apply([put(1, 1)])
    await index.apply([put(2, 1, short)])

    assert await found(index, short) == {1}
    assert await index.passage_ids(access=READER) == {passage(1)}


async def test_ids_are_read_beyond_one_page(index: RemoteVectors) -> None:
    kinds = [attributes(collection=name) for name in ("a", "b")]
    await index.apply([put(i + 1, i, like=kinds[i % 2]) for i in range(2100)])

    assert await index.passage_ids(access=READER) == {passage(i) for i in range(2100)}
    assert len(await index.passage_ids(access=replace(READER, collections=frozenset({"b"})))) == 1050


async def test_a_full_server_is_said_to_be_full(own_weaviate: WeaviateDouble, tmp_path: Path) -> None:
    async with opened(own_weaviate.settings(tmp_path)) as index:
        await index.apply([put(1, 1)])
        (own_weaviate.folder / "room").write_text("1")

        with pytest.raises(StorageFullError):
            await index.apply([put(2, 2), put(3, 3)])
        with pytest.raises(StorageFullError):
            await index.apply([put(2, 2)])
        with pytest.raises(BackendResponseError, match="did not remove 1 of 1 rows"):
            await index.apply([drop(4, 1)])
        assert await index.position() == 1


async def test_a_class_made_anew_for_other_vectors_is_noticed(own_weaviate: WeaviateDouble, tmp_path: Path) -> None:
    settings = own_weaviate.settings(tmp_path)
    async with opened(settings) as index, opened(settings) as other:
        await index.apply([put(1, 1)])
        assert await found(index) == {1}
        own_weaviate.lose_everything()
        await other.apply([put(1, 1, np.array([1, 0, 0], np.float32))])

        with pytest.raises(EmbedderMismatchError, match="3 dimensions, the query has 12"):
            await found(index)


async def test_more_hits_than_the_server_gives_at_once_are_refused(index: RemoteVectors) -> None:
    await index.apply([put(1, 1)])

    with pytest.raises(BackendResponseError, match="maximum results"):
        await index.search(unit(1), access=READER, filters=Filters(), limit=10_001)


async def test_resetting_an_empty_server_is_fine(index: RemoteVectors) -> None:
    await index.reset()

    assert await index.position() == 0


async def test_a_closed_index_opens_again_when_used(index: RemoteVectors) -> None:
    await index.apply([put(1, 1)])
    await index.close()

    assert await found(index) == {1}
