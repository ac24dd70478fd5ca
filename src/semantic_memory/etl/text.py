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
MIN_NUL_SHARE = 0.7
"""Of the high bytes of UTF-16 text without a mark; text in Latin letters has 0.95 and more, with a few words of Greek between."""

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
_SMUGGLING = re.compile("[\u200b\u202a-\u202e\u2060-\u2069\U000e0000-\U000e0fff]")
"""Those of them that carry or turn text without being seen: zero-width, bidirectional and tag characters."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_LATIN = re.compile("[A-Za-z]")
_LOOKALIKES = re.compile(
    "[\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf"
    "\u0405\u0406\u0408\u0410\u0412\u0415\u041a\u041c-\u041e\u0420-\u0422\u0425"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u0501\u051b\u051d]"
)
"""Greek and Cyrillic letters that are drawn like Latin ones; Unicode's confusables.txt, those of one letter."""
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with `\\n` line ends only, and the name of the encoding it was read with."""

    text: str
    encoding: str


def read_text(file: Path, *, declared: str | None = None) -> Decoded:
    """The file's text; `declared` is the encoding that the file names itself.

    Raises: ExtractionLimitError above `TEXT_BYTES`; EmptyDocumentError when nothing but white space is left.
    """
    size = file.stat().st_size
    if size > TEXT_BYTES:
        raise ExtractionLimitError(f"the text has {size} bytes; at most {TEXT_BYTES} are read")
    decoded = decode(file.read_bytes(), declared=declared)
    if not decoded.text.strip():
        raise EmptyDocumentError
    return decoded


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """By byte order mark, or as UTF-16 where every other byte is NUL, else as UTF-8, else as it is declared, else by the detector's guess
    on the first 64 KB, else as Latin-1, which fits any bytes. An encoding of seven bits, which UTF-8 would fit, is tried before it."""
    for encoding in _candidates(data, declared):
        try:
            return Decoded(_with_line_feeds(data.decode(encoding)), encoding.removesuffix("-sig"))
        except (UnicodeError, LookupError):  # UnicodeError: of the codecs for domain names
            continue
    return Decoded(_with_line_feeds(data.decode("latin-1")), "latin-1")


def unmarked_utf16(data: bytes) -> str | None:
    """The byte order of UTF-16 text without a mark: of Latin letters every other byte is NUL, and always the same one of two."""
    pairs = len(data) // 2
    first, second = data[0::2].count(0), data[1::2].count(0)
    if second > MIN_NUL_SHARE * pairs and first * 100 <= pairs:
        return "utf-16-le"
    return "utf-16-be" if first > MIN_NUL_SHARE * pairs and second * 100 <= pairs else None


def clean(text: str) -> str:
    """NFC, line feeds as only line ends, and no control, zero-width, bidirectional, tag or lone surrogate character."""
    if text.isascii() and not _INVISIBLE.search(text):
        return text
    text = _INVISIBLE.sub("", _with_line_feeds(_SURROGATES.sub("\ufffd", text)))
    return unicodedata.normalize("NFC", text)


def cleaned(block: BlockDraft) -> BlockDraft:
    """The block with every string of it cleaned, and no blank lines around its text.

    The metadata `hidden_characters` and `lookalike_words` count what could deceive a reader.
    """
    metadata = clean_json(block.metadata) | _flags(block.text)
    return replace(block, text=clean(block.text).strip("\n").rstrip(), metadata=metadata)


def clean_json(metadata: Json) -> dict[str, JsonValue]:
    return {clean(key): _clean_value(value) for key, value in metadata.items()}


def _flags(text: str) -> dict[str, JsonValue]:
    """What of the text could deceive a reader, counted; nothing for plain text."""
    if text.isascii():
        return {}
    counts = {"hidden_characters": len(_SMUGGLING.findall(text)), "lookalike_words": _disguised_words(text)}
    return {name: count for name, count in counts.items() if count}


def _disguised_words(text: str) -> int:
    """How many words mix Latin letters with Greek or Cyrillic ones that look the same; they are kept as they are written."""
    words = _WORD.findall(text) if _LOOKALIKES.search(text) else []
    return sum(1 for word in words if _LOOKALIKES.search(word) and _LATIN.search(word))


def _clean_value(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean_value(item) for item in value]
    if isinstance(value, dict):
        return clean_json(value)
    return value


def _candidates(data: bytes, declared: str | None) -> Iterator[str]:
    yield from [encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)][:1]
    yield from filter(None, [unmarked_utf16(data[:SNIFFED_BYTES])])
    if declared and declared.startswith("iso2022"):
        yield declared
    yield "utf-8"
    if declared:
        yield declared
    yield from _guessed(data)


def _guessed(data: bytes) -> Iterator[str]:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SNIFFED_BYTES]).best()
    if best is not None:
        yield best.encoding


def _with_line_feeds(text: str) -> str:
    return _OTHER_BREAKS.sub(" ", _LINE_ENDS.sub("\n", text))
