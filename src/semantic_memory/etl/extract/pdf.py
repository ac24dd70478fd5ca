"""PDF by liteparse (PDFium and Rust): the best structure for the CPU it takes (EXTRACTION.md §2). Scans need OCR, which this has not."""

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, NeedsOcrError, PasswordRequiredError, SemanticMemoryError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, list_block
from semantic_memory.etl.blocks.tables import likely_header_rows, table_block
from semantic_memory.etl.extract.format import Format, ReadOptions

if TYPE_CHECKING:
    from liteparse.types import AnnotationRect, LayoutBlock, ParsedPage, ParseResult, TextItem

MAX_PAGES = 5000
"""Read from one file, 30 to 50 CPU seconds; a file may claim two thousand million pages."""
_ESCAPED = re.compile(r"\\([\\*_])")
"""liteparse gives paragraphs and list items as Markdown; these are the characters it escapes."""


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return PdfFormat()


class PdfFormat:
    media_types = frozenset({"application/pdf"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Blocks with page and bbox; running headers and footers are left out; the title is the first page's first top heading."""
        result = _parse(file)
        pages = [list(_page_blocks(page)) for page in result.pages]
        blocks = [block for page in pages for block in page]
        scanned = [page.page_num for page, own in zip(result.pages, pages, strict=True) if not own and _has_images(page)]
        if not blocks:
            raise _nothing_found(result, is_scan=bool(scanned))
        metadata: dict[str, JsonValue] = {"pages": result.total_pages}
        return Extraction(media_type, blocks, title=_title(pages[0]), metadata=metadata, warnings=[*_warnings(result, scanned)])


def _parse(file: Path) -> "ParseResult":
    from liteparse.parser import LiteParse

    parser = LiteParse(
        ocr_enabled=False,
        output_format="markdown",
        extract_blocks=True,
        include_complexity=True,
        continue_on_page_error=True,
        max_pages=MAX_PAGES,
        num_workers=1,
        quiet=True,
    )
    with _pdf_errors():
        return parser.parse(file.read_bytes())  # a path is typed by its extension, which stored files have not


@contextmanager
def _pdf_errors() -> Generator[None]:
    from liteparse.types import ParseError

    try:
        yield
    except ParseError as error:
        if "password" in str(error).lower():
            raise PasswordRequiredError from error
        raise CorruptFileError(f"the PDF cannot be read: {error}") from error


def _nothing_found(result: "ParseResult", *, is_scan: bool) -> SemanticMemoryError:
    if is_scan:
        return NeedsOcrError("the pages are images without a text layer (a scan): OCR is needed")
    if result.page_errors:
        return CorruptFileError(f"the PDF cannot be read: {result.page_errors[0].message}")
    return EmptyDocumentError("the pages hold no text")


def _page_blocks(page: "ParsedPage") -> Iterator[BlockDraft]:
    """The page's blocks in reading order; neighbouring list items become one list."""
    for is_list, run in groupby(page.blocks or (), key=lambda block: block.kind == "list_item"):
        if is_list:
            yield _list(list(run), page)
        else:
            yield from (draft for block in run for draft in _drafts(block, page))


def _drafts(block: "LayoutBlock", page: "ParsedPage") -> Iterator[BlockDraft]:
    """No draft for rules and for figures: they have no text."""
    place = _place(page, [block])
    text = _plain(block.text or "") or "\n".join(block.lines or ())
    if block.kind == "heading":
        yield BlockDraft(BlockType.HEADING, block.text or "", page.page_num, metadata={**place, "level": block.level or 1})
    elif block.kind == "table":
        header = [[cell.text for cell in block.header]] if block.header else []
        rows = header + [[cell.text for cell in row] for row in block.rows or ()]
        yield table_block(rows, len(header) or likely_header_rows(rows), page=page.page_num, metadata=place)
    elif block.kind == "code":
        yield BlockDraft(BlockType.CODE, _code(block, page), page.page_num, block.lang, place)
    elif text.strip():
        yield BlockDraft(BlockType.PARAGRAPH, text, page.page_num, metadata=place)


def _list(blocks: "Sequence[LayoutBlock]", page: "ParsedPage") -> BlockDraft:
    levels = [block.level or 0 for block in blocks]
    items = [
        ListItem(level - min(levels), (block.marker or "-") if block.ordered else "-", _plain(block.text or ""))
        for level, block in zip(levels, blocks, strict=True)
    ]
    return list_block(items, page=page.page_num, metadata=_place(page, blocks))


def _code(block: "LayoutBlock", page: "ParsedPage") -> str:
    """The lines, indented again by their place on the page: the layout engine trims them."""
    lines = list(block.lines or (block.text or "").split("\n"))
    items = [item for item in page.text_items if block.bbox and _is_inside(item, block.bbox) and item.text.strip()]
    starts = [item for item in items if not any(_is_left_of(other, item) for other in items)]
    if len(starts) != len(lines):
        return "\n".join(lines)
    left = min(item.x for item in starts)
    width = max(item.width / len(item.text) for item in starts)
    return "\n".join(" " * round((item.x - left) / width) + line for item, line in zip(starts, lines, strict=True))


def _is_inside(item: "TextItem", box: "AnnotationRect") -> bool:
    middle = item.y + item.height / 2
    return box.y <= middle <= box.y + box.height and box.x - 1 <= item.x <= box.x + box.width


def _is_left_of(item: "TextItem", other: "TextItem") -> bool:
    """Whether both stand on one line, `item` first."""
    return item.x < other.x and abs(item.y - other.y) < other.height / 2


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _place(page: "ParsedPage", blocks: "Sequence[LayoutBlock]") -> dict[str, JsonValue]:
    """The smallest box around the blocks, and the printed page number where it is not the position in the file."""
    boxes = [block.bbox for block in blocks if block.bbox]
    label: dict[str, JsonValue] = {"page_label": page.page_label} if page.page_label not in (None, str(page.page_num)) else {}
    return {"bbox": _around(boxes), **label} if boxes else label


def _around(boxes: "Sequence[AnnotationRect]") -> list[JsonValue]:
    x0, y0 = min(box.x for box in boxes), min(box.y for box in boxes)
    x1, y1 = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return [round(value, 2) for value in (x0, y0, x1, y1)]


def _has_images(page: "ParsedPage") -> bool:
    return page.complexity is not None and (page.complexity.full_page_image or page.complexity.image_block_count > 0)


def _title(blocks: Sequence[BlockDraft]) -> str | None:
    headings = [block for block in blocks if block.type is BlockType.HEADING]
    return min(headings, key=lambda block: int(str(block.metadata["level"]))).text if headings else None


def _warnings(result: "ParseResult", scanned: Sequence[int]) -> Iterator[str]:
    if result.total_pages > MAX_PAGES:
        yield f"only {MAX_PAGES} of {result.total_pages} pages were read"
    if scanned:
        yield f"pages without a text layer need OCR: {', '.join(map(str, scanned))}"
    for error in result.page_errors:
        yield f"page {error.page_num} cannot be read: {error.message}"
