"""Local accounts."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from semantic_memory.core.errors import ConflictError, NotFoundError
from semantic_memory.core.model import User
from semantic_memory.store.catalogue.database import Database
from semantic_memory.store.catalogue.queries import one
from semantic_memory.store.catalogue.rows import USER, user_of, user_row
from semantic_memory.store.catalogue.tables import USERS


@dataclass(frozen=True, slots=True)
class Users:
    """`UserStore` over the database."""

    database: Database

    async def add(self, user: User) -> None:
        await self.database.write(lambda connection: _add(connection, user))

    async def by_name(self, username: str) -> User | None:
        return await self._one(USERS.c.username == username)

    async def by_id(self, user_id: UUID) -> User | None:
        return await self._one(USERS.c.id == user_id)

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        """Raises: NotFoundError."""
        await self.database.write(lambda connection: _set_password_hash(connection, user_id, password_hash))

    async def count(self) -> int:
        return await self.database.read(lambda connection: connection.execute(select(func.count()).select_from(USERS)).scalar_one())

    async def _one(self, condition: ColumnElement[bool]) -> User | None:
        return await self.database.read(lambda connection: one(connection, select(*USER).where(condition), user_of))


def _add(connection: Connection, user: User) -> None:
    if connection.execute(select(USERS.c.id).where(USERS.c.username == user.username)).one_or_none():
        raise ConflictError(f"the user name {user.username!r} is taken")
    connection.execute(insert(USERS), user_row(user))


def _set_password_hash(connection: Connection, user_id: UUID, password_hash: str) -> None:
    done = connection.execute(update(USERS).where(USERS.c.id == user_id).values(password_hash=password_hash))
    if done.rowcount == 0:
        raise NotFoundError(f"no user {user_id}")
