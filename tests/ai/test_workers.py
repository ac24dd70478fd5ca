"""Threads shared by queries and batches."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from semantic_memory.ai.workers import Workers
from semantic_memory.core.errors import BackendUnavailableError


class Gate:
    """Keeps a worker busy until opened."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._open = threading.Event()

    def wait(self) -> None:
        self._entered.set()
        assert self._open.wait(5)

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._entered.wait, 5)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    one = Workers("test", 1)
    yield one
    await one.close()


@pytest.fixture
async def gate(workers: Workers) -> AsyncIterator[Gate]:
    """The only worker is busy until the gate opens."""
    made = Gate()
    busy = asyncio.create_task(workers.first(made.wait))
    await made.entered()
    yield made
    made.open()
    await asyncio.gather(busy, return_exceptions=True)


def noting(log: list[str]) -> Callable[[str], str]:
    def note(name: str) -> str:
        log.append(name)
        return name.upper()

    return note


async def started(*coroutines: object) -> list[asyncio.Task[object]]:
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]  # type: ignore[call-overload]
    await asyncio.sleep(0)
    return tasks


async def test_results_are_in_the_order_of_the_batches(workers: Workers) -> None:
    assert await workers.map(str.upper, ["a", "b", "c"]) == ["A", "B", "C"]


async def test_a_query_goes_before_the_batches_that_wait(workers: Workers, gate: Gate) -> None:
    log: list[str] = []
    note = noting(log)
    tasks = await started(workers.map(note, ["batch 1", "batch 2"]), workers.first(lambda: note("query")))

    gate.open()
    await asyncio.gather(*tasks)

    assert log == ["query", "batch 1", "batch 2"]


async def test_two_callers_take_turns(workers: Workers, gate: Gate) -> None:
    log: list[str] = []
    tasks = await started(workers.map(noting(log), ["a1", "a2", "a3"]), workers.map(noting(log), ["b1", "b2"]))

    gate.open()
    await asyncio.gather(*tasks)

    assert log == ["a1", "b1", "a2", "b2", "a3"]


async def test_a_caller_that_joins_late_neither_overtakes_nor_waits_for_all(workers: Workers) -> None:
    log: list[str] = []
    gate = Gate()
    early = asyncio.create_task(
        workers.map(lambda name: (log.append(name), gate.wait() if name == "a3" else None), [f"a{n}" for n in range(1, 6)])
    )
    await gate.entered()

    late = await started(workers.map(noting(log), ["b1", "b2"]))
    gate.open()
    await asyncio.gather(early, *late)

    assert log == ["a1", "a2", "a3", "b1", "a4", "b2", "a5"]


async def test_the_first_error_withdraws_the_batches_that_wait(workers: Workers) -> None:
    log: list[int] = []
    gate = Gate()

    def fail_at_two(number: int) -> None:
        log.append(number)
        if number == 2:
            raise ValueError("two")
        if number == 3:
            gate.wait()

    with pytest.raises(ValueError, match="two"):
        await workers.map(fail_at_two, range(100))
    gate.open()
    await workers.first(lambda: None)

    assert log in ([0, 1, 2], [0, 1, 2, 3])


async def test_cancelling_the_caller_withdraws_its_batches(workers: Workers, gate: Gate) -> None:
    log: list[str] = []
    (task,) = await started(workers.map(noting(log), ["a", "b"]))

    task.cancel()
    await asyncio.wait([task])
    gate.open()
    await workers.first(lambda: None)

    assert task.cancelled()
    assert log == []


async def test_closing_refuses_what_waits_and_what_comes(workers: Workers, gate: Gate) -> None:
    (task,) = await started(workers.map(str.upper, ["a"]))
    closing = asyncio.create_task(workers.close())
    await asyncio.sleep(0)
    gate.open()
    await closing

    with pytest.raises(BackendUnavailableError):
        await task
    with pytest.raises(BackendUnavailableError):
        await workers.first(lambda: None)


async def test_no_thread_is_left_after_closing() -> None:
    workers = Workers("left-over", 3)
    await workers.map(str.upper, ["a"] * 9)

    await workers.close()

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("left-over")]
