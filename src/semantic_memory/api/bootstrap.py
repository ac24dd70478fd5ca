"""The first account."""

import secrets
from uuid import uuid4

from semantic_memory.api.passwords import Passwords
from semantic_memory.core.access import DEFAULT_TENANT, Role
from semantic_memory.core.errors import ConflictError
from semantic_memory.core.model import User
from semantic_memory.core.ports import UserStore

ADMIN = "admin"
PASSWORD_BYTES = 18
"""144 bits, 24 characters."""


async def ensure_admin(users: UserStore, passwords: Passwords) -> tuple[str, str] | None:
    """Makes `admin` when there is no account yet; returns its name and password, which is kept nowhere, or None."""
    if await users.count():
        return None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    try:
        await users.add(new_user(ADMIN, await passwords.hash(password), Role.ADMIN))
    except ConflictError:  # another process was first and has printed its own
        return None
    return ADMIN, password


def new_user(username: str, password_hash: str, role: Role, *, tenant: str = DEFAULT_TENANT) -> User:
    return User(id=uuid4(), tenant=tenant, username=username, password_hash=password_hash, role=role.label, disabled=False, token_version=0)
