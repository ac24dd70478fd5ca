"""Markdown text → blocks, each with its lines."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from textwrap import dedent
from typing import TYPE_CHECKING

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, image_block, list_block
from semantic_memory.etl.blocks.tables import table_block
from semantic_memory.etl.markdown.headings import Anchors
from semantic_memory.etl.markdown.inline import has_only_pictures, links_of, pictures_of, text_of
from semantic_memory.etl.markdown.parser import MAX_NESTING, parse
from semantic_memory.etl.markup.reader import read_markup

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_LISTS = frozenset({"bullet_list", "ordered_list"})
_SILENT = frozenset({"hr", "alert_title", "admonition_title"})
_ADMONITION = re.compile(r"(\w[\w-]*)?\s*[\[\"]?(.*?)[\]\"]?\s*\Z", re.DOTALL)
_TITLED = re.compile(r"\{.*\}\s*\Z", re.DOTALL)

Context = Mapping[str, JsonValue]
"""Metadata of the blocks inside a quote, an admonition or a footnote."""


def markdown_blocks(text: str) -> list[BlockDraft]:
    """The text's blocks in order; line numbers count from 1."""
    return list(_Document(text).blocks(parse(text), {}))


class _Document:
    """Walks the syntax tree; the source lines give the exact range of every block. What is nested too deep stays as it is written."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._anchors = Anchors()

    def blocks(self, parent: "SyntaxTreeNode", context: Context) -> Iterator[BlockDraft]:
        for node in parent.children:
            inner = _context_inside(node, context)
            if inner is None:
                yield from self._block(node, context)
            elif _is_too_deep(node) or (node.type == "footnote_reference" and not node.children):
                yield self._verbatim(node, context)
            else:
                yield from self._title(node, inner)
                yield from self.blocks(node, inner)

    def _block(self, node: "SyntaxTreeNode", context: Context) -> Iterator[BlockDraft]:
        place = {**self._place(node), **links_of(node), **_of_every_block(context)}
        make = None if node.type in _LISTS and _is_too_deep(node) else _MAKERS.get(node.type)
        if make:
            draft = make(node)
            yield replace(draft, metadata={**place, **draft.metadata})
        elif node.type == "heading":
            text, anchor = self._anchors.of(text_of(node).replace("\n", " "))
            yield BlockDraft(BlockType.HEADING, text, metadata={**place, "level": int(node.tag[1]), "anchor": anchor})
        elif node.type == "paragraph":
            yield from _paragraph(node, {**context, **place})
        elif node.type == "html_block":
            yield from self._markup(node, context)
        elif node.type not in _SILENT:
            yield self._verbatim(node, context)

    def _title(self, node: "SyntaxTreeNode", context: Context) -> Iterator[BlockDraft]:
        """The title that somebody gave to an admonition; that of an alert only repeats its kind."""
        first_line = {"start_line": self._first_line(node), "end_line": self._first_line(node)}
        title = _admonition(node)[1]
        if title:
            yield BlockDraft(BlockType.PARAGRAPH, title, metadata={**context, **first_line, "original_type": "admonition_title"})

    def _markup(self, node: "SyntaxTreeNode", context: Context) -> Iterator[BlockDraft]:
        for block in read_markup(node.content, first_line=self._first_line(node)).blocks:
            inherited = context if block.type is BlockType.PARAGRAPH else _of_every_block(context)
            yield replace(block, metadata={**inherited, **block.metadata})

    def _verbatim(self, node: "SyntaxTreeNode", context: Context) -> BlockDraft:
        start, end = self._range(node)
        return BlockDraft(BlockType.PARAGRAPH, "\n".join(self._lines[start:end]), metadata={**context, **self._place(node)})

    def _first_line(self, node: "SyntaxTreeNode") -> int:
        return node.map[0] + 1 if node.map else 1

    def _place(self, node: "SyntaxTreeNode") -> dict[str, JsonValue]:
        start, end = self._range(node)
        return {"start_line": start + 1, "end_line": end}

    def _range(self, node: "SyntaxTreeNode") -> tuple[int, int]:
        """The lines [start, end) of the node, from 0, without the blank ones that the parser counts at the end of a list."""
        start, end = node.map or (0, len(self._lines))
        while end > start + 1 and not self._lines[end - 1].strip():
            end -= 1
        return start, end


def _context_inside(node: "SyntaxTreeNode", context: Context) -> Context | None:
    """What the blocks inside are told about where they are, or None for a node that holds no blocks of its own."""
    if node.type == "blockquote":
        return {**context, "original_type": "quote"}
    if node.type == "footnote_reference":
        return {**context, "original_type": "footnote", "label": node.meta["label"]}
    kind = _admonition(node)[0]
    return {**context, "admonition": kind} if kind else None


def _of_every_block(context: Context) -> Context:
    """Without `original_type`, which tells a paragraph of a quote or footnote from a plain one."""
    return {key: value for key, value in context.items() if key != "original_type"}


def _admonition(node: "SyntaxTreeNode") -> tuple[str, str]:
    """Kind and title, `("note", "Read this")`; empty for any other node."""
    if node.type == "alert":
        return node.info.lower(), ""
    if node.type == "admonition":
        return str(node.meta["tag"]), text_of(node.children[0]) if '"' in node.info and node.children else ""
    found = _ADMONITION.match(_TITLED.sub("", node.info).strip()) if node.type == "container_admonition" else None
    return (found[1] or "container", found[2]) if found else ("", "")


def _is_too_deep(node: "SyntaxTreeNode") -> bool:
    return any(inner.level >= MAX_NESTING - 1 for inner in node.walk() if inner.type not in {"text", "softbreak"})


def _paragraph(node: "SyntaxTreeNode", place: Mapping[str, JsonValue]) -> Iterator[BlockDraft]:
    """A paragraph; one of nothing but pictures gives an image block for each of them, one of nothing but tags gives none."""
    text, pictures = text_of(node), list(pictures_of(node))
    if pictures and has_only_pictures(node):
        yield from (image_block(picture.alt, picture.source, place) for picture in pictures)
    elif text.strip():
        shown: dict[str, JsonValue] = {"images": [{"alt": alt, "src": source} for alt, source in pictures]} if pictures else {}
        yield BlockDraft(BlockType.PARAGRAPH, text, metadata={**place, **shown})


def _code(node: "SyntaxTreeNode") -> BlockDraft:
    words = node.info.split() if node.type == "fence" else []
    language = words[0].strip("{}.").lower() or None if words else None
    return BlockDraft(BlockType.CODE, node.content.rstrip("\n"), language=language)


def _formula(node: "SyntaxTreeNode") -> BlockDraft:
    return BlockDraft(BlockType.CODE, dedent(node.content).strip(), language="latex", metadata={"original_type": "math"})


def _table(node: "SyntaxTreeNode") -> BlockDraft:
    return table_block([[text_of(cell).strip() for cell in row.children] for part in node.children for row in part.children], 1)


def _list(node: "SyntaxTreeNode") -> BlockDraft:
    return list_block(list(_items(node, 0)))


def _definition_list(node: "SyntaxTreeNode") -> BlockDraft:
    return list_block(list(_definitions(node)), metadata={"original_type": "definition_list"})


_MAKERS: Mapping[str, Callable[["SyntaxTreeNode"], BlockDraft]] = {
    "amsmath": _formula,
    "bullet_list": _list,
    "code_block": _code,
    "dl": _definition_list,
    "fence": _code,
    "math_block": _formula,
    "math_block_label": _formula,
    "ordered_list": _list,
    "table": _table,
}


def _items(node: "SyntaxTreeNode", level: int) -> Iterator[ListItem]:
    """The items of a list and of the lists inside it, in reading order."""
    for child in node.children:
        marker = f"{child.info}{child.markup}" if node.type == "ordered_list" else "-"
        checked = child.meta.get("checked")
        item = ListItem(level, marker, checked=checked if isinstance(checked, bool) else None)
        yield item
        yield from _item_content(child, item)


def _item_content(node: "SyntaxTreeNode", item: ListItem) -> Iterator[ListItem]:
    """Fills the item; text after a nested list continues as an item of the same level without a number."""
    for child in node.children:
        if child.type in _LISTS:
            yield from _items(child, item.level + 1)
            item = ListItem(item.level, " ")
            yield item
        else:
            item.text = f"{item.text}\n{_flat_text(child)}".strip("\n")


def _definitions(node: "SyntaxTreeNode") -> Iterator[ListItem]:
    """A term, and its definitions one level below it."""
    for child in node.children:
        if child.type == "dt":
            yield ListItem(0, "-", text_of(child))
        else:
            item = ListItem(1, "-")
            yield item
            yield from _item_content(child, item)


def _flat_text(node: "SyntaxTreeNode") -> str:
    """The text of a block inside a list item."""
    make = _MAKERS.get(node.type)
    if make:
        return make(node).text
    if node.type == "html_block":
        return "\n".join(block.text for block in read_markup(node.content).blocks)
    if _context_inside(node, {}) is not None:
        return "\n".join(filter(None, map(_flat_text, node.children)))
    return text_of(node)
