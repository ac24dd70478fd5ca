"""Keys that are shared by nobody else, one maker at a time, early refresh, bounded staleness; here within one process."""

import asyncio
import json
import math
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_memory.core.access import Access, Role
from semantic_memory.core.cache import JITTER, NEGATIVE_LIFE_S, STALE_S, Cache, Entry, Key, Kind, Scope, tenant_digest
from semantic_memory.store.cache.memory import MemoryCache
from tests.store.cache.making import MIB, NOTE, Clock, Making, Note, key, until

LIFE_S = 30.0


class Chance:
    """The draw that decides about early refresh and jitter: next to 1, nothing happens early and lives are shortest."""

    def __init__(self) -> None:
        self.next = 0.999999

    def __call__(self) -> float:
        return self.next


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chance() -> Chance:
    return Chance()


@pytest.fixture
async def cache(clock: Clock, chance: Chance) -> AsyncIterator[Cache]:
    cache = Cache([MemoryCache(MIB)], [LIFE_S], clock=clock, chance=chance)
    yield cache
    await cache.close()


TENANTS = st.text(max_size=8) | st.sampled_from(["a", "b", "a,b", 'a"', "a\u0000"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.builds(
    Key,
    st.builds(Kind, st.sampled_from(["search", "answer"]), st.just(Note), st.integers(1, 3)),
    st.builds(
        Scope,
        TENANTS,
        st.none() | st.lists(TENANTS, max_size=3).map(lambda names: tuple(sorted(set(names)))),
        st.none() | st.integers(0, 9),
    ),
    st.dictionaries(st.text(max_size=4), JSON, max_size=3),
)


def facts(of: Key[Any]) -> tuple[Any, ...]:
    """All that makes a key what it is, told apart as Python tells values apart, types included."""
    scope = of.scope
    return of.kind.name, of.kind.version, scope.tenant, scope.collections, scope.generation, typed(dict(of.parameters))


def typed(value: Any) -> Any:
    if isinstance(value, dict):
        return frozenset((name, typed(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return tuple(typed(inner) for inner in value)
    return type(value), repr(value)


@settings(max_examples=500, deadline=None)
@given(KEYS, KEYS)
def test_cache_02_keys_are_equal_only_where_everything_about_them_is(one: Key[Any], other: Key[Any]) -> None:
    assert (one.text == other.text) == (facts(one) == facts(other))
    assert (one.name == other.name) == (one.text == other.text)


@settings(max_examples=200, deadline=None)
@given(KEYS, TENANTS)
def test_cache_02_another_tenant_has_another_key_and_another_name(one: Key[Any], tenant: str) -> None:
    other = Key(one.kind, Scope(tenant, one.scope.collections, one.scope.generation), one.parameters)

    assert (one.text == other.text) == (one.scope.tenant == tenant)
    assert other.name.split(":")[:2] == [one.kind.name, tenant_digest(tenant)]


def test_cache_02_what_a_caller_may_read_and_the_generation_are_parts_of_the_key() -> None:
    def text(access: Access, generation: int | None = 7) -> str:
        return Key(NOTE, Scope.of(access, generation), {"query": "q"}).text

    everything = Access("acme", "ann", Role.READER)
    some = Access("acme", "ben", Role.READER, frozenset({"b", "a"}))
    same = Access("acme", "cleo", Role.ADMIN, frozenset({"a", "b"}))
    nothing = Access("acme", "dan", Role.READER, frozenset())

    assert len({text(everything), text(some), text(nothing), text(everything, 8), text(everything, None)}) == 5
    assert text(some) == text(same)


@pytest.mark.parametrize("scope", [None, "acme", ("acme", None, 7)])
def test_cache_02_a_key_without_a_scope_is_refused(scope: Any) -> None:
    with pytest.raises(TypeError, match="Scope"):
        Key(NOTE, scope, {"query": "q"})


def test_parameters_that_are_no_plain_values_are_refused() -> None:
    parameters: Any = {"query": {"a set"}}

    with pytest.raises(TypeError):
        _ = Key(NOTE, Scope("acme", None, 7), parameters).text


def test_the_order_of_parameters_does_not_matter() -> None:
    scope = Scope("acme", None, 7)

    assert Key(NOTE, scope, {"a": 1, "b": {"c": 2, "d": 3}}).text == Key(NOTE, scope, {"b": {"d": 3, "c": 2}, "a": 1}).text


def test_a_key_is_readable_json() -> None:
    assert json.loads(key().text) == ["note", 1, "acme", None, 7, {"query": "q"}]


async def test_a_result_is_made_once_and_then_found(cache: Cache) -> None:
    make = Making()

    first, second = await cache.get_or_make(key(), make), await cache.get_or_make(key(), make)
    assert (first.value, first.level) == (Note("made 1"), None)
    assert (second.value, second.level) == (Note("made 1"), "l0")
    assert (cache.statistics.hits, cache.statistics.misses) == ({("l0", "note"): 1}, {"note": 1})


async def test_cache_01_of_500_equal_cold_calls_one_makes_the_result(cache: Cache) -> None:
    make = Making(takes_s=0.05)

    found = await asyncio.gather(*[cache.get_or_make(key(), make) for _ in range(500)])
    assert make.times == 1
    assert {one.value for one in found} == {Note("made 1")}


async def test_calls_for_different_results_do_not_wait_for_one_another(cache: Cache) -> None:
    make = Making(takes_s=0.1)
    async with asyncio.timeout(1):
        found = await asyncio.gather(*[cache.get_or_make(key(str(number)), make) for number in range(50)])

    assert len({one.value for one in found}) == 50


async def test_cache_08_an_error_reaches_everybody_who_waits_and_is_not_kept(cache: Cache) -> None:
    failing = Making(takes_s=0.02, error=ValueError("no such model"))
    outcomes = await asyncio.gather(*[cache.get_or_make(key(), failing) for _ in range(20)], return_exceptions=True)

    assert failing.times == 1
    assert {str(outcome) for outcome in outcomes} == {"no such model"}
    assert (await cache.get_or_make(key(), Making())).value == Note("made 1")


async def test_cache_08_a_result_without_a_life_is_not_kept(cache: Cache) -> None:
    make = Making()
    await cache.get_or_make(key(), make, life=lambda _: 0.0)
    await cache.get_or_make(key(), make, life=lambda _: 0.0)

    assert make.times == 2
    assert await cache.tiers[0].get(key()) is None


async def test_cache_08_the_life_told_bounds_the_tiers_own(cache: Cache, clock: Clock) -> None:
    make = Making()
    await cache.get_or_make(key(), make, life=lambda _: NEGATIVE_LIFE_S)
    clock.now += NEGATIVE_LIFE_S

    assert (await cache.get_or_make(key(), make)).value == Note("made 1"), "served once more while it is refreshed"
    await until(lambda: make.times == 2)


async def test_a_caller_who_gives_up_leaves_the_result_to_the_others(cache: Cache) -> None:
    make = Making(takes_s=0.1)
    first = asyncio.create_task(cache.get_or_make(key(), make))
    second = asyncio.create_task(cache.get_or_make(key(), make))
    await asyncio.sleep(0.02)
    first.cancel()

    assert (await second).value == Note("made 1")
    assert first.cancelled()
    assert make.times == 1


async def test_without_tiers_calls_at_once_still_share_one_result() -> None:
    cache, make = Cache([], []), Making(takes_s=0.02)
    await asyncio.gather(*[cache.get_or_make(key(), make) for _ in range(10)])
    await cache.get_or_make(key(), make)

    assert make.times == 2


async def test_an_entry_past_its_life_answers_once_more_while_it_is_refreshed(cache: Cache, clock: Clock) -> None:
    make = Making()
    await cache.get_or_make(key(), make)
    clock.now += LIFE_S

    assert (await cache.get_or_make(key(), make)).value == Note("made 1")
    await until(lambda: make.times == 2)
    assert (await cache.get_or_make(key(), make)).value == Note("made 2")
    assert cache.statistics.stale == {"note": 1}


async def test_while_it_is_refreshed_nobody_waits_and_only_one_makes_it(cache: Cache, clock: Clock) -> None:
    make = Making()
    await cache.get_or_make(key(), make)
    clock.now += LIFE_S
    slow = Making(takes_s=0.3)
    async with asyncio.timeout(0.2):
        found = await asyncio.gather(*[cache.get_or_make(key(), slow) for _ in range(100)])

    assert {one.value for one in found} == {Note("made 1")}
    assert slow.times == 1


async def test_no_entry_answers_longer_than_stale_s_after_its_life(clock: Clock) -> None:
    tier = MemoryCache(MIB)
    await tier.put(key(), Entry(Note("old"), clock.now, 0.1 - STALE_S, 0.0))
    cache = Cache([tier], [LIFE_S], clock=clock)
    assert (await cache.get_or_make(key(), Making(error=ValueError("down")))).value == Note("old")
    await asyncio.sleep(0.15)

    assert (await cache.get_or_make(key(), Making())).value == Note("made 1")


async def test_a_refresh_that_fails_leaves_the_old_entry_for_its_time(cache: Cache, clock: Clock) -> None:
    await cache.get_or_make(key(), Making())
    clock.now += LIFE_S
    failing = Making(error=ValueError("down"))
    for _ in range(3):
        assert (await cache.get_or_make(key(), failing)).value == Note("made 1")
        await asyncio.sleep(0.01)

    assert failing.times == 3


@pytest.mark.parametrize(("left_s", "draw", "is_refreshed"), [(1.0, 0.3, True), (1.0, 0.4, False), (2.0, 0.13, True), (2.0, 0.14, False)])
async def test_the_dearer_a_result_and_the_nearer_its_end_the_likelier_it_is_refreshed_early(
    clock: Clock, chance: Chance, left_s: float, draw: float, is_refreshed: bool
) -> None:
    """Vattani et al.: refresh when cost · β · −ln(draw) reaches what is left; here cost = β = 1, so at draws up to e^−left."""
    tier, make = MemoryCache(MIB), Making()
    await tier.put(key(), Entry(Note("old"), clock.now, LIFE_S, 1.0))
    clock.now += LIFE_S - left_s
    chance.next = draw
    found = await Cache([tier], [LIFE_S], clock=clock, chance=chance).get_or_make(key(), make)
    await asyncio.sleep(0.01)

    assert found.value == Note("old")
    assert make.times == is_refreshed
    assert (draw <= math.exp(-left_s)) == is_refreshed


async def test_a_young_entry_is_not_refreshed(clock: Clock) -> None:
    tier, make = MemoryCache(MIB), Making()
    await tier.put(key(), Entry(Note("young"), clock.now, LIFE_S, 0.05))
    cache = Cache([tier], [LIFE_S], clock=clock, chance=random.Random(7).random)
    for _ in range(1_000):
        await cache.get_or_make(key(), make)

    assert make.times == 0


async def test_lives_differ_by_the_jitter_and_no_more(cache: Cache, chance: Chance) -> None:
    lives = []
    for draw in (0.0, 0.5, 1.0):
        chance.next = draw
        await cache.get_or_make(key(str(draw)), Making())
        kept = await cache.tiers[0].get(key(str(draw)))
        assert kept is not None
        lives.append(kept.life_s)

    assert lives == pytest.approx([LIFE_S, LIFE_S * (1 - JITTER / 2), LIFE_S * (1 - JITTER)])


async def test_a_clock_that_is_set_back_prolongs_no_life(clock: Clock) -> None:
    made = Entry(Note("kept"), clock.now, LIFE_S, 0.0)

    assert made.left_s(clock.now - 3600) == LIFE_S


async def test_who_observes_fills_is_told_kind_and_seconds(cache: Cache) -> None:
    told: list[tuple[str, float]] = []
    cache.observe_fill = lambda kind, seconds: told.append((kind, seconds))
    await cache.get_or_make(key(), Making(takes_s=0.05))
    await cache.get_or_make(key(), Making())

    assert [kind for kind, _ in told] == ["note"]
    assert 0.04 < told[0][1] < 1


async def test_closing_ends_what_is_being_made(clock: Clock) -> None:
    cache, make = Cache([MemoryCache(MIB)], [LIFE_S], clock=clock), Making(takes_s=60)
    waiting = asyncio.create_task(cache.get_or_make(key(), make))
    await until(lambda: make.times == 1)
    async with asyncio.timeout(1):
        await cache.close()
        await asyncio.wait([waiting])

    assert waiting.cancelled()
    assert asyncio.all_tasks() == {asyncio.current_task()}
