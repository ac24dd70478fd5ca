"""Where the catalogue is: `DATABASE_URL` checked and completed."""

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from semantic_memory.core.errors import ConfigurationError, MissingExtraError
from semantic_memory.core.settings import Settings

SQLITE, POSTGRESQL = "sqlite", "postgresql+psycopg"
DRIVERS = {"sqlite": SQLITE, "postgres": POSTGRESQL, "postgresql": POSTGRESQL, POSTGRESQL: POSTGRESQL}
"""The driver of each form of URL; hosts of PostgreSQL hand out the plain ones."""


def catalogue_address(settings: Settings) -> URL:
    """`DATABASE_URL` with its driver, or SQLite in `DATA_DIR`.

    Raises: ConfigurationError, which does not show the URL: it may hold a password.
    """
    given = settings.database_url or f"sqlite:///{settings.data_dir / 'catalogue.db'}"
    try:
        address = make_url(given)
    except (ArgumentError, ValueError):
        raise ConfigurationError("DATABASE_URL is no URL; percent-encode special characters of the password") from None
    driver = DRIVERS.get(address.drivername)
    if driver is None:
        raise ConfigurationError(f"DATABASE_URL starts with {address.drivername!r}; known: {', '.join(DRIVERS)}")
    if driver == POSTGRESQL and find_spec("psycopg") is None:
        raise MissingExtraError("DATABASE_URL names PostgreSQL, which needs psycopg: pip install 'semantic-memory[postgres]'")
    return address.set(drivername=driver)


def is_sqlite(address: URL) -> bool:
    return address.drivername == SQLITE


def make_folder(address: URL) -> None:
    """Creates the folder of a SQLite file, readable by its owner only. Raises: ConfigurationError."""
    if not is_sqlite(address) or not address.database:
        return
    folder = Path(address.database).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot create the folder {str(folder)!r}: {error.strerror}") from error
