"""Access and refresh tokens: JSON Web Tokens signed with HS256, and nothing else accepted.

Every header and claim is checked here, because libraries differ in what they let through (RELIABILITY AUTH-07 to AUTH-14).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import jwt

from semantic_memory.core.errors import AuthenticationError
from semantic_memory.core.model import User

ALGORITHM = "HS256"
ISSUER = "semantic-memory"
AUDIENCE = "semantic-memory"
REQUIRED = ["exp", "iat", "sub", "aud", "iss", "jti"]
HEADER_FIELDS = frozenset({"alg", "typ"})
"""Others (crit, jku, jwk, x5u, kid, b64) would only widen what an attacker may try."""

MAX_TOKEN_CHARACTERS = 4096
"""Ours are below 500; longer ones are not worth decoding."""

_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""RFC 7515, section 7.1; decoders also take padding and line ends."""


class TokenType(StrEnum):
    """The `typ` header (RFC 9068 for access tokens), so that one kind cannot pass for the other."""

    ACCESS = "at+jwt"
    REFRESH = "rt+jwt"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says. `version` must still be the user's token version."""

    user_id: UUID
    version: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: str
    refresh: str
    expires_in_s: int


class Tokens:
    """Issues and reads tokens of one installation."""

    def __init__(self, key: bytes, *, access_life: timedelta, refresh_life: timedelta) -> None:
        self._key = key
        self._lives: Mapping[TokenType, timedelta] = {TokenType.ACCESS: access_life, TokenType.REFRESH: refresh_life}

    def issue(self, user: User, *, until: datetime | None = None) -> TokenPair:
        """A new pair; `until` is when the refresh token ends if a former one's life must not be prolonged."""
        now = datetime.now(UTC)
        access_life = self._lives[TokenType.ACCESS]
        refresh_end = until or now + self._lives[TokenType.REFRESH]
        return TokenPair(
            access=self._sign(user, TokenType.ACCESS, now, now + access_life),
            refresh=self._sign(user, TokenType.REFRESH, now, refresh_end),
            expires_in_s=int(access_life.total_seconds()),
        )

    def read(self, token: str, expected: TokenType) -> Claims:
        """Raises: AuthenticationError for anything but an unexpired token of this type, signed by this installation."""
        if len(token) > MAX_TOKEN_CHARACTERS or not _COMPACT.fullmatch(token):
            raise AuthenticationError
        try:
            decoded = jwt.decode_complete(  # pyright: ignore[reportUnknownMemberType]
                token, self._key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options={"require": REQUIRED}
            )
        except (jwt.PyJWTError, ValueError, OverflowError) as error:
            raise AuthenticationError from error
        _check_header(decoded["header"], expected)
        return _claims(decoded["payload"], self._lives[expected])

    def _sign(self, user: User, kind: TokenType, now: datetime, end: datetime) -> str:
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user.id),
            "iat": int(now.timestamp()),
            "exp": int(end.timestamp()),
            "jti": uuid4().hex,
            "ver": user.token_version,
        }
        # PyJWT types its keys by the cryptography package, which HS256 does not need; hence the two ignores
        return jwt.encode(  # pyright: ignore[reportUnknownMemberType]
            claims, self._key, algorithm=ALGORITHM, headers={"typ": kind.value}
        )


def _check_header(header: Mapping[str, Any], expected: TokenType) -> None:
    if frozenset(header) != HEADER_FIELDS or header["typ"] != expected.value:
        raise AuthenticationError


def _claims(payload: Mapping[str, Any], life: timedelta) -> Claims:
    """Refuses what the library tolerates: numbers as text, a life longer than we issue, a list of audiences."""
    numbers = [payload[name] for name in ("exp", "iat")] + [payload.get("ver")]
    if not all(type(number) is int for number in numbers) or payload["aud"] != AUDIENCE:
        raise AuthenticationError
    issued, end = payload["iat"], payload["exp"]
    if not 0 <= issued < end <= issued + life.total_seconds():
        raise AuthenticationError
    try:
        return Claims(UUID(payload["sub"]), payload["ver"], datetime.fromtimestamp(end, UTC))
    except (ValueError, OverflowError) as error:
        raise AuthenticationError from error
