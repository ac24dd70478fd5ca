"""Password hashes (AUTH-04, AUTH-21, AUTH-23, DOS-11)."""

import asyncio
import unicodedata
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from semantic_memory.api.passwords import Passwords
from semantic_memory.core.errors import OverloadedError


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(threads=1)
    yield made
    made.close()


async def test_a_password_belongs_to_its_hash_and_no_other_does(passwords: Passwords) -> None:
    made = await passwords.hash("correct horse")

    assert await passwords.verify(made, "correct horse")
    assert not await passwords.verify(made, "correct horsf")


async def test_hashes_are_argon2id_with_the_stated_cost(passwords: Passwords) -> None:
    assert (await passwords.hash("p")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_the_same_password_never_has_the_same_hash_twice(passwords: Passwords) -> None:
    assert await passwords.hash("p") != await passwords.hash("p")


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=19456,t=2,p=1$broken"])
async def test_without_a_usable_hash_no_password_is_right(passwords: Passwords, stored: str | None) -> None:
    assert not await passwords.verify(stored, "anything")


async def test_auth_21_the_tail_of_a_long_password_matters(passwords: Passwords) -> None:
    made = await passwords.hash("x" * 72 + "tail")

    assert not await passwords.verify(made, "x" * 72 + "other")


async def test_auth_21_two_keyboards_type_the_same_password(passwords: Passwords) -> None:
    made = await passwords.hash(unicodedata.normalize("NFC", "pässwörd"))

    assert await passwords.verify(made, unicodedata.normalize("NFD", "pässwörd"))


async def test_auth_21_nul_does_not_end_a_password(passwords: Passwords) -> None:
    assert not await passwords.verify(await passwords.hash("a\0b"), "a\0c")


async def test_a_lone_surrogate_is_a_character_like_any_other(passwords: Passwords) -> None:
    assert await passwords.verify(await passwords.hash("\ud800"), "\ud800")


async def test_auth_23_a_weaker_hash_is_known_to_be_outdated(passwords: Passwords) -> None:
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("p"))
    assert not passwords.is_outdated(await passwords.hash("p"))


async def test_dos_11_more_logins_than_can_be_worked_on_are_sent_away() -> None:
    passwords = Passwords(threads=1, max_waiting=2)
    results = await asyncio.gather(*(passwords.verify(None, "p") for _ in range(5)), return_exceptions=True)
    passwords.close()

    assert [type(result) for result in results] == [bool, bool, OverloadedError, OverloadedError, OverloadedError]


async def test_a_place_is_free_again_after_the_work() -> None:
    passwords = Passwords(threads=1, max_waiting=1)
    await passwords.verify(None, "p")

    assert await passwords.verify(None, "p") is False
    passwords.close()
