"""Original bytes in a folder, named by their SHA-256."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from semantic_memory.core.errors import NotFoundError
from semantic_memory.core.settings import Settings
from semantic_memory.store.blob_files import HASH, copy_into, digest, disk_errors, place, prepare, tenant_folder, unfinished


@dataclass(frozen=True, slots=True)
class FileBlobs:
    """`BlobStore` in `root/<tenant>/<first two digits>/<hash>`. A file appears there whole or not at all."""

    root: Path

    async def put(self, file: Path, *, tenant: str) -> tuple[str, int]:
        """Also raises: NotFoundError or InvalidInputError when `file` cannot be read; StorageFullError."""
        return await asyncio.to_thread(self._put, file, tenant)

    async def local(self, content_hash: str, *, tenant: str) -> Path:
        if not await self.has(content_hash, tenant=tenant):
            raise NotFoundError(f"no file {content_hash!r}")
        return self._place(content_hash, tenant)

    async def has(self, content_hash: str, *, tenant: str) -> bool:
        return bool(HASH.fullmatch(content_hash)) and await asyncio.to_thread(self._place(content_hash, tenant).is_file)

    def remove(self, content_hash: str, *, tenant: str) -> None:
        with disk_errors(), suppress(NotFoundError):
            self._place(content_hash, tenant).unlink(missing_ok=True)

    async def hashes(self, *, tenant: str) -> frozenset[str]:
        return await asyncio.to_thread(lambda: frozenset(file.name for file in self._files(tenant)))

    async def corrupt(self, *, tenant: str) -> list[str]:
        """Hashes whose bytes are no longer what was stored, in order; reads every file."""
        return await asyncio.to_thread(lambda: sorted(file.name for file in self._files(tenant) if digest(file)[0] != file.name))

    def _put(self, file: Path, tenant: str) -> tuple[str, int]:
        content_hash, size_bytes = digest(file)
        if _size(self._place(content_hash, tenant)) == size_bytes:
            return content_hash, size_bytes
        with disk_errors(), unfinished(self.root) as copy:
            content_hash, size_bytes = copy_into(copy, file)
            _publish(Path(copy.name), self._place(content_hash, tenant))
        return content_hash, size_bytes

    def _place(self, content_hash: str, tenant: str) -> Path:
        """Raises: NotFoundError for anything but a SHA-256."""
        return self.root / place(content_hash, tenant)

    def _files(self, tenant: str) -> Iterator[Path]:
        return (file for file in (self.root / tenant_folder(tenant)).glob("??/*") if HASH.fullmatch(file.name))


def build(settings: Settings) -> FileBlobs:
    """Opens the folder `blobs` in `DATA_DIR`, creating it, and clears away copies that a dead process left unfinished."""
    root = settings.data_dir / "blobs"
    prepare(root)
    return FileBlobs(root)


def _publish(copy: Path, target: Path) -> None:
    """The rename is the moment the bytes are stored; each folder on the way is made durable, deepest first."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy.replace(target)
    for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(file: Path) -> int | None:
    return file.stat().st_size if file.is_file() else None
