"""What a parent process and its extraction workers say to each other: msgpack in frames that start with their length.

A request is `{"do", "file", "name", …}`; what else depends on what is to be done:
`extract` has `cache` (`ReadOptions.ocr_cache`), `skip` (how many formats of the file's type have been tried) and `failed` (why the first
of them failed);
`unpack` has `into`, a folder; `page_images` has `first` and `last`.
A reply is `{"ready"}` once after start. Then, for each request, any number of `{"page"}` (a slow page is done) and one of `{"extraction"}`,
`{"members"}`, `{"pages"}` or `{"error", "message"}` with `"retire"`: whether the worker should not be used again.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

import msgpack

from semantic_memory.core.errors import ExtractionError, InvalidInputError, SemanticMemoryError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction, Member, PageImage
from semantic_memory.etl.extract.format import ReadOptions

HEADER = struct.Struct(">I")
"""Length of the payload that follows, in bytes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker process may use, and how much it may answer. A hostile file must end as a typed error, not as a dead machine."""

    timeout_s: float = 120
    """Wall seconds per file, and anew after each page that OCR or layout models have read; the kernel enforces the same in CPU seconds."""
    longest_s: float = 3600
    """Wall seconds per file whatever happens."""
    memory_mb: int = 2048
    """Address space; EXTRACTION.md §2.11 has 550-byte files whose reading takes all there is."""
    max_blocks: int = 200_000
    max_reply_bytes: int = 64 * 1024 * 1024
    open_files: int = 64
    written_bytes: int = 4 * 1024 * 1024
    """Largest file a worker may write: byte code yes, a full disk no."""
    unpacked_bytes: int = 200 * 1024 * 1024
    """Largest file a worker may write while it unpacks one."""
    files_per_worker: int = 100
    """Then the worker is replaced, which gives leaked memory back."""

    def of_choice(self, number: int) -> "Limits":
        """For the first choice (0) these; for later ones a quarter of the time, since a file that killed a process may do so again."""
        return self if number == 0 else replace(self, timeout_s=self.timeout_s / 4)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """The command line of a worker. `formats` (`module:name`, made from `ReadOptions`) are tried before the built-in ones."""

    parent: int
    limits: Limits
    formats: tuple[str, ...] = ()
    reading: ReadOptions = field(default_factory=ReadOptions)

    def encode(self) -> str:
        fields = asdict(self)
        del fields["reading"]["page_done"]  # the worker's own
        return pack(fields).hex()

    @classmethod
    def decode(cls, argument: str) -> "WorkerOptions":
        fields = unpack(bytes.fromhex(argument))
        reading: dict[str, Any] = fields["reading"]
        reading["ocr_languages"] = tuple(reading["ocr_languages"])
        return cls(fields["parent"], Limits(**fields["limits"]), tuple(fields["formats"]), ReadOptions(**reading))


def pack(fields: Mapping[str, object]) -> bytes:
    """Raises: ValueError, OverflowError or TypeError for what the format cannot hold."""
    return cast("bytes", msgpack.packb(fields))  # pyright: ignore[reportUnknownMemberType]


def unpack(payload: bytes) -> dict[str, Any]:
    """Raises: ValueError when the payload is no map."""
    fields = cast("object", msgpack.unpackb(payload))  # pyright: ignore[reportUnknownMemberType]
    if not isinstance(fields, dict):
        raise ValueError("not a map")
    return cast("dict[str, Any]", fields)


def encode_extraction(extraction: Extraction) -> dict[str, object]:
    return {
        "media_type": extraction.media_type,
        "title": extraction.title,
        "metadata": extraction.metadata,
        "warnings": list(extraction.warnings),
        "members": list(extraction.members),
        "blocks": [(block.type, block.text, block.page, block.language, block.metadata) for block in extraction.blocks],
    }


def decode_extraction(fields: Mapping[str, Any]) -> Extraction:
    """Raises: ValueError, TypeError or KeyError when the fields are not those of an extraction."""
    blocks = tuple(BlockDraft(BlockType(kind), *rest) for kind, *rest in fields["blocks"])
    return Extraction(
        fields["media_type"], blocks, fields["title"], fields["metadata"], tuple(fields["warnings"]), tuple(fields["members"])
    )


def decode_members(fields: Sequence[tuple[str, str]]) -> list[Member]:
    return [Member(*member) for member in fields]


def decode_pages(fields: Sequence[tuple[int, float, float, bytes]]) -> list[PageImage]:
    return [PageImage(*page) for page in fields]


def error_of(code: str, message: str) -> SemanticMemoryError:
    """The error a worker reported, as its own class; codes that say nothing about a file become ExtractionError."""
    for family in (ExtractionError, InvalidInputError):
        for error_type in _family(family):
            if error_type.code == code:
                return error_type(message)
    return ExtractionError(message)


def _family(root: type[SemanticMemoryError]) -> Iterator[type[SemanticMemoryError]]:
    yield root
    for subclass in root.__subclasses__():
        yield from _family(subclass)
