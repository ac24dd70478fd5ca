"""Rich Text Format, read by an own reader: the libraries give its text without headings, lists, tables or notes."""

from pathlib import Path

from semantic_memory.core.errors import ExtractionLimitError
from semantic_memory.core.model import Extraction
from semantic_memory.etl.archives import MEGABYTE
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.word.title import title_of

RTF_BYTES = 64 * MEGABYTE
"""Largest file that is read; pictures are written as digits, two for each of their bytes."""


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return RtfFormat()


class RtfFormat:
    media_types = frozenset({"application/rtf", "text/rtf"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """As for Word (`extract/docx.py`), without pages and pictures."""
        from semantic_memory.etl.word.rtf_reader import RtfReader

        size = file.stat().st_size
        if size > RTF_BYTES:
            raise ExtractionLimitError(f"the file has {size} bytes; at most {RTF_BYTES} are read")
        reader = RtfReader(file.read_bytes().decode("latin-1"))
        blocks = reader.blocks()
        metadata = reader.properties
        return Extraction(media_type, blocks, title=title_of(blocks, metadata), metadata=metadata, warnings=reader.warnings)
