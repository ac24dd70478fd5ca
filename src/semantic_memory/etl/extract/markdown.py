"""Markdown: CommonMark with GitHub's tables and tasks; every block knows its lines."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.blocks.front_matter import split_front_matter
from semantic_memory.etl.blocks.lists import ListItem, image_block, list_block
from semantic_memory.etl.blocks.markup import read_markup
from semantic_memory.etl.blocks.tables import table_block, table_text
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.text import read_text

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

MAX_NESTING = 30
"""Levels that are parsed; the parser would drop what lies deeper, so such a block becomes text as it stands."""
_TASK = re.compile(r"\[([ xX])\]\s+")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LIST_TYPES = frozenset({"bullet_list", "ordered_list"})


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return MarkdownFormat()


class MarkdownFormat:
    media_types = frozenset({"text/markdown"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """All blocks with start_line and end_line. Front matter becomes the metadata; the title is its `title`, else the first heading."""
        matter = split_front_matter(read_text(file).text)
        blocks = markdown_blocks(matter.body)
        title = matter.values.get("title")
        return Extraction(media_type, blocks, title=title if isinstance(title, str) else _first_heading(blocks), metadata=matter.values)


def markdown_blocks(text: str) -> list[BlockDraft]:
    """The text's blocks in order; line numbers count from 1."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
    return list(_Document(text).blocks(SyntaxTreeNode(parser.parse(text))))


class _Document:
    """Walks the syntax tree; the source lines give the exact range of every block."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    def blocks(self, parent: "SyntaxTreeNode", *, quoted: bool = False) -> Iterator[BlockDraft]:
        for node in parent.children:
            if node.type == "blockquote" and not _is_too_deep(node):
                yield from self.blocks(node, quoted=True)
            else:
                yield from self._block(node, quoted=quoted)

    def _block(self, node: "SyntaxTreeNode", *, quoted: bool) -> Iterator[BlockDraft]:
        place = self._place(node)
        if node.type in _LIST_TYPES and not _is_too_deep(node):
            yield list_block(list(_items(node, 0)), metadata=place)
        elif node.type == "heading":
            yield BlockDraft(BlockType.HEADING, _text(node).replace("\n", " "), metadata={**place, "level": int(node.tag[1])})
        elif node.type == "paragraph":
            yield from _paragraph(node, place, quoted=quoted)
        elif node.type in {"fence", "code_block"}:
            yield BlockDraft(BlockType.CODE, node.content.rstrip("\n"), language=_language(node), metadata=place)
        elif node.type == "table":
            yield table_block(_rows(node), 1, metadata=place)
        elif node.type == "html_block":
            yield from read_markup(node.content, first_line=self._first_line(node)).blocks
        elif node.type != "hr":
            yield BlockDraft(BlockType.PARAGRAPH, self._source(node), metadata=place)

    def _first_line(self, node: "SyntaxTreeNode") -> int:
        return node.map[0] + 1 if node.map else 1

    def _place(self, node: "SyntaxTreeNode") -> dict[str, JsonValue]:
        """The lines of the node without the blank ones that the parser counts at the end of a list."""
        start, end = node.map or (0, len(self._lines))
        while end > start + 1 and not self._lines[end - 1].strip():
            end -= 1
        return {"start_line": start + 1, "end_line": end}

    def _source(self, node: "SyntaxTreeNode") -> str:
        start, end = node.map or (0, len(self._lines))
        return "\n".join(self._lines[start:end])


def _is_too_deep(node: "SyntaxTreeNode") -> bool:
    return any(inner.level >= MAX_NESTING - 1 for inner in node.walk() if inner.type not in {"text", "softbreak"})


def _paragraph(node: "SyntaxTreeNode", place: dict[str, JsonValue], *, quoted: bool) -> Iterator[BlockDraft]:
    """A paragraph; one of nothing but images gives an image block for each of them."""
    images = [(_text(inner), str(inner.attrs.get("src", ""))) for inner in node.walk() if inner.type == "image"]
    if images and _has_only_images(node):
        yield from (image_block(alt, source, place) for alt, source in images)
        return
    quote: dict[str, JsonValue] = {"original_type": "quote"} if quoted else {}
    shown: dict[str, JsonValue] = {"images": [{"alt": alt, "src": source} for alt, source in images]} if images else {}
    yield BlockDraft(BlockType.PARAGRAPH, _text(node), metadata={**place, **quote, **shown})


def _has_only_images(node: "SyntaxTreeNode") -> bool:
    if node.type in {"image", "softbreak", "hardbreak", "html_inline"}:
        return True
    if node.type == "text":
        return not node.content.strip()
    return node.type in {"paragraph", "inline", "link"} and all(_has_only_images(child) for child in node.children)


def _items(node: "SyntaxTreeNode", level: int) -> Iterator[ListItem]:
    """The items of a list and of the lists inside it, in reading order."""
    for child in node.children:
        marker = f"{child.info}{child.markup}" if node.type == "ordered_list" else "-"
        item = ListItem(level, marker)
        yield item
        yield from _item_content(child, item)


def _item_content(node: "SyntaxTreeNode", item: ListItem) -> Iterator[ListItem]:
    """Fills the item; text after a nested list continues as an item of the same level without a number."""
    for child in node.children:
        if child.type in _LIST_TYPES:
            yield from _items(child, item.level + 1)
            item = ListItem(item.level, " ")
            yield item
        else:
            _append(item, _flat_text(child))


def _append(item: ListItem, text: str) -> None:
    task = _TASK.match(text) if not item.text else None
    if task:
        item.checked = task[1] != " "
        text = text[task.end() :]
    item.text = f"{item.text}\n{text}".strip("\n")


def _flat_text(node: "SyntaxTreeNode") -> str:
    """The text of a block inside a list item."""
    if node.type in {"fence", "code_block"}:
        return node.content.rstrip("\n")
    if node.type == "table":
        return table_text(_rows(node), 1)
    if node.type == "html_block":
        return "\n".join(block.text for block in read_markup(node.content).blocks)
    if node.type == "blockquote":
        return "\n".join(filter(None, map(_flat_text, node.children)))
    if node.type in _LIST_TYPES:  # inside a quote inside an item
        return list_block(list(_items(node, 0))).text
    return _text(node)


def _rows(node: "SyntaxTreeNode") -> list[list[str]]:
    return [[_text(cell).strip() for cell in row.children] for part in node.children for row in part.children]


def _text(node: "SyntaxTreeNode") -> str:
    """What a reader sees of inline content: no markup, code and link texts as they are, images by their description."""
    if node.type in {"text", "code_inline"}:
        return node.content
    if node.type == "softbreak":
        return " "
    if node.type == "hardbreak" or (node.type == "html_inline" and _BREAK.fullmatch(node.content)):
        return "\n"
    return "".join(_text(child) for child in node.children)


def _language(node: "SyntaxTreeNode") -> str | None:
    words = node.info.split() if node.type == "fence" else []
    return words[0].strip("{}.").lower() or None if words else None


def _first_heading(blocks: Sequence[BlockDraft]) -> str | None:
    return next((block.text for block in blocks if block.type is BlockType.HEADING), None)
