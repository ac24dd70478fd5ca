"""Stores in PostgreSQL for tests: one database of the session's server, a namespace for each test."""

from pathlib import Path
from uuid import uuid4

import pytest

from semantic_memory.core.settings import Settings
from tests.servers.postgres import Postgres


@pytest.fixture(scope="session")
def pgvector_url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def pgvector_settings(pgvector_url: str, tmp_path: Path) -> Settings:
    return _settings(pgvector_url, tmp_path, vector_store="pgvector")


@pytest.fixture
def postgres_settings(pgvector_url: str, tmp_path: Path) -> Settings:
    return _settings(pgvector_url, tmp_path, keyword_store="postgres")


def _settings(url: str, folder: Path, **stores: str) -> Settings:
    return Settings.model_validate({"data_dir": folder / "data", "pgvector_url": url, "store_namespace": f"test_{uuid4().hex}", **stores})
