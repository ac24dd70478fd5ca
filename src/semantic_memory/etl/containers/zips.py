"""Entries of a zip archive."""

import stat
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from semantic_memory.core.errors import ExtractionLimitError, PasswordRequiredError
from semantic_memory.etl.archives import CHUNK_BYTES, ENCRYPTED, MAX_MEMBER_BYTES, MAX_TOTAL_BYTES, MEMBER_ERRORS, opened_archive
from semantic_memory.etl.containers.entries import DamagedEntryError, Entry, Meter

_UTF8_NAME = 0x800
"""Bit of a member's flags; PKWARE APPNOTE 4.4.4. Without it Python reads the name as code page 437."""


def zip_entries(file: Path, meter: Meter) -> Iterator[Entry]:
    """What the archive holds, without its folders.

    Raises: CorruptFileError; PasswordRequiredError when all of it is encrypted; ExtractionLimitError.
    """
    with opened_archive(file) as archive:
        files = [member for member in archive.infolist() if not member.filename.endswith("/")]
        _check_announced(files)
        for member in files:
            yield Entry(_name(member), partial(_chunks, archive, member, meter), _refusal(member), stat.S_ISLNK(_mode(member)))


def _check_announced(files: list[zipfile.ZipInfo]) -> None:
    """What the directory admits is refused before anything is inflated."""
    total = sum(member.file_size for member in files if not _refusal(member))
    if total > MAX_TOTAL_BYTES:
        raise ExtractionLimitError(f"the archive inflates to {total} bytes; at most {MAX_TOTAL_BYTES} are read")
    if files and all(member.flag_bits & ENCRYPTED for member in files):
        raise PasswordRequiredError


def _refusal(member: zipfile.ZipInfo) -> str:
    if not (stat.S_ISREG(_mode(member)) or stat.S_IFMT(_mode(member)) == 0):
        return "it is a link" if stat.S_ISLNK(_mode(member)) else "it is no regular file"
    if member.flag_bits & ENCRYPTED:
        return "it is protected by a password"
    return f"it has more than {MAX_MEMBER_BYTES} bytes" if member.file_size > MAX_MEMBER_BYTES else ""


def _mode(member: zipfile.ZipInfo) -> int:
    """File type and permissions as Unix has them; 0 from other systems."""
    return member.external_attr >> 16


def _name(member: zipfile.ZipInfo) -> str:
    """Many programs store UTF-8 without saying so; text of another encoding is hardly ever valid UTF-8."""
    if member.flag_bits & _UTF8_NAME or member.filename.isascii():
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo, meter: Meter) -> Iterator[bytes]:
    """The member's bytes, never more than the directory announces: Python stops there and then finds the checksum wrong."""
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                meter.count(len(chunk))
                yield chunk
    except MEMBER_ERRORS as error:
        raise DamagedEntryError(str(error)) from error
