"""What is open while an OpenDocument text is read: flows that take paragraphs, lists, and paragraphs that take text."""

from dataclasses import dataclass, field
from typing import NamedTuple

from semantic_memory.etl.word.flow import Flow, ListPlace, Look
from semantic_memory.etl.word.list_numbers import LEVELS, next_marker
from semantic_memory.etl.word.odf_styles import Style, Styles
from semantic_memory.etl.word.paragraph import OpenParagraph
from semantic_memory.etl.word.xml import Attributes, integer

MAX_PARAGRAPHS = 100_000
"""Paragraphs and cells of one document, as for Word."""
MAX_FRAMES = 16
"""Cells, text boxes and notes inside one another, as for Word."""


class TextLook(NamedTuple):
    is_monospaced: bool
    is_hidden: bool


@dataclass(slots=True)
class Paragraph(OpenParagraph):
    """`heading` is the level of a heading; `looks` are how text looks in it and in each open span, innermost last."""

    heading: int | None = None
    looks: list[TextLook] = field(default_factory=list[TextLook])

    def open_span(self, style: Style) -> None:
        outer = self.looks[-1]
        is_monospaced = outer.is_monospaced if style.is_monospaced is None else style.is_monospaced
        self.looks.append(TextLook(is_monospaced, outer.is_hidden or style.is_hidden))

    def close_span(self) -> None:
        if len(self.looks) > 1:
            self.looks.pop()


@dataclass(slots=True)
class _List:
    """An open list; `is_item_new` until the first paragraph of its current item."""

    style: str
    key: str
    is_item_new: bool = False


@dataclass(slots=True)
class _Frame:
    flow: Flow = field(default_factory=Flow)
    lists: list[_List] = field(default_factory=list[_List])


class Manuscript:
    """Makes blocks of paragraphs as they end."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.styles = Styles()
        self.page = 1
        self.is_cut = False
        self.hidden = 0
        self.is_title = False
        self._aside: list[str] | None = None
        self._count = 0
        self._frames: list[_Frame] = []
        self._paragraphs: list[Paragraph] = []
        self._numbers: dict[str, dict[int, int]] = {}

    @property
    def paragraph(self) -> Paragraph | None:
        """The open paragraph, innermost first."""
        return self._paragraphs[-1] if self._paragraphs else None

    @property
    def flow(self) -> Flow:
        return self._frames[-1].flow

    def count(self) -> None:
        """Counts a paragraph or cell; after the last one that is read the document is cut."""
        self._count += 1
        self.is_cut = self._count > self.limit

    def open_frame(self) -> None:
        """A new frame; one nested too deep is the frame around it."""
        self._frames.append(_Frame() if len(self._frames) < MAX_FRAMES else self._frames[-1])

    def close_frame(self) -> Flow:
        """What the innermost frame holds; nothing when it is the frame around it too."""
        frame = self._frames.pop()
        return Flow() if self._frames and self._frames[-1] is frame else frame.flow

    def open_list(self, attributes: Attributes) -> None:
        """A list inside another shares its count; an outer one starts anew unless it says that it goes on."""
        lists = self._frames[-1].lists
        style = attributes.get("text:style-name") or (lists[-1].style if lists else "")
        if lists:
            lists.append(_List(style, lists[-1].key))
            return
        if attributes.get("text:continue-numbering") != "true" and "text:continue-list" not in attributes:
            self._numbers[style] = {}
        lists.append(_List(style, style))

    def close_list(self) -> None:
        self._frames[-1].lists.pop()

    def open_item(self, attributes: Attributes, *, is_counted: bool = True) -> None:
        lists = self._frames[-1].lists
        if not lists:
            return
        lists[-1].is_item_new = is_counted
        start = integer(attributes.get("text:start-value"))
        if start is not None:
            self._numbers.setdefault(lists[-1].key, {})[min(len(lists), LEVELS) - 1] = start - 1

    def open_paragraph(self, attributes: Attributes, *, is_heading: bool) -> None:
        self.count()
        level = max(integer(attributes.get("text:outline-level")) or 1, 1) if is_heading else None
        name = attributes.get("text:style-name", "")
        style = self.styles.of("paragraph", name)
        look = TextLook(style.is_monospaced is True, style.is_hidden)
        self._paragraphs.append(Paragraph(self.page, name, heading=level, looks=[look]))

    def close_paragraph(self) -> None:
        paragraph = self._paragraphs.pop()
        self.flow.add(paragraph.text, self._look(paragraph), paragraph.extras, paragraph.page)

    def begin_aside(self) -> None:
        """What is said from here on is not text of the paragraph."""
        self._aside = []

    def end_aside(self) -> str:
        said, self._aside = "".join(self._aside or ()), None
        return said.strip()

    def say(self, text: str) -> None:
        """Text of the open paragraph or aside; hidden text is counted and left out."""
        paragraph = self.paragraph
        if self._aside is not None:
            self._aside.append(text)
            return
        if paragraph is None:
            return
        look = paragraph.looks[-1]
        if look.is_hidden:
            self.hidden += len(text)
        else:
            paragraph.add(text, is_monospaced=look.is_monospaced)

    def turn_page(self) -> None:
        self.page += 1
        paragraph = self.paragraph
        if paragraph is not None and not paragraph.visible:
            paragraph.page = self.page

    def _look(self, paragraph: Paragraph) -> Look:
        style = self.styles.of("paragraph", paragraph.style_id or "")
        if paragraph.heading is not None or self.is_title:
            level = paragraph.heading or 1
            return Look("title" if style.role == "title" else "heading", level, self._heading_number(level, paragraph))
        lists = self._frames[-1].lists
        if lists:
            return Look("continued", item=self._item(lists))
        role = "text" if style.role in {"heading", "continued"} else style.role  # only `text:h` is a heading
        if role == "text" and paragraph.is_typewritten and not self.styles.is_typewritten:
            role = "code"
        return Look(role, style.level)

    def _item(self, lists: list[_List]) -> ListPlace | None:
        """The item's place for its first paragraph, None for those that go on with it."""
        current = lists[-1]
        if not current.is_item_new:
            return None
        current.is_item_new = False
        level = min(len(lists), LEVELS) - 1
        marker = next_marker(self._numbers.setdefault(current.key, {}), self.styles.list_levels(current.style), level)
        return ListPlace(current.key, level, marker)

    def _heading_number(self, level: int, paragraph: Paragraph) -> ListPlace | None:
        """The number a heading gets from the document's outline; the numbers above it count whether shown or not."""
        levels = self.styles.list_levels("")
        if not levels or level > LEVELS or not paragraph.text.strip():
            return None
        return ListPlace("", level - 1, next_marker(self._numbers.setdefault("", {}), levels, level - 1))
