"""Whether our Markdown blocks are those that CommonMark's own examples call for.

    python -m eval.commonmark SPEC

SPEC is the specification's `spec.txt` (the npm package `commonmark-spec` holds it). An example is right when the blocks have the types,
order, nesting and text that its reference HTML has: headings by level, lists by the level and number of each item, quotes, code, pictures.
White space is compared as a browser shows it. The reference HTML is read by the code below and not by the reader under test. Not compared:
horizontal rules, of which there is no block, and bold or italic print.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple, cast

from semantic_memory.core.model import BlockDraft, BlockType
from semantic_memory.etl.markdown.blocks import markdown_blocks

_EXAMPLE = re.compile(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$|^#{1,6} *([^\n]*)$", re.DOTALL | re.MULTILINE)
_BLANKS = re.compile(r"[ \t\n]+")
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta"})
_UNSEEN = frozenset({"script", "style", "title"})
_FLOW = frozenset({"address", "article", "aside", "body", "center", "dd", "div", "dl", "dt", "form", "main", "p", "section"})
_LISTS = frozenset({"ol", "ul"})

Shape = tuple[str, object]
"""A block's kind and its text, or the (level, marker, text) of each item of a list."""


class Example(NamedTuple):
    number: int
    section: str
    markdown: str
    html: str


@dataclass(slots=True)
class Element:
    """An element of the reference HTML; `children` are elements and texts."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    children: "list[Element | str]" = field(default_factory=list["Element | str"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", type=Path)
    parser.add_argument("--show", action="store_true", help="print each example that is not right")
    arguments = parser.parse_args()
    found = examples(arguments.spec.read_text(encoding="utf-8"))
    wrong = [example for example in found if not is_right(example)]
    for example in wrong if arguments.show else ():
        print(f"{example.number} {example.section}\n  {example.markdown!r}\n  ours {ours(example)}\n  want {reference(example)}")
    print(
        f"{len(found) - len(wrong)} of {len(found)} examples right ({1 - len(wrong) / len(found):.2%}); wrong:", *(e.number for e in wrong)
    )
    return 0


def examples(spec: str) -> list[Example]:
    """The specification's examples, numbered as it numbers them."""
    found: list[Example] = []
    section = ""
    for markdown, html, heading in _EXAMPLE.findall(spec.partition("<!-- END TESTS -->")[0]):
        if heading:
            section = heading
        else:
            found.append(Example(len(found) + 1, section, markdown.replace("→", "\t"), html.replace("→", "\t")))
    return found


def is_right(example: Example) -> bool:
    return ours(example) == reference(example)


def ours(example: Example) -> list[Shape]:
    return [_our_shape(block) for block in markdown_blocks(example.markdown)]


def reference(example: Example) -> list[Shape]:
    builder = _TreeBuilder()
    builder.feed(example.html)
    builder.close()
    return list(_shapes(builder.root, is_quoted=False))


def _our_shape(block: BlockDraft) -> Shape:
    if block.type is BlockType.LIST:
        items = cast("Sequence[dict[str, object]]", block.metadata["items"])
        return "list", tuple((item["level"], _marker(str(item["marker"])), _seen(str(item["text"]))) for item in items)
    if block.type is BlockType.HEADING:
        return f"heading {block.metadata['level']}", _seen(block.text)
    if block.type is BlockType.CODE:
        return "code", block.text
    is_quote = block.metadata.get("original_type") == "quote"
    return "quote" if is_quote else block.type.value, _seen(block.text)


def _marker(marker: str) -> str:
    """The number alone: HTML does not tell `1.` from `1)`, nor `003.` from `3.`."""
    number = marker.rstrip(".)")
    return str(int(number)) if number.isdecimal() else marker


class _TreeBuilder(HTMLParser):
    """The elements as they are nested in the text; an end tag closes the nearest element of its name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("body")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        depth = next((depth for depth in range(len(self._open) - 1, 0, -1) if self._open[depth].tag == tag), None)
        if depth is not None:
            del self._open[depth:]

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def _shapes(element: Element, *, is_quoted: bool) -> Iterator[Shape]:
    """The blocks inside the element; text between them is a paragraph of its own."""
    loose: list[Element | str] = []
    for child in element.children:
        if isinstance(child, str) or not _is_block(child):
            loose.append(child)
            continue
        yield from _paragraph(loose, is_quoted=is_quoted)
        loose = []
        yield from _block(child, is_quoted=is_quoted)
    yield from _paragraph(loose, is_quoted=is_quoted)


def _is_block(element: Element) -> bool:
    is_named = element.tag in _FLOW or element.tag in _LISTS or element.tag in {"blockquote", "hr", "pre", "table"}
    return is_named or bool(re.fullmatch("h[1-6]", element.tag))


def _block(element: Element, *, is_quoted: bool) -> Iterator[Shape]:
    if element.tag == "pre":
        is_fence = any(isinstance(child, Element) and child.tag == "code" for child in element.children)
        yield "code", _text(element).rstrip("\n") if is_fence else _text(element).strip("\n")
    elif element.tag in _LISTS:
        yield "list", tuple(item for item in _items(element, 0) if item[2])
    elif re.fullmatch("h[1-6]", element.tag):
        yield f"heading {element.tag[1]}", _seen(_text(element))
    elif element.tag == "table":
        cells = [child for child in _descendants(element) if child.tag in {"td", "th"}]
        yield from (
            shape for cell in cells or element.children if isinstance(cell, Element) for shape in _shapes(cell, is_quoted=is_quoted)
        )
    else:
        yield from _shapes(element, is_quoted=is_quoted or element.tag == "blockquote")


def _paragraph(pieces: Sequence[Element | str], *, is_quoted: bool) -> Iterator[Shape]:
    whole = Element("p", {}, list(pieces))
    pictures = [child for child in _descendants(whole) if child.tag == "img"]
    text = _seen(_text(whole))
    if pictures and not _seen(_text(whole, with_pictures=False)):
        for picture in pictures:
            yield "image", _seen(picture.attributes.get("alt", "")) or picture.attributes.get("src", "").rpartition("/")[2]
    elif text:
        yield "quote" if is_quoted else "paragraph", text


def _items(element: Element, level: int) -> Iterator[tuple[int, str, str]]:
    """The items of a list and of the lists inside; what follows a nested list is an item without a marker."""
    number = int(element.attributes.get("start", "1"))
    for child in element.children:
        if isinstance(child, str):
            continue
        marker = "-" if element.tag == "ul" else str(number)
        number += 1
        pieces: list[Element | str] = []
        for part in child.children:
            if isinstance(part, Element) and part.tag in _LISTS:
                yield level, marker, _item_text(pieces)
                yield from _items(part, level + 1)
                pieces, marker = [], " "
            else:
                pieces.append(part)
        yield level, marker, _item_text(pieces)


def _item_text(pieces: Sequence[Element | str]) -> str:
    lines = [_seen(_text(piece) if isinstance(piece, Element) else piece) for piece in pieces]
    return _seen("\n".join(filter(None, lines)))


def _text(element: Element, *, with_pictures: bool = True) -> str:
    if element.tag in _UNSEEN:
        return ""
    if element.tag == "br":
        return "\n"
    if element.tag == "img":
        return element.attributes.get("alt", "") if with_pictures else ""
    pieces = [piece if isinstance(piece, str) else _text(piece, with_pictures=with_pictures) for piece in element.children]
    return "".join(pieces)


def _descendants(element: Element) -> Iterator[Element]:
    for child in element.children:
        if isinstance(child, Element):
            yield child
            yield from _descendants(child)


def _seen(text: str) -> str:
    """White space as a browser shows it; where a line ends is not compared."""
    return _BLANKS.sub(" ", text).strip(" ")


if __name__ == "__main__":
    raise SystemExit(main())
