"""The gate before any library opens an office file: what is in the zip, counted before and while it is inflated."""

import zipfile
import zlib
from collections.abc import Generator, Iterator
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
PROLOG_BYTES = 4096
CHUNK_BYTES = MEGABYTE


@contextmanager
def checked_archive(file: Path) -> Generator[zipfile.ZipFile]:
    """The open archive, if its directory keeps the limits and no XML part of it declares a document type.

    Raises: CorruptFileError, PasswordRequiredError, ExtractionLimitError.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _check_directory(archive.infolist(), file.stat().st_size)
            _refuse_document_types(archive)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
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


def _check_directory(members: list[zipfile.ZipInfo], stored_bytes: int) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS:
        raise ExtractionLimitError(f"the archive has {len(members)} parts; at most {MAX_MEMBERS} are read")
    if total > MAX_TOTAL_BYTES or any(member.file_size > MAX_MEMBER_BYTES for member in members):
        raise ExtractionLimitError(f"the archive inflates to {total} bytes; the limits are {MAX_TOTAL_BYTES} and {MAX_MEMBER_BYTES} a part")
    if total > RATIO_COUNTS_BYTES and total > MAX_RATIO * stored_bytes:
        raise ExtractionLimitError(f"the archive inflates {total // max(1, stored_bytes)} times, like a bomb")
    if any(member.flag_bits & 1 for member in members):
        raise PasswordRequiredError


def _refuse_document_types(archive: zipfile.ZipFile) -> None:
    """Stops entity bombs and external entities at once; office formats never declare a document type."""
    for name in archive.namelist():
        if name.endswith((".xml", ".rels")):
            with archive.open(name) as member:
                if b"<!DOCTYPE" in member.read(PROLOG_BYTES).replace(b"\0", b""):  # in UTF-16 too
                    raise CorruptFileError(f"part {name!r} declares a document type, which no office program writes")
