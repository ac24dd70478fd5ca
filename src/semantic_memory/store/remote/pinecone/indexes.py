"""Pinecone's control plane: which indexes there are, and how they are made."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from semantic_memory.core.errors import BackendUnavailableError, ConfigurationError
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.guard import WRITE_FACTOR

if TYPE_CHECKING:
    from pinecone import AsyncIndex, AsyncPinecone, RetryConfig
    from pinecone.models.indexes.index import IndexModel

T = TypeVar("T")

ADDRESS = "https://api.pinecone.io"
LIFE_S = 0.5
"""How long a list of indexes is believed."""
CREATED_FACTOR = 2
"""Time limits of a search that are waited until an index is there; a write gets 10 of them and is tried thrice."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.5
ABSENT = frozenset({"Initializing", "Terminating"})
"""States of an index that holds no rows yet, or no longer."""


class Indexes:
    """Our indexes by dimension. They are listed anew when one is missing, at most every half second."""

    def __init__(self, settings: Settings) -> None:
        """Connects to nothing yet, but imports the client, which can take as long as a search may. Raises: ConfigurationError."""
        self._settings = settings
        self._control = _control(settings)
        self._prefix = settings.store_namespace.replace("_", "-") + "-"
        self._changing = asyncio.Lock()
        self._clients: dict[str, AsyncIndex] = {}
        self._known: dict[int, AsyncIndex] = {}
        self._listed_until = 0.0

    async def all(self, *, afresh: bool = False) -> Mapping[int, "AsyncIndex"]:
        if afresh or not self._known:
            await self._list()
        return self._known

    async def get(self, dimension: int) -> "AsyncIndex | None":
        if dimension not in self._known:
            await self._list()
        return self._known.get(dimension)

    async def create(self, dimension: int) -> "AsyncIndex":
        """The index, created unless it is there. Raises: BackendUnavailableError when that takes too long."""
        if dimension not in self._known:
            host = await self._created(f"{self._prefix}{dimension}", dimension)
            async with self._changing:  # a list that was asked for before the index was there must not hide it
                self._known = {**self._known, dimension: self._client(host)}
        return self._known[dimension]

    def forget(self) -> None:
        """To be listed again: one is gone, or does not answer where it was."""
        self._known = {}
        self._listed_until = 0.0

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
        await self._control.close()

    async def _list(self) -> None:
        async with self._changing:
            if time.monotonic() < self._listed_until:
                return
            ours = [
                index async for index in self._control.indexes.list() if self._dimension(index.name) and index.status.state not in ABSENT
            ]
            self._known = {self._dimension(index.name): self._client(_host(index)) for index in ours}
            self._listed_until = time.monotonic() + LIFE_S

    def _dimension(self, name: str) -> int:
        """0 for an index that is not ours."""
        rest = name.removeprefix(self._prefix) if name.startswith(self._prefix) else ""
        return int(rest) if rest.isdecimal() else 0

    async def _created(self, name: str, dimension: int) -> str:
        from pinecone.errors import NotFoundError

        try:
            index = await self._control.indexes.describe(name)
        except NotFoundError:
            index = await self._create(name, dimension)

        async def is_ready() -> bool:
            nonlocal index
            if not index.status.ready:
                index = await self._control.indexes.describe(name)
            return index.status.ready

        if not await holds(is_ready, within_s=CREATED_FACTOR * self._settings.store_timeout_s):
            raise BackendUnavailableError(f"Pinecone's index {name!r} is being created (it is {index.status.state!r})")
        return _host(index)

    async def _create(self, name: str, dimension: int) -> "IndexModel":
        from pinecone.errors import ConflictError

        where = {"deployment_type": "managed", "cloud": self._settings.pinecone_cloud, "region": self._settings.pinecone_region}
        try:
            return await self._control.indexes.create(name=name, dimension=dimension, metric="cosine", deployment=where, timeout=-1)
        except ConflictError:
            return await self._control.indexes.describe(name)

    def _client(self, host: str) -> "AsyncIndex":
        if host not in self._clients:
            self._clients[host] = _open(self._settings, host)
        return self._clients[host]


async def holds(is_so: Callable[[], Awaitable[bool]], *, within_s: float) -> bool:
    """Asks again and again, the last time when the time is over."""
    end, pause_s = time.monotonic() + within_s, FIRST_PAUSE_S
    while not await is_so():
        left_s = end - time.monotonic()
        if left_s <= 0:
            return False
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
    return True


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Their results in order; when one fails, the others are cancelled and waited for."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _host(index: "IndexModel") -> str:
    """Raises: BackendUnavailableError unless the index is ready."""
    if not index.status.ready or index.host is None:
        raise BackendUnavailableError(f"Pinecone's index {index.name!r} is {index.status.state!r}")
    return index.host


def _control(settings: Settings) -> "AsyncPinecone":
    from pinecone import AsyncPinecone

    key, address = settings.pinecone_api_key.get_secret_value(), settings.pinecone_host or ADDRESS
    try:
        return AsyncPinecone(api_key=key, host=address, timeout=WRITE_FACTOR * settings.store_timeout_s, retry_config=_retries())
    except ValueError as error:
        raise ConfigurationError("PINECONE_API_KEY is no key that Pinecone could have given") from error


def _open(settings: Settings, host: str) -> "AsyncIndex":
    from pinecone import AsyncIndex
    from pinecone._internal.constants import DATA_PLANE_API_VERSION
    from pinecone._internal.http_client import AsyncHTTPClient

    class Index(AsyncIndex):
        """With our retries: pinecone 10.2 takes them for its control plane only."""

        def __init__(self) -> None:
            super().__init__(
                host=host, api_key=settings.pinecone_api_key.get_secret_value(), timeout=WRITE_FACTOR * settings.store_timeout_s
            )
            self._http = AsyncHTTPClient(replace(self._config, retry_config=_retries()), DATA_PLANE_API_VERSION)

    return Index()


def _retries() -> "RetryConfig":
    """The client waits as long as a 429 asks it to, the guard around it bounds that, and all else is the guard's to repeat."""
    from pinecone import RetryConfig

    return RetryConfig(max_retries=2, backoff_factor=0.05, retryable_status_codes=frozenset({429}))
