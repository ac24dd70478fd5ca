"""Password hashes: argon2id, in a few threads of their own, so that logins cannot starve the rest."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from semantic_memory.core.errors import OverloadedError

T = TypeVar("T")

MAX_PASSWORD_CHARACTERS = 1024
"""Longer input is refused before any hashing."""

MEMORY_KIB = 19 * 1024
ITERATIONS = 2
LANES = 1
"""The floor of OWASP's password storage cheat sheet for argon2id."""

THREADS = 2
MAX_WAITING = 32
"""About two seconds of hashing; who comes later is sent away instead of piling up."""


class Passwords:
    """Hashes and checks passwords; at most `threads` at a time and `max_waiting` in all."""

    def __init__(self, *, threads: int = THREADS, max_waiting: int = MAX_WAITING) -> None:
        self._hasher = PasswordHasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._max_waiting = max_waiting
        self._waiting = 0
        self._decoy = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """Raises: OverloadedError when too many wait already."""
        return await self._in_pool(partial(self._hasher.hash, _normal(password)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether they belong together. Without a hash (no such user) it is False after the same work.

        Raises: OverloadedError when too many wait already.
        """
        matches = await self._in_pool(partial(self._matches, password_hash or self._decoy, _normal(password)))
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password_hash: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_pool(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._max_waiting:
            raise OverloadedError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


def _normal(password: str) -> bytes:
    """The same password typed on two keyboards has one form; a lone surrogate stays distinct instead of failing."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
