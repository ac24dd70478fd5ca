"""Two caches on one Valkey, as two processes have them: who makes, who waits, what is carried from tier to tier."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from semantic_memory.core.cache import STALE_S, Cache, Entry
from semantic_memory.store.cache.redis import RedisCache
from tests.servers.valkey import Valkey
from tests.store.cache.making import PREFIX, Making, Note, key, shared_cache, until

pytestmark = pytest.mark.stores


@pytest.fixture
async def one(valkey: Valkey) -> AsyncIterator[Cache]:
    async with shared_cache(valkey.url) as cache:
        yield cache


@pytest.fixture
async def other(valkey: Valkey) -> AsyncIterator[Cache]:
    async with shared_cache(valkey.url) as cache:
        yield cache


@pytest.fixture
async def server(valkey: Valkey) -> AsyncIterator[RedisCache]:
    """The shared tier alone, to look into."""
    tier = RedisCache(valkey.url, PREFIX)
    yield tier
    await tier.close()


def aged(text: str, *, left_s: float, life_s: float = 300.0, cost_s: float = 0.0) -> Entry[Note]:
    """An entry of the wall clock's time with so many seconds left."""
    import time

    return Entry(Note(text), time.time() - life_s + left_s, life_s, cost_s)


async def test_what_one_process_made_is_found_by_another_there_and_then_in_its_own_memory(one: Cache, other: Cache) -> None:
    make = Making()
    levels = [(await cache.get_or_make(key(), make)).level for cache in (one, other, other)]

    assert levels == [None, "l1", "l0"]
    assert make.times == 1
    assert other.statistics.hits == {("l1", "note"): 1, ("l0", "note"): 1}


async def test_cache_01_while_one_process_makes_a_result_the_other_waits_for_it(one: Cache, other: Cache) -> None:
    make = Making(takes_s=0.3)
    calls = [cache.get_or_make(key(), make) for cache in (one, other) for _ in range(250)]

    assert {found.value for found in await asyncio.gather(*calls)} == {Note("made 1")}
    assert make.times == 1
    assert one.statistics.waits["note"] + other.statistics.waits["note"] == 1


async def test_cache_01_a_result_made_while_the_lock_was_asked_for_is_not_made_again(one: Cache, other: Cache) -> None:
    make = Making()
    for number in range(100):
        await asyncio.gather(*[cache.get_or_make(key(str(number)), make) for cache in (one, other)])

    assert make.times == 100


async def test_cache_03_a_maker_that_fails_frees_the_others_at_once(one: Cache, other: Cache) -> None:
    failing = asyncio.create_task(one.get_or_make(key(), Making(takes_s=0.2, error=ValueError("no"))))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(1):
        found = await other.get_or_make(key(), Making())

    assert found.value == Note("made 1")
    with pytest.raises(ValueError, match="no"):
        await failing


@pytest.mark.slow
async def test_cache_03_a_maker_that_hangs_holds_nobody_up_longer_than_a_lease(one: Cache, other: Cache) -> None:
    hanging = Making(takes_s=600)
    stuck = asyncio.create_task(one.get_or_make(key(), hanging))
    await until(lambda: hanging.times == 1)
    await asyncio.sleep(0.2)
    async with asyncio.timeout(5.5):
        found = await other.get_or_make(key(), Making())

    assert found.value == Note("made 1")
    assert not stuck.done()
    stuck.cancel()


@pytest.mark.slow
async def test_a_maker_at_work_for_longer_than_a_lease_keeps_its_lock(one: Cache, other: Cache) -> None:
    make = Making(takes_s=6)
    first = asyncio.create_task(one.get_or_make(key(), make))
    await asyncio.sleep(2.5)

    assert (await other.get_or_make(key(), make)).value == Note("made 1")
    assert (await first).value == Note("made 1")
    assert make.times == 1


async def test_a_result_without_a_life_leaves_neither_entry_nor_lock(one: Cache, valkey: Valkey) -> None:
    await one.get_or_make(key(), Making(), life=lambda _: 0.0)

    await until(lambda: valkey.names() == [])


async def test_cache_04_a_maker_that_lost_its_lock_does_not_overwrite(one: Cache, server: RedisCache, valkey: Valkey) -> None:
    late = Making(takes_s=0.3)
    making = asyncio.create_task(one.get_or_make(key(), late))
    await until(lambda: late.times == 1)
    valkey.command("FLUSHALL")
    token = await server.lock(key(), lease_s=5) or ""
    await server.put(key(), aged("of the next holder", left_s=300), token=token)
    await making

    kept = await server.get(key())
    assert kept is not None
    assert kept.value == Note("of the next holder")
    assert one.tiers[1].events["late"] == 1


async def test_an_entry_has_no_longer_life_in_memory_than_it_has_left_in_the_server(one: Cache, server: RedisCache) -> None:
    await server.put(key("old"), aged("old", left_s=3))
    await server.put(key("young"), aged("young", left_s=200))
    for query in ("old", "young"):
        await one.get_or_make(key(query), Making())
    lives = [entry.life_s if (entry := await one.tiers[0].get(key(query))) else None for query in ("old", "young")]

    assert lives == pytest.approx([3, 30], abs=0.3)


async def test_what_runs_out_in_memory_is_fetched_from_the_server_not_made(one: Cache, server: RedisCache) -> None:
    make = Making()
    await server.put(key(), aged("in the server", left_s=200))
    await one.tiers[0].put(key(), aged("in memory", left_s=-0.1))

    assert (await one.get_or_make(key(), make)).value == Note("in memory")
    await until(lambda: one.statistics.hits["l1", "note"] == 1)
    assert (await one.get_or_make(key(), make)).value == Note("in the server")
    assert make.times == 0


async def test_while_another_process_refreshes_an_entry_past_its_life_it_still_answers(one: Cache, server: RedisCache) -> None:
    await server.put(key(), aged("old", left_s=-1))
    token = await server.lock(key(), lease_s=5)
    async with asyncio.timeout(0.5):
        found = await one.get_or_make(key(), Making())

    assert token
    assert (found.value, found.level) == (Note("old"), "l1")
    assert one.statistics.stale == {"note": 1}


async def test_an_entry_past_its_life_that_nobody_refreshes_is_made_anew(one: Cache, server: RedisCache) -> None:
    await server.put(key(), aged("old", left_s=-1))

    assert (await one.get_or_make(key(), Making())).value == Note("made 1")


async def test_no_entry_answers_longer_than_stale_s_after_its_life_whatever_tier_it_is_in(one: Cache, server: RedisCache) -> None:
    await server.put(key(), aged("old", left_s=0.3 - STALE_S))
    await server.lock(key(), lease_s=0.5)
    assert (await one.get_or_make(key(), Making(error=ValueError("down")))).value == Note("old")
    await asyncio.sleep(0.8)

    assert (await one.get_or_make(key(), Making())).value == Note("made 1")


async def test_of_two_processes_that_would_refresh_early_one_does(valkey: Valkey, server: RedisCache) -> None:
    await server.put(key(), aged("old", left_s=1, cost_s=5))
    make = Making(takes_s=0.1)
    async with shared_cache(valkey.url, chance=lambda: 0.01) as one, shared_cache(valkey.url, chance=lambda: 0.01) as other:
        found = await asyncio.gather(*[cache.get_or_make(key(), make) for cache in (one, other)])

    assert sorted(one.value.text for one in found) == ["made 1", "old"]
    assert make.times == 1


async def test_closing_gives_up_the_lock(valkey: Valkey) -> None:
    make = Making(takes_s=60)
    async with shared_cache(valkey.url) as cache:
        waiting = asyncio.create_task(cache.get_or_make(key(), make))
        await until(lambda: make.times == 1)

    await asyncio.wait([waiting])
    assert valkey.names() == []
    assert asyncio.all_tasks() == {asyncio.current_task()}
