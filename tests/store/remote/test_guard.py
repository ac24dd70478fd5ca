"""How a server is asked: in time, again after a hiccup, and not at all while it is known to be down."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest

from semantic_memory.core.breaker import FAILURES, PAUSE_S
from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    EmbedderMismatchError,
)
from semantic_memory.store.remote.guard import READ_ATTEMPTS, WRITE_ATTEMPTS, WRITE_FACTOR, Guard

WITHIN_S = 0.2


class DriverError(Exception):
    pass


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except DriverError as error:
        raise BackendUnavailableError("the server cannot be reached") from error


class Server:
    """Answers with the next of `answers`: an error is raised, None never comes, the last one stays."""

    def __init__(self, *answers: Exception | str | None) -> None:
        self.answers = list(answers)
        self.asked = self.unfinished = 0

    async def __call__(self) -> str:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await self._nothing()
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    async def _nothing(self) -> None:
        self.unfinished += 1
        try:
            await asyncio.sleep(60)
        finally:
            self.unfinished -= 1


@pytest.fixture
def guard() -> Guard:
    return Guard("Engine", translated, timeout_s=WITHIN_S)


async def failed(call: Callable[[], Awaitable[str]], error: type[Exception]) -> float:
    """Seconds until it failed."""
    started = time.monotonic()
    with pytest.raises(error):
        await call()
    return time.monotonic() - started


async def open_breaker(guard: Guard) -> None:
    for _ in range(FAILURES):
        await failed(lambda: guard.read(Server(BackendResponseError())), BackendResponseError)


async def test_an_answer_is_given_on(guard: Guard) -> None:
    assert await guard.read(Server("here")) == "here"
    assert await guard.write(Server("there")) == "there"


async def test_a_driver_error_arrives_as_ours(guard: Guard) -> None:
    with pytest.raises(BackendUnavailableError, match="cannot be reached") as error:
        await guard.read(Server(DriverError("secret")))

    assert isinstance(error.value.__cause__, DriverError)


async def test_a_read_is_repeated_after_a_hiccup(guard: Guard) -> None:
    server = Server(DriverError(), "here")

    assert await guard.read(server) == "here"
    assert server.asked == 2


async def test_a_write_is_repeated_twice(guard: Guard) -> None:
    server = Server(DriverError(), DriverError(), "here")

    assert await guard.write(server) == "here"
    assert server.asked == 3


async def test_attempts_are_bounded(guard: Guard) -> None:
    read, written = Server(DriverError()), Server(DriverError())
    await failed(lambda: guard.read(read), BackendUnavailableError)
    await failed(lambda: guard.write(written), BackendUnavailableError)

    assert (read.asked, written.asked) == (READ_ATTEMPTS, WRITE_ATTEMPTS)


@pytest.mark.parametrize("error", [BackendResponseError(), BackendTimeoutError(), ConfigurationError(), EmbedderMismatchError()])
async def test_what_another_attempt_cannot_mend_is_not_repeated(guard: Guard, error: Exception) -> None:
    server = Server(error)
    await failed(lambda: guard.write(server), type(error))

    assert server.asked == 1


async def test_a_read_takes_no_longer_than_its_time_limit(guard: Guard) -> None:
    assert await failed(lambda: guard.read(Server(None)), BackendTimeoutError) < WITHIN_S + 0.2


async def test_a_read_with_its_repetition_takes_no_longer_than_its_time_limit(guard: Guard) -> None:
    assert await failed(lambda: guard.read(Server(DriverError(), None)), BackendTimeoutError) < WITHIN_S + 0.2


async def test_a_write_may_take_ten_times_as_long() -> None:
    guard = Guard("Engine", translated, timeout_s=0.05)
    took_s = await failed(lambda: guard.write(Server(None)), BackendTimeoutError)

    assert 0.05 * WRITE_FACTOR <= took_s < 0.05 * WRITE_FACTOR + 0.2


async def test_a_server_that_is_down_costs_nothing_once_that_is_known(guard: Guard) -> None:
    await open_breaker(guard)
    server = Server("here")

    assert await failed(lambda: guard.read(server), BackendUnavailableError) < 0.01
    assert server.asked == 0


async def test_time_outs_and_refused_writes_count_as_failures() -> None:
    guard = Guard("Engine", translated, timeout_s=0.01)
    for _ in range(FAILURES - 1):
        await failed(lambda: guard.read(Server(None)), BackendTimeoutError)
    await failed(lambda: guard.write(Server(BackendResponseError())), BackendResponseError)
    server = Server("here")
    await failed(lambda: guard.read(server), BackendUnavailableError)

    assert server.asked == 0


async def test_a_mistake_of_the_caller_is_no_failure_of_the_server(guard: Guard) -> None:
    for _ in range(2 * FAILURES):
        await failed(lambda: guard.read(Server(EmbedderMismatchError())), EmbedderMismatchError)

    assert await guard.read(Server("here")) == "here"


async def test_a_server_that_came_back_is_used_again(guard: Guard) -> None:
    await open_breaker(guard)
    await asyncio.sleep(PAUSE_S)

    assert await guard.read(Server("here")) == "here"
    assert await guard.read(Server("here")) == "here"


async def test_one_of_many_waiting_calls_is_the_trial(guard: Guard) -> None:
    await open_breaker(guard)
    await asyncio.sleep(PAUSE_S)
    server = Server(None)
    results = await asyncio.gather(*(guard.read(server) for _ in range(20)), return_exceptions=True)

    assert server.asked == 1
    assert [type(result) for result in results].count(BackendTimeoutError) == 1


async def test_a_cancelled_call_leaves_nothing_running_and_is_no_failure(guard: Guard) -> None:
    server = Server(None)
    for _ in range(FAILURES):
        waiting = asyncio.create_task(guard.read(server))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert (server.asked, server.unfinished) == (FAILURES, 0)
    assert await guard.read(Server("here")) == "here"


async def test_a_call_that_ran_out_of_time_leaves_nothing_running(guard: Guard) -> None:
    server = Server(None)
    await failed(lambda: guard.read(server), BackendTimeoutError)

    assert server.unfinished == 0
