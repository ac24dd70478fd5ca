"""The folder behind the blob store: crashes, damage, a full disk."""

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from semantic_memory.core.errors import BackendUnavailableError, StorageFullError
from semantic_memory.core.settings import Settings
from semantic_memory.store.blob_files import LEFTOVER_S, UNFINISHED
from semantic_memory.store.blobs.files import build
from tests.store.disk import mounted


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    original = tmp_path / "original.bin"
    original.write_bytes(b"x" * 300_000)
    return original


@pytest.fixture
def unfinished(settings: Settings) -> Path:
    build(settings)
    return settings.data_dir / "blobs" / UNFINISHED


@pytest.fixture
def small_files(file: Path) -> Iterator[None]:
    """No file of this process may grow beyond a third of `file` any more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size // 3, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def test_copies_that_a_dead_process_left_are_cleared_when_old(settings: Settings, unfinished: Path) -> None:
    for name, age_s in (("old", LEFTOVER_S + 60), ("young", 60)):
        (unfinished / name).touch()
        os.utime(unfinished / name, (time.time() - age_s,) * 2)
    build(settings)

    assert names(unfinished) == ["young"]


async def test_nothing_unfinished_is_left_after_a_put(settings: Settings, file: Path, unfinished: Path) -> None:
    await build(settings).put(file, tenant="acme")

    assert names(unfinished) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    with mounted(tmp_path / "disk", size_bytes=1_000_000) as folder:
        yield folder


@pytest.mark.usefixtures("small_files")
async def test_a_failed_write_leaves_nothing(settings: Settings, file: Path, unfinished: Path) -> None:
    blobs = build(settings)

    with pytest.raises(BackendUnavailableError):
        await blobs.put(file, tenant="acme")
    assert names(unfinished) == []
    assert await blobs.hashes(tenant="acme") == frozenset()


async def test_a_full_disk_is_named_and_space_that_returns_is_used(small_disk: Path, file: Path) -> None:
    blobs = build(Settings(data_dir=small_disk))
    (small_disk / "other").write_bytes(b"x" * 900_000)

    with pytest.raises(StorageFullError):
        await blobs.put(file, tenant="acme")
    (small_disk / "other").unlink()
    assert await blobs.hashes(tenant="acme") == frozenset()
    assert (await blobs.put(file, tenant="acme"))[1] == 300_000


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(BackendUnavailableError):
        build(Settings(data_dir=tmp_path / "data"))
