"""What every cache tier keeps: entries of exactly one key each, for their time, and none that anybody else put there."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from semantic_memory.core.cache import Entry, Key, Kind, Scope, Tier
from semantic_memory.store.cache.memory import MemoryCache
from semantic_memory.store.cache.redis import RedisCache
from tests.store.cache.making import MIB, NOTE, PREFIX, Note, entry, key

OTHER_KIND: Kind[Note] = Kind("page", Note)
BYTES: Kind[bytes] = Kind("bytes", bytes, mode="python")


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.stores)])
async def tier(request: pytest.FixtureRequest) -> AsyncIterator[Tier]:
    tier = MemoryCache(16 * MIB) if request.param == "memory" else RedisCache(request.getfixturevalue("valkey").url, PREFIX)
    yield tier
    await tier.close()


async def test_an_empty_tier_has_nothing(tier: Tier) -> None:
    assert await tier.get(key()) is None


async def test_an_entry_comes_back_as_it_was_put(tier: Tier) -> None:
    await tier.put(key(), entry())

    assert await tier.get(key()) == Entry(Note("kept", (1, 2)), 1_800_000_000.0, 30.0, 0.25)


@pytest.mark.parametrize("text", ["", "ß\u0000 \U0001f600 שלום", "x" * 200_000])
async def test_any_text_comes_back(tier: Tier, text: str) -> None:
    await tier.put(key(text[:1_000]), entry(text))

    found = await tier.get(key(text[:1_000]))
    assert found is not None
    assert found.value.text == text


async def test_bytes_come_back(tier: Tier) -> None:
    of_bytes = Key(BYTES, Scope("acme", None, None), {"page": 3})
    await tier.put(of_bytes, Entry(bytes(range(256)), 0.0, 30.0, 0.0))

    found = await tier.get(of_bytes)
    assert found is not None
    assert found.value == bytes(range(256))


async def test_a_later_entry_takes_the_place_of_the_first(tier: Tier) -> None:
    await tier.put(key(), entry("first"))
    await tier.put(key(), entry("second"))

    found = await tier.get(key())
    assert found is not None
    assert found.value.text == "second"


OTHERS = {
    "query": key("p"),
    "tenant": key(tenant="other"),
    "kind": key(kind=OTHER_KIND),
    "version": key(kind=Kind("note", Note, version=2)),
    "generation": key(generation=8),
    "no generation": key(generation=None),
    "collections": Key(NOTE, Scope("acme", (), 7), {"query": "q"}),
    "parameter": key(top_k=5),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_cache_02_no_other_key_finds_it(tier: Tier, other: Key[Note]) -> None:
    await tier.put(key(), entry())

    assert await tier.get(other) is None
    assert (await tier.get_or_lock(other, lease_s=5))[0] is None


async def test_an_entry_is_gone_some_seconds_after_its_life(tier: Tier) -> None:
    await tier.put(key(), entry(life_s=-4.9))
    assert await tier.get(key()) is not None
    await asyncio.sleep(0.2)

    assert await tier.get(key()) is None


async def test_an_entry_is_found_rather_than_its_lock_taken(tier: Tier) -> None:
    await tier.put(key(), entry())

    assert await tier.get_or_lock(key(), lease_s=5) == (entry(), None)


async def test_where_nothing_is_kept_a_token_is_given(tier: Tier) -> None:
    found, token = await tier.get_or_lock(key(), lease_s=5)

    assert found is None
    assert token is not None
    await tier.put(key(), entry(), token=token)
    assert await tier.get(key()) == entry()


@pytest.mark.parametrize("value", [2**70, "\ud800", "x" * (4 * MIB)], ids=["huge integer", "half a surrogate pair", "too large"])
async def test_what_cannot_be_kept_is_left_out_and_counted(tier: Tier, value: Any) -> None:
    of_any: Key[Any] = Key(Kind("any", Any), Scope("acme", None, None), {"n": 1})
    await tier.put(of_any, Entry(value, 0.0, 30.0, 0.0))

    assert await tier.get(of_any) is None
    assert tier.events["too large"] == 1


async def put_three(tier: Tier) -> list[Key[Note]]:
    keys = [key(), key(tenant="other"), key(kind=OTHER_KIND)]
    for one in keys:
        await tier.put(one, entry())
        await tier.lock(one, lease_s=5)
    return keys


async def left_of(tier: Tier, keys: list[Key[Note]]) -> list[bool]:
    return [await tier.get(one) is not None for one in keys]


async def test_everything_is_cleared(tier: Tier) -> None:
    keys = await put_three(tier)

    assert await tier.clear() == 3
    assert await left_of(tier, keys) == [False, False, False]


async def test_one_tenant_is_cleared(tier: Tier) -> None:
    keys = await put_three(tier)

    assert await tier.clear(tenant="other") == 1
    assert await left_of(tier, keys) == [True, False, True]


async def test_one_kind_is_cleared(tier: Tier) -> None:
    keys = await put_three(tier)

    assert await tier.clear(kind="note") == 2
    assert await left_of(tier, keys) == [False, False, True]


async def test_one_kind_of_one_tenant_is_cleared(tier: Tier) -> None:
    keys = await put_three(tier)

    assert await tier.clear(kind="note", tenant="acme") == 1
    assert await left_of(tier, keys) == [False, True, True]


async def test_no_pattern_clears_more_than_it_names(tier: Tier) -> None:
    await put_three(tier)

    assert await tier.clear(kind="*") == 0
    assert await tier.clear(tenant="*") == 0


async def test_many_calls_at_once_each_get_their_own(tier: Tier) -> None:
    queries = [str(number) for number in range(300)]
    await asyncio.gather(*[tier.put(key(query), entry(query)) for query in queries])

    found = await asyncio.gather(*[tier.get(key(query)) for query in queries])
    assert [one and one.value.text for one in found] == queries
