"""The connection to a Weaviate server: made when first needed, shared by all calls, and made anew once it broke.

The client would try a lost server again for half a minute, and a gRPC channel may wait two minutes before it connects again; a
connection found broken is therefore put aside, and closed when its last call is done.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import weaviate
from weaviate import WeaviateAsyncClient
from weaviate.classes.init import AdditionalConfig, Auth, Timeout
from weaviate.exceptions import WeaviateTimeoutError

from semantic_memory.core.errors import BackendUnavailableError, ConfigurationError
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.guard import WRITE_FACTOR
from semantic_memory.store.remote.weaviate.errors import understood

T = TypeVar("T")

PATIENCE_S = 0.25
"""After so long without an answer the server is asked whether it is there at all."""
CUT_OFF_S = 1.0
"""A call given up after so long was probably waiting between the client's own attempts, the first of which are a second apart."""
CLIENT_LOG = "weaviate-client"
"""The client logs rows that were refused, with their text."""


@dataclass(eq=False, slots=True)
class Connection:
    client: WeaviateAsyncClient
    calls: int = 0


class Link:
    """Raises, from every method: BackendError, ConfigurationError."""

    def __init__(self, settings: Settings) -> None:
        address = urlsplit(settings.weaviate_url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ConfigurationError("WEAVIATE_URL names no server; set it to an address such as 'http://weaviate:8080'")
        self._host, self._is_secure = address.hostname, address.scheme == "https"
        self._port = address.port or (443 if self._is_secure else 80)
        self._grpc_port = settings.weaviate_grpc_port
        self._key = settings.weaviate_api_key.get_secret_value()
        self._longest_s = WRITE_FACTOR * settings.store_timeout_s
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()

    async def call(self, ask: Callable[[WeaviateAsyncClient], Awaitable[T]]) -> T:
        """What the server answers; fails at once when it is gone."""
        connection = await self._connected()
        connection.calls += 1
        started = time.monotonic()
        try:
            with understood():
                return await _answer(ask(connection.client), connection.client)
        except (BackendUnavailableError, asyncio.CancelledError) as error:
            if isinstance(error, BackendUnavailableError) or time.monotonic() - started >= CUT_OFF_S:
                self._put_aside(connection)
            raise
        finally:
            connection.calls -= 1
            await self._close_if_unused(connection)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._close_if_unused(connection)

    async def _connected(self) -> Connection:
        async with self._opening:
            if self._connection is None:
                with understood():
                    self._connection = Connection(await self._open())
            return self._connection

    def _put_aside(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None

    async def _close_if_unused(self, connection: Connection) -> None:
        if connection is not self._connection and not connection.calls:
            await connection.client.close()

    async def _open(self) -> WeaviateAsyncClient:
        client = self._client()
        try:
            await client.connect()
            await self._knock()
        except BaseException:
            await client.close()
            raise
        return client

    def _client(self) -> WeaviateAsyncClient:
        """Checks at start are off: one of them asks a package registry for newer clients. Time limits are the guard's."""
        logging.getLogger(CLIENT_LOG).setLevel(logging.CRITICAL)
        timeout = Timeout(init=self._longest_s, query=self._longest_s, insert=self._longest_s)
        return weaviate.use_async_with_custom(
            http_host=self._host,
            http_port=self._port,
            http_secure=self._is_secure,
            grpc_host=self._host,
            grpc_port=self._grpc_port,
            grpc_secure=self._is_secure,
            auth_credentials=Auth.api_key(self._key) if self._key else None,
            additional_config=AdditionalConfig(timeout=timeout),
            skip_init_checks=True,
        )

    async def _knock(self) -> None:
        """Whether anybody listens on the gRPC port: the client would only find out by waiting."""
        try:
            _, writer = await asyncio.open_connection(self._host, self._grpc_port)
        except OSError as error:
            raise BackendUnavailableError("Weaviate's gRPC port cannot be reached; see WEAVIATE_GRPC_PORT") from error
        writer.close()


async def _answer(asking: Awaitable[T], client: WeaviateAsyncClient) -> T:
    asked = asyncio.ensure_future(asking)
    outage = asyncio.create_task(_outage(client))
    for task in (asked, outage):
        task.add_done_callback(_see)
    try:
        await asyncio.wait([asked, outage], return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            outage.result()
        return await asked
    finally:
        asked.cancel()
        outage.cancel()


async def _outage(client: WeaviateAsyncClient) -> None:
    """Raises when the server is gone; one that is merely slow is waited for."""
    await asyncio.sleep(PATIENCE_S)
    with suppress(WeaviateTimeoutError, httpx.TimeoutException):
        await client.get_meta()  # pyright: ignore[reportUnknownMemberType] - gives a bare dict


def _see(task: asyncio.Future[Any]) -> None:
    """Takes note of an error that nobody waits for any more; asyncio would log it."""
    if not task.cancelled():
        task.exception()
