"""A folder that holds one embedded index: one sub-folder per tenant and collection, one owner, one position.

The owner (the process that holds the lock) writes; every process reads. Nothing here is the truth: what is missing or wrong is
rebuilt from the change log, so writes need no fsync, only atomic renames.
"""

import errno
import json
import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from filelock import FileLock, Timeout

from semantic_memory.core.access import Access
from semantic_memory.core.errors import BackendUnavailableError, CorruptDataError, StorageFullError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Json

Stamp: TypeAlias = tuple[int, int, int]
"""Changes whenever a file is replaced."""

POSITION_FILE = "position.json"
LOCK_FILE = "owner.lock"
LONGEST_NAME = 120
"""Longer names are cut and told apart by a hash; file systems allow 255 bytes."""


class IndexFolder:
    """Places, ownership and position of one index.

    A folder is a collection once it holds the file `marker`. `layout` changes with the file format; another layout counts as absent.
    """

    def __init__(self, root: Path, *, layout: int, marker: str) -> None:
        self.root = root
        self._layout = layout
        self._marker = marker
        self._lock = FileLock(root / LOCK_FILE, thread_local=False)

    def collection(self, tenant: str, collection: str) -> Path:
        return self.root / folder_name(tenant) / folder_name(collection)

    def collections(self) -> list[Path]:
        """Folders of every collection of every tenant."""
        return [folder for tenant in _folders(self.root) for folder in self._marked(_folders(tenant))]

    def readable(self, access: Access, filters: Filters) -> list[Path]:
        """Folders of the collections that the caller may read and the filters name."""
        tenant = self.root / folder_name(access.tenant)
        names = access.collections if access.collections is not None else filters.collections
        if access.collections is None and not filters.collections:
            return self._marked(_folders(tenant))
        wanted = {name for name in names if not filters.collections or name in filters.collections}
        return self._marked([tenant / folder_name(name) for name in sorted(wanted)])

    def own(self) -> bool:
        """Takes the owner's lock if nobody holds it; it is kept until `release` or the end of the process."""
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    @property
    def is_owned(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock.is_locked

    def require_owner(self) -> None:
        """Raises: BackendUnavailableError while another process owns the folder."""
        if not self.is_owned and not self.own():
            raise BackendUnavailableError(f"another process writes the index in {str(self.root)!r}; stop it or wait for it")

    def release(self) -> None:
        self._lock.release(force=True)

    def position(self) -> int:
        """The stored position; 0 when there is none or it cannot be read."""
        try:
            stored = read_json(self.root / POSITION_FILE)
        except (FileNotFoundError, CorruptDataError):
            return 0
        position, layout = stored.get("position"), stored.get("layout")
        return position if isinstance(position, int) and layout == self._layout else 0

    def is_complete(self) -> bool:
        """Whether the layout is ours and at least as many collections exist as when the position was stored."""
        try:
            stored = read_json(self.root / POSITION_FILE)
        except (FileNotFoundError, CorruptDataError):
            return not self.collections()
        expected = stored.get("collections")
        return stored.get("layout") == self._layout and isinstance(expected, int) and len(self.collections()) >= expected

    def set_position(self, position: int) -> None:
        stored = {"layout": self._layout, "position": position, "collections": len(self.collections())}
        write_atomically(self.root / POSITION_FILE, json.dumps(stored).encode())

    def clear(self) -> None:
        """Deletes every collection, the position first."""
        (self.root / POSITION_FILE).unlink(missing_ok=True)
        for tenant in _folders(self.root):
            shutil.rmtree(tenant)
        self.set_position(0)

    def _marked(self, folders: Sequence[Path]) -> list[Path]:
        return [folder for folder in folders if (folder / self._marker).is_file()]


def folder_name(name: str) -> str:
    """A file name for any text, distinct for distinct texts even where the file system ignores case."""
    quoted = "".join(
        f"~{char.lower()}" if char.isupper() else char for char in quote(name, safe="", errors="surrogatepass").replace("~", "%7e")
    )
    plain = quoted.replace(".", "%2e") or "%"
    return plain if len(plain) <= LONGEST_NAME else f"{plain[:LONGEST_NAME]}+{sha256(plain.encode()).hexdigest()}"


def write_atomically(path: Path, data: bytes) -> None:
    """Readers see the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(data)
    draft.replace(path)


def read_json(path: Path) -> Json:
    """The object in a JSON file. Raises: FileNotFoundError; CorruptDataError when it is none."""
    try:
        stored: Json | None = json.loads(path.read_bytes())
    except ValueError as error:
        raise CorruptDataError(f"{str(path)!r} is not JSON") from error
    if not isinstance(stored, dict):
        raise CorruptDataError(f"{str(path)!r} holds no JSON object")
    return stored


def stamp(path: Path) -> Stamp | None:
    """None when there is no such file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


@contextmanager
def disk_errors() -> Generator[None]:
    """Turns the operating system's errors into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFullError from error
        raise BackendUnavailableError(f"cannot use the index: {error}") from error


def _folders(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir())
    except FileNotFoundError:
        return []
