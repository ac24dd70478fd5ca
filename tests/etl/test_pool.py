import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from semantic_memory.core.errors import (
    BackendUnavailableError,
    EmptyDocumentError,
    ExtractionError,
    ExtractionLimitError,
    ExtractionTimeoutError,
    ExtractorCrashedError,
    SemanticMemoryError,
    UnsupportedTypeError,
)
from semantic_memory.core.settings import Settings
from semantic_memory.etl.pool import WorkerPool, build
from semantic_memory.etl.protocol import Limits
from tests.etl.conftest import Write

HOSTILE = ("tests.etl.hostile:HostileFormat",)
WITH_SECOND_CHOICE = (*HOSTILE, "tests.etl.hostile:GentleFormat")
LIMITS = Limits(timeout_s=30, memory_mb=512, max_blocks=1000)
Do = Callable[[WorkerPool, str], Awaitable[list[str]]]
NewPool = Callable[..., WorkerPool]


@pytest.fixture
async def new_pool() -> AsyncIterator[NewPool]:
    pools: list[WorkerPool] = []

    def make(size: int = 1, *, formats: Sequence[str] = HOSTILE, **limits: float) -> WorkerPool:
        pools.append(WorkerPool(size, replace(LIMITS, **limits), formats))
        return pools[-1]

    yield make
    await asyncio.gather(*(pool.close() for pool in pools))


@pytest.fixture
def do(write: Write) -> Do:
    """Lets a worker of the pool carry out a command of `tests/etl/hostile.py`; the texts of its blocks."""

    async def run(pool: WorkerPool, command: str) -> list[str]:
        extraction = await pool.extract(write(f"{command}.command", command), name=f"{command}.command")
        return [block.text for block in extraction.blocks]

    return run


def is_alive(pid: str) -> bool:
    """Zombies count as alive."""
    return Path("/proc", pid).exists()


async def test_a_worker_reads_one_file_after_the_other(new_pool: NewPool, do: Do) -> None:
    pool = new_pool()

    assert await do(pool, "pid") == await do(pool, "pid")


async def test_a_worker_is_replaced_after_its_last_file(new_pool: NewPool, do: Do) -> None:
    pool = new_pool(files_per_worker=2)

    first, second, third = [(await do(pool, "pid"))[0] for _ in range(3)]

    assert first == second != third
    assert not is_alive(first)


async def test_more_files_than_workers_wait_their_turn(new_pool: NewPool, do: Do) -> None:
    pool = new_pool(2)

    pids = await asyncio.gather(*(do(pool, "pid") for _ in range(6)))

    assert len({pid for (pid,) in pids}) == 2


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("exit", ExtractorCrashedError),
        ("segfault", ExtractorCrashedError),
        ("cpu", ExtractionTimeoutError),
        ("allocate", ExtractionLimitError),
        ("recurse", ExtractionLimitError),
        ("many", ExtractionLimitError),
        ("raise", ExtractionError),
        ("fill the disk", ExtractionError),
    ],
)
async def test_whatever_a_file_does_is_a_typed_error_and_the_next_file_is_read(
    new_pool: NewPool, do: Do, command: str, error: type[SemanticMemoryError]
) -> None:
    pool = new_pool()

    with pytest.raises(error):
        await do(pool, command)

    assert len(await do(pool, "pid")) == 1


@pytest.mark.parametrize("command", ["segfault", "exit", "cpu", "allocate", "recurse", "raise"])
async def test_what_the_first_choice_cannot_read_the_second_does(new_pool: NewPool, write: Write, command: str) -> None:
    pool = new_pool(formats=WITH_SECOND_CHOICE)

    extraction = await pool.extract(write("a.command", command), name="a.command")

    assert extraction.blocks[0].text == f"the file says {command}"
    assert "later choice" in extraction.warnings[0]
    assert extraction.metadata["degraded"]


async def test_when_both_choices_fail_the_first_failure_is_told(new_pool: NewPool, do: Do) -> None:
    with pytest.raises(ExtractorCrashedError, match="exit code 4"):
        await do(new_pool(formats=WITH_SECOND_CHOICE), "exit both")


async def test_files_inside_a_file_are_written_where_the_caller_says(new_pool: NewPool, write: Write, tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()

    members = await new_pool().unpack(write("a.command", "pid"), name="a.command", into=into)

    assert [(member.path, Path(member.file).read_text()) for member in members] == [("inner/a.txt", "pid")]
    assert Path(members[0].file).parent == into


async def test_a_format_without_files_inside_says_so(pool: WorkerPool, write: Write, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedTypeError, match="holds no files"):
        await pool.unpack(write("a.txt", "text"), name="a.txt", into=tmp_path)


async def test_only_the_wanted_pages_are_drawn(new_pool: NewPool, write: Write) -> None:
    pages = await new_pool().page_images(write("a.command", "pid"), name="a.command", pages=range(2, 9))

    assert [page.page for page in pages] == [2, 3]


async def test_a_format_without_pages_has_no_pictures(pool: WorkerPool, write: Write) -> None:
    assert await pool.page_images(write("a.txt", "text"), name="a.txt", pages=range(1, 2)) == []


async def test_a_crash_does_not_touch_the_file_beside_it(new_pool: NewPool, do: Do) -> None:
    pool = new_pool(2)

    crashed, survivor = await asyncio.gather(do(pool, "segfault"), do(pool, "pid"), return_exceptions=True)

    assert isinstance(crashed, ExtractorCrashedError)
    assert "SIGSEGV" in crashed.message
    assert isinstance(survivor, list)


async def test_a_file_that_takes_too_long_is_killed(new_pool: NewPool, do: Do) -> None:
    pool = new_pool(timeout_s=1.5)
    pid = (await do(pool, "pid"))[0]

    with pytest.raises(ExtractionTimeoutError, match=r"1\.5 s"):
        await do(pool, "sleep")

    assert not is_alive(pid)


async def test_each_slow_page_starts_the_time_anew(new_pool: NewPool, do: Do) -> None:
    assert await do(new_pool(timeout_s=1), "pages") == ["six pages"]


async def test_pages_do_not_make_a_file_last_for_ever(new_pool: NewPool, do: Do) -> None:
    with pytest.raises(ExtractionTimeoutError):
        await do(new_pool(timeout_s=1, longest_s=1.1), "pages")


async def test_an_answer_that_is_too_long_is_a_limit_error(new_pool: NewPool, do: Do) -> None:
    with pytest.raises(ExtractionLimitError, match="at most 10000"):
        await do(new_pool(max_reply_bytes=10_000), "long")


async def test_a_worker_that_ran_out_of_memory_is_replaced(new_pool: NewPool, do: Do) -> None:
    pool = new_pool()
    pid = (await do(pool, "pid"))[0]

    with pytest.raises(ExtractionLimitError, match="MemoryError"):
        await do(pool, "allocate")

    assert not is_alive(pid)


async def test_prints_of_a_parser_do_not_disturb_the_protocol(new_pool: NewPool, do: Do) -> None:
    assert await do(new_pool(), "print") == ["printed"]


async def test_workers_inherit_no_variable(new_pool: NewPool, do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "a" * 32)

    assert set(await do(new_pool(), "environment")) <= {"PATH", "PYTHONPATH", "PYTHONUTF8", "LC_ALL", "OMP_NUM_THREADS", "OMP_THREAD_LIMIT"}


async def test_modules_in_the_working_directory_are_not_imported(
    new_pool: NewPool, do: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgpack.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)

    assert len(await do(new_pool(), "pid")) == 1


async def test_a_cancelled_caller_leaves_no_process_behind(new_pool: NewPool, do: Do) -> None:
    pool = new_pool()
    pid = (await do(pool, "pid"))[0]
    task = asyncio.ensure_future(do(pool, "sleep"))
    await asyncio.sleep(0.2)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not is_alive(pid)
    assert len(await do(pool, "pid")) == 1


async def test_close_kills_idle_and_busy_workers(new_pool: NewPool, do: Do) -> None:
    pool = new_pool(2)
    pids = [pid for (pid,) in await asyncio.gather(do(pool, "pid"), do(pool, "pid"))]
    task = asyncio.ensure_future(do(pool, "sleep"))
    await asyncio.sleep(0.2)

    await pool.close()

    with pytest.raises(BackendUnavailableError):
        await task
    assert not any(map(is_alive, pids))


async def test_a_closed_pool_reads_nothing(new_pool: NewPool, do: Do) -> None:
    pool = new_pool()
    await pool.close()

    with pytest.raises(BackendUnavailableError):
        await do(pool, "pid")


async def test_a_worker_that_cannot_start_is_no_fault_of_the_file(write: Write) -> None:
    pool = WorkerPool(1, LIMITS, ["tests.etl.no_such_format:Format"])

    with pytest.raises(BackendUnavailableError, match="no_such_format"):
        await pool.extract(write("a.txt", "text"), name="a.txt")


def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "pid.command").write_text("pid")
    script = f"""
import asyncio, os, signal
from pathlib import Path
from semantic_memory.etl.pool import WorkerPool
from semantic_memory.etl.protocol import Limits

async def main():
    file = Path({str(tmp_path / "pid.command")!r})
    extraction = await WorkerPool(1, Limits(), ["tests.etl.hostile:HostileFormat"]).extract(file, name="pid.command")
    print(extraction.blocks[0].text, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert parent.stdout.strip().isdecimal(), parent.stderr
    assert not _is_running_after(parent.stdout.strip(), seconds=5)


def _is_running_after(pid: str, *, seconds: float) -> bool:
    """Whether it still runs; a dead process that nobody reaped does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = Path("/proc", pid, "status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return False
        time.sleep(0.05)
    return True


async def test_the_settings_make_a_pool_with_their_limits(settings: Settings, write: Write) -> None:
    extractor = build(settings.model_copy(update={"extract_timeout_s": 1.0}), formats=HOSTILE)

    with pytest.raises(ExtractionTimeoutError, match="1 s"):
        await extractor.extract(write("a.command", "sleep"), name="a.command")

    await extractor.close()


async def test_errors_keep_their_class_and_message(pool: WorkerPool, write: Write) -> None:
    with pytest.raises(EmptyDocumentError, match="0 bytes"):
        await pool.extract(write("a.txt", ""), name="a.txt")
