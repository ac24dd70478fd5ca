"""One PDF → its blocks: every page by the tier that suits it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionError, MissingExtraError, NeedsOcrError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.pdf import layout
from semantic_memory.etl.pdf.document import Document, opened
from semantic_memory.etl.pdf.drafts import blocks
from semantic_memory.etl.pdf.fast import BrokenPage, FastReader, ReadPage
from semantic_memory.etl.pdf.headings import Heading, levels
from semantic_memory.etl.pdf.scans import is_blank, needs_ocr, read_picture
from semantic_memory.etl.pdf.shapes import Box
from semantic_memory.etl.pdf.tiers import wants_layout

KEPT_RUNNING = 20
"""Different running headers and footers named in the metadata of a document."""
NAMED_PAGES = 30
"""Page numbers listed in one warning."""


def read(file: Path, options: ReadOptions, media_type: str) -> Extraction:
    """Blocks with page and bbox in reading order.

    Raises: PasswordRequiredError, CorruptFileError, EmptyDocumentError, NeedsOcrError; MissingExtraError for the tier `layout` without its
    extra.
    """
    if options.pdf_tier == "layout" and not layout.is_installed():
        raise MissingExtraError(f"PDF_TIER=layout needs PyMuPDF: {layout.INSTALL}")
    with opened(file) as document:
        return _Reading(file, options, document).extraction(media_type)


@dataclass(slots=True)
class _Pages:
    """Numbers of pages by what happened to them."""

    layout: list[int] = field(default_factory=list[int])
    ocr: list[int] = field(default_factory=list[int])
    unread: list[int] = field(default_factory=list[int])
    """They need OCR and there is none."""
    silent: list[int] = field(default_factory=list[int])
    """Something is drawn on them, and no text was found."""
    unlaid: list[int] = field(default_factory=list[int])
    """The layout models would help and are not installed."""
    cut: list[int] = field(default_factory=list[int])
    hidden: list[int] = field(default_factory=list[int])
    broken: list[BrokenPage] = field(default_factory=list[BrokenPage])


class _Reading:
    def __init__(self, file: Path, options: ReadOptions, document: Document) -> None:
        self._file = file
        self._options = options
        self._document = document
        self._fast = FastReader(document)
        self._blocks: list[tuple[BlockDraft, Heading | None]] = []
        self._pages = _Pages()
        self._running: dict[str, None] = {}
        self._warnings: list[str] = []
        self._no_ocr: NeedsOcrError | None = None

    def extraction(self, media_type: str) -> Extraction:
        last = min(self._document.page_count, self._options.max_pages)
        for batch in self._fast.batches(range(1, last + 1)):
            self._read(batch)
        if not self._blocks:
            raise self._nothing_found()
        found = _with_levels(self._blocks)
        return Extraction(media_type, found, _title(found), self._metadata(last), [*self._say(last), *self._warnings])

    def _read(self, batch: Sequence[ReadPage | BrokenPage]) -> None:
        pages = [page for page in batch if isinstance(page, ReadPage)]
        self._pages.broken.extend(page for page in batch if isinstance(page, BrokenPage))
        pictures = {page.content.number: part for page in pages if (part := needs_ocr(page.content))}
        wanted = [page for page in pages if page.content.number not in pictures and self._wants_layout(page)]
        laid = {page.content.number: page for page in self._laid_out(wanted)}
        for page in pages:
            self._keep(laid.get(page.content.number, page), pictures.get(page.content.number))

    def _wants_layout(self, page: ReadPage) -> bool:
        if self._options.pdf_tier == "fast" or not page.lines:
            return False
        return self._options.pdf_tier == "layout" or wants_layout(page)

    def _laid_out(self, pages: Sequence[ReadPage]) -> Iterator[ReadPage]:
        """Those pages that the layout models can read; the others keep what the fast tier found."""
        numbers = [page.content.number for page in pages]
        if not numbers:
            return
        if not layout.is_installed():
            self._pages.unlaid.extend(numbers)
            return
        by_number = {page.content.number: page for page in pages}
        for number, regions in layout.layouts(self._file, numbers):
            page = by_number[number]
            self._options.page_done()
            self._pages.layout.append(number)
            known = [piece for piece in page.pieces if piece.table and piece.is_ruled]
            found = layout.arranged(number, regions, page.lines, known, self._fast.text)
            yield replace(page, pieces=found.pieces, running=[*page.running, *found.running])

    def _keep(self, page: ReadPage, picture: Box | None) -> None:
        number, before = page.content.number, len(self._blocks)
        is_replaced = picture is not None and picture.width == page.content.width and self._recognise(page, picture)
        if not is_replaced:
            self._blocks.extend(blocks(page.pieces, page.content, self._fast.vocabulary))
            if picture is not None and picture.width != page.content.width:
                self._recognise(page, picture)
        self._running.update(dict.fromkeys(page.running))
        if page.content.is_cut:
            self._pages.cut.append(number)
        if any(block.metadata.get("hidden") for block, _ in self._blocks[before:]):
            self._pages.hidden.append(number)
        if len(self._blocks) == before and not page.running and not is_blank(page.content) and number not in self._pages.unread:
            self._pages.silent.append(number)

    def _recognise(self, page: ReadPage, part: Box) -> bool:
        """Adds what OCR reads in a part of the page; whether it read anything."""
        number = page.content.number
        try:
            seen = read_picture(self._document, page.content, part, self._options)
        except NeedsOcrError as error:
            self._no_ocr = error
            self._pages.unread.append(number)
            return False
        except ExtractionError as error:
            self._warnings.append(f"page {number}: OCR failed: {error.message}")
            return False
        self._pages.ocr.append(number)
        self._warnings.extend(seen.warnings)
        self._blocks.extend((block, None) for block in seen.blocks)
        return bool(seen.blocks)

    def _nothing_found(self) -> Exception:
        pages = self._pages
        if self._no_ocr and pages.unread:
            return self._no_ocr
        if pages.broken:
            return CorruptFileError(f"the PDF cannot be read: {pages.broken[0].reason}")
        if pages.silent:
            return NeedsOcrError(f"no text was found on any page, although something is drawn on {_named(pages.silent)}")
        return EmptyDocumentError("the pages hold no text")

    def _metadata(self, last: int) -> dict[str, JsonValue]:
        tiers: dict[str, JsonValue] = {"fast": last - len(self._pages.layout) - len(self._pages.broken), "layout": len(self._pages.layout)}
        metadata: dict[str, JsonValue] = {"pages": self._document.page_count, "tiers": {**tiers, "ocr": len(self._pages.ocr)}}
        return {**metadata, "running": [*self._running][:KEPT_RUNNING]} if self._running else metadata

    def _say(self, last: int) -> Iterator[str]:
        pages, count = self._pages, self._document.page_count
        if count > last:
            yield f"only {last} of {count} pages were read"
        if pages.unread and self._no_ocr:
            yield f"without text are {_named(pages.unread)}: {self._no_ocr.message}"
        if pages.silent:
            yield f"no text was found on {_named(pages.silent)}, although something is drawn there"
        if pages.unlaid:
            yield f"tables or columns on {_named(pages.unlaid)} would be read better by the layout tier: {layout.INSTALL}"
        if pages.cut:
            yield f"more text than is read of one page is on {_named(pages.cut)}; the rest was left out"
        if pages.hidden:
            yield f"text that nobody can see is on {_named(pages.hidden)}; its blocks are marked as hidden"
        yield from (page.reason for page in pages.broken)


def _with_levels(found: Sequence[tuple[BlockDraft, Heading | None]]) -> list[BlockDraft]:
    level = iter(levels([heading for _, heading in found if heading]))
    return [replace(block, metadata={**block.metadata, "level": next(level)}) if heading else block for block, heading in found]


def _title(found: Sequence[BlockDraft]) -> str | None:
    """The first of the top headings on the first page that has any block."""
    headings = [block for block in found if block.type is BlockType.HEADING and block.page == found[0].page]
    return min(headings, key=lambda block: int(str(block.metadata["level"]))).text if headings else None


def _named(numbers: Sequence[int]) -> str:
    """`page 3`, `pages 3, 5`, shortened after many."""
    shown = ", ".join(map(str, numbers[:NAMED_PAGES])) + (", …" if len(numbers) > NAMED_PAGES else "")
    return f"page {shown}" if len(numbers) == 1 else f"pages {shown}"
