"""The client's errors in the product's words."""

import asyncio
import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus

from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    SemanticMemoryError,
    StorageFullError,
)

REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
FULL = b"No space left on device"
"""What the server says, as an internal error, when its disk is full: qdrant/qdrant#4108."""


@contextmanager
def translated() -> Generator[None]:
    """Raises: SemanticMemoryError for any error of the client's."""
    try:
        yield
    except (SemanticMemoryError, asyncio.CancelledError):
        raise
    except driver_errors() as error:
        raise translation(error) from error


def driver_errors() -> tuple[type[Exception], ...]:
    """What the client raises; in local mode these are Python's and SQLite's own errors."""
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http.exceptions import ApiException

    return ApiException, QdrantException, ValueError, LookupError, sqlite3.Error, OSError


def is_refusal(error: Exception) -> bool:
    """Whether the request did not fit what is there: perhaps the collection, or a vector's name, is missing."""
    from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

    if isinstance(error, UnexpectedResponse):
        return error.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
    return isinstance(error, ValueError) and not isinstance(error, ApiException)


def translation(error: Exception) -> SemanticMemoryError:
    """Messages hold nothing of the server's answer, which may quote rows."""
    from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    match error:
        case UnexpectedResponse():
            return _answered(error.status_code or 0, error.content)
        case ResponseHandlingException():
            return _unanswered(error.source)
        case ResourceExhaustedResponse():
            return BackendUnavailableError("Qdrant asks for fewer requests")
        case OSError(errno=errno.ENOSPC) | sqlite3.OperationalError(sqlite_errorcode=sqlite3.SQLITE_FULL):
            return StorageFullError("no space left for Qdrant's files")
        case _:
            return BackendResponseError(f"Qdrant's client failed: {type(error).__name__}")


def _answered(status: int, content: bytes) -> SemanticMemoryError:
    if status in REFUSED:
        return ConfigurationError("Qdrant refuses the key; set QDRANT_API_KEY to one that may read, write and create collections")
    if status == HTTPStatus.INSUFFICIENT_STORAGE or FULL in content:
        return StorageFullError("Qdrant has no space left")
    if status in BUSY:
        return BackendUnavailableError(f"Qdrant cannot answer now: HTTP {status}")
    return BackendResponseError(f"Qdrant refused a request: HTTP {status}")


def _unanswered(source: Exception) -> SemanticMemoryError:
    import httpx

    if isinstance(source, httpx.TimeoutException):
        return BackendTimeoutError("Qdrant did not answer in time")
    if isinstance(source, httpx.TransportError):
        return BackendUnavailableError(f"Qdrant cannot be reached: {type(source).__name__}")
    return BackendResponseError(f"Qdrant's answer makes no sense: {type(source).__name__}")
