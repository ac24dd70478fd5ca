"""HTML → blocks in one linear pass: no tree, so neither depth nor attributes can make it slow (EXTRACTION.md §2.11)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, image_block, list_block
from semantic_memory.etl.blocks.tables import likely_header_rows, table_block

SKIPPED = frozenset({"script", "style", "template", "nav", "noscript", "svg", "iframe", "object", "datalist"})
"""Elements whose content a reader does not see as the page's own text."""
BOUNDARIES = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html"),
        *("legend", "li", "main", "menu", "ol", "p", "pre", "search", "section", "summary", "table", "tr", "ul"),
    }
)
"""Elements that start and end a line of text."""
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"})
MAX_SPAN = 100
"""Widest cell span that is honoured; browsers stop at 1,000, and hostile files ask for more."""
_LISTS = frozenset({"ul", "ol", "menu"})
HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LANGUAGE = re.compile(r"\b(?:language|lang|highlight-source|brush:)-?\s*([\w+#-]+)")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\n\r\f\v]+")

Attributes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Markup:
    """The blocks of an HTML text in reading order, and its `<title>`."""

    blocks: Sequence[BlockDraft]
    title: str | None


def read_markup(html: str, *, first_line: int | None = 1) -> Markup:
    """Blocks with start_line and end_line, counted from `first_line` (None: without lines). Scripts, navigation and hidden elements are
    left out."""
    reader = _Reader(first_line)
    reader.feed(html)
    reader.close()
    return Markup(reader.blocks, " ".join("".join(reader.title).split()) or None)


@dataclass(slots=True)
class _Text:
    """Text under construction with the lines it came from."""

    segments: list[tuple[bool, str]] = field(default_factory=list[tuple[bool, str]])
    start_line: int = 0
    end_line: int = 0

    def add(self, text: str, *, raw: bool = False) -> None:
        self.segments.append((raw, text if raw else _BLANKS.sub(" ", text)))

    def add_break(self) -> None:
        self.segments.append((False, "\n"))

    def see(self, start_line: int, end_line: int) -> None:
        self.start_line = self.start_line or start_line
        self.end_line = end_line

    def joined(self) -> str:
        """Blanks collapsed and empty lines dropped, except in raw text."""
        groups = groupby(self.segments, key=itemgetter(0))
        pieces = ((raw, "".join(text for _, text in group)) for raw, group in groups)
        return "\n".join(filter(None, (piece.strip("\n") if raw else _collapsed(piece) for raw, piece in pieces)))

    def place(self) -> dict[str, JsonValue]:
        return {"start_line": self.start_line, "end_line": self.end_line} if self.start_line else {}


class _Sink(Protocol):
    """Takes everything from an element's start to its end and makes blocks of it."""

    text: _Text

    def start(self, tag: str, attributes: Attributes) -> None: ...

    def end(self, tag: str) -> bool:
        """Whether this end tag closes the element."""
        ...

    def data(self, text: str) -> None: ...

    def blocks(self) -> list[BlockDraft]: ...


class _Code:
    """`<pre>`: text as it is, and the language if a class names one."""

    def __init__(self, attributes: Attributes) -> None:
        self.text = _Text()
        self._language: str | None = None
        self._depth = 0
        self.start("pre", attributes)

    def start(self, tag: str, attributes: Attributes) -> None:
        self._depth += tag == "pre"
        named = _LANGUAGE.search(attributes.get("class", ""))
        self._language = self._language or (named[1].lower() if named else None)
        if tag == "br":
            self.text.add("\n", raw=True)

    def end(self, tag: str) -> bool:
        self._depth -= tag == "pre"
        return self._depth == 0

    def data(self, text: str) -> None:
        self.text.add(text, raw=True)

    def blocks(self) -> list[BlockDraft]:
        return [BlockDraft(BlockType.CODE, self.text.joined(), language=self._language, metadata=self.text.place())]


class _List:
    """`<ul>`, `<ol>`: one item per `<li>`, whatever an item holds is its text."""

    def __init__(self, tag: str) -> None:
        self.text = _Text()
        self._items: list[tuple[ListItem, _Text]] = []
        self._counters: list[int | None] = []
        self._pre = 0
        self.start(tag, {})

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag in _LISTS:
            self._counters.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._items.append((ListItem(len(self._counters) - 1, self._marker()), _Text()))
        elif tag in {"td", "th"}:
            self._current.add(" ")
        elif tag in BOUNDARIES or tag == "br":
            self._current.add_break()
        elif tag == "img":
            self._current.add(attributes.get("alt", ""))
        elif tag == "input" and attributes.get("type") == "checkbox" and self._items:
            self._items[-1][0].checked = "checked" in attributes
        self._pre += tag == "pre"

    def end(self, tag: str) -> bool:
        if tag in _LISTS:
            self._counters.pop()
        elif tag in BOUNDARIES and tag != "li":
            self._current.add_break()
        self._pre = max(0, self._pre - (tag == "pre"))
        return not self._counters

    def data(self, text: str) -> None:
        self._current.add(text, raw=self._pre > 0)

    def blocks(self) -> list[BlockDraft]:
        for item, text in self._items:
            item.text = text.joined()
        return [list_block([item for item, _ in self._items], metadata=self.text.place())]

    @property
    def _current(self) -> _Text:
        """The open item's text; text before the first `<li>` becomes an item of its own."""
        if not self._items:
            self._items.append((ListItem(0, "-"), _Text()))
        return self._items[-1][1]

    def _marker(self) -> str:
        number = self._counters[-1]
        if number is None:
            return "-"
        self._counters[-1] = number + 1
        return f"{number + 1}."


class _Table:
    """`<table>`: cells by row and column; a spanned place is an empty cell, nested tables are text of their cell."""

    def __init__(self) -> None:
        self.text = _Text()
        self._rows: list[list[_Text]] = []
        self._caption = _Text()
        self._cell = self._caption
        self._spans: dict[int, int] = {}
        self._header_rows = 0
        self._depth = 1
        self._in_caption = False

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "table":
            self._depth += 1
        elif self._depth == 1 and tag == "tr":
            self._add_row()
        elif self._depth == 1 and tag in {"td", "th"}:
            self._add_cell(attributes, is_header=tag == "th")
        elif self._depth == 1 and tag == "caption":
            self._in_caption = True
        elif tag in BOUNDARIES or tag in {"br", "td", "th"}:
            self._open.add_break()
        elif tag == "img":
            self._open.add(attributes.get("alt", ""))

    def end(self, tag: str) -> bool:
        self._depth -= tag == "table"
        if tag == "caption":
            self._in_caption = False
        return self._depth == 0

    def data(self, text: str) -> None:
        self._open.add(text)

    def blocks(self) -> list[BlockDraft]:
        """The caption as a paragraph, then the table; a table of one column is a layout and gives a paragraph per row."""
        rows = [[cell.joined() for cell in row] for row in self._rows if row]
        place = self.text.place()
        width = max(map(len, rows), default=0)
        texts = [self._caption.joined()] + ([row[0] for row in rows] if width == 1 else [])
        blocks = [BlockDraft(BlockType.PARAGRAPH, text, metadata=place) for text in texts if text]
        if width > 1:
            padded = [row + [""] * (width - len(row)) for row in rows]
            header_rows = min(self._header_rows, len(rows)) or likely_header_rows(padded)
            blocks.append(table_block(padded, header_rows, metadata=place))
        return blocks

    @property
    def _open(self) -> _Text:
        return self._caption if self._in_caption else self._cell

    def _add_row(self) -> None:
        self._rows.append([])
        self._fill_spans()

    def _add_cell(self, attributes: Attributes, *, is_header: bool) -> None:
        if not self._rows:
            self._add_row()
        row = self._rows[-1]
        if is_header and not row and self._header_rows == len(self._rows) - 1:
            self._header_rows += 1
        elif not is_header and row and self._header_rows == len(self._rows):
            self._header_rows -= 1  # `<th>` before `<td>` heads the row, not the columns
        start = len(row)
        row.extend(_Text() for _ in range(_span(attributes, "colspan")))
        self._cell = row[start]
        self._spans.update(dict.fromkeys(range(start, len(row)), _span(attributes, "rowspan") - 1))
        self._fill_spans()

    def _fill_spans(self) -> None:
        """Empty cells where a cell of an earlier row reaches down."""
        row = self._rows[-1]
        while self._spans.get(len(row), 0) > 0:
            self._spans[len(row)] -= 1
            row.append(_Text())


class _Reader(HTMLParser):
    """Emits paragraphs, headings and images itself; hands lists, tables and code to a sink of their own."""

    def __init__(self, first_line: int | None) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[BlockDraft] = []
        self.title: list[str] = []
        self._first_line = first_line
        self._text = _Text()
        self._images: list[tuple[str, str]] = []
        self._has_words = False
        self._heading: int | None = None
        self._quotes = 0
        self._sink: _Sink | None = None
        self._in_title = False
        self._skipped = ""
        self._skip_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if self._skips(tag, attributes):
            return
        if self._sink is not None:
            self._sink.start(tag, attributes)
        elif tag in _LISTS or tag in {"table", "pre"}:
            self._flush()
            self._sink = _sink(tag, attributes)
        else:
            self._flow(tag, attributes)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """HTML knows no self-closing elements: the slash is ignored, as browsers do."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._skip_depth:
            self._skip_depth -= tag == self._skipped
        elif tag == "title":
            self._in_title = False
        elif self._sink is not None:
            if self._sink.end(tag):
                self._empty_sink(self._sink)
        elif tag in BOUNDARIES:
            self._flush()
            self._quotes = max(0, self._quotes - (tag == "blockquote"))

    def handle_data(self, data: str) -> None:
        if self._skip_depth:
            return
        if self._in_title:
            self.title.append(data)
            return
        open_text = self._sink.text if self._sink is not None else self._text
        if data.strip():
            self._see(open_text, data)
        if self._sink is not None:
            self._sink.data(data)
        else:
            self._has_words = self._has_words or bool(data.strip())
            self._text.add(data)

    def close(self) -> None:
        """Whatever is still open ends here."""
        super().close()
        if self._sink is not None:
            self._empty_sink(self._sink)
        self._flush()

    def _skips(self, tag: str, attributes: Attributes) -> bool:
        """Keeps count of the element that is left out, until its own end tag."""
        if self._skip_depth:
            self._skip_depth += tag == self._skipped
        elif tag not in VOID and (tag in SKIPPED or "hidden" in attributes or _HIDDEN.search(attributes.get("style", ""))):
            self._skipped, self._skip_depth = tag, 1
        return self._skip_depth > 0

    def _flow(self, tag: str, attributes: Attributes) -> None:
        if tag == "title":
            self._in_title = True
        elif tag == "img":
            self._add_image(attributes)
        elif tag == "br":
            self._text.add_break()
        elif tag in BOUNDARIES:
            self._flush()
            self._heading = HEADINGS.get(tag)
            self._quotes += tag == "blockquote"

    def _add_image(self, attributes: Attributes) -> None:
        self._see(self._text, "")
        self._images.append((attributes.get("alt", ""), attributes.get("src", "")))
        self._text.add(attributes.get("alt", ""))

    def _flush(self) -> None:
        """Emits the open paragraph or heading; a paragraph of nothing but images gives an image block for each."""
        place = self._text.place()
        if self._has_words:
            self.blocks.append(self._prose(self._text.joined(), place))
        else:
            self.blocks.extend(image_block(alt, source, place) for alt, source in self._images)
        self._text, self._images, self._has_words, self._heading = _Text(), [], False, None

    def _prose(self, text: str, place: dict[str, JsonValue]) -> BlockDraft:
        if self._heading is not None:
            return BlockDraft(BlockType.HEADING, text.replace("\n", " "), metadata={**place, "level": self._heading})
        quote: dict[str, JsonValue] = {"original_type": "quote"} if self._quotes else {}
        images: dict[str, JsonValue] = {"images": [{"alt": alt, "src": source} for alt, source in self._images]} if self._images else {}
        return BlockDraft(BlockType.PARAGRAPH, text, metadata={**place, **quote, **images})

    def _empty_sink(self, sink: _Sink) -> None:
        self.blocks.extend(sink.blocks())
        self._sink = None

    def _see(self, text: _Text, data: str) -> None:
        """Notes the lines of the data's first and last visible character."""
        if self._first_line is None:
            return
        line = self.getpos()[0] + self._first_line - 1
        leading = len(data) - len(data.lstrip())
        text.see(line + data.count("\n", 0, leading), line + data.rstrip().count("\n"))


def _sink(tag: str, attributes: Attributes) -> _Sink:
    if tag == "table":
        return _Table()
    return _Code(attributes) if tag == "pre" else _List(tag)


def _span(attributes: Attributes, name: str) -> int:
    value = attributes.get(name, "1")
    return min(MAX_SPAN, max(1, int(value))) if value.isdecimal() else 1


def _collapsed(text: str) -> str:
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
