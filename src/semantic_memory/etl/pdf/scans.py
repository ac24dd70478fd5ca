"""Pages that are pictures of text: which they are, and what OCR reads on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from semantic_memory.core.model import BlockDraft
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.pdf.document import Document
from semantic_memory.etl.pdf.shapes import Box, PageContent

if TYPE_CHECKING:
    from PIL.Image import Image

DPI = 300
"""What Tesseract is made for; its own advice."""
MAX_PIXELS = 16_000_000
"""Of a page's picture: A4 at 300 dpi has 8.7 million; larger pages are drawn more coarsely."""
FEW_LETTERS = 40
"""A page number and a stamp; a page with less text beside a picture or drawing is read by OCR."""
UNREADABLE = 0.3
"""Part of the letters that have no meaning (private or replaced ones) from which a text layer is worthless."""
LARGE = 0.4
"""Part of the page that a picture without a word on it covers to be read too, on a page with little text of its own."""
LITTLE_TEXT = 600
"""Letters, a third of a page of print."""
MANY_SHAPES = 40
"""Drawn shapes on a page without text: letters that were turned into outlines, rather than a frame."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What OCR found on one page."""

    blocks: Sequence[BlockDraft]
    warnings: Sequence[str]


def needs_ocr(page: PageContent) -> Box | None:
    """The part of the page to read by OCR, or None where the text layer has all there is."""
    whole = Box(0, 0, page.width, page.height)
    letters = sum(len(word.text) for word in page.words)
    if letters and _is_unreadable(page):
        return whole
    if letters < FEW_LETTERS:
        return whole if page.pictures or len(page.drawings) >= MANY_SHAPES else None
    if letters >= LITTLE_TEXT:
        return None
    return next((box for box in page.pictures if _is_large_and_silent(box, page)), None)


def is_blank(page: PageContent) -> bool:
    """Nothing is drawn on it."""
    return not (page.words or page.pictures or page.drawings or page.across or page.down)


def _is_unreadable(page: PageContent) -> bool:
    text = "".join(word.text for word in page.words)
    return sum(1 for letter in text if letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" or letter < " ") > UNREADABLE * len(text)


def _is_large_and_silent(box: Box, page: PageContent) -> bool:
    return box.area >= LARGE * page.width * page.height and not any(box.holds(word.box) for word in page.words)


def read_picture(document: Document, page: PageContent, part: Box, options: ReadOptions) -> Seen:
    """Blocks with their places on the page. Raises: NeedsOcrError when no engine may or can read it; ExtractionError when it fails."""
    from semantic_memory.etl.ocr.recognise import recognise

    scale = min(DPI / 72, (MAX_PIXELS / (page.width * page.height)) ** 0.5)
    picture = _only(document.picture(page.number, scale), part, scale)
    found = recognise(picture, options, dpi=scale * 72)
    return Seen(found.blocks(page.number, 1 / scale), [f"page {page.number}: {warning}" for warning in found.warnings])


def _only(picture: "Image", part: Box, scale: float) -> "Image":
    """The picture of the page, white outside of the part: what stands there is read already."""
    from PIL import Image

    x0, y0, x1, y1 = (round(edge * scale) for edge in part)
    box = (max(x0, 0), max(y0, 0), min(x1, picture.width), min(y1, picture.height))
    shown = Image.new("RGB", picture.size, "white")
    shown.paste(picture.crop(box), box[:2])
    return shown
