"""Entries of a tar archive and of a compressed file, read once from front to back and counted while they are inflated."""

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.etl.archives import CHUNK_BYTES, MAX_MEMBER_BYTES
from semantic_memory.etl.containers.entries import Entry, Meter
from semantic_memory.etl.containers.names import decoded_name
from semantic_memory.etl.media_types import BZIP2, COMPRESSED_TARS, GZIP, TAR, XZ

BLOCK_BYTES = tarfile.BLOCKSIZE
UNNAMED = "content"
"""The file inside a compressed file when neither this nor the compressed file's own name says what it was called."""
SUFFIXES = frozenset({".gz", ".bz2", ".xz"})
GZIP_NAME, GZIP_EXTRA = 8, 4
"""Bits of the flags in byte 3; RFC 1952, section 2.3.1."""
NAME_BYTES = 4096
_COMPRESSIONS: Mapping[str, str] = {tar: single for single, tar in COMPRESSED_TARS.items()}


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def stream_entries(file: Path, name: str, media_type: str, meter: Meter) -> Iterator[Entry]:
    """The members of a tar archive, or the one file that a gzip, bzip2 or xz file is.

    Raises: CorruptFileError, also after some entries when the file breaks off there; ExtractionLimitError.
    """
    with _damage_told(), inflated(file, media_type, meter) as stream:
        if media_type == TAR or media_type in _COMPRESSIONS:
            yield from _tar_entries(stream)
        else:
            yield Entry(_stored_name(file) or _inner_name(name) or UNNAMED, partial(_read, stream))


def _inner_name(name: str) -> str | None:
    """`notes.txt` of `x/notes.txt.gz`."""
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in SUFFIXES else None


def holds_tar(file: Path, compression: str) -> bool:
    """Whether a file of this compression starts with a tar archive; False when it cannot be inflated so far."""
    try:
        with _damage_told(), inflated(file, compression, Meter(file.stat().st_size)) as stream:
            return is_tar(stream.peek(BLOCK_BYTES)[:BLOCK_BYTES])
    except CorruptFileError:
        return False


def is_tar(block: bytes) -> bool:
    """Whether the block is the header of a tar member: its checksum says so."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


@contextmanager
def inflated(file: Path, media_type: str, meter: Meter) -> Generator[io.BufferedReader]:
    """What comes out of the file, counted; a plain tar archive as it is."""
    with file.open("rb") as stored, _opened(stored, _COMPRESSIONS.get(media_type, media_type)) as stream:
        yield io.BufferedReader(_Counted(stream, meter), CHUNK_BYTES)


def _opened(stored: BinaryIO, compression: str) -> AbstractContextManager[_Readable]:
    if compression == GZIP:
        return gzip.open(stored)
    if compression == BZIP2:
        return bz2.open(stored)
    return lzma.open(stored) if compression == XZ else stored


class _Counted(io.RawIOBase):
    def __init__(self, stream: _Readable, meter: Meter) -> None:
        self.tail = b""
        self._stream = stream
        self._meter = meter

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # mypy has no name for a buffer before 3.12
        chunk = self._stream.read(len(buffer))
        self._meter.count(len(chunk))
        self.tail = chunk[-BLOCK_BYTES:] or self.tail
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _tar_entries(stream: io.BufferedReader) -> Iterator[Entry]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if not member.isdir():
                yield Entry(member.name, partial(_member_chunks, archive, member), _refusal(member), member.issym() or member.islnk())
    if isinstance(stream.raw, _Counted) and any(stream.raw.tail):  # Python takes a cut or damaged header for the end
        raise CorruptFileError("the archive breaks off, it has no end mark")


def _refusal(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "it is a link"
    if not member.isreg() or member.issparse():
        return "it is no regular file"
    return f"it has more than {MAX_MEMBER_BYTES} bytes" if member.size > MAX_MEMBER_BYTES else ""


def _member_chunks(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    with _damage_told():
        yield from _read(cast("_Readable", archive.extractfile(member)))


def _read(stream: _Readable) -> Iterator[bytes]:
    with _damage_told():
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


@contextmanager
def _damage_told() -> Generator[None]:
    try:
        yield
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise CorruptFileError(f"the archive is damaged: {error}") from error


def _stored_name(file: Path) -> str:
    """The name in the header of a gzip file, RFC 1952 section 2.3; empty when there is none."""
    with file.open("rb") as stream:
        head = stream.read(NAME_BYTES)
    if len(head) < 12 or not head.startswith(b"\x1f\x8b") or not head[3] & GZIP_NAME:
        return ""
    start = 12 + int.from_bytes(head[10:12], "little") if head[3] & GZIP_EXTRA else 10
    return decoded_name(head[start:].partition(b"\0")[0])
