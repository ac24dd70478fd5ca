"""Lines of recognised text → a block: a heading where the letters are clearly larger, a list where lines carry its marks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, list_block

HEADING_LEVELS = ((2.0, 1), (1.6, 2), (1.3, 3))
"""Height of a heading's lines against the typical line → level. Book typography sets headings at 1.2 to 2.5 times the text; below
1.3 the heights of lines with and without ascenders overlap."""
MAX_HEADING_LINES = 3
_ITEM = re.compile(r"([-*•‣◦–]|\(?\d{1,3}[.)])\s+(\S.*)")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-‐]$")


@dataclass(frozen=True, slots=True)
class Line:
    """`height` is the median height of its words, in any unit."""

    text: str
    height: float


def text_block(lines: Sequence[Line], typical: float, page: int | None, metadata: Mapping[str, JsonValue]) -> BlockDraft:
    """The block of one paragraph on a page whose lines are typically `typical` high."""
    texts = [line.text for line in lines]
    if _ITEM.match(texts[0]) and sum(1 for text in texts if _ITEM.match(text)) > 1:
        return list_block(_items(texts), page=page, metadata=metadata)
    level = _heading_level(lines, typical)
    if level:
        return BlockDraft(BlockType.HEADING, joined(texts), page=page, metadata={**metadata, "level": level})
    return BlockDraft(BlockType.PARAGRAPH, joined(texts), page=page, metadata=metadata)


def joined(lines: Sequence[str]) -> str:
    """The lines as running text: a word broken by a hyphen at the end of a line is joined when it goes on with a small letter."""
    text = lines[0]
    for line in lines[1:]:
        is_broken = _HYPHEN.search(text) and line[:1].islower()
        text = text[:-1] + line if is_broken else f"{text} {line}"
    return text


def _heading_level(lines: Sequence[Line], typical: float) -> int | None:
    if len(lines) > MAX_HEADING_LINES or not any(character.isalpha() for line in lines for character in line.text):
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
