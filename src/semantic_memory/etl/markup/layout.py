"""A look ahead over an HTML page: which tables and lists only lay it out, so that what they hold is read as if they were not there."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from semantic_memory.etl.markup.text import HEADINGS, LISTS, Attributes

_CONTAINERS = re.compile(r"<(?:table|[uo]l|menu)\b", re.IGNORECASE)
_HIGHLIGHTED = re.compile(r"highlight|rouge|code-?table", re.IGNORECASE)
"""Classes of tables that set line numbers beside code."""
_DATA = frozenset({"th", "thead", "caption", "colgroup"})
_LAYOUT_ROLES = frozenset({"presentation", "none"})


def layout_containers(html: str) -> frozenset[int]:
    """Numbers, counted from 0 over all start tags of tables and lists, of those that are layout.

    A list is layout when it holds headings (cards, search results). A table is when it says so or sets out code; else not when it has
    headings of its own (`th`, a caption), and yes when it has a single column or holds headings or other tables.
    """
    if not _CONTAINERS.search(html):
        return frozenset()
    scanner = _Scanner()
    scanner.feed(html)
    scanner.close()
    return scanner.finished()


@dataclass(slots=True)
class _Container:
    number: int
    is_table: bool
    is_layout: bool = False
    is_data: bool = False
    has_headings: bool = False
    has_tables: bool = False
    cells: int = 0
    columns: int = 0

    @property
    def lays_out(self) -> bool:
        if self.is_table:
            return self.is_layout or (not self.is_data and (self.columns <= 1 or self.has_headings or self.has_tables))
        return self.has_headings


class _Scanner(HTMLParser):
    """Keeps the open tables and lists; each tells its parent when it ends that it held a heading."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[_Container] = []
        self._tables = 0
        self._count = 0
        self._found: set[int] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table" or tag in LISTS:
            self._start_container(tag, {name: value or "" for name, value in reversed(attrs)})
        elif self._open:
            self._note(tag, self._open[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._tables:
            while not self._close().is_table:
                pass
        elif tag in LISTS and self._open and not self._open[-1].is_table:
            self._close()

    def finished(self) -> frozenset[int]:
        while self._open:
            self._close()
        return frozenset(self._found)

    def _start_container(self, tag: str, attributes: Attributes) -> None:
        if tag == "table" and self._open:
            self._open[-1].has_tables = True
        is_layout = attributes.get("role", "").lower() in _LAYOUT_ROLES or bool(_HIGHLIGHTED.search(attributes.get("class", "")))
        self._tables += tag == "table"
        self._open.append(_Container(self._count, tag == "table", is_layout=tag == "table" and is_layout))
        self._count += 1

    def _note(self, tag: str, inner: _Container) -> None:
        if tag in HEADINGS:
            inner.has_headings = True
        elif tag in _DATA:
            inner.is_data = True
        elif tag == "tr":
            inner.cells = 0
        if tag in {"td", "th"}:
            inner.cells += 1
            inner.columns = max(inner.columns, inner.cells)

    def _close(self) -> _Container:
        closed = self._open.pop()
        self._tables -= closed.is_table
        if closed.lays_out:
            self._found.add(closed.number)
        if self._open:
            self._open[-1].has_headings |= closed.has_headings
            self._open[-1].has_tables |= closed.has_tables and not closed.is_table
        return closed
