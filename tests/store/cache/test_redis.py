"""The tier in a real Valkey: locks, what others may have put there, and that everything in it ends by itself."""

import asyncio
import pickle
import time
from collections.abc import AsyncIterator

import pytest

from semantic_memory.core.cache import STALE_S
from semantic_memory.core.errors import BackendUnavailableError, ConfigurationError
from semantic_memory.core.settings import Settings
from semantic_memory.store.cache.redis import CONNECTIONS, TIMEOUT_S, RedisCache, build
from semantic_memory.store.cache_envelope import sealed
from tests.servers.valkey import Valkey
from tests.store.cache.making import PREFIX, entry, key, until

pytestmark = pytest.mark.stores

NAME = PREFIX + key().name
LOCK = f"{PREFIX}lock:{key().name}"


@pytest.fixture
async def tier(valkey: Valkey) -> AsyncIterator[RedisCache]:
    tier = RedisCache(valkey.url, PREFIX)
    yield tier
    await tier.close()


@pytest.fixture
async def other(valkey: Valkey) -> AsyncIterator[RedisCache]:
    """Another process's tier on the same server."""
    tier = RedisCache(valkey.url, PREFIX)
    yield tier
    await tier.close()


async def test_what_one_process_put_another_finds(tier: RedisCache, other: RedisCache) -> None:
    await tier.put(key(), entry())

    assert await other.get(key()) == entry()


async def test_two_installations_on_one_server_share_nothing(tier: RedisCache, valkey: Valkey) -> None:
    await tier.put(key(), entry())
    neighbour = build(Settings(redis_url=valkey.url, store_namespace="neighbour"))  # type: ignore[arg-type]

    assert await neighbour.get(key()) is None
    assert await neighbour.clear() == 0
    assert valkey.names() == [NAME]
    await neighbour.close()


async def test_cache_03_one_process_at_a_time_holds_a_lock(tier: RedisCache, other: RedisCache) -> None:
    _, token = await tier.get_or_lock(key(), lease_s=5)

    assert token
    assert await other.get_or_lock(key(), lease_s=5) == (None, None)
    assert await other.lock(key(), lease_s=5) is None


async def test_cache_03_tokens_are_random(tier: RedisCache) -> None:
    tokens = [await tier.lock(key(str(number)), lease_s=5) for number in range(50)]

    assert len({token for token in tokens if token and len(token) == 32}) == 50


async def test_cache_03_a_lock_is_released_only_by_its_owner(tier: RedisCache, other: RedisCache, valkey: Valkey) -> None:
    token = await tier.lock(key(), lease_s=5) or ""
    await other.unlock(key(), "0" * 32)
    assert valkey.command("GET", LOCK) == token.encode()
    await tier.unlock(key(), token)

    assert await other.lock(key(), lease_s=5)


async def test_cache_03_a_lock_ends_with_its_lease(tier: RedisCache, other: RedisCache) -> None:
    await tier.lock(key(), lease_s=0.2)
    await asyncio.sleep(0.25)

    assert await other.lock(key(), lease_s=5)


async def test_a_lock_is_prolonged_by_its_owner_only(tier: RedisCache, other: RedisCache, valkey: Valkey) -> None:
    token = await tier.lock(key(), lease_s=0.3) or ""

    assert await tier.prolong(key(), token, lease_s=30) is True
    assert await other.prolong(key(), "0" * 32, lease_s=300) is False
    assert 29_000 < valkey.command("PTTL", LOCK) <= 30_000


async def test_a_refresh_locks_although_there_is_an_entry(tier: RedisCache, other: RedisCache) -> None:
    await tier.put(key(), entry())

    assert await tier.lock(key(), lease_s=5)
    assert await other.lock(key(), lease_s=5) is None
    assert (await other.get_or_lock(key(), lease_s=5))[0] == entry()


async def test_cache_04_who_lost_the_lock_writes_nothing(tier: RedisCache, other: RedisCache) -> None:
    lost = await tier.lock(key(), lease_s=0.1) or ""
    await asyncio.sleep(0.15)
    held = await other.lock(key(), lease_s=5) or ""
    await tier.put(key(), entry("too late"), token=lost)
    assert await other.get(key()) is None
    await other.put(key(), entry("in time"), token=held)
    await other.unlock(key(), held)
    await tier.put(key(), entry("much too late"), token=lost)

    assert await tier.get(key()) == entry("in time")
    assert tier.events["late"] == 2


async def test_cache_09_everything_in_the_server_ends_by_itself(tier: RedisCache, valkey: Valkey) -> None:
    for number in range(200):
        query = str(number)
        _, token = await tier.get_or_lock(key(query), lease_s=5)
        await tier.put(key(query), entry(query, life_s=300), token=token or "")
        await tier.put(key(f"another {query}"), entry(query, life_s=1))
    lives = [valkey.command("PTTL", name) for name in valkey.names()]

    assert len(lives) == 600
    assert min(lives) > 0
    assert max(lives) <= 1_000 * (300 + STALE_S)


CHANGES = {
    "another tenant's entry": sealed(key(tenant="other"), entry("secret")),
    "truncated": sealed(key(), entry())[:-3],
    "random bytes": bytes(number * 37 % 251 for number in range(500)),
    "an older version": sealed(key(), entry()).replace(b"sm\x01", b"sm\x00", 1),
    "a pickle": pickle.dumps({"text": "x"}),
    "a number": b"1",
}


@pytest.mark.parametrize("value", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("is_locking", [True, False])
async def test_cache_06_what_is_no_entry_of_the_key_is_a_miss_deleted_and_counted(
    tier: RedisCache, valkey: Valkey, value: bytes, is_locking: bool
) -> None:
    valkey.command("SET", NAME, value, "PX", 60_000)

    assert await (tier.get_or_lock(key(), lease_s=5) if is_locking else tier.get(key())) == ((None, "") if is_locking else None)
    assert valkey.names() == []
    assert tier.events == {"corrupt": 1}
    assert not tier.is_down


@pytest.mark.parametrize("command", [("RPUSH", NAME, "a"), ("HSET", NAME, "a", "b"), ("SADD", NAME, "a"), ("XADD", NAME, "*", "a", "b")])
async def test_cache_06_a_value_of_another_type_is_a_miss_deleted_and_counted(
    tier: RedisCache, valkey: Valkey, command: tuple[str, ...]
) -> None:
    for found in (tier.get(key()), tier.get_or_lock(key(), lease_s=5)):
        valkey.command(*command)
        assert await found in (None, (None, ""))
        assert valkey.names() == []

    assert tier.events == {"corrupt": 2, "refused": 2}
    assert not tier.is_down


async def test_cache_06_of_50_megabytes_only_what_an_entry_may_have_is_read(tier: RedisCache, valkey: Valkey) -> None:
    valkey.command("SET", NAME, b"x" * 50_000_000)
    valkey.command("CONFIG", "RESETSTAT")

    assert await tier.get(key()) is None
    assert valkey.names() == []
    assert tier.events == {"corrupt": 1}
    assert int(valkey.command("INFO", "stats")["total_net_output_bytes"]) < 5_000_000


async def test_a_cleared_cache_leaves_the_locks_to_their_holders(tier: RedisCache, valkey: Valkey) -> None:
    await tier.put(key(), entry())
    await tier.lock(key(), lease_s=5)

    assert await tier.clear() == 1
    assert valkey.names() == [LOCK]


async def test_many_entries_are_cleared(tier: RedisCache, valkey: Valkey) -> None:
    for number in range(2_500):
        valkey.command("SET", f"{PREFIX}note:0123456789ab:{number}", "x", "PX", 60_000)

    assert await tier.clear(kind="note") == 2_500
    assert valkey.names() == []


async def test_an_operator_is_told_that_nothing_was_cleared(own_valkey: Valkey) -> None:
    tier = RedisCache(own_valkey.url.replace("//", "//:a-password@"), PREFIX)
    own_valkey.kill()

    with pytest.raises(BackendUnavailableError) as raised:
        await tier.clear()
    assert "a-password" not in str(raised.value)
    await tier.close()


@pytest.mark.parametrize("url", ["", "127.0.0.1:6379", "http://127.0.0.1:6379"])
def test_what_is_no_address_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        RedisCache(url, PREFIX)


async def test_no_more_connections_are_opened_than_allowed(tier: RedisCache, valkey: Valkey) -> None:
    await asyncio.gather(*[tier.get(key(str(number))) for number in range(500)])

    assert not tier.is_down
    assert 1 < len(valkey.command("CLIENT", "LIST").splitlines()) <= CONNECTIONS + 1


async def test_a_closed_tier_leaves_no_connection_and_no_task(valkey: Valkey) -> None:
    tier = RedisCache(valkey.url, PREFIX)
    await asyncio.gather(*[tier.get(key(str(number))) for number in range(20)])
    gone = asyncio.create_task(tier.get(key()))
    await asyncio.sleep(0)
    gone.cancel()
    await tier.close()

    await until(lambda: valkey.command("INFO", "clients")["connected_clients"] == 1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_command_is_the_first_thing_a_new_connection_says(tier: RedisCache, valkey: Valkey) -> None:
    """A greeting costs a round trip of its own, and redis-py would send three."""
    valkey.command("CONFIG", "RESETSTAT")
    await tier.get(key())

    calls = valkey.command("INFO", "commandstats")
    assert {name for name in calls if "config" not in name and "info" not in name} == {"cmdstat_getrange"}


async def test_crash_09_a_call_that_gets_no_answer_is_not_made_again(own_valkey: Valkey) -> None:
    """redis-py's own ten retries would take 8 s."""
    tier = RedisCache(own_valkey.url, PREFIX)
    own_valkey.pause()
    started = time.monotonic()
    assert await tier.get(key()) is None
    took_s = time.monotonic() - started
    own_valkey.resume()

    assert took_s < 3 * TIMEOUT_S
    assert tier.is_down
    await tier.close()
