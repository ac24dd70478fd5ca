"""What every catalogue's conversations keep: the turns of one principal's session, until they expire."""

from collections.abc import AsyncIterator

import pytest

from semantic_memory.core.access import Access, Role
from semantic_memory.core.answers import Turn, TurnStore
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue.making import Clock

ANNA = Access("blue", "anna", Role.READER)
FIRST, SECOND = Turn("How long?", "Ninety days.", "How long?"), Turn("Why?", "I don't know.", "Why (long)")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def turns(database_url: str, clock: Clock) -> AsyncIterator[TurnStore]:
    catalogue = build(Settings(database_url=database_url), clock=clock)
    yield catalogue.turns
    await catalogue.close()


async def test_turns_come_back_in_their_order(turns: TurnStore) -> None:
    await turns.add("s", FIRST, life_s=60, access=ANNA)
    await turns.add("s", SECOND, life_s=60, access=ANNA)

    assert list(await turns.last("s", limit=6, access=ANNA)) == [FIRST, SECOND]
    assert list(await turns.last("s", limit=1, access=ANNA)) == [SECOND]


@pytest.mark.parametrize("other", [Access("blue", "bert", Role.ADMIN), Access("red", "anna", Role.ADMIN)], ids=["principal", "tenant"])
async def test_ten_02_nobody_elses_session_is_there(turns: TurnStore, other: Access) -> None:
    await turns.add("s", FIRST, life_s=60, access=ANNA)

    assert list(await turns.last("s", limit=6, access=other)) == []
    assert await turns.remove("s", access=other) is False
    assert list(await turns.last("s", limit=6, access=ANNA)) == [FIRST]


async def test_a_session_expires_after_its_last_turn(turns: TurnStore, clock: Clock) -> None:
    await turns.add("s", FIRST, life_s=60, access=ANNA)
    clock.advance(59)
    await turns.add("s", SECOND, life_s=60, access=ANNA)
    clock.advance(59)
    assert list(await turns.last("s", limit=6, access=ANNA)) == [FIRST, SECOND]
    clock.advance(2)

    assert list(await turns.last("s", limit=6, access=ANNA)) == []
    assert await turns.remove("s", access=ANNA) is False


async def test_a_session_that_ran_out_does_not_come_back(turns: TurnStore, clock: Clock) -> None:
    await turns.add("s", FIRST, life_s=60, access=ANNA)
    clock.advance(61)
    await turns.add("s", SECOND, life_s=60, access=ANNA)

    assert list(await turns.last("s", limit=6, access=ANNA)) == [SECOND]


async def test_a_removed_session_is_gone_and_others_stay(turns: TurnStore) -> None:
    await turns.add("s", FIRST, life_s=60, access=ANNA)
    await turns.add("t", SECOND, life_s=60, access=ANNA)

    assert await turns.remove("s", access=ANNA) is True
    assert await turns.remove("s", access=ANNA) is False
    assert list(await turns.last("t", limit=6, access=ANNA)) == [SECOND]
