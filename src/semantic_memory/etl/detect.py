"""What kind of file this is: the content decides, the name only chooses between kinds of text."""

import mmap
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from semantic_memory.core.errors import EmptyDocumentError, PasswordRequiredError
from semantic_memory.etl import media_types as kinds
from semantic_memory.etl.archives import MEMBER_ERRORS, opened_archive
from semantic_memory.etl.text_kinds import HEAD_BYTES, is_binary, text_type

PDF_HEADER_WITHIN = 1024
"""Readers skip so many bytes of junk before `%PDF-` (ISO 32000-1, Annex H, note 13)."""
TAR_BLOCK_BYTES = 512
MIMETYPE_BYTES = 100
"""Of the member that names the type of an EPUB or OpenDocument file; the longest known one has 57."""

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("WordDocument", kinds.WORD_97),
    ("PowerPoint Document", kinds.POWERPOINT_97),
    ("__properties_version1.0", kinds.OUTLOOK),
    ("Workbook", kinds.EXCEL_97),
    ("Book\0", kinds.EXCEL_97),
)
"""Stream that only this kind of compound file has; [MS-DOC], [MS-PPT], [MS-OXMSG] and [MS-XLS], each section 2."""
_ENCRYPTED_PACKAGE = "EncryptedPackage"
"""The stream that holds an office file protected by a password; [MS-OFFCRYPTO] 2.3.4.4."""
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"{\\rtf", kinds.RTF),
    (b"\x1f\x8b", kinds.GZIP),
    (b"BZh", kinds.BZIP2),
    (b"\xfd7zXZ\x00", kinds.XZ),
    (b"\x28\xb5\x2f\xfd", kinds.ZSTANDARD),
    (b"7z\xbc\xaf\x27\x1c", kinds.SEVEN_ZIP),
    (b"Rar!\x1a\x07", kinds.RAR),
    (b"\x7fELF", kinds.PROGRAM),
    (b"\xcf\xfa\xed\xfe", kinds.PROGRAM),
    (b"\xca\xfe\xba\xbe", kinds.PROGRAM),
    (b"\x00asm", kinds.PROGRAM),
    (b"MZ", kinds.WINDOWS_PROGRAM),
    (b"SQLite format 3\x00", kinds.SQLITE),
    (b"\x93NUMPY", kinds.NUMPY),
    (b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
)
_PRINTABLE_MAGIC = frozenset(magic for magic, _ in _MAGIC if magic.isalnum())
"""Letters that a text can start with too, so the rest must look binary."""
_RIFF: Mapping[bytes, str] = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_FTYP: Mapping[bytes, str] = {
    **dict.fromkeys((b"avif", b"avis"), kinds.AVIF),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), kinds.HEIC),
}
"""Major brand of an ISO media file → picture type; other brands are films. `mif1` may be either: both are refused alike."""
_PICKLE_PROTOCOLS = frozenset(range(2, 6))
"""Byte behind 0x80 at the start of a pickle; older protocols are text and read as such."""
_COMPRESSIONS = frozenset(kinds.COMPRESSED_TARS)
_MIMETYPES = frozenset(
    {
        kinds.EPUB,
        *(f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation", "graphics", "chart", "formula")),
    }
)
_ZIP_PARTS: tuple[tuple[str, str], ...] = (
    ("word/document.xml", kinds.DOCX),
    ("xl/workbook.xml", kinds.XLSX),
    ("ppt/presentation.xml", kinds.PPTX),
    ("xl/workbook.bin", kinds.EXCEL_BINARY),
    ("Index/Document.iwa", kinds.IWORK),
)
"""Main part → type; files with macros and templates have the same parts, and no macro is ever run."""
_ZIP_MAIN_TYPES: tuple[tuple[bytes, str], ...] = (
    (b"wordprocessingml.document.main+xml", kinds.DOCX),
    (b"spreadsheetml.sheet.main+xml", kinds.XLSX),
    (b"presentationml.presentation.main+xml", kinds.PPTX),
)
"""Main parts may have other names, such as `word/document2.xml`; `[Content_Types].xml` says what they are (ECMA-376 part 2, 10.1.2.3)."""
CONTENT_TYPES_BYTES = 64 * 1024


def detect(file: Path, name: str, extensions: Mapping[str, str] = MappingProxyType({})) -> str:
    """The media type of the file, `text/x-<language>` for source code. `extensions` of other formats count where nothing else is known.

    Raises: EmptyDocumentError for a file without a byte or of white space; CorruptFileError for a zip that cannot be listed;
    PasswordRequiredError for an encrypted office file; ExtractionLimitError for a zip bomb; UnsupportedTypeError for binaries of no known
    kind.
    """
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise EmptyDocumentError("the file has 0 bytes")
    return _binary_type(head, file) or text_type(head, name, extensions)


def _binary_type(head: bytes, file: Path) -> str | None:
    """A kind that its first bytes prove, or None for what may be text."""
    if head.lstrip().startswith(b"%PDF-"):
        return kinds.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(file)
    if head.startswith(_OLE_MAGIC):
        return _ole_type(file)
    return _by_magic(head, file) or _by_structure(head)


def _by_magic(head: bytes, file: Path) -> str | None:
    for magic, media_type in _MAGIC:
        if head.startswith(magic) and (magic not in _PRINTABLE_MAGIC or is_binary(head)):
            return _maybe_tar(file, media_type) if media_type in _COMPRESSIONS else media_type
    return None


def _maybe_tar(file: Path, compression: str) -> str:
    from semantic_memory.etl.containers.streams import holds_tar

    return kinds.COMPRESSED_TARS[compression] if holds_tar(file, compression) else compression


def _by_structure(head: bytes) -> str | None:
    """Kinds whose mark is not at the very start, or is too short to prove anything by itself."""
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return _FTYP.get(head[8:12], "video/mp4")
    if not is_binary(head):
        return None
    if head[0] == 0x80 and head[1:2] and head[1] in _PICKLE_PROTOCOLS:
        return kinds.PICKLE
    if _is_tar(head):
        return kinds.TAR
    return kinds.PDF if b"%PDF-" in head[:PDF_HEADER_WITHIN] else None


def _is_tar(head: bytes) -> bool:
    from semantic_memory.etl.containers.streams import is_tar

    return len(head) >= TAR_BLOCK_BYTES and is_tar(head[:TAR_BLOCK_BYTES])


def _ole_type(file: Path) -> str:
    """By the names of its streams, which stand anywhere in the file."""
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_ENCRYPTED_PACKAGE.encode("utf-16-le")) >= 0:
            raise PasswordRequiredError
        return next((kind for name, kind in _OLE_STREAMS if content.find(name.encode("utf-16-le")) >= 0), kinds.OLE)


def _zip_type(file: Path) -> str:
    """Looks inside: the `mimetype` member of EPUB and OpenDocument, the main part of an office file."""
    with opened_archive(file) as archive:
        names = archive.NameToInfo.keys()
        if "mimetype" in names and (told := _known_mimetype(_start_of(archive, "mimetype", MIMETYPE_BYTES))):
            return told
        return _office_type(archive, names) or (kinds.PYTORCH if _is_pytorch(names) else kinds.ZIP)


def _known_mimetype(told: bytes) -> str | None:
    """What the member says, if it is one of the types we know; templates are read like documents."""
    media_type = told.decode("ascii", errors="replace").strip().removesuffix("-template")
    return media_type if media_type in _MIMETYPES else None


def _office_type(archive: zipfile.ZipFile, names: Collection[str]) -> str | None:
    by_part = next((media_type for part, media_type in _ZIP_PARTS if part in names), None)
    if by_part or "[Content_Types].xml" not in names:
        return by_part
    types = _start_of(archive, "[Content_Types].xml", CONTENT_TYPES_BYTES)
    return next((media_type for main, media_type in _ZIP_MAIN_TYPES if main in types), None)


def _is_pytorch(names: Collection[str]) -> bool:
    return any(name == "data.pkl" or name.endswith("/data.pkl") for name in names)


def _start_of(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    """The member's first bytes; nothing for a member that cannot be read, which the reader of the file will say."""
    try:
        with archive.open(name) as member:
            return member.read(size)
    except (*MEMBER_ERRORS, RuntimeError):  # RuntimeError: it is encrypted
        return b""
