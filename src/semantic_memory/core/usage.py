"""What chat models cost: tokens by tenant and day, and the budget they are held to."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from semantic_memory.core.answers import Usage
from semantic_memory.core.errors import BudgetExceededError, SemanticMemoryError

MILLION = 1_000_000


class UsageStore(Protocol):
    async def add(self, tenant: str, day: date, usage: Usage, *, limit: int = 0) -> bool:
        """Adds to the tenant's day, in one step; with a limit only while the day's tokens, these included, stay within it."""
        ...

    async def of(self, tenant: str, day: date) -> Usage:
        """Nothing used is all zeros."""
        ...


@dataclass(frozen=True, slots=True)
class Prices:
    """For a million tokens."""

    prompt: float = 0.0
    completion: float = 0.0

    def of(self, prompt_tokens: int, completion_tokens: int) -> Usage:
        cost = (prompt_tokens * self.prompt + completion_tokens * self.completion) / MILLION
        return Usage(prompt_tokens, completion_tokens, cost)


class Spending:
    """What one call of a chat model has used so far; charged when the call ends, however it ends."""

    def __init__(self, reserved: Usage) -> None:
        self.used = reserved


class Budget:
    """Holds each tenant to `limit` tokens a day (0: as many as they like), and keeps the account."""

    def __init__(self, store: UsageStore, *, limit: int, today: Callable[[], date] = lambda: datetime.now(UTC).date()) -> None:
        self._store = store
        self._limit = limit
        self._today = today

    @asynccontextmanager
    async def spend(self, tenant: str, most: Usage) -> AsyncGenerator[Spending]:
        """Sets aside what the call may use at most, and settles what it did use; a call that is broken off has used what was set aside.

        Raises: BudgetExceededError when that is more than the day has left.
        """
        day = self._today()
        if not await self._store.add(tenant, day, most, limit=self._limit):
            raise BudgetExceededError(f"the tenant's {self._limit} tokens of {day} are used up")
        spending = Spending(most)
        try:
            yield spending
        except SemanticMemoryError:
            await self._store.add(tenant, day, spending.used - most)
            raise
        await self._store.add(tenant, day, spending.used - most)

    async def used(self, tenant: str) -> Usage:
        """Today's."""
        return await self._store.of(tenant, self._today())
