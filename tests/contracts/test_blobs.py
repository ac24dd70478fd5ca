"""What every blob store keeps: bytes by content, per tenant."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from semantic_memory.core.errors import NotFoundError
from semantic_memory.core.ports import BlobStore
from semantic_memory.core.settings import Settings
from semantic_memory.store.blobs.files import build

CONTENT = b"some bytes\x00\xff" * 200_000


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return build(Settings(data_dir=tmp_path / "data"))


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


async def test_a_stored_file_with_missing_bytes_is_written_again(blobs: BlobStore, file: Path) -> None:
    content_hash, _ = await blobs.put(file, tenant="acme")
    (await blobs.local(content_hash, tenant="acme")).write_bytes(b"cut")
    await blobs.put(file, tenant="acme")

    assert (await blobs.local(content_hash, tenant="acme")).read_bytes() == CONTENT


async def test_removed_bytes_are_gone_and_removing_again_is_fine(blobs: BlobStore, file: Path) -> None:
    content_hash, _ = await blobs.put(file, tenant="acme")
    blobs.remove(content_hash, tenant="acme")
    blobs.remove(content_hash, tenant="acme")

    with pytest.raises(NotFoundError):
        await blobs.local(content_hash, tenant="acme")
    assert await blobs.hashes(tenant="acme") == frozenset()


@pytest.mark.parametrize("tenant", ["Acme", "../acme", "..", "", "a/b", "acmé", "a" * 300, "con.", "=x"])
async def test_tenants_of_any_name_never_meet(blobs: BlobStore, file: Path, tmp_path: Path, tenant: str) -> None:
    content_hash, _ = await blobs.put(file, tenant=tenant)

    assert (await blobs.local(content_hash, tenant=tenant)).is_relative_to(tmp_path / "data" / "blobs")
    assert await blobs.hashes(tenant=tenant) == {content_hash}
    assert await blobs.hashes(tenant="acme") == frozenset()
    with pytest.raises(NotFoundError):
        await blobs.local(content_hash, tenant="acme")


@pytest.mark.parametrize("content_hash", ["", "../../etc/passwd", "ab", "A" * 64, "a" * 64 + "\n", "/" + "a" * 63])
async def test_what_is_no_hash_names_no_file(blobs: BlobStore, content_hash: str) -> None:
    with pytest.raises(NotFoundError):
        await blobs.local(content_hash, tenant="acme")
    blobs.remove(content_hash, tenant="acme")


async def test_a_missing_file_is_not_found(blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"gone\.txt"):
        await blobs.put(tmp_path / "gone.txt", tenant="acme")
