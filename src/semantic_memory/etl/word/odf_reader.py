"""OpenDocument text and presentations in one pass of events over their content."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.core.model import BlockDraft
from semantic_memory.etl.word.flow import named_block
from semantic_memory.etl.word.handlers import Handlers
from semantic_memory.etl.word.odf_floating import Floating
from semantic_memory.etl.word.odf_manuscript import MAX_PARAGRAPHS, Manuscript
from semantic_memory.etl.word.odf_package import CONTENT, STYLES, Package
from semantic_memory.etl.word.odf_tables import Tables
from semantic_memory.etl.word.odf_text import Text
from semantic_memory.etl.word.xml import Attributes, Event, skip, subtree

_SKIPPED = frozenset(
    {
        *("text:tracked-changes", "text:ruby-text", "text:hidden-text", "text:script"),  # deletions are kept apart from the text
        *("office:binary-data", "office:forms", "office:scripts", "office:event-listeners", "x:math"),
    }
)
_MARGINS: Mapping[str, str] = {f"style:{margin}{pages}": margin for margin in ("header", "footer") for pages in ("", "-left", "-first")}


class OdfReader:
    """Reads one document up to `limit` paragraphs and cells; `warnings` say what its blocks lack."""

    def __init__(self, package: Package, limit: int = MAX_PARAGRAPHS) -> None:
        manuscript = Manuscript(limit)
        self._package, self._manuscript = package, manuscript
        self._text, self._floating, self._tables = Text(manuscript), Floating(manuscript), Tables(manuscript)
        handlers: list[Handlers] = [self._text, self._floating, self._tables]
        self._starts = {name: start for one in handlers for name, start in one.starts.items()}
        self._starts |= dict.fromkeys(_MARGINS, self._start_margin) | {"draw:page": self._turn_slide}
        self._ends = {name: end for one in handlers for name, end in one.ends.items()}
        self._ends |= {name: partial(self._end_margin, kind) for name, kind in _MARGINS.items()}
        self._margins: dict[tuple[str, str], None] = {}
        self._hidden_sections = 0
        self._slides = 0

    def blocks(self) -> list[BlockDraft]:
        """Headers and footers, which belong to no section, then the content in order with its notes.

        Pages are those that the program which saved the file last saw, or slides; without any such mark blocks have no page.
        Raises: CorruptFileError, ExtractionLimitError.
        """
        self._manuscript.styles.add(self._package.tree(STYLES))
        self._read_margins()
        content = self._read(CONTENT)
        if not self.has_pages:
            content = [replace(block, page=None) for block in content]
        return [*(named_block(text, kind) for text, kind in self._margins), *content]

    @property
    def has_pages(self) -> bool:
        return self._manuscript.page > 1 or self._slides > 0

    @property
    def warnings(self) -> list[str]:
        manuscript = self._manuscript
        cut = [f"the document was cut after {manuscript.limit} paragraphs and cells"] if manuscript.is_cut else []
        hidden = [f"{manuscript.hidden} characters of hidden text were left out"] if manuscript.hidden else []
        sections = [f"{self._hidden_sections} hidden sections were left out"] if self._hidden_sections else []
        return [*cut, *hidden, *sections, *self._package.warnings, *self._floating.warnings, *self._tables.warnings]

    def _read_margins(self) -> None:
        """Each different header and footer once. They are among the styles, without which the text can be read."""
        try:
            self._read(STYLES)
        except CorruptFileError:
            self._margins.clear()  # `Package.tree` has warned of the damage

    def _read(self, part: str) -> list[BlockDraft]:
        manuscript = self._manuscript
        manuscript.open_frame()
        stream = self._package.events(part)
        is_open: list[str] = []
        try:
            for event in stream:
                self._take(event, stream, is_open)
                if manuscript.is_cut:
                    break
        finally:
            for name in reversed(is_open):
                self._ends[name]()
            flow = manuscript.close_frame()
        return flow.blocks()

    def _take(self, event: Event, stream: Iterator[Event], is_open: list[str]) -> None:
        """Hands an event to whoever takes care of the element; `is_open` are those whose end somebody waits for."""
        kind, name, attributes = event
        if kind == "text":
            self._text.text(name)
        elif kind == "end":
            if name in self._ends:
                is_open.pop()
                self._ends[name]()
        elif self._is_left_out(event):
            skip(stream)
        elif name == "office:automatic-styles":
            self._manuscript.styles.add(subtree(event, stream))
        else:
            if name in self._ends:
                is_open.append(name)
            if name in self._starts:
                self._starts[name](attributes)

    def _is_left_out(self, event: Event) -> bool:
        is_hidden = event.name == "text:section" and event.attributes.get("text:display") == "none"
        self._hidden_sections += is_hidden
        return is_hidden or event.name in _SKIPPED

    def _turn_slide(self, _attributes: Attributes) -> None:
        self._slides += 1
        if self._slides > 1:
            self._manuscript.turn_page()

    def _start_margin(self, _attributes: Attributes) -> None:
        self._manuscript.open_frame()

    def _end_margin(self, kind: str) -> None:
        text = self._manuscript.close_frame().text().strip()
        if text:
            self._margins[text, kind] = None
