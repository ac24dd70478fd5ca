"""A Chroma server, spoken to by its HTTP API.

Not by its own client: `AsyncHttpClient` (chromadb 1.5.9) waits for ever, keeps one connection pool per event loop for all clients, so that
one's token is sent for another, and takes 2.5 CPU seconds and 50 MB to import.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson

from semantic_memory.core.errors import (
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    SemanticMemoryError,
    StorageFullError,
)
from semantic_memory.store.vectors.chroma.calls import Call, ExistsError, MissingError

if TYPE_CHECKING:
    import httpx

BASE = "/api/v2/tenants/default_tenant/databases"
"""Chroma's own tenant is no boundary (any collection id works in any tenant, 1.5.9), so it is not used as one."""
_COLLECTION = "/{database}/collections/{collection}"
PATHS: dict[Call, tuple[str, str]] = {
    "list_databases": ("GET", ""),
    "create_database": ("POST", ""),
    "delete_database": ("DELETE", "/{database}"),
    "list_collections": ("GET", "/{database}/collections"),
    "create_collection": ("POST", "/{database}/collections"),
    "get_collection": ("GET", _COLLECTION),
    "modify_collection": ("PUT", _COLLECTION),
    "delete_collection": ("DELETE", _COLLECTION),
    "count": ("GET", _COLLECTION + "/count"),
    "upsert": ("POST", _COLLECTION + "/upsert"),
    "delete": ("POST", _COLLECTION + "/delete"),
    "get": ("POST", _COLLECTION + "/get"),
    "query": ("POST", _COLLECTION + "/query"),
}
"""As the server's own /openapi.json says, 1.5.9."""
CONNECTIONS = 16
LONGEST_S = 300.0
"""No answer takes so long; the callers' own limits are shorter."""
ABSENT = "does not exist"
"""In the answer 400 about a database that is not there."""
FULL = "disk is full"
"""In SQLite's message, which Chroma passes on with a 500."""


class ChromaServer:
    def __init__(self, host: str, port: int, *, is_secure: bool, token: str) -> None:
        self._scheme, self._host, self._port = "https" if is_secure else "http", host, port
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    @contextmanager
    def errors(self) -> Generator[None]:
        import httpx

        try:
            yield
        except httpx.TimeoutException as error:
            raise BackendTimeoutError("Chroma did not answer in time") from error
        except httpx.TransportError as error:
            raise BackendUnavailableError("Chroma cannot be reached, or broke off its answer") from error
        except httpx.InvalidURL as error:
            raise ConfigurationError(f"CHROMA_HOST {self._host!r} is no host name") from error

    async def ask(self, call: Call, *, database: str = "", collection: str = "", **body: object) -> Any:
        method, path = PATHS[call]
        content = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY) if body else None
        client = await self._opened()
        response = await client.request(method, BASE + path.format(database=database, collection=collection), content=content)
        if not response.is_success:
            raise _refusal(response)
        return orjson.loads(response.content)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _opened(self) -> "httpx.AsyncClient":
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._open)
        return self._client

    def _open(self) -> "httpx.AsyncClient":
        """Reads certificates from disk."""
        import httpx

        return httpx.AsyncClient(
            base_url=httpx.URL(scheme=self._scheme, host=self._host, port=self._port),
            headers=self._headers,
            timeout=LONGEST_S,
            limits=httpx.Limits(max_connections=CONNECTIONS),
        )


def _refusal(response: "httpx.Response") -> SemanticMemoryError | MissingError | ExistsError:
    """Chroma's messages may quote what was sent, so only the kind of its error is told."""
    status, (kind, message) = response.status_code, _error(response)
    if (status == 404 and kind == "NotFoundError") or (status == 400 and message.endswith(ABSENT)):
        return MissingError()
    if status == 409:
        return ExistsError()
    if status in (401, 403):
        return ConfigurationError(f"Chroma, or the proxy before it, answered {status}: check CHROMA_TOKEN")
    return _backend_error(status, message)(f"Chroma answered {status} {kind}".rstrip())


def _backend_error(status: int, message: str) -> type[BackendError]:
    if status == 507 or FULL in message:
        return StorageFullError
    return BackendUnavailableError if status in (429, 502, 503, 504) else BackendResponseError


def _error(response: "httpx.Response") -> tuple[str, str]:
    """Kind and message of the error Chroma names; empty when the answer is another's."""
    try:
        answer = orjson.loads(response.content)
        kind, message = str(answer["error"]), str(answer["message"])
    except (ValueError, LookupError, TypeError):
        return "", ""
    return (kind if kind.isidentifier() else ""), message
