"""A Word document in one pass of events: no tree and no recursion, so size and nesting cost time in proportion only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.core.model import BlockDraft
from semantic_memory.etl.archives import MAX_MEMBER_BYTES
from semantic_memory.etl.word.docx_manuscript import MAX_PARAGRAPHS, Manuscript
from semantic_memory.etl.word.docx_notes import KINDS, Notes
from semantic_memory.etl.word.docx_numbering import Numbering
from semantic_memory.etl.word.docx_package import BODY, Package
from semantic_memory.etl.word.docx_pictures import Pictures
from semantic_memory.etl.word.docx_runs import Runs
from semantic_memory.etl.word.docx_shown import DELETED, Shown
from semantic_memory.etl.word.docx_styles import Styles
from semantic_memory.etl.word.docx_tables import Tables
from semantic_memory.etl.word.flow import named_block
from semantic_memory.etl.word.handlers import Handlers
from semantic_memory.etl.word.xml import Attributes, Event, skip

_MARGINS: Mapping[str, str] = {"w:headerReference": "header", "w:footerReference": "footer"}


class DocxReader:
    """Reads one document up to `limit` paragraphs and cells; `warnings` say what its blocks lack."""

    def __init__(self, package: Package, limit: int = MAX_PARAGRAPHS) -> None:
        relations = package.relations(BODY)
        parts = {relation.kind: relation.target for relation in relations.values() if not relation.is_external}
        styles, numbering = Styles(package.tree(parts.get("styles"))), Numbering(package.tree(parts.get("numbering")))
        manuscript = Manuscript(package, styles, numbering, limit)
        self._package, self._parts, self._manuscript = package, parts, manuscript
        self._shown, self._runs, self._tables, self._pictures = Shown(), Runs(manuscript), Tables(manuscript), Pictures(manuscript)
        handlers: list[Handlers] = [self._shown, self._runs, self._tables, self._pictures, Notes(manuscript)]
        self._starts = {name: start for one in handlers for name, start in one.starts.items()}
        self._ends = {name: end for one in handlers for name, end in one.ends.items()}
        self._margins: dict[str, str] = {}

    def blocks(self) -> list[BlockDraft]:
        """Headers and footers, which belong to no section, then the body in order with its notes.

        Pages are those that the program which saved the file last saw; without any such mark blocks have no page.
        Raises: CorruptFileError, ExtractionLimitError.
        """
        for kind in KINDS:
            self._read_beside(self._parts.get(f"{kind}s"))
        body = self._read(BODY)
        if not self.has_pages:
            body = [replace(block, page=None) for block in body]
        return [*self._margin_blocks(), *body]

    @property
    def has_pages(self) -> bool:
        return self._manuscript.page > 1

    @property
    def warnings(self) -> list[str]:
        cut = [f"the document was cut after {self._manuscript.limit} paragraphs and cells"] if self._manuscript.is_cut else []
        parts = (self._manuscript, self._package, self._runs, self._tables, self._pictures)
        return [*cut, *(warning for part in parts for warning in part.warnings)]

    def _margin_blocks(self) -> list[BlockDraft]:
        """Each different header and footer once, whatever the number of sections and pages that show it."""
        relations = self._package.relations(BODY)
        texts: dict[tuple[str, str], None] = {}
        for relation_id, kind in self._margins.items():
            if relation_id in relations:
                text = "\n".join(block.text for block in self._read_beside(relations[relation_id].target)).strip()
                texts[text, kind] = None
        return [named_block(text, kind) for text, kind in texts if text]

    def _read_beside(self, part: str | None) -> Sequence[BlockDraft]:
        """A part without which the document can be read."""
        if part is None or self._manuscript.is_cut:
            return ()
        try:
            return self._read(part)
        except CorruptFileError as error:
            self._package.warnings.append(f"part {part!r} is left out: {error.message}")
            return ()

    def _read(self, part: str) -> list[BlockDraft]:
        self._manuscript.relations = self._package.relations(part)
        self._manuscript.open_frame()
        stream = self._package.events(part, MAX_MEMBER_BYTES)
        is_open: list[str] = []
        try:
            for event in stream:
                self._take(event, stream, is_open)
                if self._manuscript.is_cut:
                    break
        finally:
            for name in reversed(is_open):
                self._ends[name]()
            flow = self._manuscript.close_frame()
        return flow.blocks()

    def _take(self, event: Event, stream: Iterator[Event], is_open: list[str]) -> None:
        """Hands an event to whoever takes care of the element; `is_open` are those whose end somebody waits for."""
        kind, name, attributes = event
        if kind == "text":
            self._runs.text(name)
        elif kind == "end":
            if name in self._ends:
                is_open.pop()
                self._ends[name]()
        elif self._is_left_out(name):
            skip(stream)
        else:
            if name in self._ends:
                is_open.append(name)
            self._start(name, attributes)

    def _start(self, name: str, attributes: Attributes) -> None:
        if name in self._starts:
            self._starts[name](attributes)
        elif name in _MARGINS:
            self._margins[attributes.get("r:id", "")] = _MARGINS[name]

    def _is_left_out(self, name: str) -> bool:
        if name in DELETED:
            self._runs.mark_deleted()
            self._tables.mark_deleted()
        return self._shown.is_left_out(name)
