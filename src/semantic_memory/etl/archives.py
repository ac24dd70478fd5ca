"""The gate before anything opens a zip file: what is in it, counted before and while it is inflated."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError, PasswordRequiredError

MEGABYTE = 1024 * 1024
MAX_MEMBERS = 10_000
MAX_MEMBER_BYTES = 200 * MEGABYTE
MAX_TOTAL_BYTES = 512 * MEGABYTE
MAX_RATIO = 100
"""Inflated to stored size; counted only above `RATIO_COUNTS_BYTES`, since small XML repeats itself a lot (EXTRACTION.md §1.1)."""
RATIO_COUNTS_BYTES = 50 * MEGABYTE
MAX_DIRECTORY_BYTES = 8 * MEGABYTE
"""Of the list of members: room for 80,000 usual names, and at most 180,000 of the shortest, which take 0.2 GB and 3 s to list."""
PROLOG_BYTES = 4096
CHUNK_BYTES = MEGABYTE
LOCAL_HEADER_BYTES = 30
"""Stored before a member's name and data; PKWARE APPNOTE 4.3.7."""
ENCRYPTED = 1
"""Bit of a member's flags; PKWARE APPNOTE 4.4.4."""
MEMBER_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError, ValueError)
"""What reading a damaged member, or one of an unknown compression, raises."""


@contextmanager
def opened_archive(file: Path) -> Generator[zipfile.ZipFile]:
    """The open archive, of which nothing is known but that it can be listed.

    Raises: CorruptFileError; ExtractionLimitError when the list alone is too long or members share their bytes, as in a bomb.
    """
    with _Stream(file) as stream, _listed(stream) as archive:
        stream.is_listing = False
        yield archive


@contextmanager
def checked_archive(file: Path, *, allows_document_types: bool = False) -> Generator[zipfile.ZipFile]:
    """The open archive, if its directory keeps the limits and no XML part of it declares a document type (as chapters of e-books may).

    Raises: CorruptFileError, PasswordRequiredError, ExtractionLimitError.
    """
    with opened_archive(file) as archive:
        try:
            _check_directory(archive.infolist(), file.stat().st_size)
            if not allows_document_types:
                _refuse_document_types(archive)
            yield archive
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError) as error:
            raise CorruptFileError(f"the archive is damaged: {error}") from error


def read_member(archive: zipfile.ZipFile, name: str, limit: int = MAX_MEMBER_BYTES) -> Iterator[bytes]:
    """The member's bytes in chunks, counted as they come, because the directory may lie about its size.

    Raises: CorruptFileError when there is no such member; ExtractionLimitError above `limit` bytes.
    """
    if name not in archive.NameToInfo:
        raise CorruptFileError(f"the archive has no part {name!r}")
    size = 0
    with archive.open(name) as member:
        while chunk := member.read(CHUNK_BYTES):
            size += len(chunk)
            if size > limit:
                raise ExtractionLimitError(f"part {name!r} inflates to more than {limit} bytes")
            yield chunk


def check_ratio(inflated_bytes: int, stored_bytes: int) -> None:
    """Raises: ExtractionLimitError when that much cannot honestly have come out of so little."""
    if inflated_bytes > RATIO_COUNTS_BYTES and inflated_bytes > MAX_RATIO * stored_bytes:
        raise ExtractionLimitError(f"the archive inflates {inflated_bytes // max(1, stored_bytes)} times, like a bomb")


class _Stream(io.FileIO):
    """A file of which no large piece is read while the archive is listed: the list is read at once, as long as the archive says."""

    is_listing = True

    def read(self, size: int | None = -1) -> bytes:
        if self.is_listing and size is not None and size > MAX_DIRECTORY_BYTES:
            raise ExtractionLimitError(f"the archive's list of members has {size} bytes; at most {MAX_DIRECTORY_BYTES} are read")
        return super().read(size) or b""


def _listed(stream: _Stream) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise CorruptFileError(f"the file starts like a zip archive but cannot be listed: {error}") from error
    if _overlap(archive.infolist()):
        raise ExtractionLimitError("members of the archive share their bytes, like in a bomb")
    return archive


def _overlap(members: Sequence[zipfile.ZipInfo]) -> bool:
    """Python tells this itself from 3.11.8 on, but only when the member is opened."""
    end = 0
    for member in sorted(members, key=lambda one: one.header_offset):
        if member.header_offset < end:
            return True
        end = member.header_offset + LOCAL_HEADER_BYTES + member.compress_size
    return False


def _check_directory(members: Sequence[zipfile.ZipInfo], stored_bytes: int) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS:
        raise ExtractionLimitError(f"the archive has {len(members)} parts; at most {MAX_MEMBERS} are read")
    if total > MAX_TOTAL_BYTES or any(member.file_size > MAX_MEMBER_BYTES for member in members):
        raise ExtractionLimitError(f"the archive inflates to {total} bytes; the limits are {MAX_TOTAL_BYTES} and {MAX_MEMBER_BYTES} a part")
    check_ratio(total, stored_bytes)
    if any(member.flag_bits & ENCRYPTED for member in members):
        raise PasswordRequiredError


def _refuse_document_types(archive: zipfile.ZipFile) -> None:
    """Stops entity bombs and external entities at once; office formats never declare a document type."""
    for name in archive.namelist():
        if name.endswith((".xml", ".rels")):
            with archive.open(name) as member:
                if b"<!DOCTYPE" in member.read(PROLOG_BYTES).replace(b"\0", b""):  # in UTF-16 too
                    raise CorruptFileError(f"part {name!r} declares a document type, which no office program writes")
