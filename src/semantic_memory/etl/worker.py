"""The process that reads untrusted files: `python -P -m semantic_memory.etl.worker OPTIONS`, spoken to as `protocol` says.

Whatever a parser does here (print, leak, loop, crash) stays here: limits of the kernel, a parent that kills, nothing worth stealing.
"""

import os
import resource
import signal
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from semantic_memory.core.errors import (
    ConfigurationError,
    EmptyDocumentError,
    ExtractionError,
    ExtractionLimitError,
    ExtractorCrashedError,
    InvalidInputError,
    NeedsOcrError,
    PasswordRequiredError,
    SemanticMemoryError,
    UnsupportedTypeError,
)
from semantic_memory.core.model import BlockDraft, Extraction, JsonValue, Member, PageImage
from semantic_memory.etl.detect import detect
from semantic_memory.etl.extract.format import Container, Format, Paged, ReadOptions
from semantic_memory.etl.formats import Formats
from semantic_memory.etl.language_id import with_languages
from semantic_memory.etl.protocol import HEADER, Limits, WorkerOptions, encode_extraction, pack, unpack
from semantic_memory.etl.text import clean, clean_json, cleaned

MEGABYTE = 1024 * 1024
MESSAGE_CHARACTERS = 1000
NICE = 10
"""Reading files takes what searches leave of the processor."""
EXHAUSTED = (MemoryError, RecursionError)
"""After these, nothing can be said of the state of the process: it is used no more."""
FINAL = (InvalidInputError, ConfigurationError, PasswordRequiredError, NeedsOcrError, ExtractionLimitError)
"""Failures of the file itself or of the set-up: a second choice would only hide them."""


def main() -> None:
    options = WorkerOptions.decode(sys.argv[1])
    requests, replies = _take_over_stdio()
    _die_with(options.parent)
    _confine(options.limits)

    def page_done() -> None:
        _allow_cpu_seconds(options.limits.timeout_s)
        _send(replies, pack({"page": True}))

    reader = Reader(Formats(options.formats), options.limits, replace(options.reading, page_done=page_done))
    _send(replies, pack({"ready": True}))
    for request in _frames(requests):
        _allow_cpu_seconds(options.limits.timeout_s)
        _send(replies, _reply(request, reader))


@dataclass(frozen=True, slots=True)
class Reader:
    """Does in this process what a request asks for.

    Every method raises: UnsupportedTypeError, EmptyDocumentError, ExtractionError.
    """

    formats: Formats
    limits: Limits
    options: ReadOptions

    def extract(self, file: Path, name: str, *, cache: str = "", skip: int = 0, failed: str = "") -> Extraction:
        """Detects, reads and cleans one file. `skip` formats were tried before, the first of them in vain for the reason `failed`."""
        media_type = detect(file, name, self.formats.extensions)
        candidates = self.formats.candidates(media_type, replace(self.options, ocr_cache=cache))
        first = ExtractorCrashedError(failed) if failed else None
        extraction = _first_that_reads(candidates[skip:], first, file, name, media_type)
        if len(extraction.blocks) > self.limits.max_blocks:
            raise ExtractionLimitError(f"the file has {len(extraction.blocks)} blocks; at most {self.limits.max_blocks} are kept")
        return _finished(extraction)

    def unpack(self, file: Path, name: str, into: Path) -> Sequence[Member]:
        media_type = detect(file, name, self.formats.extensions)
        for format_ in self.formats.candidates(media_type, self.options):
            if isinstance(format_, Container):
                with _may_write(self.limits.unpacked_bytes):
                    return format_.unpack(file, name, media_type, into)
        raise UnsupportedTypeError(f"{name!r} holds no files")

    def page_images(self, file: Path, name: str, pages: range) -> list[PageImage]:
        media_type = detect(file, name, self.formats.extensions)
        drawn = (one for one in self.formats.candidates(media_type, self.options) if isinstance(one, Paged))
        return [image for format_ in drawn for image in format_.page_images(file, media_type, pages)]


def _first_that_reads(candidates: Sequence[Format], failure: ExtractionError | None, file: Path, name: str, media_type: str) -> Extraction:
    """By the first candidate that can; what a later one read says so in its warnings. Raises: the first failure."""
    for candidate in candidates:
        try:
            extraction = candidate.extract(file, name, media_type)
        except FINAL:
            raise
        except ExtractionError as error:
            failure = failure or error
        except Exception as error:  # noqa: BLE001  the worker loop: any parser may raise anything on a hostile file
            failure = failure or _told(error)
        else:
            return extraction if failure is None else _later_choice(extraction, failure)
    raise failure or UnsupportedTypeError


def _later_choice(extraction: Extraction, failure: ExtractionError) -> Extraction:
    warning = f"read by a later choice, with less structure, because the first failed: {clean(failure.message)}"
    return replace(extraction, warnings=(warning, *extraction.warnings), metadata={**extraction.metadata, "degraded": failure.code})


def _finished(extraction: Extraction) -> Extraction:
    """Clean blocks with languages. A block without any visible character has nothing to find or cite; it is left out and counted."""
    blocks = [block for block in map(cleaned, extraction.blocks) if block.text.strip()]
    if not blocks:
        raise EmptyDocumentError
    return replace(
        extraction,
        blocks=with_languages(blocks),
        title=clean(extraction.title).strip() or None if extraction.title else None,
        metadata={**clean_json(extraction.metadata), **_deceptions(blocks)},
        warnings=(*extraction.warnings, *_left_out(extraction.blocks, blocks)),
    )


def _deceptions(blocks: Sequence[BlockDraft]) -> dict[str, JsonValue]:
    """How many characters of the document are hidden and how many words disguised; nothing of those there are none of."""
    totals = Counter[str]()
    for block in blocks:
        for name in ("hidden_characters", "lookalike_words"):
            count = block.metadata.get(name)
            totals[name] += count if isinstance(count, int) else 0
    return {name: total for name, total in totals.items() if total}


def _left_out(before: Sequence[BlockDraft], after: Sequence[BlockDraft]) -> Iterator[str]:
    if len(before) > len(after):
        yield f"{len(before) - len(after)} blocks without visible text were left out"


def _reply(request: Mapping[str, Any], reader: Reader) -> bytes:
    """The packed answer to one request; whatever the file does to the reader comes back as a typed error."""
    try:
        return _within(reader.limits, pack({**_answer(request, reader), "retire": False}))
    except Exception as error:  # noqa: BLE001  the worker loop: any parser may raise anything on a hostile file
        told = error if isinstance(error, SemanticMemoryError) else _told(error)
        return pack(
            {"error": told.code, "message": clean(told.message)[:MESSAGE_CHARACTERS], "retire": isinstance(told.__cause__, EXHAUSTED)}
        )


def _told(error: Exception) -> ExtractionError:
    """What a parser raised, as an error of the file; the cause stays with it."""
    if isinstance(error, EXHAUSTED):
        told: ExtractionError = ExtractionLimitError(f"reading the file exceeds the limits ({type(error).__name__})")
    else:
        told = ExtractionError(f"the file cannot be read ({type(error).__name__}: {error})")
    told.__cause__ = error
    return told


def _answer(request: Mapping[str, Any], reader: Reader) -> dict[str, object]:
    file, name = Path(request["file"]), request["name"]
    if request["do"] == "unpack":
        return {"members": [astuple(member) for member in reader.unpack(file, name, Path(request["into"]))]}
    if request["do"] == "page_images":
        return {"pages": [astuple(page) for page in reader.page_images(file, name, range(request["first"], request["last"] + 1))]}
    return {
        "extraction": encode_extraction(reader.extract(file, name, cache=request["cache"], skip=request["skip"], failed=request["failed"]))
    }


def _within(limits: Limits, payload: bytes) -> bytes:
    if len(payload) > limits.max_reply_bytes:
        raise ExtractionLimitError(f"the file's blocks take {len(payload)} bytes; at most {limits.max_reply_bytes} are kept")
    return payload


def _take_over_stdio() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent under new numbers; prints of a library go to stderr, reads of stdin find its end."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return requests, replies


def _die_with(parent: int) -> None:
    """Asks the kernel to kill this process when the parent's thread ends; elsewhere the end of stdin ends an idle worker."""
    if sys.platform == "linux":
        import ctypes

        parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel was asked
            sys.exit(0)


def _confine(limits: Limits) -> None:
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_AS, limits.memory_mb * MEGABYTE)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    _lower(resource.RLIMIT_FSIZE, limits.unpacked_bytes)
    _allow_written(limits.written_bytes)


def _allow_written(size: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


@contextmanager
def _may_write(size: int) -> Generator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    _allow_written(size)
    try:
        yield
    finally:
        _allow_written(before)


def _lower(kind: int, limit: int) -> None:
    hard = resource.getrlimit(kind)[1]
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (limit, limit))


def _allow_cpu_seconds(seconds: float) -> None:
    """Moves the soft limit so that this file gets `seconds`, whatever the files before it used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime + seconds) + 1, hard))


def _frames(stream: BinaryIO) -> Iterator[Mapping[str, Any]]:
    while header := stream.read(HEADER.size):
        yield unpack(stream.read(HEADER.unpack(header)[0]))


def _send(stream: BinaryIO, payload: bytes) -> None:
    stream.write(HEADER.pack(len(payload)) + payload)
    stream.flush()


if __name__ == "__main__":
    main()
