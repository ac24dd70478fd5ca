"""E-mail: subject, headers and text of one message; attachments and the messages inside become documents of their own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue, Member
from semantic_memory.etl.blocks.replies import QUOTE, reply_blocks, starts_reply
from semantic_memory.etl.containers.entries import take
from semantic_memory.etl.containers.messages import Mail, attachment_entries, header, read_mail, text_of
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.markup.reader import read_markup
from semantic_memory.etl.media_types import EMAIL

SHOWN_HEADERS = ("From", "To", "Cc", "Date")
ADDRESSES = ("from", "to", "cc")


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return MailFormat()


class MailFormat:
    media_types = frozenset({EMAIL})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """The subject as heading, the headers as a paragraph, then the text: plain if the message has that, else its HTML.

        Blocks of the text have `part`, the number of the MIME part.
        Raises: ExtractionLimitError.
        """
        mail = read_mail(file)
        contents = take(attachment_entries(mail), None, numbers_duplicates=True)
        subject = header(mail.message, "subject")
        return Extraction(
            media_type,
            list(_blocks(mail, subject)),
            title=subject or None,
            metadata=_metadata(mail.message),
            warnings=[*mail.warnings, *contents.warnings],
            members=contents.paths,
        )

    def unpack(self, file: Path, name: str, media_type: str, into: Path) -> Sequence[Member]:  # noqa: ARG002  part of the contract
        """Raises: ExtractionLimitError."""
        return take(attachment_entries(read_mail(file)), into, numbers_duplicates=True).members


def _blocks(mail: Mail, subject: str) -> Iterator[BlockDraft]:
    if subject:
        yield BlockDraft(BlockType.HEADING, subject, metadata={"level": 1})
    told = [(name, header(mail.message, name)) for name in SHOWN_HEADERS]
    lines = "\n".join(f"{name}: {value}" for name, value in told if value)
    if lines:
        yield BlockDraft(BlockType.PARAGRAPH, lines, metadata={"original_type": "headers"})
    for part in mail.bodies:
        for block in _rich(text_of(part)) if part.media_type == "text/html" else reply_blocks(text_of(part)):
            yield replace(block, metadata={**_without_lines(block), "part": part.number or "1"})


def _without_lines(block: BlockDraft) -> dict[str, JsonValue]:
    """Lines of a decoded part are none of the file, and nobody could look there."""
    return {key: value for key, value in block.metadata.items() if key not in ("start_line", "end_line")}


def _rich(html: str) -> Iterator[BlockDraft]:
    """The blocks of the HTML; what follows the headers of an earlier message is quoted."""
    is_quoted = False
    for block in read_markup(html).blocks:
        is_quoted = is_quoted or starts_reply(block.text.split("\n"))
        is_text = block.type is BlockType.PARAGRAPH
        yield replace(block, metadata={**block.metadata, "original_type": QUOTE}) if is_quoted and is_text else block


def _metadata(message: EmailMessage) -> dict[str, JsonValue]:
    fields: dict[str, JsonValue] = {name: _addresses(message, name) for name in ADDRESSES}
    fields["date"] = _date(header(message, "date"))
    fields["message_id"] = header(message, "message-id")
    fields["in_reply_to"] = header(message, "in-reply-to")
    fields["references"] = list[JsonValue](header(message, "references").split())
    return {name: value for name, value in fields.items() if value}


def _addresses(message: EmailMessage, name: str) -> list[JsonValue]:
    """`Name <address>` of each; the header as it is where it cannot be taken apart."""
    parsed: object = message.get(name)
    found: Sequence[object] = getattr(parsed, "addresses", None) or [value for value in [header(message, name)] if value]
    return [str(address) for address in found]


def _date(given: str) -> str:
    """ISO 8601 with the sender's offset; as it stands when it is no date."""
    try:
        date: datetime = parsedate_to_datetime(given)
    except (ValueError, TypeError, IndexError):
        return given
    return date.isoformat()
