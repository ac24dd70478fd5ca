"""The client's errors in the product's words."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    SemanticMemoryError,
    StorageFullError,
)
from semantic_memory.store.remote.milvus.library import library

# Codes of Milvus, from pkg/util/merr/errors.go of milvus-io/milvus.
ABSENT = 100
"""There is no such collection."""
NOT_LOADED = (101, 103, 201, 202)
"""The collection, or a part of it, is not in memory."""
BUSY = (2, 4, 8, 12, 700)
"""Among them a collection without its index: another process is making it."""
FULL = (3, 7, 9, 102)
"""Limits of memory, disk, quota and the number of collections."""
REFUSED = (1400, 1401, 1800)


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
    import grpc  # type: ignore[import-untyped]

    return library().exceptions.MilvusException, grpc.RpcError


def is_absent(error: Exception) -> bool:
    """Whether a collection is missing."""
    return bool(code_of(error) == ABSENT)


def code_of(error: Any) -> Any:
    """Milvus's number, or gRPC's status when no answer came."""
    return error.code() if callable(error.code) else error.code


def translation(error: Exception) -> SemanticMemoryError:
    """Messages hold nothing of the server's answer, which may quote rows."""
    import grpc

    if isinstance(error, library().exceptions.ConnectionConfigException):
        return ConfigurationError("MILVUS_URI is no address of Milvus; it looks like http://milvus:19530")
    code = code_of(error)
    if isinstance(error.__cause__, grpc.RpcError):
        code = code_of(error.__cause__)  # what stopped the client from connecting
    if code in REFUSED or code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return ConfigurationError("Milvus refuses the credentials; set MILVUS_TOKEN to ones that may create, read and write collections")
    if code in FULL:
        return StorageFullError(f"Milvus takes no more: its limits are reached (code {code})")
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return BackendTimeoutError("Milvus did not answer in time")
    if code in BUSY or code == grpc.StatusCode.UNAVAILABLE or getattr(error, "retriable", False):
        return BackendUnavailableError("Milvus cannot be reached, or not now")
    return BackendResponseError(f"Milvus refused a request (code {getattr(code, 'name', code)})")
