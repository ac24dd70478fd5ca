"""Lists, tables and code of an HTML page: each takes all that is inside it."""

import re
from collections.abc import Iterator

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, list_block
from semantic_memory.etl.blocks.tables import likely_header_rows, table_block
from semantic_memory.etl.markup.text import BOUNDARIES, LISTS, Attributes, Text

MAX_SPAN = 100
"""Widest cell span that is honoured; browsers stop at 1,000, and hostile files ask for more."""
MAX_WIDTH = 1000
"""Columns of one table; further cells of a row are left out of the grid and their text joins the last one."""
MAX_CELLS = 1_000_000
"""Cells of one table; above this the columns on the right share the last one that fits."""
_LANGUAGE = re.compile(
    r"\b(?:language|lang|highlight-source|highlight-text|highlight|brush:)(?:-|\s+|(?<=:))\s*(?!highlight)([\w+#-]+)", re.IGNORECASE
)
_NO_LANGUAGES = frozenset({"default", "none", "notranslate", "text", "plaintext", "txt", "light", "dark", "theme"})
_LINES = frozenset({"div", "p", "li", "tr"})
"""Elements that some highlighters make of each line of code."""


def code_language(attributes: Attributes) -> str | None:
    """The language that a class or data attribute of a code element, or of one around it, names."""
    named = attributes.get("data-lang") or attributes.get("data-language")
    found = [named] if named else _LANGUAGE.findall(attributes.get("class", ""))
    return next((word.lower() for word in found if word.lower() not in _NO_LANGUAGES and len(word) <= 30), None)


class Code:
    """`<pre>`: text as it is, and the language if a class names one; `language` is what the elements around it say."""

    def __init__(self, attributes: Attributes, language: str | None) -> None:
        self.text = Text()
        self._language = language
        self._depth = 0
        self.start("pre", attributes)

    def start(self, tag: str, attributes: Attributes) -> None:
        self._depth += tag == "pre"
        self._language = (code_language(attributes) if tag in {"pre", "code"} else None) or self._language
        if tag == "br":
            self.text.add("\n", raw=True)

    def end(self, tag: str) -> bool:
        if tag in _LINES and not self.text.ends_line():
            self.text.add("\n", raw=True)
        self._depth -= tag == "pre"
        return self._depth == 0

    def data(self, text: str) -> None:
        self.text.add(text, raw=True)

    def blocks(self) -> list[BlockDraft]:
        return [BlockDraft(BlockType.CODE, self.text.joined(), language=self._language, metadata=self.text.place())]


class List:
    """`<ul>`, `<ol>`: one item per `<li>`, whatever an item holds is its text."""

    def __init__(self, tag: str, attributes: Attributes) -> None:
        self.text = Text()
        self._items: list[tuple[ListItem, Text]] = []
        self._counters: list[int | None] = []
        self._pre = 0
        self._tables = 0
        self.start(tag, attributes)

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag in LISTS:
            self._counters.append(_number(attributes, "start", 1) - 1 if tag == "ol" else None)
        elif tag == "li":
            self._items.append((ListItem(len(self._counters) - 1, self._marker(attributes)), Text()))
        elif tag in {"td", "th"}:
            self._current.add(" ")
        elif tag in BOUNDARIES or tag == "br":
            self._current.add_break()
        elif tag == "img":
            self._current.add(attributes.get("alt", ""))
        elif tag == "input" and attributes.get("type") == "checkbox" and self._items:
            self._items[-1][0].checked = "checked" in attributes
        self._pre += tag == "pre"
        self._tables += tag == "table"

    def end(self, tag: str) -> bool:
        """Also the end of a table around the list ends it: `</ul>` is often forgotten there."""
        if tag == "table":
            self._tables -= 1
            if self._tables < 0:
                return True
        if tag in LISTS:
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
    def _current(self) -> Text:
        """The open item's text; text before the first `<li>` becomes an item of its own."""
        if not self._items:
            self._items.append((ListItem(0, "-"), Text()))
        return self._items[-1][1]

    def _marker(self, attributes: Attributes) -> str:
        number = self._counters[-1]
        if number is None:
            return "-"
        self._counters[-1] = number = _number(attributes, "value", number + 1)
        return f"{number}."


class Table:
    """`<table>`: cells by row and column; a spanned place is an empty cell, nested tables are text of their cell."""

    def __init__(self) -> None:
        self.text = Text()
        self._rows: list[list[Text]] = []
        self._caption = Text()
        self._cell = self._caption
        self._below: dict[int, int] = {}
        self._spans: list[tuple[int, int, int, int]] = []
        self._header_rows = 0
        self._row_names = 0
        self._depth = 1
        self._row_is_open = False
        self._in_caption = False
        self._in_head = False

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "table":
            self._depth += 1
        elif self._depth == 1 and tag in {"thead", "tbody", "tfoot"}:
            self._in_head = tag == "thead"
        elif self._depth == 1 and tag == "tr":
            self._add_row()
        elif self._depth == 1 and tag in {"td", "th"}:
            self._add_cell(attributes, is_header=tag == "th" or self._in_head)
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
        elif tag == "thead" and self._depth == 1:
            self._in_head = False
        return self._depth == 0

    def data(self, text: str) -> None:
        self._open.add(text)

    def blocks(self) -> list[BlockDraft]:
        """The caption as a paragraph, then the table; a table of one column is a layout and gives a paragraph per row."""
        numbers = [number for number, row in enumerate(self._rows) if row]
        rows = [[cell.joined() for cell in self._rows[number]] for number in numbers]
        place = self.text.place()
        width = max(map(len, rows), default=0)
        caption = self._caption.joined()
        told: dict[str, JsonValue] = {**place, "original_type": "caption"}
        blocks = [BlockDraft(BlockType.PARAGRAPH, caption, metadata=told)] if caption else []
        if width > 1:
            padded = _padded(rows, min(width, max(2, MAX_CELLS // len(rows))))
            header_rows = min(self._header_rows, len(rows)) or likely_header_rows(padded)
            blocks.append(table_block(padded, header_rows, metadata={**place, **self._structure(numbers)}))
        else:
            blocks.extend(BlockDraft(BlockType.PARAGRAPH, row[0], metadata=place) for row in rows if row[0])
        return blocks

    @property
    def _open(self) -> Text:
        return self._caption if self._in_caption else self._cell

    def _structure(self, numbers: list[int]) -> dict[str, JsonValue]:
        """Spans, cut to the rows that there are, and whether the first column names the rows."""
        place = {number: index for index, number in enumerate(numbers)}
        spans: list[JsonValue] = [*_cut_spans(self._spans, place)]
        names_rows = 0 < self._row_names == len(numbers) - self._header_rows
        found: dict[str, JsonValue] = {"spans": spans} if spans else {}
        return {**found, "header_columns": 1} if names_rows else found

    def _add_row(self) -> None:
        self._rows.append([])
        self._row_is_open = False
        self._fill_from_above()

    def _add_cell(self, attributes: Attributes, *, is_header: bool) -> None:
        if not self._rows:
            self._add_row()
        row = self._rows[-1]
        if len(row) >= MAX_WIDTH:
            self._cell.add_break()
            return
        self._count_header(is_header=is_header, is_first=not self._row_is_open)
        self._row_is_open = True
        start = len(row)
        across, down = _span(attributes, "colspan"), _span(attributes, "rowspan")
        row.extend(Text() for _ in range(across))
        self._cell = row[start]
        if across > 1 or down > 1:
            self._spans.append((len(self._rows) - 1, start, down, across))
            self._below.update(dict.fromkeys(range(start, len(row)), down - 1))
        self._fill_from_above()

    def _count_header(self, *, is_header: bool, is_first: bool) -> None:
        if is_header and is_first and self._header_rows == len(self._rows) - 1:
            self._header_rows += 1
        elif is_header and is_first:
            self._row_names += 1
        elif not is_header and not is_first and self._header_rows == len(self._rows):
            self._header_rows -= 1  # `<th>` before `<td>` heads the row, not the columns
            self._row_names += 1

    def _fill_from_above(self) -> None:
        """Empty cells where a cell of an earlier row reaches down."""
        row = self._rows[-1]
        while self._below.get(len(row), 0) > 0:
            self._below[len(row)] -= 1
            row.append(Text())


def _padded(rows: list[list[str]], width: int) -> list[list[str]]:
    """Rows of this width; what is too much stands in the last cell."""
    return [row + [""] * (width - len(row)) if len(row) <= width else [*row[: width - 1], " ".join(row[width - 1 :])] for row in rows]


def _cut_spans(spans: list[tuple[int, int, int, int]], place: dict[int, int]) -> Iterator[JsonValue]:
    """Row, column, row span and column span; rows are numbered by `place`, which has no empty ones."""
    height = len(place)
    for row, column, down, across in spans:
        first = place[row]
        reach = min(down, height - first)
        if reach > 1 or across > 1:
            yield [first, column, reach, across]


def _span(attributes: Attributes, name: str) -> int:
    return min(MAX_SPAN, max(1, _number(attributes, name, 1)))


def _number(attributes: Attributes, name: str, default: int) -> int:
    value = attributes.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else default
