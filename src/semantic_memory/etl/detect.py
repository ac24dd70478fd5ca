"""What kind of file this is: the content decides, the name only chooses between kinds of text."""

import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, PasswordRequiredError, UnsupportedTypeError
from semantic_memory.etl.languages import FILE_NAMES, INTERPRETERS, LANGUAGES
from semantic_memory.etl.text import decode

HEAD_BYTES = 64 * 1024
"""How much of a file is looked at."""
MAX_NUL_SHARE = 0.01
"""Text has no NULs; a log or dump with a few stays readable, a binary has far more."""
MAX_CONTROL_SHARE = 0.1
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))
"""Control characters that text does not hold; terminal logs hold ESC."""

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ZIP = "application/zip"
MARKDOWN = "text/markdown"
PLAIN_TEXT = "text/plain"
HTML = "text/html"
JSON = "application/json"
JSON_LINES = "application/x-ndjson"
BINARY = "application/octet-stream"

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
"""The stream that holds an office file protected by a password; [MS-OFFCRYPTO] 2.3.4.4."""
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (_OLE, "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x7fELF", "application/x-executable"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
)
_PRINTABLE_MAGIC = frozenset({"image/bmp", "application/x-bzip2"})
"""Kinds that start with letters only: a text can start like that too, so the rest must look binary."""
_ZIP_PARTS: tuple[tuple[str, str], ...] = (("word/document.xml", DOCX), ("xl/workbook.xml", XLSX), ("ppt/presentation.xml", PPTX))
_TEXT_EXTENSIONS: Mapping[str, str] = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".mdown": MARKDOWN,
    ".mkd": MARKDOWN,
    ".txt": PLAIN_TEXT,
    ".text": PLAIN_TEXT,
    ".log": PLAIN_TEXT,
    ".rst": PLAIN_TEXT,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".json": JSON,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
}
_HTML_START = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[a-zA-Z!/]")
_JSON_START = re.compile(r'\s*(?:\{\s*(?:"|\})|\[\s*(?:["\[{\]\d-]|true|false|null))')
_MARKDOWN_SIGNS = re.compile(r"^(?:#{1,6} \S|```|~~~|[-*] \S.*\n[-*] \S|\|.*\|\n\|[ :|-]+\|$)|\]\([^)\s]+\)", re.MULTILINE)
_SHEBANG = re.compile(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(\S+)")


def detect(file: Path, name: str, extensions: Mapping[str, str] = MappingProxyType({})) -> str:
    """The media type of the file, `text/x-<language>` for source code. `extensions` of other formats count where nothing else is known.

    Raises: EmptyDocumentError for a file without a byte; CorruptFileError for a zip that cannot be listed; PasswordRequiredError for an
    encrypted office file; UnsupportedTypeError for binaries of no known kind.
    """
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise EmptyDocumentError("the file has 0 bytes")
    return _binary_type(head, file) or _text_type(head, name, extensions)


def _binary_type(head: bytes, file: Path) -> str | None:
    """A kind that its first bytes prove, or None for what may be text."""
    if head.lstrip().startswith(b"%PDF-") or (b"%PDF-" in head[:1024] and _is_binary(head)):  # readers skip junk before the header
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(file)
    if head.startswith(_OLE) and _ENCRYPTED_PACKAGE in file.read_bytes():
        raise PasswordRequiredError
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    for magic, media_type in _MAGIC:
        if head.startswith(magic) and (media_type not in _PRINTABLE_MAGIC or _is_binary(head)):
            return media_type
    return None


def _zip_type(file: Path) -> str:
    """Looks inside: the main part of an office file, or the `mimetype` member of EPUB and OpenDocument."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                with archive.open("mimetype") as member:
                    return member.read(200).decode("ascii", errors="replace").strip()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:  # RuntimeError: an encrypted member
        raise CorruptFileError(f"the file starts like a zip archive but cannot be listed: {error}") from error
    return next((media_type for part, media_type in _ZIP_PARTS if part in names), ZIP)


def _text_type(head: bytes, name: str, extensions: Mapping[str, str]) -> str:
    plugged_in = extensions.get(PurePosixPath(name.lower()).suffix)
    if _is_binary(head):
        if plugged_in is None:
            raise UnsupportedTypeError(f"{name!r} is a binary file of no known kind")
        return plugged_in
    text = decode(_whole_characters(head)).text
    if not text.strip():
        raise EmptyDocumentError
    return _named_type(name, text) or plugged_in or _sniffed_type(text)


def _named_type(name: str, text: str) -> str | None:
    """What the file name says, unless the text contradicts it."""
    path = PurePosixPath(name.replace("\\", "/").lower())
    language = FILE_NAMES.get(path.name) or LANGUAGES.get(path.suffix)
    media_type = _TEXT_EXTENSIONS.get(path.suffix) or (language and f"text/x-{language}")
    if media_type is None or media_type == PLAIN_TEXT:
        return HTML if _HTML_START.match(text) else media_type
    if media_type in {MARKDOWN, JSON, JSON_LINES} and _HTML_START.match(text):
        return HTML
    if media_type == HTML and not _TAG.search(text):
        return PLAIN_TEXT
    return media_type


def _sniffed_type(text: str) -> str:
    """The kind of a text whose name says nothing."""
    shebang = _SHEBANG.match(text)
    if shebang:
        language = INTERPRETERS.get(PurePosixPath(shebang[1]).name)
        return f"text/x-{language}" if language else PLAIN_TEXT
    if _JSON_START.match(text):
        return _json_type(text)
    return MARKDOWN if len(_MARKDOWN_SIGNS.findall(text)) >= 2 else PLAIN_TEXT


def _json_type(text: str) -> str:
    first_line = text.strip().partition("\n")[0]
    try:
        json.loads(first_line)
    except (ValueError, RecursionError):
        return JSON
    return JSON_LINES if "\n" in text.strip() else JSON


def _is_binary(head: bytes) -> bool:
    """Whether NULs are too many for text; UTF-16 and UTF-32 say so with a mark at their start."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return head.count(0) > MAX_NUL_SHARE * len(head) or controls > MAX_CONTROL_SHARE * len(head)


def _whole_characters(head: bytes) -> bytes:
    """Without the UTF-8 character that the cut at `HEAD_BYTES` may have split."""
    if len(head) < HEAD_BYTES:
        return head
    tail = next((back for back in range(1, 5) if head[-back] & 0xC0 != 0x80), 0)
    return head[:-tail] if tail else head
