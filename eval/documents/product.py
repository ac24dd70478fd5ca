"""Files read as the product reads them, in this process: detection, tiers, second choices and cleaning included."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

from eval.documents.cells import Grid, grid_of_rows
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from semantic_memory.etl.extract.format import PdfTier, ReadOptions
from semantic_memory.etl.formats import Formats
from semantic_memory.etl.protocol import Limits
from semantic_memory.etl.worker import Reader

TIERS: tuple[PdfTier, ...] = ("fast", "layout", "auto")


@cache
def reader(tier: PdfTier) -> Reader:
    """Reads PDFs by the tier, without OCR: the documents measured here are all born digital."""
    return Reader(Formats(), Limits(), ReadOptions(pdf_tier=tier, ocr_engine="off"))


def extracted(file: Path, tier: PdfTier) -> Extraction:
    """Raises: what the worker would report, as a typed error."""
    return reader(tier).extract(file, file.name)


def tables(blocks: Sequence[BlockDraft]) -> Iterator[Grid]:
    for block in blocks:
        if block.type is BlockType.TABLE:
            yield grid_of(block)


def grid_of(block: BlockDraft) -> Grid:
    rows = cast("Sequence[Sequence[str]]", block.metadata["rows"])
    spans = cast("Sequence[Sequence[int]]", block.metadata.get("spans") or ())
    sizes: Mapping[tuple[int, int], tuple[int, int]] = {(row, column): (height, width) for row, column, height, width in spans}
    return grid_of_rows(rows, sizes, header_rows=cast("int", block.metadata.get("header_rows") or 0))
