"""`DATABASE_URL` in every form that hosts of databases hand out, and what is refused."""

import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.address import catalogue_address

SECRET = "hunter2"

WITHOUT_DRIVER = """
import sys
sys.modules["psycopg"] = None
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.address import catalogue_address
catalogue_address(Settings(database_url="postgres://db.example/memory"))
"""


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_form_of_a_postgresql_url_gets_the_same_driver(scheme: str) -> None:
    address = catalogue_address(Settings(database_url=f"{scheme}://ada:{SECRET}@db.example/memory?sslmode=require"))

    expected = f"postgresql+psycopg://ada:{SECRET}@db.example/memory?sslmode=require"
    assert address.render_as_string(hide_password=False) == expected


def test_without_a_url_the_catalogue_is_a_file_in_the_data_directory(tmp_path: Path) -> None:
    assert catalogue_address(Settings(data_dir=tmp_path)).database == str(tmp_path / "catalogue.db")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"mysql://ada:{SECRET}@db.example/memory", "'mysql'; known: sqlite"),
        (f"postgresql+asyncpg://ada:{SECRET}@db.example/memory", "'postgresql\\+asyncpg'; known: sqlite"),
        (f"ada:{SECRET}@db.example", "is no URL"),
        (f"postgresql://ada:{SECRET}@db.example:{SECRET}/memory", "is no URL"),
    ],
)
def test_another_url_is_refused_without_showing_its_password(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        catalogue_address(Settings(database_url=url))

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert SECRET not in "".join(traceback.format_exception_only(caught.value))


def test_without_the_driver_the_message_says_what_to_install() -> None:
    refused = subprocess.run([sys.executable, "-c", WITHOUT_DRIVER], capture_output=True, text=True, check=False)

    assert "MissingExtraError" in refused.stderr
    assert "pip install 'semantic-memory[postgres]'" in refused.stderr
