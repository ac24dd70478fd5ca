"""PDF: text, tables and reading order from what is drawn on each page, layout models or OCR where a page needs them."""

from collections.abc import Iterator
from pathlib import Path

from semantic_memory.core.model import Extraction, PageImage
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.pdf import drawing, reader


def build(options: ReadOptions) -> Format:
    return PdfFormat(options)


class PdfFormat:
    media_types = frozenset({"application/pdf"})

    def __init__(self, options: ReadOptions) -> None:
        self._options = options

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Blocks with page and bbox; running headers and footers are left out; the title is the first page's first top heading."""
        return reader.read(file, self._options, media_type)

    def page_images(self, file: Path, media_type: str, pages: range) -> Iterator[PageImage]:  # noqa: ARG002  part of the contract
        yield from drawing.page_images(file, pages)
