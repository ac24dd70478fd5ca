"""What is open while a Word document is read: frames that take paragraphs, and paragraphs that take text."""

from dataclasses import dataclass, field, replace

from semantic_memory.etl.word.docx_numbering import Numbering
from semantic_memory.etl.word.docx_package import NO_RELATIONS, Package
from semantic_memory.etl.word.docx_paragraph import Paragraph
from semantic_memory.etl.word.docx_styles import BODY_LEVEL, Style, Styles
from semantic_memory.etl.word.flow import Flow, ListPlace, Look
from semantic_memory.etl.word.list_numbers import LEVELS
from semantic_memory.etl.word.style_names import Role

MAX_PARAGRAPHS = 100_000
"""Paragraphs and cells of one document, about 4,000 pages; a 77 kB file can hold 400,000 (EXTRACTION.md §2.11)."""
MAX_FRAMES = 16
"""Cells, text boxes and notes inside one another; each level repeats the text of those inside it."""
_CODE: frozenset[Role] = frozenset({"text", "code"})


@dataclass(slots=True)
class Frame:
    """Where paragraphs go: the body, a cell, a text box or a note; `carried` waits for the paragraph it is joined to."""

    flow: Flow = field(default_factory=Flow)
    carried: Paragraph | None = None


class Manuscript:
    """Makes blocks of paragraphs as they end. `warnings` say what the document has and the blocks have not."""

    def __init__(self, package: Package, styles: Styles, numbering: Numbering, limit: int = MAX_PARAGRAPHS) -> None:
        self.limit = limit
        self.package = package
        self.styles = styles
        self.relations = NO_RELATIONS
        self.page = 1
        self.is_cut = False
        self.warnings: list[str] = []
        self._numbering = numbering
        self._count = 0
        self._frames: list[Frame] = []
        self._paragraphs: list[Paragraph] = []
        self._nowhere = Paragraph(0)

    @property
    def paragraph(self) -> Paragraph:
        """The innermost open paragraph; what a file has outside of any, where no program shows it, goes to one that nobody reads."""
        return self._paragraphs[-1] if self._paragraphs else self._nowhere

    @property
    def flow(self) -> Flow:
        return self._frames[-1].flow

    def count(self) -> None:
        """Counts a paragraph or cell; after the last one that is read the document is cut."""
        self._count += 1
        self.is_cut = self._count > self.limit

    def open_frame(self) -> None:
        """A new frame; one nested too deep is the frame around it."""
        self._frames.append(Frame() if len(self._frames) < MAX_FRAMES else self._frames[-1])

    def close_frame(self) -> Flow:
        """What the innermost frame holds; nothing when it is the frame around it too."""
        frame = self._frames.pop()
        if self._frames and self._frames[-1] is frame:
            return Flow()
        if frame.carried is not None:
            self._finish(frame.flow, frame.carried)
        return frame.flow

    def open_paragraph(self) -> None:
        self.count()
        paragraph = Paragraph(self.page)
        frame = self._frames[-1]
        if frame.carried is not None:
            paragraph.go_on_with(frame.carried)
            frame.carried = None
        self._paragraphs.append(paragraph)

    def close_paragraph(self) -> None:
        """Its text goes to the frame, unless its end was deleted: then it is one paragraph with the next."""
        paragraph, frame = self._paragraphs.pop(), self._frames[-1]
        if paragraph.is_mark_deleted:
            frame.carried = paragraph
        else:
            self._finish(frame.flow, paragraph)

    def turn_page(self) -> None:
        self.page += 1
        paragraph = self.paragraph
        if not paragraph.visible:
            paragraph.page = self.page

    def _finish(self, flow: Flow, paragraph: Paragraph) -> None:
        flow.add(paragraph.text, self._look(paragraph), paragraph.extras, paragraph.page)

    def _look(self, paragraph: Paragraph) -> Look:
        style = self.styles.of(paragraph.style_id)
        role, level = style.role, style.level
        if paragraph.outline is not None and role in {"heading", "text"}:
            role, level = ("text", 1) if paragraph.outline >= BODY_LEVEL else ("heading", paragraph.outline + 1)
        item = self._item(paragraph, style)  # an empty item counts too
        if item is None and role in _CODE and self._is_typewritten(paragraph):
            role = "code"
        return Look(role, level, item)

    def _is_typewritten(self, paragraph: Paragraph) -> bool:
        return not self.styles.is_typewritten and paragraph.is_typewritten

    def _item(self, paragraph: Paragraph, style: Style) -> ListPlace | None:
        """Its place in a list: its own numbering, else that of its style; the number 0 takes the style's numbering away."""
        list_id = paragraph.list_id or style.list_id
        if list_id is None or list_id == "0":
            return None
        level = paragraph.list_level
        if level is None and paragraph.style_id and paragraph.list_id is None:
            level = self._numbering.level_of_style(list_id, paragraph.style_id)
        place = self._numbering.place(list_id, min(max(style.list_level if level is None else level, 0), LEVELS - 1))
        return replace(place, level=max(place.level, style.depth))
