"""Pinecone for tests: a double of its protocol, since the service itself cannot be run; and the service, when asked for."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from semantic_memory.core.settings import Settings
from tests.servers.pinecone_double import KEY, PineconeDouble

API_KEY = os.environ.get("PINECONE_API_KEY", "")
"""Read before the tests' own fixture clears the environment."""


@pytest.fixture(scope="session")
def pinecone_server() -> Iterator[PineconeDouble]:
    pytest.importorskip("pinecone", reason="needs the extra `pinecone`")
    double = PineconeDouble()
    double.start()
    yield double
    double.kill()


@pytest.fixture
def pinecone_settings(pinecone_server: PineconeDouble, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "pinecone",
        vector_store="pinecone",
        store_namespace=f"t{uuid4().hex[:12]}",
        pinecone_host=pinecone_server.url,
        pinecone_api_key=SecretStr(KEY),
    )


@pytest.fixture
def pinecone_live_settings(tmp_path: Path) -> Iterator[Settings]:
    """The service, in indexes that are deleted afterwards. Its time limit is generous: indexes are created in each test."""
    if not API_KEY:
        pytest.skip("needs PINECONE_API_KEY")
    settings = Settings(
        data_dir=tmp_path / "pinecone",
        vector_store="pinecone",
        store_namespace=f"t{uuid4().hex[:12]}",
        store_timeout_s=30,
        pinecone_api_key=SecretStr(API_KEY),
    )
    yield settings
    asyncio.run(_delete_indexes(settings.store_namespace))


async def _delete_indexes(namespace: str) -> None:
    from pinecone import AsyncPinecone

    async with AsyncPinecone(api_key=API_KEY) as client:
        for name in [index.name async for index in client.indexes.list()]:
            if name.startswith(f"{namespace}-"):
                await client.indexes.delete(name, timeout=-1)
