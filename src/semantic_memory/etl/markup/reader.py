"""HTML → blocks in linear passes: no tree, so neither depth nor attributes can make it slow (EXTRACTION.md §2.11)."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from semantic_memory.core.model import BlockDraft, BlockType, Json, JsonValue
from semantic_memory.etl.blocks.lists import image_block, list_block
from semantic_memory.etl.markup.head import Head
from semantic_memory.etl.markup.joins import bulleted, join_caption, joined_term
from semantic_memory.etl.markup.layout import layout_containers
from semantic_memory.etl.markup.sinks import Code, List, Table, code_language
from semantic_memory.etl.markup.text import (
    BOUNDARIES,
    HEADINGS,
    LISTS,
    VOID,
    Attributes,
    Scopes,
    Sink,
    Text,
    address,
    classes,
    closable,
)

SKIPPED = frozenset(
    {*("script", "style", "template", "svg", "iframe", "object", "datalist", "rt", "rp", "annotation", "annotation-xml"), "noscript", "nav"}
)
"""Elements whose content a reader does not see as the page's own text: readings beside East Asian words and the source of formulas too."""
MAX_LINKS = 200
"""Links kept of one block."""
_SECOND_CHOICE = frozenset({"nav", "noscript"})
"""Read when a page has no other text: a page of nothing but links, or for browsers without scripts."""
_UNSEEN_CLASSES = frozenset(
    {"linenos", "lineno", "linenodiv", "rouge-gutter", "blob-num", "hljs-ln-numbers", "line-numbers-rows", "mw-editsection"}
)
"""Line numbers beside code, and Wikipedia's [edit]."""
_NOTICE = re.compile(
    r"\b(?:cookie|gdpr|ccpa|consent)[\w-]*(?:banner|bar|notice|popup|modal|dialog|overlay|message)\b"
    r"|\b(?:cookie-?consent|onetrust|usercentrics|didomi|cookiebot|truste|cc-window)\b",
    re.IGNORECASE,
)
"""Ids and classes of the notices that ask for consent to cookies, as the common scripts name them."""
_NOTICE_TAGS = frozenset({"div", "section", "aside", "dialog", "form"})
_REGIONS: Mapping[str, str] = {"aside": "aside", "footer": "footer", "header": "header"}
_ROLES: Mapping[str, str] = {"complementary": "aside", "contentinfo": "footer", "banner": "header"}
_CONTENT = frozenset({"main", "article"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PERMALINK = re.compile(r"^[#¶§🔗]\s+|\s*[¶🔗]\s*$|\s+[#§]\s*$")
_WRAPPERS = frozenset({"div", "figure", "table", "tr", "td"})
"""Elements around code that may name its language."""
_FOREIGN_SCRIPTS = frozenset({"ar", "be", "bg", "el", "fa", "he", "hi", "ja", "ka", "ko", "mk", "ru", "th", "uk", "ur", "zh"})
"""Languages that are not written with Latin letters only, so that a text without any other is in another language."""
_BEYOND_LATIN = re.compile(r"[\u0370-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Markup:
    """The blocks of an HTML text in reading order, its title, and what its head says: description, author, published, modified, keywords,
    site, canonical, language. `left_out` counts what was not read: navigation, cookie notices, hidden elements."""

    blocks: Sequence[BlockDraft]
    title: str | None
    metadata: Json = field(default_factory=dict[str, JsonValue])
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])


def read_markup(html: str, *, first_line: int | None = 1) -> Markup:
    """Blocks with start_line and end_line, counted from `first_line` (None: without lines); text only: nothing is run or fetched.

    Scripts, navigation, cookie notices and hidden elements are left out. What stands in a footer, aside or page header, but no heading,
    says so in the metadata `region`. Links are in `links`, merged cells in `spans`; a language that an element declares is its blocks',
    unless it is only the page's.
    """
    html = closable(html)
    layout = layout_containers(html)
    found = _read(html, first_line, layout, SKIPPED)
    return found if found.blocks else _read(html, first_line, layout, SKIPPED - _SECOND_CHOICE)


def _read(html: str, first_line: int | None, layout: frozenset[int], skipped: frozenset[str]) -> Markup:
    reader = _Reader(first_line, layout, skipped)
    reader.feed(html)
    reader.close()
    return Markup(reader.blocks, reader.head.shown_title(), reader.head.metadata(), dict(reader.left_out))


class _Reader(HTMLParser):
    """Emits paragraphs, headings and images itself; hands lists, tables and code to a sink of their own."""

    def __init__(self, first_line: int | None, layout: frozenset[int], skipped: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[BlockDraft] = []
        self.head = Head()
        self.left_out = Counter[str]()
        self._first_line = first_line
        self._layout = layout
        self._skipped_tags = skipped
        self._containers = 0
        self._text = Text()
        self._images: list[tuple[str, str]] = []
        self._links: list[JsonValue] = []
        self._link: tuple[str, list[str]] | None = None
        self._has_words = False
        self._heading: int | None = None
        self._quotes = 0
        self._kind = ""
        self._term: BlockDraft | None = None
        self._figures: list[int] = []
        self._code_language: str | None = None
        self._sink: Sink | None = None
        self._in_title = False
        self._skipped = ""
        self._skip_depth = 0
        self._languages, self._regions, self._content = Scopes(), Scopes(), Scopes()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in reversed(attrs)}  # the first of two equal attributes counts
        is_layout = self._is_layout(tag)
        if self._skips(tag, attributes):
            return
        self._enter(tag, attributes)
        if tag == "a":
            self._start_link(attributes)
        if self._sink is not None:
            self._sink.start(tag, attributes)
        elif not is_layout and (tag in LISTS or tag in {"table", "pre"}):
            self._flush()
            self._sink = self._opened_sink(tag, attributes)
        else:
            self._flow(tag, attributes)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """HTML knows no self-closing elements: the slash is ignored, as browsers do."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._skip_depth:
            self._end_skipped(tag)
            return
        if tag == "a":
            self._end_link()
        if tag == "title":
            self._in_title = False
        elif self._sink is not None:
            if self._sink.end(tag):
                self._empty_sink(self._sink)
        else:
            self._end_flow(tag)
        for scopes in (self._languages, self._regions, self._content):
            scopes.end(tag)

    def handle_data(self, data: str) -> None:
        if self._skip_depth:
            return
        if self._in_title:
            self.head.title.append(data)
            return
        if self._link is not None:
            self._link[1].append(data)
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
        self._emit_term()

    def _is_layout(self, tag: str) -> bool:
        """Whether this table or list only lays the page out; every start tag of one is counted, as the look ahead did."""
        if tag != "table" and tag not in LISTS:
            return False
        self._containers += 1
        return self._containers - 1 in self._layout

    def _skips(self, tag: str, attributes: Attributes) -> bool:
        """Keeps count of the element that is left out, until its own end tag."""
        if self._skip_depth and self._skipped == "p" and tag in BOUNDARIES:
            self._skip_depth = 0  # a paragraph ends where the next block begins
        if self._skip_depth:
            self._skip_depth += tag == self._skipped
        elif tag not in VOID and (reason := self._reason_to_skip(tag, attributes)):
            self._skipped, self._skip_depth = tag, 1
            self.left_out[reason] += 1
        return self._skip_depth > 0

    def _reason_to_skip(self, tag: str, attributes: Attributes) -> str:
        if tag in self._skipped_tags or (attributes.get("role") == "navigation" and "nav" in self._skipped_tags):
            return "navigation" if tag == "nav" or "role" in attributes else tag
        if not attributes:
            return ""
        is_searchable = attributes.get("hidden", "").lower() == "until-found"
        if ("hidden" in attributes and not is_searchable) or _HIDDEN.search(attributes.get("style", "")):
            return "hidden"
        if tag in _NOTICE_TAGS and _NOTICE.search(f"{attributes.get('id', '')} {attributes.get('class', '')}"):
            return "cookie notice"
        return "decoration" if any(name in _UNSEEN_CLASSES for name in classes(attributes)) else ""

    def _end_skipped(self, tag: str) -> None:
        self._skip_depth -= tag == self._skipped
        if self._skip_depth and self._skipped == "p" and tag in BOUNDARIES:
            self._skip_depth = 0

    def _enter(self, tag: str, attributes: Attributes) -> None:
        """What the element says about all inside it."""
        self.head.take(tag, attributes)
        if tag in VOID:
            return
        if tag in BOUNDARIES and self._sink is None:
            self._flush()
        declared = attributes.get("lang") or attributes.get("xml:lang") or ""
        self._languages.start(tag, declared.partition("-")[0].lower() if tag not in {"html", "body"} else "")
        self._content.start(tag, tag if tag in _CONTENT else "")
        region = _ROLES.get(attributes.get("role", ""), _REGIONS.get(tag, ""))
        self._regions.start(tag, region if not self._content.value else "")

    def _opened_sink(self, tag: str, attributes: Attributes) -> Sink:
        if tag == "table":
            return Table()
        return Code(attributes, self._code_language) if tag == "pre" else List(tag, attributes)

    def _flow(self, tag: str, attributes: Attributes) -> None:
        if tag == "title" and not self.head.title:
            self._in_title = True
        elif tag == "img":
            self._add_image(attributes)
        elif tag == "br":
            self._text.add_break()
        elif tag == "q":
            self._text.add("“")
        elif tag == "sup" and self._text.ends_with_digit():
            self._text.add("^")  # 10<sup>6</sup> is not 106
        elif tag in BOUNDARIES or tag in {"td", "th"}:
            self._start_block(tag, attributes)

    def _start_block(self, tag: str, attributes: Attributes) -> None:
        self._flush()
        self._in_title = False
        self._heading = HEADINGS.get(tag)
        self._quotes += tag == "blockquote"
        if tag in {"dt", "dd", "figcaption", "summary"}:
            self._kind = tag
        if tag == "figure":
            self._figures.append(len(self.blocks))
        self._code_language = code_language(attributes) or (self._code_language if tag in _WRAPPERS else None)

    def _end_flow(self, tag: str) -> None:
        if tag == "q":
            self._text.add("”")
        if tag in BOUNDARIES or tag in {"td", "th"}:
            self._flush()
            self._quotes = max(0, self._quotes - (tag == "blockquote"))
            self._kind = "" if tag == self._kind else self._kind
        if tag == "dl":
            self._emit_term()
            self._kind = ""
        if tag == "figure" and self._figures:
            join_caption(self.blocks, self._figures.pop())

    def _start_link(self, attributes: Attributes) -> None:
        self._end_link()
        target = address(attributes.get("href", ""), self.head.base)
        self._link = (target, []) if target else None

    def _end_link(self) -> None:
        if self._link is not None:
            target, text = self._link
            label = " ".join("".join(text).split())
            if label and len(self._links) < MAX_LINKS:
                self._links.append({"text": label, "url": target})
        self._link = None

    def _add_image(self, attributes: Attributes) -> None:
        self._see(self._text, "")
        self._images.append((attributes.get("alt", ""), attributes.get("src", "")))
        self._text.add(attributes.get("alt", ""))

    def _flush(self) -> None:
        """Emits the open paragraph or heading; a paragraph of nothing but images gives an image block for each."""
        self._heading, heading = None, self._heading
        if not self._text.segments:
            return
        if self._link is not None and self._has_words:
            target = self._link[0]
            self._end_link()
            self._link = (target, [])
        place = self._text.place()
        if self._has_words:
            self._emit(self._prose(self._text.joined(), place, heading))
        else:
            for alt, source in self._images:
                self._emit(image_block(alt, source, place))
        self._text, self._images, self._has_words = Text(), [], False

    def _prose(self, text: str, place: dict[str, JsonValue], heading: int | None) -> BlockDraft:
        if heading is not None:
            title = _PERMALINK.sub("", text.replace("\n", " "))
            return BlockDraft(BlockType.HEADING, title, metadata={**place, "level": heading})
        kind = "quote" if self._quotes else {"dt": "term", "dd": "definition", "figcaption": "caption"}.get(self._kind, self._kind)
        told: dict[str, JsonValue] = {"original_type": kind} if kind else {}
        images: dict[str, JsonValue] = {"images": [{"alt": alt, "src": source} for alt, source in self._images]} if self._images else {}
        items = bulleted(text)
        if items:
            return list_block(items, metadata={**place, **images})
        return BlockDraft(BlockType.PARAGRAPH, text, metadata={**place, **told, **images})

    def _emit(self, block: BlockDraft) -> None:
        """Adds the block with its links, region and declared language; a term waits for the beginning of its definition."""
        told: dict[str, JsonValue] = {"links": self._links} if self._links else {}
        if self._regions.value and not (block.type is BlockType.HEADING and self._regions.value == "header"):
            told["region"] = self._regions.value
        language = block.language or (self._declared(block.text) if block.type is not BlockType.CODE else None)
        block = replace(block, language=language, metadata={**block.metadata, **told})
        self._links = []
        kind = block.metadata.get("original_type")
        if kind == "definition" and self._term is not None:
            block, self._term = joined_term(self._term, block), None
        self._emit_term()
        if kind == "term":
            self._term = block
        else:
            self.blocks.append(block)

    def _emit_term(self) -> None:
        if self._term is not None:
            self.blocks.append(self._term)
            self._term = None

    def _declared(self, text: str) -> str | None:
        """The language that an element declares, if it is not just the page's and the letters do not contradict it."""
        language = self._languages.value
        is_one = len(language) == 2 and language.isascii() and language.isalpha() and language != self.head.values.get("language")
        return language if is_one and (language not in _FOREIGN_SCRIPTS or _BEYOND_LATIN.search(text)) else None

    def _empty_sink(self, sink: Sink) -> None:
        self._end_link()
        self._sink = None
        blocks = sink.blocks()
        links, self._links = self._links, []
        for number, block in enumerate(blocks, start=1):
            if number == len(blocks):
                self._links = links
            self._emit(block)

    def _see(self, text: Text, data: str) -> None:
        """Notes the lines of the data's first and last visible character."""
        if self._first_line is None:
            return
        line = self.getpos()[0] + self._first_line - 1
        leading = len(data) - len(data.lstrip())
        text.see(line + data.count("\n", 0, leading), line + data.rstrip().count("\n"))
