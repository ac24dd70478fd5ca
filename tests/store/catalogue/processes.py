"""What other processes do to a catalogue in tests."""

import asyncio
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from signal import SIGKILL
from uuid import UUID

from sqlalchemy import Engine, event

from semantic_memory.core.errors import ConflictError
from semantic_memory.core.ports import Catalogue
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue.making import access, version

LEASE_S = 2


def opens(url: str) -> bool:
    """Opens and closes the catalogue, creating it if need be."""
    asyncio.run(_open(url).close())
    return True


def migrates_until(url: str, statement: str) -> None:
    """Is killed in the middle of the migration, right after the first statement that starts so."""

    def die(_connection: object, _cursor: object, done: str, *_: object) -> None:
        if done.strip().startswith(statement):
            os.kill(os.getpid(), SIGKILL)

    event.listen(Engine, "after_cursor_execute", die)
    _open(url)


def writes_until_killed(url: str, acknowledgements: Connection) -> None:
    """Replaces a few documents over and over; sends path and version of each write once it is acknowledged."""
    asyncio.run(_write_forever(_open(url), acknowledgements))


def counts_up(url: str, times: int) -> int:
    """Makes `times` new versions of one document that others change too; returns how often it had to try again."""
    return asyncio.run(_count_up(_open(url), times))


def works(url: str, worker: str) -> list[UUID]:
    """Claims and finishes jobs until none waits; returns those it did."""
    return asyncio.run(_work(_open(url), worker))


def claims_until_killed(url: str, claims: Connection) -> None:
    """Claims one job, sends its id and never finishes it."""
    claimed = asyncio.run(_open(url).jobs.claim("dead", kinds=("ingest",), lease_s=LEASE_S, max_attempts=3))
    claims.send(claimed and claimed.id)
    time.sleep(60)


def takes_turns(url: str, holder: str, occupied: Path, times: int) -> int:
    """Enters a place for one, a file that must not exist, `times` times under one lease; returns how often it was occupied."""
    return asyncio.run(_take_turns(_open(url), holder, occupied, times))


def _open(url: str) -> Catalogue:
    return build(Settings(database_url=url))


async def _work(catalogue: Catalogue, worker: str) -> list[UUID]:
    done: list[UUID] = []
    while (claimed := await catalogue.jobs.claim(worker, kinds=("ingest",), lease_s=60, max_attempts=1)) is not None:
        done.append(claimed.id)
        await catalogue.jobs.finish(claimed.id, worker)
    await catalogue.close()
    return done


async def _take_turns(catalogue: Catalogue, holder: str, occupied: Path, times: int) -> int:
    collisions = 0
    for _ in range(times):
        while not await catalogue.leases.hold("place", holder, lease_s=60):
            await asyncio.sleep(0.001)
        collisions += _enter(occupied)
        await catalogue.leases.release("place", holder)
    await catalogue.close()
    return collisions


def _enter(occupied: Path) -> bool:
    """True when somebody was there."""
    try:
        occupied.touch(exist_ok=False)
    except FileExistsError:
        return True
    time.sleep(0.001)
    occupied.unlink(missing_ok=True)
    return False


async def _write_forever(catalogue: Catalogue, acknowledgements: Connection) -> None:
    turn = 0
    while True:
        path = f"{turn % 5}.md"
        number = await next_number(catalogue, path)
        texts = [f"kept {place}" for place in range(20)] + [f"turn {turn} {place}" for place in range(20)]
        await catalogue.documents.replace(version(path, texts, number=number), replaces=number - 1)
        acknowledgements.send((path, number))
        turn += 1


async def _count_up(catalogue: Catalogue, times: int) -> int:
    conflicts = 0
    for _ in range(times):
        while not await _one_more(catalogue):
            conflicts += 1
    await catalogue.close()
    return conflicts


async def _one_more(catalogue: Catalogue) -> bool:
    number = await next_number(catalogue, "shared.md")
    try:
        await catalogue.documents.replace(version("shared.md", [f"text {number}"], number=number), replaces=number - 1)
    except ConflictError:
        return False
    return True


async def next_number(catalogue: Catalogue, path: str) -> int:
    current = await catalogue.documents.get(version(path).document.id, access=access())
    return current.version + 1 if current else 1
