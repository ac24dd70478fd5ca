"""Pieces → blocks, with their places."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, list_block
from semantic_memory.etl.blocks.tables import table_block
from semantic_memory.etl.pdf.headings import Heading
from semantic_memory.etl.pdf.hyphens import Vocabulary, run_on
from semantic_memory.etl.pdf.shapes import Box, Line, Link, PageContent, Piece, around

INDENT = 0.5
"""Type sizes between the markers of two levels of a list."""
MAX_BLANKS = 3
"""Blank lines kept between two lines of code."""
_TYPES = {"caption": "caption", "footnote": "footnote", "label": "figure_text"}


def blocks(pieces: Sequence[Piece], page: PageContent, words: Vocabulary) -> Iterator[tuple[BlockDraft, Heading | None]]:
    """The page's blocks in reading order, headings with what their level follows from; neighbouring list items become one list."""
    for is_list, run in groupby(pieces, key=lambda piece: piece.kind == "item"):
        if is_list:
            yield from ((_list(items, page, words), None) for items in _by_column(list(run)))
        else:
            yield from ((_block(piece, page, words), Heading.of(piece) if piece.kind == "heading" else None) for piece in run)


def _block(piece: Piece, page: PageContent, words: Vocabulary) -> BlockDraft:
    place = _place([piece], page)
    if piece.table:
        spans: list[JsonValue] = [list[JsonValue](span) for span in piece.table.spans]
        place = {**place, "spans": spans} if spans else place
        return table_block(piece.table.rows, piece.table.header_rows, page=page.number, metadata=place)
    if piece.kind == "code":
        return BlockDraft(BlockType.CODE, code_text(piece.lines), page.number, metadata=place)
    text = _text(piece, words)
    if piece.kind == "heading":
        return BlockDraft(BlockType.HEADING, text, page.number, metadata=place)
    if piece.kind == "figure":
        return BlockDraft(BlockType.IMAGE, text, page.number, metadata={**place, "alt": text})
    kind: dict[str, JsonValue] = {"original_type": _TYPES[piece.kind]} if piece.kind in _TYPES else {}
    return BlockDraft(BlockType.PARAGRAPH, text, page.number, metadata={**place, **kind})


def _text(piece: Piece, words: Vocabulary) -> str:
    return run_on([line.text for line in piece.lines], words)


def _list(items: Sequence[Piece], page: PageContent, words: Vocabulary) -> BlockDraft:
    found = [
        ListItem(level, item.marker if item.marker[-1:] in (".", ")") else "-", _text(item, words).removeprefix(item.marker).strip())
        for item, level in zip(items, _levels(items), strict=True)
    ]
    return list_block(found, page=page.number, metadata=_place(items, page))


def _by_column(items: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Items below each other; a list that goes on in the next column is two blocks, each with a box of its own."""
    run: list[Piece] = []
    for item in items:
        if run and item.box.y0 < run[-1].box.y0:
            yield run
            run = []
        run.append(item)
    yield run


def _levels(items: Sequence[Piece]) -> Iterator[int]:
    """By how far right the markers stand; items of the layout models bring their level along."""
    stack: list[float] = []
    for item in items:
        left = item.box.x0
        while stack and left < stack[-1] - INDENT * item.size:
            stack.pop()
        if not stack or left > stack[-1] + INDENT * item.size:
            stack.append(left)
        yield len(stack) - 1


def code_text(lines: Sequence[Line]) -> str:
    """The lines with their indentation and blank lines, as their places on the page tell."""
    left = min(line.box.x0 for line in lines)
    width = max(line.box.width / len(line.text) for line in lines)
    pitch = min((below.box.y0 - above.box.y0 for above, below in pairwise(lines)), default=0.0)
    text = ""
    for above, line in zip([None, *lines], lines, strict=False):
        blank = round((line.box.y0 - above.box.y0) / pitch) - 1 if above and pitch > 1 else 0
        text += ("\n" * (1 + min(max(blank, 0), MAX_BLANKS)) if above else "") + " " * round((line.box.x0 - left) / width) + line.text
    return text


def _place(pieces: Sequence[Piece], page: PageContent) -> dict[str, JsonValue]:
    """The box around the pieces, the printed page number where it is not the position in the file, links, and what cannot be seen."""
    box = around([piece.box for piece in pieces])
    place: dict[str, JsonValue] = {"bbox": box.to_json()}
    if page.label:
        place["page_label"] = page.label
    links = list(_links(box, page.links))
    if links:
        place["links"] = links
    if any(line.style.paint == "hidden" for piece in pieces for line in piece.lines):
        place["hidden"] = True
    return place


def _links(box: Box, links: Sequence[Link]) -> Iterator[JsonValue]:
    for link in links:
        if box.holds(link.box):
            yield {"text": link.text, "url": link.uri}
