"""Pieces of an HTML page that say one thing together: a term and its definition, an image and its caption, bulleted lines."""

import re
from collections.abc import Sequence
from dataclasses import replace

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue
from semantic_memory.etl.blocks.lists import ListItem

_BULLET = re.compile(r"([-*•‣◦▪·]|\d{1,3}[.)])\s+(\S.*)")


def bulleted(text: str) -> list[ListItem]:
    """The items of a list that is written with line breaks and bullets; nothing when a line has none."""
    found = [_BULLET.fullmatch(line) for line in text.split("\n")]
    if len(found) < 2 or not all(found):
        return []
    return [ListItem(0, match[1] if match[1][0].isdigit() else "-", match[2]) for match in found if match]


def joined_term(term: BlockDraft, definition: BlockDraft) -> BlockDraft:
    """A term with the first paragraph of its definition, as one block."""
    metadata = {**definition.metadata, **{key: value for key, value in term.metadata.items() if key == "start_line"}}
    links = [*_list(term.metadata.get("links")), *_list(definition.metadata.get("links"))]
    told: dict[str, JsonValue] = {"links": links} if links else {}
    return replace(definition, text=f"{term.text}\n{definition.text}", metadata={**metadata, **told})


def join_caption(blocks: list[BlockDraft], start: int) -> None:
    """A figure of one image and its caption becomes one image block; its text is the caption and the description."""
    figure = blocks[start:]
    images = [block for block in figure if block.type is BlockType.IMAGE]
    captions = [block for block in figure if block.metadata.get("original_type") == "caption"]
    if len(images) != 1 or len(captions) != len(figure) - 1 or not captions:
        return
    caption = "\n".join(block.text for block in captions)
    alt = str(images[0].metadata["alt"])
    links = [link for block in figure for link in _list(block.metadata.get("links"))]
    told: dict[str, JsonValue] = {"links": links} if links else {}
    text = caption if not alt or alt in caption else f"{caption}\n{alt}"
    lines = [block.metadata[key] for block in figure for key in ("start_line", "end_line") if key in block.metadata]
    numbers = [line for line in lines if isinstance(line, int)]
    place: dict[str, JsonValue] = {"start_line": min(numbers), "end_line": max(numbers)} if numbers else {}
    blocks[start:] = [replace(images[0], text=text, metadata={**images[0].metadata, "caption": caption, **place, **told})]


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list) else []
