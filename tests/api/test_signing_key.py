"""The key that signs tokens (AUTH-22)."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from semantic_memory.api.app import create_app
from semantic_memory.api.signing_key import FILE_NAME, signing_key
from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.settings import Settings


def with_secret(tmp_path: Path, secret: str, **others: object) -> Settings:
    return Settings(data_dir=tmp_path, jwt_secret=SecretStr(secret), **others)


def test_a_given_key_is_used(tmp_path: Path) -> None:
    assert signing_key(with_secret(tmp_path, "k" * 32)) == b"k" * 32


def test_auth_22_a_short_key_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="JWT_SECRET has 31 bytes; it needs 32"):
        create_app(with_secret(tmp_path, "k" * 31))


def test_length_counts_bytes_not_characters(tmp_path: Path) -> None:
    assert signing_key(with_secret(tmp_path, "é" * 16)) == ("é" * 16).encode()


def test_a_key_made_at_the_first_start_is_kept(tmp_path: Path) -> None:
    first = signing_key(Settings(data_dir=tmp_path))

    assert len(first) >= 32
    assert signing_key(Settings(data_dir=tmp_path)) == first


def test_only_the_owner_may_read_a_kept_key(tmp_path: Path) -> None:
    signing_key(Settings(data_dir=tmp_path))

    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    assert signing_key(Settings(data_dir=tmp_path / "a")) != signing_key(Settings(data_dir=tmp_path / "b"))


def test_a_damaged_kept_key_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("cut")

    with pytest.raises(ConfigurationError, match="3 bytes"):
        signing_key(Settings(data_dir=tmp_path))


def test_auth_22_production_needs_a_key_of_the_operator(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="JWT_SECRET must be set when APP_ENV=prod"):
        signing_key(Settings(data_dir=tmp_path, app_env="prod"))

    assert not (tmp_path / FILE_NAME).exists()
