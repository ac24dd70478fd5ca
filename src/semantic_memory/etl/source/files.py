"""Files of this machine: one file, a folder, or a git checkout."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from semantic_memory.core.errors import NotFoundError
from semantic_memory.core.model import Json, SourceFile
from semantic_memory.core.ports import FileSource
from semantic_memory.core.settings import Settings
from semantic_memory.etl.checkout import checkout_of, describe, git_folder
from semantic_memory.etl.gitignore import IgnoreRules, rules_above

SOURCE = "files"
SKIPPED_NAMES = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv"})
CACHE_MARKS = frozenset({"CACHEDIR.TAG", "pyvenv.cfg"})
"""Files by which tools mark a folder as made by them: caches (bford.info/cachedir) and virtual environments."""


class LocalFiles:
    """Reads no file's content and skips none for its size or type: what cannot be ingested fails there, with its reason."""

    def files(self, root: Path) -> Iterator[SourceFile]:
        """In order of path, lazily. `path` is the real absolute path; a link given as `root` is followed, links below are not.

        Git checkouts add `repository`, `ref`, `commit` and `repository_path` to the metadata. A folder that cannot be listed is
        yielded itself, so that its failure is seen.
        """
        if not root.exists():
            raise NotFoundError(f"no file or folder {str(root)!r}")
        root = root.resolve()
        found = checkout_of(root if root.is_dir() else root.parent)
        checkout = _Checkout(found[0], describe(*found)) if found else None
        return _walk(_Folder(root, rules_above(root), checkout)) if root.is_dir() else iter([_source_file(root, checkout)])


def build(settings: Settings) -> FileSource:
    del settings
    return LocalFiles()


class _Checkout(NamedTuple):
    top: Path
    metadata: Json


class _Folder(NamedTuple):
    path: Path
    rules: IgnoreRules
    checkout: _Checkout | None

    def inner(self, path: Path) -> "_Folder":
        git = git_folder(path)
        return _Folder(path, self.rules, _Checkout(path, describe(path, git)) if git else self.checkout)


def _walk(root: _Folder) -> Iterator[SourceFile]:
    waiting: list[_Folder | SourceFile] = _children(root, is_named=True)[::-1]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, SourceFile):
            yield entry
        else:
            waiting.extend(reversed(_children(entry, is_named=False)))


def _children(folder: _Folder, *, is_named: bool) -> list[_Folder | SourceFile]:
    """Sorted as their paths sort: a folder's name counts with the slash behind it. Caches are empty unless the user named them."""
    try:
        with os.scandir(folder.path) as listing:
            entries = sorted(listing, key=lambda entry: f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name)
    except OSError:
        return [_source_file(folder.path, folder.checkout)]
    if not is_named and any(entry.name in CACHE_MARKS for entry in entries):
        return []
    inside = folder._replace(rules=folder.rules.inside(folder.path))
    return [child for entry in entries if (child := _child(entry, inside))]


def _child(entry: "os.DirEntry[str]", parent: _Folder) -> _Folder | SourceFile | None:
    path = Path(entry.path)
    is_folder = entry.is_dir(follow_symlinks=False)
    if entry.name in SKIPPED_NAMES or not (is_folder or entry.is_file(follow_symlinks=False)):  # not: a link, socket, pipe or device
        return None
    if parent.rules.excludes(path, is_folder=is_folder):
        return None
    return parent.inner(path) if is_folder else _source_file(path, parent.checkout)


def _source_file(path: Path, checkout: _Checkout | None) -> SourceFile:
    metadata = {**checkout.metadata, "repository_path": _name(path.relative_to(checkout.top))} if checkout else {}
    return SourceFile(SOURCE, _name(path), str(path), modified_at=_modified_at(path), metadata=metadata)


def _name(path: Path) -> str:
    """With forward slashes; bytes that are no UTF-8 are written out as `\\xNN`, since a store takes only text."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _modified_at(path: Path) -> datetime | None:
    """None when the file is gone by now; reading it will say so."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None
