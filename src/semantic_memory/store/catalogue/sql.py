"""The catalogue in a SQL database: SQLite by default, PostgreSQL by `DATABASE_URL`."""

from dataclasses import dataclass

from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue import checks, dialect
from semantic_memory.store.catalogue.address import catalogue_address, make_folder
from semantic_memory.store.catalogue.changes import Changes
from semantic_memory.store.catalogue.database import Database
from semantic_memory.store.catalogue.documents import Documents
from semantic_memory.store.catalogue.indexes import Indexes
from semantic_memory.store.catalogue.jobs import Jobs
from semantic_memory.store.catalogue.leases import Leases
from semantic_memory.store.catalogue.turns import Turns
from semantic_memory.store.catalogue.usage import UsageOfDays
from semantic_memory.store.catalogue.users import Users


@dataclass(frozen=True, slots=True)
class SqlCatalogue:
    """`Catalogue` over one database; several processes may open the same one."""

    database: Database
    documents: Documents
    changes: Changes
    jobs: Jobs
    users: Users
    turns: Turns
    usage: UsageOfDays
    leases: Leases
    indexes: Indexes

    async def check(self) -> list[str]:
        return await self.database.read(checks.findings)

    async def close(self) -> None:
        await self.database.close()


def build(settings: Settings, *, clock: dialect.Clock = dialect.now) -> SqlCatalogue:
    """Opens the database, creating or migrating it first; safe when several processes start at once.

    Raises: ConfigurationError when the database is newer than this version of the product; BackendError.
    """
    address = catalogue_address(settings)
    make_folder(address)
    database = Database(address)
    database.migrate()
    return SqlCatalogue(
        database,
        Documents(database),
        Changes(database),
        Jobs(database, clock),
        Users(database),
        Turns(database, clock),
        UsageOfDays(database),
        Leases(database, clock),
        Indexes(database),
    )
