"""Logging in, renewing, and what ends a token (AUTH-04, 05, 06, 12, 14, 18, 21, 23)."""

from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from argon2 import PasswordHasher

from semantic_memory.api.app import create_app
from semantic_memory.api.bootstrap import ADMIN, ensure_admin, new_user
from semantic_memory.api.security import Authenticator
from semantic_memory.core.access import Role
from semantic_memory.core.errors import AuthenticationError
from semantic_memory.core.model import User
from semantic_memory.core.settings import Settings
from tests.api.conftest import ONE_LOOP, Api

PASSWORD = "correct horse battery staple"
WEAK_HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)


@pytest.fixture
async def user(api: Api) -> User:
    return await api.user(Role.READER, password_hash=WEAK_HASH)


async def log_in(api: Api, username: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return await api.http.post("/auth/token", data={"username": username, "password": password}, headers=headers)


async def renew(api: Api, token: str) -> httpx.Response:
    return await api.http.post("/auth/token", data={"grant_type": "refresh_token", "refresh_token": token})


async def who(api: Api, token: str) -> httpx.Response:
    return await api.http.get("/auth/me", headers={"Authorization": f"Bearer {token}"})


async def test_auth_07_a_login_gives_a_pair_that_works(api: Api, user: User) -> None:
    pair = (await log_in(api, user.username)).json()

    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 1800)
    assert (await who(api, pair["access_token"])).json() == {
        "username": user.username,
        "tenant": "default",
        "role": "reader",
        "roles": ["reader"],
        "collections": None,
    }


async def test_roles_are_additive(api: Api) -> None:
    answer = await api.http.get("/auth/me", headers=await api.headers(Role.ADMIN))

    assert answer.json()["roles"] == ["reader", "ingestor", "admin"]


async def test_auth_04_every_failed_login_reads_the_same(api: Api, user: User) -> None:
    await api.services.memory.users.add(replace(new_user("gone", WEAK_HASH, Role.READER), disabled=True))
    answers = [await log_in(api, "nobody"), await log_in(api, user.username, "wrong"), await log_in(api, "gone")]

    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}


async def test_auth_05_the_sixth_wrong_password_waits_and_so_does_the_right_one(api: Api, user: User) -> None:
    for _ in range(5):
        assert (await log_in(api, user.username, "wrong")).status_code == 401

    locked = await log_in(api, user.username)

    assert (locked.status_code, locked.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(locked.headers["Retry-After"]) <= 900


async def test_auth_06_a_forwarded_address_does_not_give_more_tries(api: Api) -> None:
    for number in range(30):
        await log_in(api, f"user{number}", "wrong", **{"X-Forwarded-For": f"1.2.3.{number}"})

    assert (await log_in(api, "another", "wrong", **{"X-Forwarded-For": "9.9.9.9"})).status_code == 429


async def test_auth_23_a_login_replaces_a_weak_hash(api: Api, user: User) -> None:
    await log_in(api, user.username)

    stored = await api.services.memory.users.by_id(user.id)
    assert stored is not None
    assert not api.services.passwords.is_outdated(stored.password_hash)
    assert (await log_in(api, user.username)).status_code == 200


async def test_a_refresh_token_gives_a_new_pair(api: Api, user: User) -> None:
    first = (await log_in(api, user.username)).json()
    second = (await renew(api, first["refresh_token"])).json()

    assert second["access_token"] != first["access_token"]
    assert (await who(api, second["access_token"])).status_code == 200


async def test_auth_12_one_kind_of_token_does_not_do_the_others_work(api: Api, user: User) -> None:
    pair = (await log_in(api, user.username)).json()

    assert (await who(api, pair["refresh_token"])).status_code == 401
    assert (await renew(api, pair["access_token"])).status_code == 401


async def test_auth_14_a_token_counts_in_one_header_only(api: Api) -> None:
    header = (await api.headers(Role.READER))["Authorization"]
    token = header.removeprefix("Bearer ")
    twice = [("Authorization", header), ("Authorization", header)]

    assert (await api.http.get("/auth/me", headers=twice)).status_code == 401
    assert (await api.http.get("/auth/me", params={"access_token": token, "token": token})).status_code == 401
    assert (await api.http.get("/auth/me", headers={"Cookie": f"access_token={token}"})).status_code == 401


@ONE_LOOP
@pytest.mark.parametrize("value", [b"Bearer", b"Bearer ", b"Bearer \xff", b"bearer  x", b"Token x", b"Bearer " + b"x" * 100_000])
async def test_auth_14_a_strange_header_is_refused(shared: Api, value: bytes) -> None:
    assert (await shared.http.get("/auth/me", headers=[(b"Authorization", value)])).status_code == 401


async def test_the_scheme_may_be_written_in_any_case(api: Api) -> None:
    headers = {"Authorization": (await api.headers(Role.READER))["Authorization"].replace("Bearer", "bearer")}

    assert (await api.http.get("/auth/me", headers=headers)).status_code == 200


class OneUser:
    """A user store that holds one account, whose state a test chooses."""

    def __init__(self, user: User | None) -> None:
        self.user = user

    async def add(self, user: User) -> None:
        self.user = user

    async def by_name(self, username: str) -> User | None:
        return self.user if self.user and self.user.username == username else None

    async def by_id(self, user_id: UUID) -> User | None:
        return self.user if self.user and self.user.id == user_id else None

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        assert self.user is not None
        self.user = replace(self.user, password_hash=password_hash)

    async def count(self) -> int:
        return int(self.user is not None)


async def access_after(api: Api, **changes: object) -> Role:
    """The role a live token gives after its account changed."""
    user = new_user("ann", "", Role.ADMIN)
    token = api.services.tokens.issue(user).access
    authenticator = Authenticator(OneUser(replace(user, **changes)), api.services.tokens)
    return (await authenticator.access([(b"authorization", f"Bearer {token}".encode())])).role


@pytest.mark.parametrize("changes", [{"disabled": True}, {"token_version": 1}, {"role": "emperor"}], ids=str)
async def test_auth_18_a_changed_account_ends_its_tokens_at_once(api: Api, changes: dict[str, object]) -> None:
    with pytest.raises(AuthenticationError):
        await access_after(api, **changes)


async def test_auth_18_a_lowered_role_counts_at_once(api: Api) -> None:
    assert await access_after(api, role="reader") == Role.READER


async def test_auth_18_a_token_of_a_removed_account_is_refused(api: Api) -> None:
    token = api.services.tokens.issue(new_user("removed", "", Role.ADMIN)).access

    assert (await who(api, token)).status_code == 401


@ONE_LOOP
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "ann"},
        {"password": PASSWORD},
        {"username": "ann", "password": "x" * 1025},
        {"username": "a\0b", "password": "x"},
        {"username": "a" * 257, "password": "x"},
        {"grant_type": "client_credentials", "username": "ann", "password": "x"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": "x" * 5000},
    ],
    ids=lambda form: str(form)[:40],
)
async def test_auth_21_an_unfit_form_is_refused_before_hashing(shared: Api, form: dict[str, str]) -> None:
    answer = await shared.http.post("/auth/token", data=form)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_a_refused_form_does_not_repeat_the_password(api: Api) -> None:
    answer = await api.http.post("/auth/token", data={"username": "a" * 300, "password": "hunter2-hunter2"})

    assert "hunter2" not in answer.text


@ONE_LOOP
@pytest.mark.parametrize("content", [b'{"username": "a", "password": "b"}', b"\xff\xfe", b"=" * 1000, b"&" * 5000])
async def test_a_body_that_is_no_form_is_refused(shared: Api, content: bytes) -> None:
    answer = await shared.http.post("/auth/token", content=content, headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert answer.status_code in {400, 422}


async def test_the_first_start_makes_one_administrator(settings: Settings) -> None:
    announced: list[tuple[str, str]] = []
    for _ in range(2):
        app = create_app(settings, announce=lambda *account: announced.append(account))
        async with app.router.lifespan_context(app):
            stored = await app.state.services.memory.users.by_name(ADMIN)

    (name, password) = announced[0]
    assert (len(announced), name, stored.role) == (1, ADMIN, "admin")
    assert is_password_of(password, stored.password_hash)


def is_password_of(password: str, password_hash: str) -> bool:
    return PasswordHasher().verify(password_hash, password)


async def test_of_two_first_starts_one_makes_the_administrator(api: Api) -> None:
    class Late(OneUser):
        """Somebody else added the account between counting and adding."""

        async def count(self) -> int:
            return 0

        async def add(self, user: User) -> None:
            await api.services.memory.users.add(user)

    first = await ensure_admin(Late(None), api.services.passwords)
    second = await ensure_admin(Late(None), api.services.passwords)

    assert first is not None
    assert second is None
