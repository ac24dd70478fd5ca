"""Receives one uploaded file: streamed to disk, never held in memory, gone when the request ends."""

import asyncio
import os
import tempfile
import time
import unicodedata
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from semantic_memory.api.schemas import IngestFields
from semantic_memory.core.errors import InvalidInputError, TooLargeError, UnsupportedTypeError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE_FIELD = "file"
MAX_FIELD_BYTES = 64 * 1024
MAX_NAME_CHARACTERS = 1024
WRITE_BYTES = 1024 * 1024
"""Bytes gathered before a thread writes them."""

ABANDONED_S = 24 * 3600
"""Age after which a file in the folder can only be what a killed process left."""

DIRECTION_CONTROLS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes (UAX #9) of characters that turn text around, so that a program is shown as `xexe.pdf`."""


@dataclass(frozen=True, slots=True)
class Upload:
    """`name` is the path the client gave, relative and in NFC; `fields` came with it."""

    file: Path
    name: str
    size_bytes: int
    fields: IngestFields


@asynccontextmanager
async def received(request: Request, folder: Path, *, max_bytes: int) -> AsyncGenerator[Upload]:
    """The one file of a multipart form and its fields; the file is removed at the end.

    Raises: UnsupportedTypeError unless it is a multipart form; InvalidInputError for a broken form; TooLargeError.
    """
    boundary = _boundary(request.headers.get("content-type", ""))
    path, stream = await asyncio.to_thread(_temporary, folder)
    try:
        with stream:
            form = _Form(boundary, max_bytes)
            await _read(request, form, stream)
        yield Upload(path, form.name, form.size_bytes, _fields(form.fields))
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Deletes what processes that were killed in the middle of an upload left behind."""
    oldest = time.time() - ABANDONED_S
    for path in folder.glob("*"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


async def _read(request: Request, form: "_Form", stream: BinaryIO) -> None:
    async for chunk in request.stream():
        form.feed(chunk)
        if len(form.waiting) >= WRITE_BYTES:
            await asyncio.to_thread(stream.write, form.take())
    await asyncio.to_thread(stream.write, form.take())
    form.finish()


class _Form:
    """Collects the parts of one form; the file's bytes wait in `waiting` until they are taken."""

    def __init__(self, boundary: bytes, max_bytes: int) -> None:
        self.fields: dict[str, str] = {}
        self.waiting = bytearray()
        self.size_bytes = 0
        self._name: str | None = None
        self._max_bytes = max_bytes
        self._header = bytearray()
        self._header_value = bytearray()
        self._disposition = b""
        self._field: str | None = None
        self._value = bytearray()
        self._ended = False
        self._parser = MultipartParser(boundary, self._callbacks())

    @property
    def name(self) -> str:
        if self._name is None:
            raise InvalidInputError(f"the form has no file; send one as {FILE_FIELD!r}")
        return self._name

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise InvalidInputError("the multipart form is broken") from error

    def finish(self) -> None:
        """Raises: InvalidInputError when the form was cut or has no file."""
        if not self._ended:
            raise InvalidInputError("the multipart form ends too early")
        if not self.name:
            raise InvalidInputError("the file has no name")

    def take(self) -> bytes:
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header_value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._start_content,
            "on_part_data": self._content,
            "on_part_end": self._end,
            "on_end": self._end_form,
        }

    def _begin(self) -> None:
        self._disposition = b""
        self._value.clear()

    def _end_header(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header.clear()
        self._header_value.clear()

    def _start_content(self) -> None:
        _, options = parse_options_header(self._disposition)
        field = _text(options.get(b"name", b""))
        if field in self.fields or (field == FILE_FIELD and self._name is not None):
            raise InvalidInputError(f"the form has {field!r} twice")
        if field == FILE_FIELD:
            self._name = document_name(_text(options.get(b"filename", b"")))
        elif field not in IngestFields.model_fields:
            raise InvalidInputError(f"unknown form field {field[:64]!r}; known: {FILE_FIELD}, {', '.join(IngestFields.model_fields)}")
        self._field = field

    def _content(self, data: bytes, start: int, end: int) -> None:
        if self._field == FILE_FIELD:
            self.size_bytes += end - start
            if self.size_bytes > self._max_bytes:
                raise TooLargeError(f"the file exceeds the limit of {self._max_bytes} bytes")
            self.waiting += data[start:end]
            return
        self._value += data[start:end]
        if len(self._value) > MAX_FIELD_BYTES:
            raise TooLargeError(f"the form field {self._field!r} exceeds {MAX_FIELD_BYTES} bytes")

    def _end(self) -> None:
        if self._field is not None and self._field != FILE_FIELD:
            self.fields[self._field] = _text(bytes(self._value))

    def _end_form(self) -> None:
        self._ended = True


def document_name(given: str) -> str:
    """The client's file name as a relative path: one spelling for one place, and no way out of it.

    Raises: InvalidInputError for control characters or too many characters.
    """
    normal = unicodedata.normalize("NFC", given).replace("\\", "/")
    if len(normal) > MAX_NAME_CHARACTERS or any(map(_misleads, normal)):
        raise InvalidInputError(f"a file name has at most {MAX_NAME_CHARACTERS} characters and no control characters")
    return "/".join(part for part in normal.split("/") if part not in {"", ".", ".."})


def _misleads(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} or unicodedata.bidirectional(character) in DIRECTION_CONTROLS


def _boundary(content_type: str) -> bytes:
    media_type, options = parse_options_header(content_type)
    if media_type != b"multipart/form-data":
        raise UnsupportedTypeError("send the file as multipart/form-data")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046, section 5.1.1
        raise InvalidInputError("the multipart boundary is missing or too long")
    return boundary


def _temporary(folder: Path) -> tuple[Path, BinaryIO]:
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder)
    return Path(name), os.fdopen(descriptor, "wb")


def _fields(given: dict[str, str]) -> IngestFields:
    try:
        return IngestFields.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError([{**found, "loc": ("body", *found["loc"])} for found in error.errors(include_url=False)]) from error


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise InvalidInputError("the form is not UTF-8") from error
