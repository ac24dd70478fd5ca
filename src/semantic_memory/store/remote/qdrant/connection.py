"""A Qdrant server, or the client's own files where none is configured."""

import asyncio
import math
import re
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from semantic_memory.core.errors import ConfigurationError, MissingExtraError
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.guard import WRITE_FACTOR

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient

T = TypeVar("T")

OLDEST_SERVER = (1, 19)
"""Vectors of another length can be added since 1.18; words counted within a tenant since 1.19 (`params.idf.corpus`, qdrant/qdrant#9661)."""


class Connection(Protocol):
    is_local: ClassVar[bool]

    async def ask(self, question: "Callable[[AsyncQdrantClient], Coroutine[Any, Any, T]]") -> T:
        """What the question gets from the client, which is made for the first one."""
        ...

    async def close(self) -> None: ...


def connection(settings: Settings, lane: str) -> Connection:
    """Nothing is opened yet; in local mode each lane has a folder of its own."""
    if find_spec("qdrant_client") is None:
        raise MissingExtraError("the adapter 'qdrant' needs 'qdrant_client': pip install 'semantic-memory[qdrant]'")
    if settings.qdrant_url:
        return Server(settings.qdrant_url, settings.qdrant_api_key.get_secret_value(), timeout_s=settings.store_timeout_s)
    return LocalFiles(settings.data_dir / "qdrant" / lane)


class Server:
    is_local: ClassVar[bool] = False

    def __init__(self, url: str, api_key: str, *, timeout_s: float) -> None:
        self._url = url
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._client: AsyncQdrantClient | None = None
        self._opening = asyncio.Lock()

    async def ask(self, question: "Callable[[AsyncQdrantClient], Coroutine[Any, Any, T]]") -> T:
        return await question(self._client or await self._opened())

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _opened(self) -> "AsyncQdrantClient":
        async with self._opening:
            if self._client is None:
                client = await asyncio.to_thread(self._open)
                try:
                    refuse_old_server((await client.info()).version)
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    def _open(self) -> "AsyncQdrantClient":
        """Importing the library and reading certificates take a second: not on the event loop."""
        from qdrant_client import AsyncQdrantClient

        try:
            return AsyncQdrantClient(
                url=self._url,
                api_key=self._api_key or None,
                timeout=math.ceil(WRITE_FACTOR * self._timeout_s),  # the guard's limits are shorter
                check_compatibility=False,  # by another request and thread; `refuse_old_server` looks at what matters
                cloud_inference=True,  # never load a model here; we send numbers only
            )
        except ValueError as error:
            raise ConfigurationError(f"QDRANT_URL is no address: {self._url!r}; it looks like http://qdrant:6333") from error


def refuse_old_server(version: str) -> None:
    """Raises: ConfigurationError for a server that would ignore a part of our requests."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if found and (int(found[1]), int(found[2])) < OLDEST_SERVER:
        raise ConfigurationError(f"Qdrant {version} is too old; this needs {'.'.join(map(str, OLDEST_SERVER))} or newer")


class LocalFiles:
    """The client's local mode: one process at a time, and every search compares all rows. For trials and tests, to 20,000 rows.

    Its methods block, so they run in a thread of their own.
    """

    is_local: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, "qdrant")
        self._client: AsyncQdrantClient | None = None

    async def ask(self, question: "Callable[[AsyncQdrantClient], Coroutine[Any, Any, T]]") -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await asyncio.get_running_loop().run_in_executor(self._thread, asyncio.run, client.close())
        self._thread.shutdown(wait=False)

    def _answer(self, question: "Callable[[AsyncQdrantClient], Coroutine[Any, Any, T]]") -> T:
        self._client = self._client or self._open()
        return asyncio.run(question(self._client))

    def _open(self) -> "AsyncQdrantClient":
        from qdrant_client import AsyncQdrantClient

        try:
            return AsyncQdrantClient(path=str(self._folder))
        except RuntimeError as error:
            raise ConfigurationError(
                f"another process uses {str(self._folder)!r}; for several processes run a Qdrant server and set QDRANT_URL"
            ) from error
