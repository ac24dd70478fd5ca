"""Tokens for people and programs."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from semantic_memory.api.answers import MeBody, TokenBody
from semantic_memory.api.passwords import MAX_PASSWORD_CHARACTERS
from semantic_memory.api.problems import GUARDED, WITH_BODY, problems
from semantic_memory.api.schemas import without_nul
from semantic_memory.api.security import Reader, access_of, current
from semantic_memory.api.services import FromApp, Services
from semantic_memory.api.tokens import MAX_TOKEN_CHARACTERS, TokenPair, TokenType
from semantic_memory.core.errors import AuthenticationError
from semantic_memory.core.model import User

router = APIRouter(prefix="/auth", tags=["auth"])

MAX_USERNAME_CHARACTERS = 256
MAX_FORM_FIELDS = 16
MAX_FORM_FIELD_BYTES = 8192


class TokenForm(BaseModel):
    """RFC 6749, sections 4.3.2 and 6; fields that clients add (scope, client_id, client_secret) are not used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    grant_type: Literal["password", "refresh_token"] = "password"
    username: Annotated[str, Field(max_length=MAX_USERNAME_CHARACTERS), AfterValidator(without_nul)] = ""
    password: Annotated[str, Field(max_length=MAX_PASSWORD_CHARACTERS, json_schema_extra={"format": "password"})] = ""
    refresh_token: Annotated[str, Field(max_length=MAX_TOKEN_CHARACTERS)] = ""

    @model_validator(mode="after")
    def _complete(self) -> "TokenForm":
        needed = (self.username, self.password) if self.grant_type == "password" else (self.refresh_token,)
        if not all(needed):
            raise ValueError("send username and password, or grant_type=refresh_token and refresh_token")
        return self


@router.post(
    "/token",
    operation_id="createToken",
    summary="Log in, or renew a token",
    responses=WITH_BODY | problems(401, 429, 503),
    form_limits={"max_files": 0, "max_fields": MAX_FORM_FIELDS, "max_part_size": MAX_FORM_FIELD_BYTES},
)
async def create_token(form: Annotated[TokenForm, Form()], request: Request, services: FromApp) -> TokenBody:
    """A pair of tokens for a username and password. A renewed pair ends when the first one would have."""
    if form.grant_type == "refresh_token":
        return _body(await _renewed(form.refresh_token, services))
    user = await _logged_in(form.username, form.password, request, services)
    return _body(services.tokens.issue(user))


@router.get("/me", operation_id="getMe", summary="Who am I", responses=GUARDED)
async def me(access: Reader) -> MeBody:
    """The caller as the server sees them."""
    return MeBody.of(access)


async def _logged_in(username: str, password: str, request: Request, services: Services) -> User:
    """Does the same work whether or not the account exists. Raises: AuthenticationError, TooManyRequestsError."""
    address = request.client.host if request.client else ""
    services.throttle.attempt(username, address)
    user = await services.memory.users.by_name(username)
    usable = user is not None and not user.disabled
    if not await services.passwords.verify(user.password_hash if user and usable else None, password) or user is None:
        raise AuthenticationError
    services.throttle.succeeded(username, address)
    access_of(user)
    await _strengthen(user, password, services)
    return user


async def _strengthen(user: User, password: str, services: Services) -> None:
    """Replaces a hash made with weaker parameters while the password is at hand."""
    if services.passwords.is_outdated(user.password_hash):
        await services.memory.users.set_password_hash(user.id, await services.passwords.hash(password))


async def _renewed(refresh_token: str, services: Services) -> TokenPair:
    claims = services.tokens.read(refresh_token, TokenType.REFRESH)
    user = current(await services.memory.users.by_id(claims.user_id), claims.version)
    return services.tokens.issue(user, until=claims.expires_at)


def _body(pair: TokenPair) -> TokenBody:
    return TokenBody(
        access_token=pair.access,
        refresh_token=pair.refresh,
        token_type="bearer",  # noqa: S106 - the name of a scheme, not a password
        expires_in=pair.expires_in_s,
    )
