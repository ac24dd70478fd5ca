"""What the blob stores share: where the bytes of a hash belong, and copies that appear whole or not at all."""

import errno
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from semantic_memory.core.errors import BackendUnavailableError, InvalidInputError, NotFoundError, StorageFullError

CHUNK_BYTES = 1024 * 1024
LEFTOVER_S = 3600
"""Age after which an unfinished copy belongs to a process that died."""

HASH = re.compile(r"[0-9a-f]{64}")
SAFE_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""Names that are the same folder on every file system; all others are stored under a digest."""

UNFINISHED = "=unfinished"
"""Folder of copies being made; no tenant's folder can have this name."""


def place(content_hash: str, tenant: str) -> str:
    """`<tenant>/<first two digits>/<hash>`, a relative path and as well the key of an object.

    Raises: NotFoundError for anything but a SHA-256, so that a hash from outside can never name another file.
    """
    if not HASH.fullmatch(content_hash):
        raise NotFoundError(f"no file {content_hash!r}")
    return f"{tenant_folder(tenant)}/{content_hash[:2]}/{content_hash}"


def tenant_folder(tenant: str) -> str:
    return tenant if SAFE_TENANT.fullmatch(tenant) else "=" + hashlib.sha256(tenant.encode()).hexdigest()[:32]


def digest(file: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes. Raises: NotFoundError or InvalidInputError when `file` cannot be read."""
    hashed, size_bytes = hashlib.sha256(), 0
    for chunk in _chunks(file):
        hashed.update(chunk)
        size_bytes += len(chunk)
    return hashed.hexdigest(), size_bytes


def copy_into(copy: IO[bytes], file: Path) -> tuple[str, int]:
    """Copies and hashes in one reading, because the file may have changed since it was hashed; `copy` is durable on return.

    Returns: SHA-256 (hex) and size in bytes of the copy.
    """
    hashed = hashlib.sha256()
    for chunk in _chunks(file):
        hashed.update(chunk)
        copy.write(chunk)
    sync(copy)
    return hashed.hexdigest(), copy.tell()


def sync(copy: IO[bytes]) -> None:
    copy.flush()
    os.fsync(copy.fileno())


def prepare(root: Path) -> None:
    """Creates the folder of unfinished copies, and clears away those that a dead process left."""
    with disk_errors():
        (root / UNFINISHED).mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear_leftovers(root / UNFINISHED, older_than=time.time() - LEFTOVER_S)


@contextmanager
def unfinished(root: Path) -> Generator[IO[bytes]]:
    """A new file that is gone afterwards unless it was moved away."""
    with tempfile.NamedTemporaryFile(dir=root / UNFINISHED, delete=False) as copy:
        try:
            yield copy
        finally:
            Path(copy.name).unlink(missing_ok=True)


@contextmanager
def disk_errors() -> Generator[None]:
    """Raises: StorageFullError; BackendUnavailableError for everything else that the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFullError from error
        raise BackendUnavailableError(f"the folder of original files: {error.strerror}") from error


def _clear_leftovers(folder: Path, *, older_than: float) -> None:
    for file in folder.iterdir():
        if file.stat().st_mtime < older_than:
            file.unlink(missing_ok=True)


def _chunks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except FileNotFoundError as error:
        raise NotFoundError(f"no file {file.name!r}") from error
    except OSError as error:
        raise InvalidInputError(f"cannot read {file.name!r}: {error.strerror}") from error
