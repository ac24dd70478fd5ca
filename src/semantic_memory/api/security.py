"""Who may do what: the list of public routes, the reading of credentials, and the role each route asks for.

Everything that is not on the list needs a valid credential before a single byte of the body is read; see `middleware.Authentication`.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import OAuth2PasswordBearer
from starlette.routing import compile_path

from semantic_memory.api.tokens import Tokens, TokenType
from semantic_memory.core.access import Access, Role
from semantic_memory.core.errors import AuthenticationError
from semantic_memory.core.model import User
from semantic_memory.core.ports import UserStore

PUBLIC_ROUTES: Sequence[tuple[str, str]] = (
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("POST", "/auth/token"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/assets/{name}"),
)
"""Method and route template of every route that answers without a credential; there is no other list."""

_PUBLIC = [(method, compile_path(template)[0]) for method, template in PUBLIC_ROUTES]

MAX_HEADER_BYTES = 8192

_DOCUMENTED = OAuth2PasswordBearer(tokenUrl="auth/token", auto_error=False, description="A token from `POST /auth/token`.")
"""Only describes the scheme in the OpenAPI document; the credential itself was read before routing."""


def is_public(method: str, path: str) -> bool:
    """Whether the path, exactly as routed, is on the list."""
    # fullmatch, because `$` in a template's pattern also stands before a line end
    return any(method == public and pattern.fullmatch(path) for public, pattern in _PUBLIC)


class Authenticator:
    """Turns the Authorization header into the caller's reach, as the catalogue knows it now."""

    def __init__(self, users: UserStore, tokens: Tokens) -> None:
        self._users = users
        self._tokens = tokens

    async def access(self, headers: Sequence[tuple[bytes, bytes]]) -> Access:
        """Raises: AuthenticationError."""
        claims = self._tokens.read(_bearer(headers), TokenType.ACCESS)
        user = await self._users.by_id(claims.user_id)
        return access_of(current(user, claims.version))


def current(user: User | None, version: int) -> User:
    """The user, if the account still honours tokens of this version. Raises: AuthenticationError."""
    if user is None or user.disabled or user.token_version != version:
        raise AuthenticationError
    return user


def access_of(user: User) -> Access:
    """Raises: AuthenticationError for a user whose stored role means nothing here."""
    roles = {role.label: role for role in Role}
    if user.role not in roles:
        raise AuthenticationError
    return Access(tenant=user.tenant, principal=user.username, role=roles[user.role])


def _bearer(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The token of the one Authorization header."""
    values = [value for name, value in headers if name.lower() == b"authorization"]
    if len(values) != 1 or len(values[0]) > MAX_HEADER_BYTES:
        raise AuthenticationError
    scheme, _, token = values[0].partition(b" ")
    if scheme.lower() != b"bearer" or not token.isascii():
        raise AuthenticationError
    return token.decode("ascii")


class RoleRequired:
    """A dependency that yields the caller's access, or refuses it."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, request: Request, _documented: Annotated[str | None, Security(_DOCUMENTED)]) -> Access:
        access: Access | None = getattr(request.state, "access", None)
        if access is None:
            raise AuthenticationError
        access.require(self.role)
        return access


def require_role(role: Role) -> RoleRequired:
    """Every route that is not public depends on this; a test walks the routes to prove it."""
    return RoleRequired(role)


Reader = Annotated[Access, Security(require_role(Role.READER))]
Ingestor = Annotated[Access, Security(require_role(Role.INGESTOR))]
Admin = Annotated[Access, Security(require_role(Role.ADMIN))]
