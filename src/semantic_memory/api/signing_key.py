"""The key that signs tokens: the operator's, or one made at the first start."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.settings import Settings

MIN_BYTES = 32
"""HS256 needs a key at least as long as its hash (RFC 7518, section 3.2)."""

FILE_NAME = "jwt_secret"


def signing_key(settings: Settings) -> bytes:
    """The key of this installation; the same for every process that shares its data directory.

    Raises: ConfigurationError for a short key, or when there is none and `APP_ENV=prod`.
    """
    given = settings.jwt_secret.get_secret_value().encode()
    if given:
        return _checked(given, "JWT_SECRET")
    if settings.app_env == "prod":
        raise ConfigurationError(f"JWT_SECRET must be set when APP_ENV=prod; use {MIN_BYTES} random bytes or more")
    return _kept(settings.data_dir / FILE_NAME)


def _kept(file: Path) -> bytes:
    if not file.exists():
        _create(file)
    return _checked(file.read_bytes().strip(), str(file))


def _create(file: Path) -> None:
    """Appears complete or not at all; of several processes that start at once, one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{FILE_NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_urlsafe(2 * MIN_BYTES).encode())
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()


def _checked(key: bytes, name: str) -> bytes:
    if len(key) < MIN_BYTES:
        raise ConfigurationError(f"{name} has {len(key)} bytes; it needs {MIN_BYTES} or more")
    return key
