"""What the database driver raises, in the product's words."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import exc

from semantic_memory.core.errors import (
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    ConflictError,
    CorruptDataError,
    InvalidInputError,
    SemanticMemoryError,
    StorageFullError,
)

SQLITE_ERRORS: dict[int, type[BackendError]] = {
    sqlite3.SQLITE_FULL: StorageFullError,
    sqlite3.SQLITE_BUSY: BackendTimeoutError,
    sqlite3.SQLITE_LOCKED: BackendTimeoutError,
    sqlite3.SQLITE_CORRUPT: CorruptDataError,
    sqlite3.SQLITE_NOTADB: CorruptDataError,
    sqlite3.SQLITE_IOERR: BackendUnavailableError,
    sqlite3.SQLITE_CANTOPEN: BackendUnavailableError,
    sqlite3.SQLITE_READONLY: BackendUnavailableError,
}
"""By primary result code, https://www.sqlite.org/rescode.html."""

SQLSTATE_ERRORS: dict[str, type[SemanticMemoryError]] = {
    "53100": StorageFullError,
    "40": ConflictError,
    "53": BackendUnavailableError,
    "54": InvalidInputError,
    "55P03": BackendTimeoutError,
    "57014": BackendTimeoutError,
    "57": BackendUnavailableError,
    "08": BackendUnavailableError,
    "XX001": CorruptDataError,
    "XX002": CorruptDataError,
}
"""By SQLSTATE or its class, PostgreSQL manual, appendix A."""


@contextmanager
def driver_errors() -> Generator[None]:
    """Raises the core error for whatever SQLAlchemy or the driver below it raises inside."""
    try:
        yield
    except exc.TimeoutError as error:
        raise BackendTimeoutError("no database connection became free in time") from error
    except exc.StatementError as error:
        raise core_error(error) from error
    except UnicodeEncodeError as error:
        raise InvalidInputError(f"text that is no valid Unicode: {error.reason}") from error


def core_error(error: exc.StatementError) -> SemanticMemoryError:
    """The product's error for one failed statement; the message leaves out the statement and its values."""
    reason = _reason(error)
    if not isinstance(error, exc.DBAPIError):
        return InvalidInputError(f"the database cannot hold a value: {reason}")
    if isinstance(error, exc.IntegrityError):
        return ConflictError(f"a row is there already or refers to a missing one: {reason}")
    if isinstance(error, exc.DataError):
        return InvalidInputError(f"the database refuses a value: {reason}")
    return _operational(error)(f"database: {reason}")


def _reason(error: exc.StatementError) -> str:
    """PostgreSQL's message without its details, which quote the row."""
    primary: str | None = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    return primary or str(error.orig).strip()


def _operational(error: exc.DBAPIError) -> type[SemanticMemoryError]:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE_ERRORS.get(code & 0xFF, BackendResponseError)
    state = getattr(error.orig, "sqlstate", None) or ""
    if not state and isinstance(error, exc.ProgrammingError):
        return ConfigurationError  # psycopg refuses an option of the URL before it connects
    unknown = BackendUnavailableError if error.connection_invalidated or not state else BackendResponseError
    return SQLSTATE_ERRORS.get(state) or SQLSTATE_ERRORS.get(state[:2]) or unknown
