"""PDF as plain text by PDFium: the last choice, for files on which the others fail, die or take too long."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.pdf.document import Document, opened
from semantic_memory.etl.pdf.frame import Frame
from semantic_memory.etl.pdf.shapes import Box, around

MAX_CHARACTERS = 200_000
"""Read from one page, as the first choice does."""
MAX_RECTANGLES = 5000
"""Runs of text that the box of a page is drawn around; a dense page has some hundred."""


class _TextPage(Protocol):
    """A text page of pypdfium2, as far as it is used here."""

    def count_chars(self) -> int: ...
    def get_text_range(self, index: int, count: int) -> str: ...
    def count_rects(self) -> int: ...
    def get_rect(self, index: int) -> tuple[float, float, float, float]: ...
    def close(self) -> None: ...


class _TextSource(Protocol):
    def get_textpage(self) -> _TextPage: ...


def build(options: ReadOptions) -> Format:
    return PlainPdf(options.max_pages)


class PlainPdf:
    """A paragraph per page, with the box around its text; no layout, no OCR."""

    media_types = frozenset({"application/pdf"})

    def __init__(self, max_pages: int) -> None:
        self._max_pages = max_pages

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        warnings: list[str] = []
        with opened(file) as document:
            last = min(document.page_count, self._max_pages)
            blocks = [block for number in range(1, last + 1) for block in _page_block(document, number, warnings)]
            if last < document.page_count:
                warnings.append(f"only {last} of {document.page_count} pages were read")
            if not blocks:
                raise EmptyDocumentError("the pages hold no text")
            return Extraction(media_type, blocks, metadata={"pages": document.page_count}, warnings=warnings)


def _page_block(document: Document, number: int, warnings: list[str]) -> Iterator[BlockDraft]:
    try:
        with document.page(number) as (page, frame):
            text, box = _text(cast("_TextSource", page), frame)
    except CorruptFileError as error:
        warnings.append(error.message)
        return
    if text:
        yield BlockDraft(BlockType.PARAGRAPH, text, number, metadata={"bbox": box.to_json()})


def _text(page: _TextSource, frame: Frame) -> tuple[str, Box]:
    """The text of the page in the order of the file, and the box around it."""
    source = page.get_textpage()
    try:
        text = source.get_text_range(0, min(source.count_chars(), MAX_CHARACTERS)).strip()
        boxes = [frame.box(*source.get_rect(index)) for index in range(min(source.count_rects(), MAX_RECTANGLES))]
    finally:
        source.close()
    return text.replace("\r\n", "\n"), around(boxes) if boxes else Box(0, 0, frame.width, frame.height)
