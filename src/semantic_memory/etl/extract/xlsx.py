"""Excel workbooks (.xlsx, .xlsm): tables of each sheet in groups of rows, with their cells' ranges. Macros are never looked at."""

from pathlib import Path

from semantic_memory.core.model import BlockDraft, Extraction
from semantic_memory.etl.archives import checked_archive
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.media_types import XLSX
from semantic_memory.etl.office.parts import CORE_PROPERTIES, optional_tree, properties
from semantic_memory.etl.office.sheets import Budget, sheet_blocks
from semantic_memory.etl.office.workbook import open_workbook


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return XlsxFormat()


class XlsxFormat:
    media_types = frozenset({XLSX})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Per sheet a heading, then its tables (metadata: sheet, cells, header_rows, spans, links, part of parts), then comments.

        Numbers and dates are written as the sheet shows them, formulas by their stored results, texts verbatim (also those like
        `=HYPERLINK(…)`: nothing here is handed to a spreadsheet program). Hidden sheets are read and say so.
        """
        warnings: list[str] = []
        blocks: list[BlockDraft] = []
        budget = Budget()
        with checked_archive(file) as archive:
            metadata = properties(optional_tree(archive, CORE_PROPERTIES))
            for sheet in open_workbook(archive).read(budget, warnings):
                blocks.extend(sheet_blocks(sheet, budget, warnings))
        title = metadata.get("title")
        return Extraction(media_type, blocks, title=str(title) if title else None, metadata=metadata, warnings=warnings)
