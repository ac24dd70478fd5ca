"""What passes for a token and what does not (AUTH-07 to AUTH-14)."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from semantic_memory.api.bootstrap import new_user
from semantic_memory.api.tokens import Tokens, TokenType
from semantic_memory.core.access import Role
from semantic_memory.core.errors import AuthenticationError

KEY = b"k" * 64
USER = new_user("reader", "", Role.READER)
LIFE = timedelta(minutes=30)
tokens = Tokens(KEY, access_life=LIFE, refresh_life=timedelta(days=7))


def claims(**changes: object) -> dict[str, Any]:
    now = int(time.time())
    base = {"iss": "semantic-memory", "aud": "semantic-memory", "sub": str(USER.id), "iat": now, "exp": now + 60, "jti": "1", "ver": 0}
    return {name: value for name, value in {**base, **changes}.items() if value is not ...}


def signed(payload: dict[str, Any] | None = None, *, key: bytes = KEY, algorithm: str = "HS256", **header: object) -> str:
    return jwt.encode(payload or claims(), key, algorithm=algorithm, headers={"typ": "at+jwt", **header})


def by_hand(header: dict[str, Any], payload: dict[str, Any]) -> str:
    """A token with an empty signature."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload))
    return ".".join((*parts, ""))


def test_auth_07_an_issued_token_is_read_back() -> None:
    read = tokens.read(tokens.issue(USER).access, TokenType.ACCESS)

    assert (read.user_id, read.version) == (USER.id, USER.token_version)
    assert abs(read.expires_at - datetime.now(UTC) - LIFE) < timedelta(seconds=5)


def test_a_token_made_like_ours_is_read() -> None:
    assert tokens.read(signed(), TokenType.ACCESS).user_id == USER.id


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "", "RS256"])
def test_auth_08_an_unsigned_token_is_refused(algorithm: str) -> None:
    with pytest.raises(AuthenticationError):
        tokens.read(by_hand({"alg": algorithm, "typ": "at+jwt"}, claims()), TokenType.ACCESS)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_auth_08_another_algorithm_with_our_key_is_refused(algorithm: str) -> None:
    with pytest.raises(AuthenticationError):
        tokens.read(signed(key=KEY, algorithm=algorithm), TokenType.ACCESS)


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["x"]},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/key"},
        {"jwk": {"kty": "oct", "k": "a2V5"}},
        {"kid": "../../dev/null"},
        {"kid": "' OR 1=1"},
        {"b64": False},
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "rt+jwt"},
    ],
)
def test_auth_09_auth_11_a_header_of_another_kind_is_refused(header: dict[str, object]) -> None:
    with pytest.raises(AuthenticationError):
        tokens.read(signed(**header), TokenType.ACCESS)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 1},
        {"exp": ...},
        {"exp": str(int(time.time()) + 60)},
        {"exp": 1e30},
        {"exp": -1},
        {"exp": int(time.time()) + 86400},
        {"exp": True},
        {"nbf": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600},
        {"iat": ...},
        {"iat": "now"},
    ],
    ids=str,
)
def test_auth_10_a_token_out_of_its_time_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(AuthenticationError):
        tokens.read(signed(claims(**changes)), TokenType.ACCESS)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"iss": ...},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": ["semantic-memory", "other"]},
        {"aud": ...},
        {"sub": ...},
        {"sub": "admin"},
        {"sub": "x" * 2000},
        {"jti": ...},
        {"ver": ...},
        {"ver": "0"},
    ],
    ids=str,
)
def test_auth_11_auth_13_a_token_with_foreign_claims_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(AuthenticationError):
        tokens.read(signed(claims(**changes)), TokenType.ACCESS)


@pytest.mark.parametrize("subject", [1, ["a"], None])
def test_auth_13_a_subject_that_is_no_text_is_refused(subject: object) -> None:
    with pytest.raises(AuthenticationError):
        tokens.read(jwt.PyJWS().encode(json.dumps(claims(sub=subject)).encode(), KEY, "HS256", {"typ": "at+jwt"}), TokenType.ACCESS)


def test_auth_12_one_kind_of_token_does_not_pass_for_the_other() -> None:
    pair = tokens.issue(USER)

    with pytest.raises(AuthenticationError):
        tokens.read(pair.refresh, TokenType.ACCESS)
    with pytest.raises(AuthenticationError):
        tokens.read(pair.access, TokenType.REFRESH)


def test_auth_13_a_signature_of_another_key_is_refused() -> None:
    with pytest.raises(AuthenticationError):
        tokens.read(signed(key=b"x" * 32), TokenType.ACCESS)


MALFORMED: list[Callable[[str], str]] = [
    lambda token: "",
    lambda token: "x",
    lambda token: "..",
    lambda token: "...",
    lambda token: token + ".x",
    lambda token: token.replace(".", ""),
    lambda token: token[:-4],
    lambda token: token + "=",
    lambda token: token + "\n",
    lambda token: "!" + token,
    lambda token: token + "A" * 9_000,
    lambda token: token + "A" * 100_000,
]


@pytest.mark.parametrize("damage", MALFORMED)
def test_auth_14_a_damaged_token_is_refused(damage: Callable[[str], str]) -> None:
    with pytest.raises(AuthenticationError):
        tokens.read(damage(signed()), TokenType.ACCESS)


def test_a_renewed_pair_ends_when_the_first_would_have() -> None:
    first = tokens.read(tokens.issue(USER).refresh, TokenType.REFRESH)
    end = first.expires_at - timedelta(days=1)

    assert tokens.read(tokens.issue(USER, until=end).refresh, TokenType.REFRESH).expires_at == end


def test_every_token_has_an_id_of_its_own() -> None:
    pairs = [tokens.issue(USER) for _ in range(20)]

    assert len({token for pair in pairs for token in (pair.access, pair.refresh)}) == 40


def test_a_token_tells_nothing_but_the_account() -> None:
    payload = jwt.decode(tokens.issue(USER).access, options={"verify_signature": False})

    assert set(payload) == {"iss", "aud", "sub", "iat", "exp", "jti", "ver"}
