"""What the errors of Pinecone's client mean."""

import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    SemanticMemoryError,
    StorageFullError,
)

FULL = re.compile(r"quota|reached|limit", re.IGNORECASE)
"""What a refusal says when it is about amounts and not about rights."""


@contextmanager
def translated_errors() -> Generator[None]:
    """Raises the `BackendError`, or ConfigurationError, that Pinecone's or its HTTP client's error means."""
    import httpx
    from pinecone.errors import PineconeError

    try:
        yield
    except (PineconeError, httpx.HTTPError, ValueError, KeyError) as error:  # the last two are rows that are none of ours
        raise _meaning(error) from error


def is_lost(error: BackendUnavailableError) -> bool:
    """Whether the index is gone, or is not where it was."""
    from pinecone.errors import NotFoundError, PineconeConnectionError

    return isinstance(error.__cause__, NotFoundError | PineconeConnectionError)


@asynccontextmanager
async def missing_is_fine() -> AsyncGenerator[None]:
    """Pinecone does not know a namespace before its first row."""
    from pinecone.errors import NotFoundError

    try:
        yield
    except NotFoundError:
        return


def _meaning(error: Exception) -> SemanticMemoryError:
    from pinecone import errors

    if isinstance(error, errors.ForbiddenError | errors.PaymentRequiredError) and FULL.search(f"{error.error_code} {error.message}"):
        return StorageFullError("Pinecone's quota is used up")
    meanings: list[tuple[type[Exception], SemanticMemoryError]] = [
        (errors.UnauthorizedError, ConfigurationError("Pinecone refuses the key: check PINECONE_API_KEY")),
        (errors.ForbiddenError, ConfigurationError("Pinecone does not allow this: check the rights of PINECONE_API_KEY")),
        (errors.PaymentRequiredError, ConfigurationError("Pinecone wants to be paid: check the account of PINECONE_API_KEY")),
        (errors.NotFoundError, BackendUnavailableError("Pinecone's index is gone")),
        (errors.RateLimitError, BackendUnavailableError("Pinecone takes no more requests for now")),
        (errors.ServiceError, BackendUnavailableError("Pinecone failed to answer")),
        (errors.PineconeTimeoutError, BackendTimeoutError("Pinecone did not answer in time")),
        (errors.PineconeConnectionError, BackendUnavailableError("Pinecone cannot be reached")),
        (errors.ApiError, BackendResponseError(f"Pinecone refused a request with {getattr(error, 'status_code', 0)}")),
    ]
    unusable = BackendResponseError("Pinecone answered with something unusable")
    return next((meaning for kind, meaning in meanings if isinstance(error, kind)), unusable)
