"""Whether a block's page and box are where its words stand, according to PDFium's own text of that place."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from eval.documents.product import tables
from semantic_memory.core.model import BlockDraft, BlockType

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MARGIN = 1.0
"""Points added around each box: glyphs may stand out of their line."""
SHARE = 0.9
"""Of the letters, as runs of three."""


@dataclass(frozen=True, slots=True)
class Places:
    """Of the blocks with text: how many have a box, how many boxes hold the block's words, how many of those hold little else."""

    blocks: int
    boxed: int
    right: int
    tight: int


def places(pdf: Path, blocks: Sequence[BlockDraft]) -> Places:
    from pypdfium2 import PdfDocument

    written = [(block, own) for block in blocks if (own := _runs(_words(block)))]
    with PdfDocument(pdf) as document:
        boxes = [(own, _runs(text)) for block, own in written for text in _text_in_box(document, block)]
    right = [(own, inside) for own, inside in boxes if _covered(own, inside) >= SHARE]
    tight = sum(_covered(inside, own) >= SHARE for own, inside in right)
    return Places(len(written), len(boxes), len(right), tight)


def _words(block: BlockDraft) -> str:
    if block.type is BlockType.TABLE:
        return " ".join(cell.text for grid in tables([block]) for cell in grid.cells)
    return block.text


def _text_in_box(document: "PdfDocument", block: BlockDraft) -> Iterator[str]:
    """Nothing for a block without page or box."""
    box = cast("Sequence[float] | None", block.metadata.get("bbox"))
    if not box or block.page is None or not 1 <= block.page <= len(document):
        return
    page = document[block.page - 1]
    x0, y0, x1, y1 = box
    height = page.get_height()
    yield page.get_textpage().get_text_bounded(x0 - MARGIN, height - y1 - MARGIN, x1 + MARGIN, height - y0 + MARGIN)


def _runs(text: str) -> Counter[str]:
    """Runs of three letters or digits; blanks and hyphens are skipped, so that the ends of lines do not matter."""
    letters = "".join(character for character in unicodedata.normalize("NFKC", text).casefold() if character.isalnum())
    return Counter(letters[start : start + 3] for start in range(max(1, len(letters) - 2))) if letters else Counter()


def _covered(part: Counter[str], whole: Counter[str]) -> float:
    return sum((part & whole).values()) / part.total() if part else 1.0
