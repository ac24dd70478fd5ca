"""The contract of a format: one module of this folder reads some media types.

A module is found by having a function `build(options) -> Format`; its heavy imports happen inside `extract`, because every module of
this folder is imported when a worker process starts. Modules of `etl/fallback` have the same contract: they are tried when the format
of this folder fails, dies or takes too long. Source code is `code.py`: it reads `text/x-<language>` for every language of
`etl/languages.py`, which `etl/detect.py` uses to name source files. A media type `text/x-…` that no format reads is read as plain text.

After `extract` the worker cleans every block (NFC, no control or invisible characters) and detects the language of prose blocks whose
`language` is None: a format does neither.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from semantic_memory.core.model import Extraction, Member, PageImage

GROUP = "semantic_memory.formats"
"""Entry-point group for formats of other packages; the entry point names a class (or function) that makes a `Format` without arguments."""

PdfTier = Literal["auto", "fast", "layout"]
OcrEngine = Literal["auto", "tesseract", "rapidocr", "off"]


def unnoticed() -> None:
    """Nobody waits for the next page."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files are read, from the settings. `ocr_cache` is a folder for recognised images of one tenant; empty means none."""

    pdf_tier: PdfTier = "auto"
    ocr_engine: OcrEngine = "auto"
    ocr_languages: tuple[str, ...] = ("eng",)
    """Tesseract's names; RapidOCR's model reads Latin and Chinese scripts whatever stands here."""
    ocr_cache: str = ""
    max_pages: int = 5000
    skip_generated: bool = True
    """Refuses generated, minified and vendored code with its reason."""
    page_done: Callable[[], None] = unnoticed
    """To be called after each page that took long (OCR, layout models): the time limit of the file starts anew."""


class Format(Protocol):
    """Reads the files of some media types. May also be a `Container`, `Paged` or `Named`."""

    @property
    def media_types(self) -> frozenset[str]:
        """The media types this format reads, lower case, without parameters."""
        ...

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:
        """Blocks in reading order with their anchors; runs inside the worker process, so it may be killed at any time.

        `name` is the file's name or path in its source (`file` may be a copy under another name); `media_type` is one of `media_types`.
        Raises: EmptyDocumentError, CorruptFileError, PasswordRequiredError, ExtractionLimitError, UnsupportedTypeError.
        """
        ...


@runtime_checkable
class Container(Protocol):
    """A format whose files hold files: attachments, members of an archive. Its extractions name them in `members`."""

    def unpack(self, file: Path, name: str, media_type: str, into: Path) -> Sequence[Member]:
        """Writes the files inside to the empty folder `into`, under names of its own; `Member.path` is the cleaned name inside.

        Raises: CorruptFileError, PasswordRequiredError, ExtractionLimitError.
        """
        ...


@runtime_checkable
class Paged(Protocol):
    """A format whose pages can be drawn."""

    def page_images(self, file: Path, media_type: str, pages: range) -> Iterator[PageImage]:
        """Pictures of the wanted pages (from 1) that there are, in order."""
        ...


@runtime_checkable
class Named(Protocol):
    """A format that knows its files by their names; only for kinds the product does not know itself."""

    @property
    def extensions(self) -> Mapping[str, str]:
        """Lower-case extension with its dot → media type."""
        ...
