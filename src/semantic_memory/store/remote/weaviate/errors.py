"""What the client raises, as the product's errors: with the server's reason where that is short, and without any row's text."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import grpc  # type: ignore[import-untyped]
import httpx
from weaviate.exceptions import (
    UnexpectedStatusCodeError,
    WeaviateBaseError,
    WeaviateConnectionError,
    WeaviateStartUpError,
    WeaviateTimeoutError,
)

from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    SemanticMemoryError,
    StorageFullError,
)

REFUSED = frozenset({401, 403})
NOT_NOW = frozenset({429, 502, 503, 504})
"""Too many requests, and a proxy whose server is away."""
FULL = ("read-only", "no space left", "memory pressure")
"""What a server says that takes no more rows: it turns shards read-only when its disk is 90 % full."""
UNAUTHENTICATED = frozenset({grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED})
UNAUTHENTICATED_REASON = "extract auth:"
"""How a refused key looks over gRPC: it has no status code of its own there."""
LONGEST_REASON = 200


@contextmanager
def translated() -> Generator[None]:
    """Raises: BackendError or ConfigurationError for whatever the client, gRPC or HTTP raise inside."""
    try:
        yield
    except (WeaviateBaseError, httpx.HTTPError, grpc.RpcError, OSError) as error:
        raise translation(error) from error


@contextmanager
def understood() -> Generator[None]:
    """`translated`, and what the client stumbles over when an answer is not of the shape that it expects.

    Raises: BackendError, ConfigurationError.
    """
    try:
        with translated():
            yield
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise BackendResponseError("what answers is no Weaviate that its client understands; see WEAVIATE_URL") from error


def translation(error: BaseException) -> SemanticMemoryError:
    """The first of the error and its causes that says what went wrong; the client often hides it behind one of its own."""
    known = (_of_one(cause) for cause in _causes(error))
    return next((found for found in known if found is not None), BackendResponseError("Weaviate answered with an error"))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Innermost first."""
    inner = error.__cause__ or error.__context__
    if inner is not None:
        yield from _causes(inner)
    yield error


def _of_one(error: BaseException) -> SemanticMemoryError | None:
    if isinstance(error, grpc.aio.AioRpcError):
        return _of_grpc(error.code(), error.details() or "")
    if isinstance(error, UnexpectedStatusCodeError):
        return _of_status(error.status_code, str(error.error or ""))
    if isinstance(error, WeaviateStartUpError):
        return ConfigurationError("this Weaviate is too old for vectors of several lengths in one class")
    return _of_network(error) or (full(str(error)) if isinstance(error, WeaviateBaseError) else None)


def _of_network(error: BaseException) -> SemanticMemoryError | None:
    if isinstance(error, httpx.TimeoutException | WeaviateTimeoutError | TimeoutError):
        return BackendTimeoutError("Weaviate did not answer in time")
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return BackendResponseError("what answers is no Weaviate; see WEAVIATE_URL")
    if isinstance(error, httpx.TransportError | WeaviateConnectionError | OSError):
        return BackendUnavailableError("Weaviate cannot be reached; see WEAVIATE_URL")
    return None


def _of_grpc(code: grpc.StatusCode, details: str) -> SemanticMemoryError:
    if code is grpc.StatusCode.UNAVAILABLE:
        return BackendUnavailableError("Weaviate's gRPC port cannot be reached; see WEAVIATE_GRPC_PORT")
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return BackendTimeoutError("Weaviate did not answer in time")
    if code in UNAUTHENTICATED or details.startswith(UNAUTHENTICATED_REASON):
        return _of_status(401, details)
    return full(details) or BackendResponseError(f"Weaviate answered {code.name}: {details[:LONGEST_REASON]}")


def _of_status(status: int, reason: str) -> SemanticMemoryError:
    if status in REFUSED:
        return ConfigurationError("Weaviate refuses the key; set WEAVIATE_API_KEY to one that may read and write")
    if status in NOT_NOW:
        return BackendUnavailableError(f"Weaviate answered {status}")
    return BackendResponseError(f"Weaviate answered {status}: {reason[:LONGEST_REASON]}")


def full(text: str) -> StorageFullError | None:
    """When that is what a server's reason says."""
    return StorageFullError("Weaviate takes no more rows: its disk or memory is full") if any(sign in text for sign in FULL) else None
