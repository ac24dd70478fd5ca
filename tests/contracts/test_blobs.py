"""What every blob store keeps: bytes by content, per tenant."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import pytest

from semantic_memory.core.errors import InvalidInputError, NotFoundError
from semantic_memory.core.ports import BlobStore
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter
from tests.servers.s3 import S3Server

CONTENT = b"some bytes\x00\xff" * 200_000
OTHER_AT_EACH_READING = Path("/proc/sys/kernel/random/uuid")
"""A new identifier each time it is opened: https://man7.org/linux/man-pages/man4/random.4.html."""

Overwrite: TypeAlias = Callable[[str, bytes], None]


@pytest.fixture(params=["files", pytest.param("s3", marks=pytest.mark.stores)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "files":
        return Settings(data_dir=tmp_path / "data")
    server: S3Server = request.getfixturevalue("s3_server")
    return server.settings(tmp_path / "data", server.new_bucket())


@pytest.fixture
def blobs(settings: Settings) -> BlobStore:
    opened: BlobStore = adapter("store.blobs", settings.blob_store)(settings)
    return opened


@pytest.fixture
def folder(settings: Settings) -> Path:
    """Where the store's files on this machine belong."""
    return settings.data_dir / ("blobs" if settings.blob_store == "files" else "cache/blobs")


@pytest.fixture
def overwrite(settings: Settings, request: pytest.FixtureRequest) -> Overwrite:
    """Changes what is stored of the tenant `acme` behind the store's back."""

    def overwrite_file(content_hash: str, content: bytes) -> None:
        place = f"acme/{content_hash[:2]}/{content_hash}"
        if settings.blob_store == "files":
            (settings.data_dir / "blobs" / place).write_bytes(content)
        else:
            request.getfixturevalue("s3_server").put(settings.s3_bucket, place, content)

    return overwrite_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    original = tmp_path / "original.bin"
    original.write_bytes(CONTENT)
    return original


async def test_put_returns_the_hash_and_size_and_keeps_a_copy(blobs: BlobStore, file: Path) -> None:
    content_hash, size_bytes = await blobs.put(file, tenant="acme")
    await asyncio.to_thread(file.unlink)

    assert (content_hash, size_bytes) == (sha256(CONTENT).hexdigest(), len(CONTENT))
    assert (await blobs.local(content_hash, tenant="acme")).read_bytes() == CONTENT


async def test_an_empty_file_is_kept(blobs: BlobStore, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    content_hash, size_bytes = await blobs.put(tmp_path / "empty", tenant="acme")

    assert size_bytes == 0
    assert (await blobs.local(content_hash, tenant="acme")).read_bytes() == b""


async def test_the_same_bytes_again_are_not_written_again(blobs: BlobStore, file: Path) -> None:
    content_hash, _ = await blobs.put(file, tenant="acme")
    written = (await blobs.local(content_hash, tenant="acme")).stat().st_ino

    assert (await blobs.put(file, tenant="acme"))[0] == content_hash
    assert (await blobs.local(content_hash, tenant="acme")).stat().st_ino == written


async def test_the_same_bytes_at_the_same_time_are_stored_once(blobs: BlobStore, file: Path) -> None:
    stored = await asyncio.gather(*(blobs.put(file, tenant="acme") for _ in range(8)))

    assert len(set(stored)) == 1
    assert await blobs.hashes(tenant="acme") == {stored[0][0]}


async def test_what_is_stored_is_what_the_hash_says_even_if_the_file_changes_meanwhile(blobs: BlobStore) -> None:
    content_hash, size_bytes = await blobs.put(OTHER_AT_EACH_READING, tenant="acme")
    stored = (await blobs.local(content_hash, tenant="acme")).read_bytes()

    assert (content_hash, size_bytes) == (sha256(stored).hexdigest(), len(stored))
    assert await blobs.hashes(tenant="acme") == {content_hash}
    assert await blobs.corrupt(tenant="acme") == []


async def test_a_stored_file_with_missing_bytes_is_written_again(blobs: BlobStore, file: Path, overwrite: Overwrite) -> None:
    content_hash, _ = await blobs.put(file, tenant="acme")
    overwrite(content_hash, b"cut")
    await blobs.put(file, tenant="acme")

    assert await blobs.corrupt(tenant="acme") == []
    assert (await blobs.local(content_hash, tenant="acme")).read_bytes() == CONTENT


async def test_damaged_bytes_are_found(blobs: BlobStore, file: Path, tmp_path: Path, overwrite: Overwrite) -> None:
    (tmp_path / "other").write_bytes(b"other")
    damaged, _ = await blobs.put(file, tenant="acme")
    await blobs.put(tmp_path / "other", tenant="acme")
    overwrite(damaged, b"y" + CONTENT[1:])

    assert await blobs.corrupt(tenant="acme") == [damaged]
    assert await blobs.corrupt(tenant="other") == []


async def test_removed_bytes_are_gone_and_removing_again_is_fine(blobs: BlobStore, file: Path) -> None:
    content_hash, _ = await blobs.put(file, tenant="acme")
    blobs.remove(content_hash, tenant="acme")
    blobs.remove(content_hash, tenant="acme")

    assert not await blobs.has(content_hash, tenant="acme")
    with pytest.raises(NotFoundError):
        await blobs.local(content_hash, tenant="acme")
    assert await blobs.hashes(tenant="acme") == frozenset()


@pytest.mark.parametrize("tenant", ["Acme", "../acme", "..", "", "a/b", "acmé", "a" * 300, "con.", "=x"])
async def test_tenants_of_any_name_never_meet(blobs: BlobStore, file: Path, folder: Path, tenant: str) -> None:
    content_hash, _ = await blobs.put(file, tenant=tenant)

    assert (await blobs.local(content_hash, tenant=tenant)).resolve().is_relative_to(folder)
    assert await blobs.hashes(tenant=tenant) == {content_hash}
    assert await blobs.hashes(tenant="acme") == frozenset()
    with pytest.raises(NotFoundError):
        await blobs.local(content_hash, tenant="acme")


@pytest.mark.parametrize("content_hash", ["", "../../etc/passwd", "ab", "A" * 64, "a" * 64 + "\n", "/" + "a" * 63])
async def test_what_is_no_hash_names_no_file(blobs: BlobStore, content_hash: str) -> None:
    assert not await blobs.has(content_hash, tenant="acme")
    with pytest.raises(NotFoundError):
        await blobs.local(content_hash, tenant="acme")
    blobs.remove(content_hash, tenant="acme")


async def test_one_tenant_s_delete_leaves_the_other_s_bytes(blobs: BlobStore, file: Path) -> None:
    content_hash, _ = await blobs.put(file, tenant="acme")
    await blobs.put(file, tenant="other")
    blobs.remove(content_hash, tenant="acme")

    assert not await blobs.has(content_hash, tenant="acme")
    assert (await blobs.local(content_hash, tenant="other")).read_bytes() == CONTENT


async def test_a_file_that_cannot_be_read_is_refused(blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="directory"):
        await blobs.put(tmp_path, tenant="acme")


async def test_a_missing_file_is_not_found(blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"gone\.txt"):
        await blobs.put(tmp_path / "gone.txt", tenant="acme")
