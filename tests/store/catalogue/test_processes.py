"""Several processes on one catalogue, and processes that die."""

import asyncio
import random
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from semantic_memory.core.filters import Filters
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue import processes
from tests.store.catalogue.making import access, job, version

CYCLES = 10
SEED = 20260301

PROCESSES = get_context("forkserver")
"""One server imports the product once; each process starts from there in milliseconds."""
PROCESSES.set_forkserver_preload(["tests.store.catalogue.processes"])


async def test_every_write_of_two_processes_to_one_document_counts(database_url: str) -> None:
    with PROCESSES.Pool(2) as pool:
        pool.starmap(processes.counts_up, [(database_url, 15)] * 2, chunksize=1)
    catalogue = build(Settings(database_url=database_url))

    found = await catalogue.documents.get(version("shared.md").document.id, access=access())
    assert found is not None
    assert found.version == 30
    assert await catalogue.check() == []
    await catalogue.close()


async def test_crash_01_a_killed_writer_loses_nothing_it_acknowledged(database_url: str) -> None:
    chance, acknowledged = random.Random(SEED), dict[str, int]()
    for _ in range(CYCLES):
        acknowledged |= kill_after(chance.randint(1, 8), chance.random() * 0.05, database_url)
        catalogue = build(Settings(database_url=database_url))
        stored = {found.path: found.version for found in await catalogue.documents.find(Filters(), access=access())}

        assert all(stored[path] in {number, number + 1} for path, number in acknowledged.items())
        assert await catalogue.check() == []
        await catalogue.close()


async def test_each_of_200_jobs_is_done_once_by_four_processes(database_url: str) -> None:
    catalogue = build(Settings(database_url=database_url))
    waiting = [(await catalogue.jobs.enqueue(job())).id for _ in range(200)]
    with PROCESSES.Pool(4) as pool:
        done = pool.starmap(processes.works, [(database_url, f"w{number}") for number in range(4)], chunksize=1)

    assert sorted(each for some in done for each in some) == sorted(waiting)
    assert await catalogue.jobs.pending(access=access()) == 0
    await catalogue.close()


async def test_crash_02_the_job_of_a_killed_worker_is_claimed_again(database_url: str) -> None:
    catalogue = build(Settings(database_url=database_url))
    waiting = await catalogue.jobs.enqueue(job())
    ours, theirs = PROCESSES.Pipe(duplex=False)
    victim = PROCESSES.Process(target=processes.claims_until_killed, args=(database_url, theirs))
    victim.start()
    assert await asyncio.to_thread(ours.recv) == waiting.id
    victim.kill()
    victim.join()

    assert await catalogue.jobs.claim("heir", kinds=("ingest",), lease_s=60, max_attempts=3) is None
    await asyncio.sleep(processes.LEASE_S)
    claimed = await catalogue.jobs.claim("heir", kinds=("ingest",), lease_s=60, max_attempts=3)
    assert claimed is not None
    assert (claimed.id, claimed.attempts) == (waiting.id, 2)
    await catalogue.close()


def test_two_processes_never_hold_one_lease_at_once(database_url: str, tmp_path: Path) -> None:
    with PROCESSES.Pool(3) as pool:
        asked = [(database_url, f"p{number}", tmp_path / "occupied", 40) for number in range(3)]
        collisions = pool.starmap(processes.takes_turns, asked, chunksize=1)

    assert collisions == [0, 0, 0]


def kill_after(writes: int, seconds: float, url: str) -> dict[str, int]:
    """Kills a writing process some time after so many acknowledgements; returns the newest version acknowledged per path."""
    ours, theirs = PROCESSES.Pipe(duplex=False)
    victim = PROCESSES.Process(target=processes.writes_until_killed, args=(url, theirs))
    victim.start()
    theirs.close()
    acknowledged = dict(ours.recv() for _ in range(writes))
    victim.join(seconds)
    victim.kill()
    victim.join()
    return acknowledged | remaining(ours)


def remaining(acknowledgements: Connection) -> dict[str, int]:
    """What was sent before the end, which may have come in the middle of a message."""
    newest = dict[str, int]()
    with suppress(EOFError, OSError):
        while True:
            path, number = acknowledgements.recv()
            newest[path] = number
    return newest
