"""Copies of a bucket's files on this machine, least recently used first to go. Nothing here is the truth.

The time of a copy's last change is the time at which its object was last known to exist, which is also its last use.
"""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from filelock import FileLock

from semantic_memory.store.blob_files import disk_errors, prepare, sync, unfinished

KNOWN_S = 60
"""How long an object is taken to exist without asking: one ingest reads the file it has just put. A delete on another machine can
therefore go unnoticed for a minute; what a user may fetch is decided by the catalogue, which comes first."""
USED_S = 600
"""A copy that was handed out is being read for this long at most: five times the default of `EXTRACT_TIMEOUT_S`."""
UNUSED_S = 86_400
"""A copy unused for a day goes even where there is room, so that bytes deleted on another machine do not stay for ever."""
TRIM_EVERY_S = 60
"""A pause between looks at every copy, which take about half a second for 100,000."""

LOCK_FILE = "=lock"
"""No tenant's folder can have this name."""


class Cache:
    """Files at `root/<key>`. Keeps below `limit_bytes`, except for what was used in the last `USED_S`. Every method blocks.

    Processes on one machine may share the folder.
    """

    def __init__(self, root: Path, limit_bytes: int) -> None:
        self._root = root
        self._limit_bytes = limit_bytes
        self._trimmed = float("-inf")
        prepare(root)
        self._lock = FileLock(root / LOCK_FILE)

    def known(self, key: str) -> Path | None:
        """The copy, if its object was known to exist a moment ago."""
        file = self._root / key
        with disk_errors():
            return file if file.is_file() and 0 <= time.time() - file.stat().st_mtime < KNOWN_S else None

    def confirm(self, key: str, size_bytes: int) -> Path | None:
        """The copy of an object that was just seen with this size."""
        file = self._root / key
        with disk_errors(), self._lock:
            if not file.is_file() or file.stat().st_size != size_bytes:
                return None
            os.utime(file)
            return file

    @contextmanager
    def copy(self, size_bytes: int) -> Generator[IO[bytes]]:
        """A new file on the same disk that is gone afterwards unless it was kept; makes room for its size first."""
        with disk_errors():
            self._trim(room_for=size_bytes)
            with unfinished(self._root) as copy:
                yield copy

    def keep(self, copy: IO[bytes], key: str) -> Path:
        """Moves a whole copy of an object that exists to its place, durable before it can be seen."""
        file = self._root / key
        with disk_errors():
            sync(copy)
            os.utime(copy.name)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            Path(copy.name).replace(file)
        return file

    def drop(self, key: str) -> None:
        with disk_errors():
            (self._root / key).unlink(missing_ok=True)

    def _trim(self, *, room_for: int) -> None:
        if time.monotonic() - self._trimmed < TRIM_EVERY_S:
            return
        self._trimmed = time.monotonic()
        copies = sorted(self._copies())
        size_bytes = sum(size for _, size, _ in copies) + room_for
        for used, _, file in copies:
            unused_s = time.time() - used
            if unused_s < USED_S + KNOWN_S or (unused_s < UNUSED_S and size_bytes <= self._limit_bytes):
                return
            size_bytes -= self._freed(file, used)

    def _copies(self) -> Generator[tuple[float, int, Path]]:
        """Last use, size and place."""
        for file in self._root.glob("*/??/*"):
            with suppress(FileNotFoundError):  # dropped meanwhile
                found = file.stat()
                yield found.st_mtime, found.st_size, file

    def _freed(self, file: Path, used: float) -> int:
        """Removes a copy, and returns its size; one that was used or dropped meanwhile is left, and frees nothing."""
        with self._lock, suppress(FileNotFoundError):
            found = file.stat()
            if found.st_mtime == used:
                file.unlink()
                return found.st_size
        return 0
