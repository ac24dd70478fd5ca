"""E-books (EPUB 2 and 3): the chapters in reading order, each read as an HTML page."""

from pathlib import Path

from semantic_memory.core.model import Extraction
from semantic_memory.etl.archives import checked_archive
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.media_types import EPUB
from semantic_memory.etl.office.book import open_book


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return EpubFormat()


class EpubFormat:
    media_types = frozenset({EPUB})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """The blocks of each chapter with its file in the metadata `chapter`; the table of contents is left out: it repeats
        headings.

        Raises: PasswordRequiredError for a book with copy protection, CorruptFileError, ExtractionLimitError.
        """
        warnings: list[str] = []
        with checked_archive(file, allows_document_types=True) as archive:
            book = open_book(archive, warnings)
            blocks = [*book.blocks(warnings)]
        title = book.metadata.get("title")
        return Extraction(media_type, blocks, title=str(title) if title else None, metadata=book.metadata, warnings=warnings)
