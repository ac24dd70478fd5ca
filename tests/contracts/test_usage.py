"""What every catalogue's account of tokens keeps: sums by tenant and day, and a limit nobody gets past."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from semantic_memory.core.answers import Usage
from semantic_memory.core.settings import Settings
from semantic_memory.core.usage import UsageStore
from semantic_memory.store.catalogue.sql import build

TODAY = date(2026, 11, 30)


@pytest.fixture
async def account(database_url: str) -> AsyncIterator[UsageStore]:
    catalogue = build(Settings(database_url=database_url))
    yield catalogue.usage
    await catalogue.close()


async def test_usage_adds_up_by_tenant_and_day(account: UsageStore) -> None:
    await account.add("blue", TODAY, Usage(10, 5, 0.5))
    await account.add("blue", TODAY, Usage(1, 2, 0.25))

    assert await account.of("blue", TODAY) == Usage(11, 7, 0.75)
    assert await account.of("red", TODAY) == Usage()
    assert await account.of("blue", TODAY + timedelta(days=1)) == Usage()


async def test_what_was_set_aside_can_be_given_back(account: UsageStore) -> None:
    await account.add("blue", TODAY, Usage(100, 100))
    await account.add("blue", TODAY, Usage(40, 10) - Usage(100, 100))

    assert await account.of("blue", TODAY) == Usage(40, 10)


async def test_nothing_is_added_beyond_the_limit(account: UsageStore) -> None:
    assert await account.add("blue", TODAY, Usage(60, 40), limit=100) is True
    assert await account.add("blue", TODAY, Usage(1, 0), limit=100) is False

    assert await account.of("blue", TODAY) == Usage(60, 40)


async def test_of_many_at_once_only_as_many_pass_as_there_is_room_for(account: UsageStore) -> None:
    passed = await asyncio.gather(*(account.add("blue", TODAY, Usage(30, 0), limit=100) for _ in range(10)))

    assert sum(passed) == 3
