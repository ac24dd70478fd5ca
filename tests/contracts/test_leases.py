"""What every catalogue's leases keep: one holder at a time, until the time is up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from semantic_memory.core.ports import Leases
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue.making import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def leases(database_url: str, clock: Clock) -> AsyncIterator[Leases]:
    catalogue = build(Settings(database_url=database_url), clock=clock)
    yield catalogue.leases
    await catalogue.close()


async def test_a_free_lease_is_taken_and_another_holder_is_turned_away(leases: Leases) -> None:
    assert await leases.hold("index", "a", lease_s=30) is True
    assert await leases.hold("index", "b", lease_s=30) is False


async def test_leases_of_other_names_are_free(leases: Leases) -> None:
    await leases.hold("index", "a", lease_s=30)

    assert await leases.hold("move", "b", lease_s=30) is True


async def test_the_holder_prolongs_its_lease(leases: Leases, clock: Clock) -> None:
    await leases.hold("index", "a", lease_s=30)
    clock.advance(29)
    assert await leases.hold("index", "a", lease_s=30) is True
    clock.advance(29)

    assert await leases.hold("index", "b", lease_s=30) is False


async def test_a_lease_that_ran_out_is_taken_over_and_the_old_holder_is_told(leases: Leases, clock: Clock) -> None:
    await leases.hold("index", "dead", lease_s=30)
    clock.advance(30)
    assert await leases.hold("index", "next", lease_s=30) is False
    clock.advance(0.001)

    assert await leases.hold("index", "next", lease_s=30) is True
    assert await leases.hold("index", "dead", lease_s=30) is False


async def test_a_holder_may_shorten_its_lease(leases: Leases, clock: Clock) -> None:
    await leases.hold("index", "a", lease_s=30)
    await leases.hold("index", "a", lease_s=1)
    clock.advance(2)

    assert await leases.hold("index", "b", lease_s=30) is True


async def test_a_released_lease_is_free_at_once(leases: Leases) -> None:
    await leases.hold("index", "a", lease_s=30)
    await leases.release("index", "a")

    assert await leases.hold("index", "b", lease_s=30) is True


async def test_nobody_gives_back_anothers_lease(leases: Leases) -> None:
    await leases.hold("index", "a", lease_s=30)
    await leases.release("index", "b")
    await leases.release("never held", "b")

    assert await leases.hold("index", "b", lease_s=30) is False


async def test_of_many_who_ask_at_once_one_gets_it(database_url: str) -> None:
    catalogues = [build(Settings(database_url=database_url)) for _ in range(4)]
    asked = [each.leases.hold("index", str(holder), lease_s=30) for holder, each in enumerate(catalogues)]

    assert sorted(await asyncio.gather(*asked)) == [False, False, False, True]
    await asyncio.gather(*(each.close() for each in catalogues))
