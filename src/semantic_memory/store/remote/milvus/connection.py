"""One client for Milvus, Zilliz Cloud and Milvus Lite."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from semantic_memory.core.errors import BackendUnavailableError, ConfigurationError, MissingExtraError
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.milvus.errors import NOT_LOADED, code_of, driver_errors, is_absent
from semantic_memory.store.remote.milvus.layout import Flavour, Layout, quoted
from semantic_memory.store.remote.milvus.library import library

CHANNEL = {"grpc.use_local_subchannel_pool": 1, "grpc.max_reconnect_backoff_ms": 1000}
"""Else a new channel inherits the pause of the one before, which grows to two minutes while a server is away."""
ONCE = {"retry_times": 0}
"""The client would try 75 times; `Guard` repeats what is worth it."""
SETTLED = "Strong"
RECENT = "Bounded"
"""Reads wait for nothing: a strong one takes 200 to 400 ms longer (milvus-io/pymilvus#2881). Writes wait instead, see `settle`."""
PACKED = 64
"""Rows the client packs at once, for some milliseconds of the event loop."""
FLUSHED = 256
"""Rows after which Milvus Lite is told to write a file: it searches newer ones seven times slower (274 to 36 CPU ms for 5,000 rows)."""
OLDEST_SERVER = (2, 5)
"""The first with BM25: https://milvus.io/docs/full-text-search.md."""


class Milvus:
    """Requests to Milvus. Collections that are missing have no rows; ones that are not in memory are loaded."""

    def __init__(self, client: Any, flavour: Flavour) -> None:
        self._client = client
        self.flavour = flavour

    async def names(self) -> list[str]:
        return [str(name) for name in await self._client.list_collections(**ONCE)]

    async def drop(self, name: str) -> None:
        await self._client.drop_collection(name, **ONCE)

    async def make(self, name: str, layout: Layout) -> None:
        """Makes what is missing of the collection and loads it; several processes may do so at once."""
        if not await self._client.has_collection(name, **ONCE):
            creating = self._client.create_collection(name, schema=layout.schema(), consistency_level=RECENT, **ONCE)
            await self._unless(lambda: self._client.has_collection(name, **ONCE), creating)
        await asyncio.gather(*(self._index(name, field, index) for field, index in layout.indexes.items()))
        await self._client.load_collection(name, **ONCE)

    async def upsert(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(rows), PACKED):
            await self._client.upsert(name, list(rows[start : start + PACKED]), **ONCE)
        if self.flavour is Flavour.LITE and len(rows) >= FLUSHED:
            await self._client.flush(name, **ONCE)

    async def delete(self, name: str, ids: Sequence[str]) -> None:
        try:
            await self._client.delete(name, filter=f"id in {quoted(ids)}", **ONCE)
        except driver_errors() as error:
            if not is_absent(error):
                raise

    async def settle(self, name: str) -> None:
        """Returns when reads see what was written before: the reader of the collection has consumed its log up to now.

        Where an operator runs several replicas, others than the one asked here may lag, by five seconds at most (`gracefulTime`).
        """
        await self.query(name, 'id in ["-"]', ["id"], limit=1, consistency=SETTLED)

    async def query(
        self, name: str, where: str, fields: Sequence[str], *, limit: int, consistency: str = RECENT
    ) -> Sequence[Mapping[str, Any]]:
        async def ask() -> Any:
            return await self._client.query(
                name, filter=where, output_fields=list(fields), limit=limit, consistency_level=consistency, **ONCE
            )

        return await self._read(name, ask)

    async def search(
        self, name: str, field: str, asked: object, where: str, fields: Sequence[str], *, limit: int, params: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        """Hits, best first: `id`, `distance` and `entity`."""

        async def ask() -> Any:
            found = await self._client.search(
                name,
                data=[asked],
                anns_field=field,
                filter=where,
                output_fields=list(fields),
                limit=limit,
                search_params=dict(params),
                consistency_level=RECENT,
                **ONCE,
            )
            return found[0]

        return await self._read(name, ask)

    async def close(self) -> None:
        await self._client.close()

    async def _read(self, name: str, ask: Callable[[], Awaitable[Any]]) -> Sequence[Mapping[str, Any]]:
        try:
            return list(await ask())
        except driver_errors() as error:
            if is_absent(error):
                return []
            if code_of(error) not in NOT_LOADED:
                raise
        await self._client.load_collection(name, **ONCE)
        return list(await ask())

    async def _index(self, name: str, field: str, index: Mapping[str, Any]) -> None:
        params = self._client.prepare_index_params()
        params.add_index(field, **index)
        await self._unless(lambda: self._client.list_indexes(name, field, **ONCE), self._client.create_index(name, params, **ONCE))

    async def _unless(self, is_made: Callable[[], Awaitable[object]], making: Awaitable[None]) -> None:
        """Servers differ in what they answer when a thing is there already, so they are asked whether it is.

        Milvus Lite 3.2 makes an index, but then lacks the clock that the client asks before it waits for it (`AllocTimestamp`).
        """
        try:
            await making
        except driver_errors():
            if not await _soon(is_made):
                raise


class Connection:
    """Opened by the first request, once."""

    def __init__(self, settings: Settings) -> None:
        """Raises: MissingExtraError."""
        library()
        self._uri = settings.milvus_uri or str(settings.data_dir / "milvus.db")
        if self._uri.endswith(".db") and find_spec("milvus_lite") is None:
            raise MissingExtraError("Milvus without MILVUS_URI needs 'milvus_lite': pip install milvus-lite")
        self._token = settings.milvus_token.get_secret_value()
        self._timeout_s = settings.store_timeout_s
        self._opening: asyncio.Task[Milvus] | None = None

    async def milvus(self) -> Milvus:
        """A caller that gives up leaves the opening to the next one: Milvus Lite's folder cannot be opened twice."""
        if self._opening is None or _failed(self._opening):
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def close(self) -> None:
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
        elif self._opening is not None and not _failed(self._opening):
            await self._opening.result().close()

    async def _open(self) -> Milvus:
        client = await asyncio.to_thread(self._client)
        try:
            version = await client.get_server_version(**ONCE)
            refuse_old_server(version)
        except BaseException:
            await client.close()
            raise
        if version.startswith("milvus_lite"):
            return Milvus(client, Flavour.LITE)
        return Milvus(client, Flavour.SERVER if client.is_self_hosted else Flavour.CLOUD)

    def _client(self) -> Any:
        """A path ending in `.db` starts Milvus Lite: not on the event loop."""
        if self._uri.endswith(".db"):
            Path(self._uri).parent.mkdir(parents=True, exist_ok=True)
        try:
            return library().AsyncMilvusClient(self._uri, token=self._token, timeout=self._timeout_s, dedicated=True, grpc_options=CHANNEL)
        except library().exceptions.ConnectionConfigException as error:
            if not self._uri.endswith(".db"):
                raise
            raise BackendUnavailableError("Milvus Lite's folder cannot be opened: one process at a time may use it") from error


async def _soon(is_true: Callable[[], Awaitable[object]]) -> bool:
    """Within a second: while another process makes a collection, Milvus Lite neither takes its name nor shows it."""
    for _ in range(20):
        if await is_true():
            return True
        await asyncio.sleep(0.05)
    return False


def refuse_old_server(version: str) -> None:
    """Raises: ConfigurationError."""
    number = re.match(r"v?(\d+)\.(\d+)", version)
    if number and (int(number[1]), int(number[2])) < OLDEST_SERVER:
        raise ConfigurationError(f"Milvus {version} is too old; this needs {'.'.join(map(str, OLDEST_SERVER))} or newer")


def _failed(opening: asyncio.Task[Milvus]) -> bool:
    return opening.done() and (opening.cancelled() or opening.exception() is not None)
