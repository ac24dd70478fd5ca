"""Lines of recognised text → a block: a heading where the letters are clearly larger, a list where lines carry its marks, a table where
every line has the same number of wide gaps."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, list_block
from semantic_memory.etl.blocks.tables import likely_header_rows, table_block

HEADING_LEVELS = ((2.0, 1), (1.6, 2), (1.3, 3))
"""Height of a heading's lines against the typical line → level. Headings are printed at 1.2 to 2.5 times the text; below 1.3 the
heights of lines with and without tall letters overlap."""
MAX_HEADING_LINES = 3
MIN_CELLS = 6
"""Fewer cells are a line of a letter head or a form, not a table."""
_ITEM = re.compile(r"([-*•‣◦–](?=\s)|\(?\d{1,3}[.)](?=\s|[^\W\d_]))\s*(\S.*)")
"""A bullet, or a number, whose blank Tesseract often loses."""
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-‐]$")
_WITHOUT_BLANKS = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]) (?=[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef])"
)
"""Between signs of Chinese and Japanese, which both engines report as words of their own."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """`cells` are its parts between wide gaps; `height` is in any unit."""

    cells: Sequence[str]
    height: float

    @property
    def text(self) -> str:
        return " ".join(self.cells)


def text_block(lines: Sequence[TextLine], typical: float, page: int | None, metadata: Mapping[str, JsonValue]) -> BlockDraft:
    """The block of one paragraph, which has a line, of a page whose lines are typically `typical` high."""
    texts = [line.text for line in lines]
    if sum(map(is_item, texts)) > 1 and is_item(texts[0]):
        return list_block(_items(texts), page=page, metadata=metadata)
    rows = [line.cells for line in lines]
    columns = len(rows[0])
    if columns > 1 and all(len(row) == columns for row in rows) and len(rows) * columns >= MIN_CELLS:
        return table_block(rows, likely_header_rows(rows), page=page, metadata=metadata)
    level = _heading_level(lines, typical)
    if level:
        return BlockDraft(BlockType.HEADING, joined(texts), page=page, metadata={**metadata, "level": level})
    return BlockDraft(BlockType.PARAGRAPH, joined(texts), page=page, metadata=metadata)


def is_item(line: str) -> bool:
    """Whether the line starts like an item of a list."""
    return _ITEM.match(line) is not None


def joined(lines: Sequence[str]) -> str:
    """The lines as running text: a word broken by a hyphen at the end of a line is joined when it goes on with a small letter."""
    text = lines[0]
    for line in lines[1:]:
        is_broken = _HYPHEN.search(text) and line[:1].islower()
        text = text[:-1] + line if is_broken else f"{text} {line}"
    return _WITHOUT_BLANKS.sub("", text)


def _heading_level(lines: Sequence[TextLine], typical: float) -> int | None:
    has_letters = any(character.isalpha() for line in lines for character in line.text)
    if len(lines) > MAX_HEADING_LINES or not has_letters:
        return None
    height = min(line.height for line in lines)
    return next((level for factor, level in HEADING_LEVELS if height >= factor * typical), None)


def _items(lines: Sequence[str]) -> list[ListItem]:
    """An item per marked line; other lines continue the item above."""
    items: list[ListItem] = []
    for line in lines:
        item = _ITEM.match(line)
        if item:
            items.append(ListItem(0, item[1] if item[1][-1] in ".)" else "-", item[2]))
        else:
            items[-1].text = joined([items[-1].text, line])
    return items
