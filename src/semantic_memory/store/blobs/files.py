"""Original bytes in a folder, named by their SHA-256."""

import asyncio
import errno
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from semantic_memory.core.errors import BackendUnavailableError, InvalidInputError, NotFoundError, StorageFullError
from semantic_memory.core.settings import Settings

CHUNK_BYTES = 1024 * 1024
LEFTOVER_S = 3600
"""Age after which an unfinished copy belongs to a process that died."""

HASH = re.compile(r"[0-9a-f]{64}")
SAFE_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""Names that are the same folder on every file system; all others are stored under a digest."""

UNFINISHED = "=unfinished"
"""Folder of copies being made; no tenant's folder can have this name."""


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
        with _disk_errors(), suppress(NotFoundError):
            self._place(content_hash, tenant).unlink(missing_ok=True)

    async def hashes(self, *, tenant: str) -> frozenset[str]:
        return await asyncio.to_thread(lambda: frozenset(file.name for file in self._files(tenant)))

    async def corrupt(self, *, tenant: str) -> list[str]:
        """Hashes whose bytes are no longer what was stored, in order; reads every file."""
        return await asyncio.to_thread(lambda: sorted(file.name for file in self._files(tenant) if _digest(file)[0] != file.name))

    def _put(self, file: Path, tenant: str) -> tuple[str, int]:
        content_hash, size_bytes = _digest(file)
        if _size(self._place(content_hash, tenant)) == size_bytes:
            return content_hash, size_bytes
        with _disk_errors(), _unfinished(self.root / UNFINISHED) as copy:
            content_hash, size_bytes = _copy(file, copy)
            _publish(Path(copy.name), self._place(content_hash, tenant))
        return content_hash, size_bytes

    def _place(self, content_hash: str, tenant: str) -> Path:
        """Raises: NotFoundError for anything but a SHA-256, so that a hash from outside can never name another file."""
        if not HASH.fullmatch(content_hash):
            raise NotFoundError(f"no file {content_hash!r}")
        return self._folder(tenant) / content_hash[:2] / content_hash

    def _folder(self, tenant: str) -> Path:
        safe = tenant if SAFE_TENANT.fullmatch(tenant) else "=" + hashlib.sha256(tenant.encode()).hexdigest()[:32]
        return self.root / safe

    def _files(self, tenant: str) -> Iterator[Path]:
        return (file for file in self._folder(tenant).glob("??/*") if HASH.fullmatch(file.name))


def build(settings: Settings) -> FileBlobs:
    """Opens the folder `blobs` in `DATA_DIR`, creating it, and clears away copies that a dead process left unfinished."""
    root = settings.data_dir / "blobs"
    with _disk_errors():
        (root / UNFINISHED).mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear_leftovers(root / UNFINISHED, older_than=time.time() - LEFTOVER_S)
    return FileBlobs(root)


def _clear_leftovers(folder: Path, *, older_than: float) -> None:
    for file in folder.iterdir():
        if file.stat().st_mtime < older_than:
            file.unlink(missing_ok=True)


@contextmanager
def _unfinished(folder: Path) -> Generator[IO[bytes]]:
    """A new file that is gone afterwards unless it was moved away."""
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as copy:
        try:
            yield copy
        finally:
            Path(copy.name).unlink(missing_ok=True)


def _copy(file: Path, copy: IO[bytes]) -> tuple[str, int]:
    """Copies and hashes in one reading, because the file may have changed since it was hashed."""
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
        copy.write(chunk)
    copy.flush()
    os.fsync(copy.fileno())
    return digest.hexdigest(), copy.tell()


def _publish(copy: Path, place: Path) -> None:
    """The rename is the moment the bytes are stored; each folder on the way is made durable, deepest first."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy.replace(place)
    for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(file: Path) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in _chunks(file):
        digest.update(chunk)
        size_bytes += len(chunk)
    return digest.hexdigest(), size_bytes


def _chunks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except FileNotFoundError as error:
        raise NotFoundError(f"no file {file.name!r}") from error
    except OSError as error:
        raise InvalidInputError(f"cannot read {file.name!r}: {error.strerror}") from error


def _size(file: Path) -> int | None:
    return file.stat().st_size if file.is_file() else None


@contextmanager
def _disk_errors() -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFullError from error
        raise BackendUnavailableError(f"the folder of original files: {error.strerror}") from error
