"""Bytes → text, and text → clean text: the one place where either is decided."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from semantic_memory.core.errors import EmptyDocumentError, ExtractionLimitError
from semantic_memory.core.model import BlockDraft, Json, JsonValue

TEXT_BYTES = 32 * 1024 * 1024
"""Largest file that is read as text; the slowest reader (Markdown, 2 MB a second) then stays within its time limit."""
SNIFFED_BYTES = 64 * 1024
"""Enough for the encoding detector; it is superlinear in its input."""

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_LINE_ENDS = re.compile(r"\r\n?")
_OTHER_BREAKS = re.compile(r"[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Breaks that editors and git do not count as lines: they become spaces, or line numbers would be wrong below them."""
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters except tab and line feed
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # soft hyphen, joiners and fillers without a shape
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, bidirectional controls, annotations
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # musical controls, tags and supplementary variation selectors
    "]"
    "|(?<![\u0600-\u1fff])[\u200c\u200d]"  # joiners stay where Arabic and Indic scripts need them
    "|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]"  # one variation selector picks a glyph, a run of them only hides data
)
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with `\\n` line ends only, and the name of the encoding it was read with."""

    text: str
    encoding: str


def read_text(file: Path) -> Decoded:
    """The file's text.

    Raises: ExtractionLimitError above `TEXT_BYTES`; EmptyDocumentError when nothing but white space is left.
    """
    size = file.stat().st_size
    if size > TEXT_BYTES:
        raise ExtractionLimitError(f"the text has {size} bytes; at most {TEXT_BYTES} are read")
    decoded = decode(file.read_bytes())
    if not decoded.text.strip():
        raise EmptyDocumentError
    return decoded


def decode(data: bytes) -> Decoded:
    """By byte order mark, else UTF-8, else the detector's guess on the first 64 KB, else Latin-1 (which fits any bytes)."""
    for encoding in _candidates(data):
        try:
            return Decoded(_with_line_feeds(data.decode(encoding)), encoding.removesuffix("-sig"))
        except (UnicodeDecodeError, LookupError):
            continue
    return Decoded(_with_line_feeds(data.decode("latin-1")), "latin-1")


def clean(text: str) -> str:
    """NFC, line feeds as only line ends, and no control, zero-width, bidirectional, tag or lone surrogate character."""
    if text.isascii() and not _INVISIBLE.search(text):
        return text
    text = _INVISIBLE.sub("", _with_line_feeds(_SURROGATES.sub("\ufffd", text)))
    return unicodedata.normalize("NFC", text)


def cleaned(block: BlockDraft) -> BlockDraft:
    """The block with every string of it cleaned, and no blank lines around its text."""
    return replace(block, text=clean(block.text).strip("\n").rstrip(), metadata=clean_json(block.metadata))


def clean_json(metadata: Json) -> dict[str, JsonValue]:
    return {clean(key): _clean_value(value) for key, value in metadata.items()}


def _clean_value(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean_value(item) for item in value]
    if isinstance(value, dict):
        return clean_json(value)
    return value


def _candidates(data: bytes) -> Iterator[str]:
    yield from [encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)][:1]
    yield "utf-8"
    yield from _guessed(data)


def _guessed(data: bytes) -> Iterator[str]:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SNIFFED_BYTES]).best()
    if best is not None:
        yield best.encoding


def _with_line_feeds(text: str) -> str:
    return _OTHER_BREAKS.sub(" ", _LINE_ENDS.sub("\n", text))
