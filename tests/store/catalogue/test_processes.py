"""Several processes on one catalogue, and processes that die."""

import random
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from semantic_memory.core.filters import Filters
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue import processes
from tests.store.catalogue.making import access, version

CYCLES = 10
SEED = 20260301

PROCESSES = get_context("forkserver")
"""One server imports the product once; each process starts from there in milliseconds."""
PROCESSES.set_forkserver_preload(["tests.store.catalogue.processes"])


async def test_every_write_of_two_processes_to_one_document_counts(catalogue_folder: Path) -> None:
    with PROCESSES.Pool(2) as pool:
        pool.starmap(processes.counts_up, [(catalogue_folder, 15)] * 2, chunksize=1)
    catalogue = build(Settings(data_dir=catalogue_folder))

    found = await catalogue.documents.get(version("shared.md").document.id, access=access())
    assert found is not None
    assert found.version == 30
    assert await catalogue.check() == []
    await catalogue.close()


async def test_crash_01_a_killed_writer_loses_nothing_it_acknowledged(catalogue_folder: Path) -> None:
    chance, acknowledged = random.Random(SEED), dict[str, int]()
    for _ in range(CYCLES):
        acknowledged |= kill_after(chance.randint(1, 8), chance.random() * 0.05, catalogue_folder)
        catalogue = build(Settings(data_dir=catalogue_folder))
        stored = {found.path: found.version for found in await catalogue.documents.find(Filters(), access=access())}

        assert all(stored[path] in {number, number + 1} for path, number in acknowledged.items())
        assert await catalogue.check() == []
        await catalogue.close()


def kill_after(writes: int, seconds: float, folder: Path) -> dict[str, int]:
    """Kills a writing process some time after so many acknowledgements; returns the newest version acknowledged per path."""
    ours, theirs = PROCESSES.Pipe(duplex=False)
    victim = PROCESSES.Process(target=processes.writes_until_killed, args=(folder, theirs))
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
