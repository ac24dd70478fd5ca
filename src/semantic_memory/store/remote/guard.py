"""How a server is asked: within a time, again after a hiccup, and not at all while it is known to be down."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from semantic_memory.core.breaker import Breaker
from semantic_memory.core.errors import BackendError, BackendTimeoutError, BackendUnavailableError, SemanticMemoryError

T = TypeVar("T")

READ_ATTEMPTS, WRITE_ATTEMPTS = 2, 3
"""Every write can be repeated: rows are put by id."""
WRITE_FACTOR = 10
"""A write may take so many times as long as a read: it carries hundreds of rows."""


class Guard:
    """One server's time limits, retries and breaker. `errors` turns the driver's errors into `BackendError`s."""

    def __init__(self, name: str, errors: Callable[[], AbstractContextManager[None]], *, timeout_s: float) -> None:
        self._name = name
        self._errors = errors
        self._timeout_s = timeout_s
        self._breaker = Breaker()

    @property
    def has_failed(self) -> bool:
        """Whether the last call did."""
        return self._breaker.has_failed

    async def read(self, call: Callable[[], Awaitable[T]]) -> T:
        """All attempts together take no longer than the time limit. Raises: BackendError."""
        return await self._within(self._timeout_s, lambda: self._repeated(call, READ_ATTEMPTS))

    async def write(self, call: Callable[[], Awaitable[T]]) -> T:
        """Raises: BackendError."""
        return await self._within(WRITE_FACTOR * self._timeout_s, lambda: self._repeated(call, WRITE_ATTEMPTS))

    async def _within(self, timeout_s: float, call: Callable[[], Awaitable[T]]) -> T:
        if not self._breaker.admits():
            raise BackendUnavailableError(f"{self._name} does not answer; it is asked again shortly")
        try:
            async with asyncio.timeout(timeout_s):
                result = await call()
        except TimeoutError as error:
            self._breaker.failed()
            raise BackendTimeoutError(f"{self._name} did not answer within {timeout_s:g} s") from error
        except BackendError:
            self._breaker.failed()
            raise
        except SemanticMemoryError:  # it answered; the question was wrong
            self._breaker.succeeded()
            raise
        self._breaker.succeeded()
        return result

    async def _repeated(self, call: Callable[[], Awaitable[T]], attempts: int) -> T:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(BackendUnavailableError),
            stop=stop_after_attempt(attempts),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            reraise=True,
        )
        return await retrying(self._translated, call)

    async def _translated(self, call: Callable[[], Awaitable[T]]) -> T:
        with self._errors():
            return await call()
