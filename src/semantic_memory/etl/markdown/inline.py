"""What a reader sees of inline Markdown, and the links and pictures in it."""

import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

from semantic_memory.core.model import JsonValue

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_IMAGE_TAG = re.compile(r"<img\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(alt|src)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)


class Picture(NamedTuple):
    alt: str
    source: str


def text_of(node: "SyntaxTreeNode") -> str:
    """No markup; code, formulas and link texts as they are, pictures by their description, `[^1]` for a footnote."""
    if node.type in {"text", "code_inline"}:
        return node.content
    if node.type.startswith("math_inline"):
        return f"{node.markup}{node.content}{node.markup}"
    if node.type == "softbreak":
        return " "
    if node.type == "hardbreak" or (node.type == "html_inline" and _BREAK.fullmatch(node.content)):
        return "\n"
    if node.type == "footnote_ref":
        return f"[^{node.meta['label']}]"
    picture = _html_picture(node)
    return picture.alt if picture else "".join(text_of(child) for child in node.children)


def links_of(node: "SyntaxTreeNode") -> dict[str, JsonValue]:
    """The metadata `links`: text and url of each link inside, in order; empty without links."""
    links: list[JsonValue] = [
        {"text": text_of(inner), "url": str(inner.attrs.get("href", ""))} for inner in node.walk() if inner.type == "link"
    ]
    return {"links": links} if links else {}


def pictures_of(node: "SyntaxTreeNode") -> Iterator[Picture]:
    if node.type == "image":
        yield Picture("".join(map(text_of, node.children)), str(node.attrs.get("src", "")))
    elif picture := _html_picture(node):
        yield picture
    else:
        for child in node.children:
            yield from pictures_of(child)


def has_only_pictures(node: "SyntaxTreeNode") -> bool:
    """Whether nothing but pictures, linked or not, would be seen."""
    if node.type in {"image", "softbreak", "hardbreak", "html_inline"}:
        return True
    if node.type == "text":
        return not node.content.strip()
    return node.type in {"paragraph", "inline", "link"} and all(has_only_pictures(child) for child in node.children)


def _html_picture(node: "SyntaxTreeNode") -> Picture | None:
    if node.type != "html_inline" or not _IMAGE_TAG.match(node.content):
        return None
    values = {match[1].lower(): unescape(match[2] or match[3] or match[4] or "") for match in _ATTRIBUTE.finditer(node.content)}
    return Picture(values.get("alt", ""), values.get("src", ""))
