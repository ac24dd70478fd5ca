"""What psycopg raises, in the product's words."""

import re
from collections.abc import Generator
from contextlib import contextmanager

from psycopg import Error, InterfaceError, OperationalError
from psycopg.errors import ConnectionTimeout

from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    CorruptDataError,
    SemanticMemoryError,
    StorageFullError,
)

SQLSTATES: dict[str, type[SemanticMemoryError]] = {
    "08": BackendUnavailableError,
    "25006": BackendUnavailableError,  # read only: a standby, which may be promoted soon
    "28": ConfigurationError,
    "3D000": ConfigurationError,
    "40": BackendUnavailableError,  # deadlock or serialisation: the same transaction may pass the next time
    "42501": ConfigurationError,
    "53": BackendUnavailableError,
    "53100": StorageFullError,
    "55P03": BackendTimeoutError,
    "57": BackendUnavailableError,
    "57014": BackendTimeoutError,
    "XX001": CorruptDataError,
    "XX002": CorruptDataError,
}
"""By SQLSTATE or its class, PostgreSQL manual, appendix A."""

REFUSED = re.compile(r"authentication failed|no password supplied|no pg_hba.conf entry|(role|database) \"[^\"]*\" does not exist")
"""While a connection is being made libpq gives no SQLSTATE, only the server's words."""


@contextmanager
def driver_errors() -> Generator[None]:
    """Raises the core error for whatever psycopg raises inside; messages hold no secret and no document's text."""
    try:
        yield
    except Error as error:
        raise core_error(error) from error
    except UnicodeEncodeError as error:
        raise BackendResponseError(f"PostgreSQL cannot hold a text: {error.reason}") from error


def core_error(error: Error) -> SemanticMemoryError:
    state = error.sqlstate
    if state:
        kind = SQLSTATES.get(state) or SQLSTATES.get(state[:2]) or BackendResponseError
        told = type(error).__name__ if kind is BackendResponseError else error.diag.message_primary
        return kind(f"PostgreSQL: {told} ({state})")
    if isinstance(error, ConnectionTimeout):
        return BackendTimeoutError("PostgreSQL did not accept a connection in time")
    refused = REFUSED.search(str(error))
    if refused:
        return ConfigurationError(f"PostgreSQL refuses the connection ({refused[0]}): check user, password and database of its URL")
    if isinstance(error, OperationalError | InterfaceError):
        return BackendUnavailableError("PostgreSQL cannot be reached, or ended the connection")
    return BackendResponseError(f"PostgreSQL: {type(error).__name__}")
