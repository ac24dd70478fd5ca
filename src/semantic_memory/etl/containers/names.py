"""Names of files within files: one spelling for one place, and no way out of the file that holds them."""

import re

from semantic_memory.etl.text import clean

MAX_CHARACTERS = 1024
"""Of a path within a file; as long as the name of an upload may be."""
SKIPPED_NAMES = frozenset(
    {
        *(".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv"),  # as in folders, etl/source/files.py
        *("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"),  # what macOS and Windows add to archives
    }
)
RESOURCE_FORK = "._"
"""Before the name of a file: what macOS stores beside it."""
SKIPPED = "version control, caches and system files are left out"
_DRIVE = re.compile(r"[a-zA-Z]:")
_BREAKS = re.compile(r"\s+")


def member_path(given: str) -> str:
    """The name as a relative path with forward slashes, without invisible characters and parts that say nothing."""
    visible = _BREAKS.sub(" ", clean(_readable(given)).replace("\\", "/"))
    return "/".join(part for part in map(str.strip, visible.split("/")) if part not in {"", "."})


def refused_name(given: str) -> str:
    """Why no file may have this name; empty for a good one."""
    path = member_path(given)
    parts = path.split("/")
    if given.startswith(("/", "\\")) or _DRIVE.match(path):
        return "its path is absolute"
    if ".." in parts:
        return "its path leads out of the archive"
    if not path.strip("./ "):
        return "it has no name"
    if len(path) > MAX_CHARACTERS:
        return f"its path has more than {MAX_CHARACTERS} characters"
    return SKIPPED if SKIPPED_NAMES.intersection(parts) or parts[-1].startswith(RESOURCE_FORK) else ""


def file_name(given: str, default: str) -> str:
    """The last part of the name that a mail gives its attachment; `default` where it gives none."""
    parts = [part for part in member_path(given).split("/") if part.strip("./ ")]
    return parts[-1][-MAX_CHARACTERS // 4 :] if parts else default


def numbered(path: str, number: int) -> str:
    """The path of the second, third … file of this name: `photo (2).jpg`."""
    folder, slash, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    return f"{folder}{slash}{stem} ({number}){dot}{extension}" if stem else f"{path} ({number})"


def decoded_name(raw: bytes) -> str:
    """UTF-8, else Latin-1: a name is too short for guessing."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _readable(given: str) -> str:
    """Bytes that Python could not decode and keeps as lone surrogates, decoded; other surrogates are question marks."""
    try:
        return decoded_name(given.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return given.encode("utf-8", "replace").decode()
