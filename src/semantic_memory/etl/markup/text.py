"""What the readers of HTML share: kinds of elements, text under construction, addresses of links."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from semantic_memory.core.model import BlockDraft, JsonValue

BOUNDARIES = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html"),
        *(
            "legend",
            "li",
            "main",
            "menu",
            "nav",
            "noscript",
            "ol",
            "optgroup",
            "option",
            "p",
            "pre",
            "search",
            "section",
            "summary",
            "table",
            "tr",
            "ul",
        ),
    }
)
"""Elements that start and end a line of text."""
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"})
LISTS = frozenset({"ul", "ol", "menu"})
HEADINGS = {f"h{level}": level for level in range(1, 7)}
MAX_ADDRESS = 2000
"""Longer addresses carry data, not a place."""
_SCHEMES = frozenset({"", "http", "https", "mailto", "ftp"})
"""Of addresses that are shown; scripts and data are not."""
_COMMENT_END = re.compile(r"--\s*>")
_BLANKS = re.compile(r"[ \t\n\r\f\v]+")

Attributes = Mapping[str, str]


class Sink(Protocol):
    """Takes everything from an element's start to its end and makes blocks of it."""

    text: "Text"

    def start(self, tag: str, attributes: Attributes) -> None: ...

    def end(self, tag: str) -> bool:
        """Whether this end tag closes the element."""
        ...

    def data(self, text: str) -> None: ...

    def blocks(self) -> list[BlockDraft]: ...


@dataclass(slots=True)
class Text:
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

    def ends_with_digit(self) -> bool:
        return bool(self.segments) and self.segments[-1][1][-1:].isdigit()

    def ends_line(self) -> bool:
        return not self.segments or self.segments[-1][1].endswith("\n")

    def joined(self) -> str:
        """Blanks collapsed and empty lines dropped, except in raw text."""
        groups = groupby(self.segments, key=itemgetter(0))
        pieces = ((raw, "".join(text for _, text in group)) for raw, group in groups)
        return "\n".join(filter(None, (piece.strip("\n") if raw else collapsed(piece) for raw, piece in pieces)))

    def place(self) -> dict[str, JsonValue]:
        return {"start_line": self.start_line, "end_line": self.end_line} if self.start_line else {}


@dataclass(slots=True)
class _Scope:
    """An open element that says something about all inside it; `depth` counts elements of the same name inside."""

    tag: str
    value: str
    depth: int = 1


class Scopes:
    """Open elements of one concern, innermost last."""

    def __init__(self) -> None:
        self._open: list[_Scope] = []

    @property
    def value(self) -> str:
        return self._open[-1].value if self._open else ""

    def start(self, tag: str, value: str) -> None:
        if not self._open and not value:
            return
        if self._open and tag in BOUNDARIES and self._open[-1].tag == "p":
            self._open.pop()  # a paragraph ends where the next block begins
        if value:
            self._open.append(_Scope(tag, value))
        elif self._open and self._open[-1].tag == tag:
            self._open[-1].depth += 1

    def end(self, tag: str) -> None:
        if self._open and self._open[-1].tag == tag:
            self._open[-1].depth -= 1
            if not self._open[-1].depth:
                self._open.pop()


def collapsed(text: str) -> str:
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def closable(html: str) -> str:
    """The text with `<` escaped where what it begins has no end.

    Before Python 3.11.14, 3.12.12 and 3.13.6 the parser looks for the ends of unclosed comments, tags and marked sections again and again:
    60 kB of `<a ` take it a minute. A marked section is a comment to browsers, up to the first `>`.
    """
    html = html.replace("<![", "<!x[")
    last = max((match.end() for match in _COMMENT_END.finditer(html)), default=0)
    html = html[:last] + html[last:].replace("<!--", "&lt;!--")
    whole, bracket, tail = html.rpartition(">")
    return whole + bracket + tail.replace("<", "&lt;")


def classes(attributes: Attributes) -> Iterator[str]:
    return iter(attributes.get("class", "").lower().split())


def address(target: str, base: str) -> str:
    """The address that a link leads to, against `base`; empty for scripts, data, places on the page and what is no address."""
    target = target.strip()
    if not target or target.startswith("#") or len(target) > MAX_ADDRESS:
        return ""
    try:
        is_shown = urlsplit(target).scheme.lower() in _SCHEMES
        return (urljoin(base, target) if base else target) if is_shown else ""
    except ValueError:
        return ""
