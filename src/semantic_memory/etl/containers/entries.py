"""What a container holds, taken out within limits: regular files under numbers of our own, everything else refused with its reason."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError
from semantic_memory.core.model import Member
from semantic_memory.etl.archives import MAX_MEMBER_BYTES, MAX_MEMBERS, MAX_TOTAL_BYTES, check_ratio
from semantic_memory.etl.containers.names import SKIPPED, member_path, numbered, refused_name

MAX_ENTRIES = 100_000
"""Entries of any kind that are looked at: more than the files of a large project with all it depends on, 20 MB as a tar."""
NAMED_IN_WARNING = 5
"""Names shown for each reason of refusal; the rest is counted."""


class DamagedEntryError(Exception):
    """Only this entry is damaged; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a container. `refusal` says why it is not read; `chunks` gives its bytes, before the next entry is asked for.

    `chunks` raises DamagedEntryError when only this entry cannot be read, CorruptFileError when nothing behind it can either.
    """

    name: str
    chunks: Callable[[], Iterable[bytes]]
    refusal: str = ""
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """Files taken out, in order, and what was not. A member's `file` is empty when nothing was written."""

    members: Sequence[Member]
    warnings: Sequence[str]

    @property
    def paths(self) -> list[str]:
        return [member.path for member in self.members]


@dataclass(slots=True)
class Meter:
    """Counts what comes out of a file of `stored_bytes`."""

    stored_bytes: int
    inflated_bytes: int = 0

    def count(self, size: int) -> None:
        """Raises: ExtractionLimitError as soon as it is too much."""
        self.inflated_bytes += size
        if self.inflated_bytes > MAX_TOTAL_BYTES:
            raise ExtractionLimitError(f"the archive inflates to more than {MAX_TOTAL_BYTES} bytes")
        check_ratio(self.inflated_bytes, self.stored_bytes)


def take(entries: Iterable[Entry], into: Path | None, *, numbers_duplicates: bool = False) -> Contents:
    """Reads every entry that may be read; writes them to `into` as 0001, 0002 …, or nowhere when that is None.

    A second file of a name is refused, or numbered if so wanted. A container that breaks off gives what came before, with a warning.
    Raises: CorruptFileError when nothing can be read; ExtractionLimitError.
    """
    intake = _Intake(into, numbers_duplicates)
    try:
        for count, entry in enumerate(entries):
            if count >= MAX_ENTRIES:
                raise ExtractionLimitError(f"the archive has more than {MAX_ENTRIES} entries")
            intake.take(entry)
    except CorruptFileError as error:
        if not intake.members:
            raise
        return Contents(intake.members, [f"only the first {len(intake.members)} files could be read: {error}", *intake.warnings()])
    return Contents(intake.members, intake.warnings())


@dataclass(slots=True)
class _Intake:
    into: Path | None
    numbers_duplicates: bool
    members: list[Member] = field(default_factory=list[Member])
    _counts: dict[str, int] = field(default_factory=dict[str, int])
    _links: set[str] = field(default_factory=set[str])
    _refused: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def take(self, entry: Entry) -> None:
        path = member_path(entry.name)
        if entry.is_link:
            self._links.add(path)
        refusal = refused_name(entry.name) or entry.refusal or self._refusal(path)
        if refusal:
            self._refuse(path, refusal)
            return
        try:
            self._read(entry, path)
        except DamagedEntryError as error:
            self._refuse(path, f"it is damaged ({error})")

    def warnings(self) -> list[str]:
        return [_warning(reason, paths) for reason, paths in self._refused.items()]

    def _refusal(self, path: str) -> str:
        if any(parent in self._links for parent in _parents(path)):
            return "it lies behind a link"
        return "" if self.numbers_duplicates or path not in self._counts else "the archive holds a file of this name already"

    def _refuse(self, path: str, reason: str) -> None:
        self._refused.setdefault(reason, []).append(path)

    def _read(self, entry: Entry, path: str) -> None:
        if len(self.members) >= MAX_MEMBERS:
            raise ExtractionLimitError(f"there are more than {MAX_MEMBERS} files inside")
        file = self.into / f"{len(self.members) + 1:04}" if self.into else None
        if file is None:
            _drain(entry)
        else:
            _write(entry, file)
        self.members.append(Member(self._free(path), str(file or "")))

    def _free(self, path: str) -> str:
        """The path, numbered when there is one like it."""
        number = self._counts[path] = self._counts.get(path, 0) + 1
        return path if number == 1 else self._free(numbered(path, number))


def _drain(entry: Entry) -> None:
    size = 0
    for chunk in entry.chunks():
        size += len(chunk)
        _check_size(size)


def _write(entry: Entry, file: Path) -> None:
    """Leaves no file behind when the entry turns out to be damaged."""
    size = 0
    try:
        with file.open("xb") as stream:
            for chunk in entry.chunks():
                size += len(chunk)
                _check_size(size)
                stream.write(chunk)
    except (CorruptFileError, DamagedEntryError):
        file.unlink()
        raise


def _check_size(size: int) -> None:
    if size > MAX_MEMBER_BYTES:
        raise ExtractionLimitError(f"a file inside has more than {MAX_MEMBER_BYTES} bytes")


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def _warning(reason: str, paths: Sequence[str]) -> str:
    shown = ", ".join(repr(path[:100]) for path in paths[:NAMED_IN_WARNING])
    more = f" and {len(paths) - NAMED_IN_WARNING} more" if len(paths) > NAMED_IN_WARNING else ""
    return f"not read: {shown}{more}: {reason}" if reason != SKIPPED else f"{SKIPPED}: {shown}{more}"
