"""What other processes do to a catalogue in tests."""

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

from semantic_memory.core.errors import ConflictError
from semantic_memory.core.ports import Catalogue
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue.making import access, version


def opens(folder: Path) -> bool:
    """Opens and closes the catalogue, creating it if need be."""
    asyncio.run(build(Settings(data_dir=folder)).close())
    return True


def writes_until_killed(folder: Path, acknowledgements: Connection) -> None:
    """Replaces a few documents over and over; sends path and version of each write once it is acknowledged."""
    asyncio.run(_write_forever(build(Settings(data_dir=folder)), acknowledgements))


def counts_up(folder: Path, times: int) -> int:
    """Makes `times` new versions of one document that others change too; returns how often it had to try again."""
    return asyncio.run(_count_up(build(Settings(data_dir=folder)), times))


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
