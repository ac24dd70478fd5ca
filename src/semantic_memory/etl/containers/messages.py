"""E-mail as Python's library reads it, kept from failing on broken headers, taken apart into bodies and attachments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_binary_file
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from functools import partial
from mimetypes import MimeTypes
from pathlib import Path
from typing import Any, cast

from semantic_memory.core.errors import ExtractionLimitError
from semantic_memory.etl.archives import MEGABYTE
from semantic_memory.etl.containers.entries import DamagedEntryError, Entry
from semantic_memory.etl.containers.names import file_name
from semantic_memory.etl.containers.pictures import picture_size
from semantic_memory.etl.markup.reader import read_markup
from semantic_memory.etl.text import decode

MAX_BYTES = 128 * MEGABYTE
"""Of one message; reading takes about four times that in memory."""
MAX_HEADER_CHARACTERS = 10_000
"""Of one header line: 150 addresses or message ids. The library's time for a header grows with its square."""
MAX_DEPTH = 20
MAX_PARTS = 200
LEAST_PIXELS = 64
"""Smaller pictures within a text are logos, smileys and marks that report who reads."""
TRIVIAL_SHARE = 5
"""A plain text with less than 1/5 of the words of its HTML only says that there is HTML."""
HEADER_ERRORS = (ValueError, LookupError, AttributeError, TypeError, MessageError, RecursionError)
"""What the library raises on some malformed headers, and when it writes them."""
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_BODIES = frozenset({"text/plain", "text/html"})


class _Careful(EmailPolicy):
    """Headers cut to a bearable length; one that cannot be parsed is its own text."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        try:
            return super().header_fetch_parse(name, value[:MAX_HEADER_CHARACTERS])
        except HEADER_ERRORS:
            return " ".join(value[:MAX_HEADER_CHARACTERS].split())


POLICY = _Careful(refold_source="none")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message; `number` is its place, `1.2` for the second part of the first one, as IMAP counts them."""

    number: str
    message: EmailMessage

    @property
    def media_type(self) -> str:
        """Plain text for a part that promises parts and has none."""
        is_whole = self.message.get_content_maintype() == "multipart" and not self.message.is_multipart()
        return "text/plain" if is_whole else self.message.get_content_type()


@dataclass(frozen=True, slots=True)
class Mail:
    """A message taken apart: the texts to read, in order, and everything else it carries."""

    message: EmailMessage
    bodies: Sequence[Part]
    attachments: Sequence[Part]
    warnings: Sequence[str]


def read_mail(file: Path) -> Mail:
    """Raises: ExtractionLimitError when it is too large or its parts are nested too deeply to be told apart."""
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ExtractionLimitError(f"the message has {size} bytes; at most {MAX_BYTES} are read")
    with file.open("rb") as stream:
        try:
            message = cast("EmailMessage", message_from_binary_file(stream, policy=POLICY))
        except RecursionError as error:
            raise ExtractionLimitError("the parts of the message are nested too deeply") from error
    walk = _Walk()
    bodies = walk.bodies(Part("", message), 0)
    return Mail(message, bodies, walk.attachments, [*_cut_headers(message), *walk.warnings()])


def header(message: "Message[Any, Any]", name: str) -> str:
    """The header on one line; empty when there is none."""
    return " ".join(str(message.get(name, "")).split())


def text_of(part: Part) -> str:
    """The decoded text; UTF-8 is seen whatever the part says, and an encoding that is unknown or does not fit is guessed."""
    return decode(payload_of(part), declared=part.message.get_content_charset()).text


def payload_of(part: Part) -> bytes:
    """The part's content as bytes. Raises: DamagedEntryError when a message inside cannot be written out."""
    if part.message.is_multipart():
        try:
            return b"\n".join(inner.as_bytes() for inner in _inner(part.message))
        except HEADER_ERRORS as error:
            raise DamagedEntryError(f"it cannot be written out: {error}") from error
    payload = cast("bytes | None", part.message.get_payload(decode=True))
    return payload or b""


def attachment_entries(mail: Mail) -> Iterator[Entry]:
    for part in mail.attachments:
        yield Entry(_name(part), partial(_chunks, part))


def _cut_headers(message: EmailMessage) -> Iterator[str]:
    long = [name for name, value in message.raw_items() if len(str(value)) > MAX_HEADER_CHARACTERS]
    if long:
        yield f"only the first {MAX_HEADER_CHARACTERS} characters were read of the headers {', '.join(long[:5])}"


def _chunks(part: Part) -> list[bytes]:
    return [payload_of(part)]


@dataclass(slots=True)
class _Walk:
    """Goes through the parts, counting them."""

    attachments: list[Part] = field(default_factory=list[Part])
    _seen: int = 0
    _cut: int = 0

    def bodies(self, part: Part, depth: int) -> list[Part]:
        """The texts of this part and of those inside it; whatever is no text is put with the attachments."""
        self._seen += 1
        if depth > MAX_DEPTH or self._seen > MAX_PARTS:
            self._cut += 1
            return []
        if _is_multipart(part):
            return self._inside(part, depth)
        if part.media_type in _BODIES and not _is_attached(part):
            return [part]
        if part.media_type not in _SIGNATURES and not _is_small_picture(part):
            self.attachments.append(part)
        return []

    def warnings(self) -> list[str]:
        limits = f"at most {MAX_PARTS} parts, {MAX_DEPTH} deep, are read"
        return [f"{self._cut} parts of the message were left out: {limits}"] if self._cut else []

    def _inside(self, part: Part, depth: int) -> list[Part]:
        prefix = f"{part.number}." if part.number else ""
        children = [Part(f"{prefix}{number}", inner) for number, inner in enumerate(_inner(part.message), start=1)]
        texts = [self.bodies(child, depth + 1) for child in children]
        if part.media_type == "multipart/alternative":
            return _best([found for found in texts if found])
        return [body for found in texts for body in found]


def _best(alternatives: Sequence[list[Part]]) -> list[Part]:
    """The plain text, unless there is none worth the name; else what the sender put last, as the best (RFC 2046, 5.1.4)."""
    plain = next((one for one in alternatives if all(part.media_type == "text/plain" for part in one)), None)
    rich = next((one for one in reversed(alternatives) if one is not plain), None)
    if plain is None or (rich is not None and _words(plain) * TRIVIAL_SHARE <= _words(rich)):
        return rich or []
    return plain


def _words(parts: Sequence[Part]) -> int:
    texts = (text_of(part) if part.media_type == "text/plain" else _visible(text_of(part)) for part in parts)
    return sum(len(text.split()) for text in texts)


def _visible(html: str) -> str:
    return "\n".join(block.text for block in read_markup(html, first_line=None).blocks)


def _inner(message: EmailMessage) -> list[EmailMessage]:
    return cast("list[EmailMessage]", message.get_payload())


def _is_multipart(part: Part) -> bool:
    return part.message.is_multipart() and part.message.get_content_maintype() == "multipart"


def _is_attached(part: Part) -> bool:
    return part.message.get_content_disposition() == "attachment" or bool(part.message.get_filename())


def _is_small_picture(part: Part) -> bool:
    """Whether it is a picture within the text, and small; one sent as a file counts whatever its size."""
    is_inline = part.message.get_content_disposition() != "attachment" and part.message.get_content_maintype() == "image"
    size = picture_size(payload_of(part)) if is_inline else None
    return size is not None and min(size) < LEAST_PIXELS


def _name(part: Part) -> str:
    """The name the sender gave it; a message inside is called by its subject."""
    given = part.message.get_filename() or ""
    if part.media_type == "message/rfc822" and part.message.is_multipart():
        subject = header(_inner(part.message)[0], "subject").replace("/", "-").replace("\\", "-")
        return file_name(given or (f"{subject}.eml" if subject else ""), "message.eml")
    extension = ".txt" if part.media_type.startswith("message/") else MimeTypes().guess_extension(part.media_type) or ""
    return file_name(given, f"{part.media_type.partition('/')[2] if extension == '.txt' else 'attachment'}{extension}")
