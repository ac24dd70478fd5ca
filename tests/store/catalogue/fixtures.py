"""Data directories with a catalogue, for the conftests of the folders that need them."""

import asyncio
import shutil
from pathlib import Path

import pytest

from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an empty catalogue; copying it is quicker than migrating a new one."""
    folder = tmp_path_factory.mktemp("migrated")
    catalogue = build(Settings(data_dir=folder))
    asyncio.run(catalogue.close())
    return folder


@pytest.fixture
def catalogue_folder(migrated_folder: Path, tmp_path: Path) -> Path:
    """A data directory of the test's own, with an empty catalogue."""
    return Path(shutil.copytree(migrated_folder, tmp_path / "catalogue"))
