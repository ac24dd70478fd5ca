"""Mailboxes (mbox): every message becomes a document of its own, the mailbox lists them."""

import re
from collections.abc import Iterator, Sequence
from email.parser import BytesHeaderParser
from functools import partial
from pathlib import Path

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.core.model import Extraction, Member
from semantic_memory.etl.blocks.lists import name_lists
from semantic_memory.etl.containers.entries import Entry, take
from semantic_memory.etl.containers.messages import POLICY, header
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.media_types import MAILBOX

HEADER_BYTES = 64 * 1024
"""Read of each message to list it."""
_SEPARATOR = re.compile(rb"From \S+ .*\d{4}\s*")
"""The line before each message; RFC 4155, appendix A."""
_ESCAPED = re.compile(rb">+From ")


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return MailboxFormat()


class MailboxFormat:
    media_types = frozenset({MAILBOX})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Lists of the messages, each with date, sender and subject.

        Raises: CorruptFileError when there is no message; ExtractionLimitError.
        """
        ranges = list(_messages(file))
        contents = take(_entries(file, ranges), None)
        return Extraction(
            media_type, list(name_lists([_summary(file, *one) for one in ranges])), warnings=contents.warnings, members=contents.paths
        )

    def unpack(self, file: Path, name: str, media_type: str, into: Path) -> Sequence[Member]:  # noqa: ARG002  part of the contract
        """Raises: CorruptFileError, ExtractionLimitError."""
        return take(_entries(file, list(_messages(file))), into).members


def _messages(file: Path) -> Iterator[tuple[int, int]]:
    """First and last byte + 1 of each message, without the line before it."""
    start, position, is_after_blank = -1, 0, True
    with file.open("rb") as stream:
        for line in stream:
            if is_after_blank and line.startswith(b"From ") and _SEPARATOR.fullmatch(line):
                if start >= 0:
                    yield start, position
                start = position + len(line)
            position += len(line)
            is_after_blank = not line.strip()
    if start < 0:
        raise CorruptFileError("the mailbox has no message")
    yield start, position


def _entries(file: Path, ranges: Sequence[tuple[int, int]]) -> Iterator[Entry]:
    for number, (start, end) in enumerate(ranges, start=1):
        yield Entry(f"{number:05}.eml", partial(_lines, file, start, end))


def _lines(file: Path, start: int, end: int) -> Iterator[bytes]:
    """The message's lines; those that a `>` kept from being taken for a separator lose it again."""
    with file.open("rb") as stream:
        stream.seek(start)
        while start < end and (line := stream.readline()):
            start += len(line)
            yield line[1:] if _ESCAPED.match(line) else line


def _summary(file: Path, start: int, end: int) -> str:
    with file.open("rb") as stream:
        stream.seek(start)
        head = stream.read(min(HEADER_BYTES, end - start))
    message = BytesHeaderParser(policy=POLICY).parsebytes(head)
    return " · ".join(filter(None, (header(message, name) for name in ("date", "from", "subject")))) or "a message without headers"
