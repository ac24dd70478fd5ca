"""The process that reads untrusted files: `python -P -m semantic_memory.etl.worker OPTIONS`, spoken to as `protocol` says.

Whatever a parser does here (print, leak, loop, crash) stays here: limits of the kernel, a parent that kills, nothing worth stealing.
"""

import os
import resource
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from semantic_memory.core.errors import EmptyDocumentError, ExtractionError, ExtractionLimitError, SemanticMemoryError
from semantic_memory.core.model import BlockDraft, Extraction
from semantic_memory.etl.detect import detect
from semantic_memory.etl.formats import Formats
from semantic_memory.etl.language_id import with_languages
from semantic_memory.etl.protocol import HEADER, Limits, WorkerOptions, encode_extraction, pack, unpack
from semantic_memory.etl.text import clean, clean_json, cleaned

MEGABYTE = 1024 * 1024
MESSAGE_CHARACTERS = 1000


def main() -> None:
    options = WorkerOptions.decode(sys.argv[1])
    requests, replies = _take_over_stdio()
    _die_with(options.parent)
    _confine(options.limits)
    formats = Formats(options.formats)
    _send(replies, pack({"ready": True}))
    for request in _frames(requests):
        _allow_cpu_seconds(options.limits.timeout_s)
        _send(replies, _reply(request, formats, options.limits))


def extract(file: Path, name: str, formats: Formats, limits: Limits) -> Extraction:
    """Detects, reads and cleans one file in this process.

    Raises: UnsupportedTypeError, EmptyDocumentError, ExtractionError.
    """
    media_type = detect(file, name)
    extraction = formats.format_for(media_type).extract(file, name, media_type)
    if len(extraction.blocks) > limits.max_blocks:
        raise ExtractionLimitError(f"the file has {len(extraction.blocks)} blocks; at most {limits.max_blocks} are kept")
    return _finished(extraction)


def _finished(extraction: Extraction) -> Extraction:
    """Clean blocks with languages. A block without any visible character has nothing to find or cite; it is left out and counted."""
    blocks = [block for block in map(cleaned, extraction.blocks) if block.text.strip()]
    if not blocks:
        raise EmptyDocumentError
    return replace(
        extraction,
        blocks=with_languages(blocks),
        title=clean(extraction.title).strip() or None if extraction.title else None,
        metadata=clean_json(extraction.metadata),
        warnings=(*extraction.warnings, *_left_out(extraction.blocks, blocks)),
    )


def _left_out(before: Sequence[BlockDraft], after: Sequence[BlockDraft]) -> Iterator[str]:
    if len(before) > len(after):
        yield f"{len(before) - len(after)} blocks without visible text were left out"


def _reply(request: Mapping[str, Any], formats: Formats, limits: Limits) -> bytes:
    """The packed answer to one request; whatever the file does to the reader comes back as a typed error."""
    try:
        extraction = extract(Path(request["file"]), request["name"], formats, limits)
        return _within(limits, pack({"extraction": encode_extraction(extraction), "retire": False}))
    except SemanticMemoryError as error:
        return _failure(error, retire=False)
    except (MemoryError, RecursionError) as error:
        return _failure(ExtractionLimitError(f"reading the file exceeds the limits ({type(error).__name__})"), retire=True)
    except Exception as error:  # noqa: BLE001  the worker loop: any parser may raise anything on a hostile file
        return _failure(ExtractionError(f"the file cannot be read ({type(error).__name__}: {error})"), retire=False)


def _within(limits: Limits, payload: bytes) -> bytes:
    if len(payload) > limits.max_reply_bytes:
        raise ExtractionLimitError(f"the file's blocks take {len(payload)} bytes; at most {limits.max_reply_bytes} are kept")
    return payload


def _failure(error: SemanticMemoryError, *, retire: bool) -> bytes:
    return pack({"error": error.code, "message": clean(error.message)[:MESSAGE_CHARACTERS], "retire": retire})


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
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_AS, limits.memory_mb * MEGABYTE)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    _lower(resource.RLIMIT_FSIZE, limits.written_bytes)


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
