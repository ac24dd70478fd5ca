"""OpenDocument spreadsheets (.ods): tables of each sheet in groups of rows, with their cells' ranges."""

from pathlib import Path

from semantic_memory.core.model import BlockDraft, Extraction
from semantic_memory.etl.archives import checked_archive
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.media_types import OPEN_SHEET
from semantic_memory.etl.office.opendocument import read_sheets
from semantic_memory.etl.office.parts import optional_tree, properties
from semantic_memory.etl.office.sheets import Budget, sheet_blocks


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return OdsFormat()


class OdsFormat:
    media_types = frozenset({OPEN_SHEET})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Per sheet a heading, then its tables (metadata: sheet, cells, header_rows, spans, links, part of parts), then comments.

        Values are those that the file says are shown; where it says none, the stored value. Hidden sheets are read and say so.
        """
        warnings: list[str] = []
        blocks: list[BlockDraft] = []
        budget = Budget()
        with checked_archive(file) as archive:
            metadata = properties(optional_tree(archive, "meta.xml"))
            for sheet in read_sheets(archive, budget, warnings):
                blocks.extend(sheet_blocks(sheet, budget, warnings))
        title = metadata.get("title")
        return Extraction(media_type, blocks, title=str(title) if title else None, metadata=metadata, warnings=warnings)
