"""What is open while an RTF file is read: frames of paragraphs and tables."""

from dataclasses import dataclass, field

from semantic_memory.etl.word.flow import Flow, ListPlace, Look
from semantic_memory.etl.word.paragraph import OpenParagraph
from semantic_memory.etl.word.rtf_fonts import Style, role
from semantic_memory.etl.word.rtf_letters import Letters
from semantic_memory.etl.word.rtf_tables import RtfTable

MAX_PARAGRAPHS = 100_000
"""Paragraphs and cells of one document, as for Word."""
MAX_FRAMES = 16
"""Notes and text boxes inside one another, as for Word."""
_BULLET = "-"


@dataclass(slots=True)
class Format:
    """Of a paragraph; `\\pard` starts it anew."""

    style: int = 0
    outline: int | None = None
    list_id: int = 0
    list_level: int = 0
    in_table: bool = False


@dataclass(slots=True)
class Frame:
    """The body, a note, a header or a text box. `marker` is the list marker written before the open paragraph."""

    flow: Flow = field(default_factory=Flow)
    table: RtfTable = field(default_factory=RtfTable)
    paragraph: OpenParagraph = field(default_factory=lambda: OpenParagraph(1))
    format: Format = field(default_factory=Format)
    marker: str | None = None


class Manuscript:
    """Makes blocks of paragraphs, cells and rows as they end."""

    def __init__(self, letters: Letters, limit: int) -> None:
        self.limit = limit
        self._letters = letters
        self.styles: dict[int, Style] = {}
        self.is_cut = False
        self.cut_tables = 0
        self._count = 0
        self._frames: list[Frame] = [Frame()]

    @property
    def frame(self) -> Frame:
        return self._frames[-1]

    def open_frame(self) -> None:
        """A new frame; one nested too deep is the frame around it."""
        self._frames.append(Frame() if len(self._frames) < MAX_FRAMES else self.frame)

    def close_frame(self) -> Flow:
        """What the innermost frame holds, with what was not ended yet; nothing when it is the frame around it too."""
        self.end_paragraph()
        self._end_table()
        frame = self._frames.pop()
        return Flow() if self._frames and self.frame is frame else frame.flow

    def end_paragraph(self) -> None:
        if not self.frame.format.in_table:
            self._end_table()
        self._end_text()

    def end_cell(self) -> None:
        self.frame.format.in_table = True
        self._end_text()
        self.frame.table.end_cell()

    def end_row(self) -> None:
        """The last cell need not have been ended."""
        if self.frame.format.in_table and self.frame.paragraph.visible:
            self.end_cell()
        self.frame.table.end_row()

    def _end_text(self) -> None:
        """The open paragraph goes to the open cell or to the frame."""
        frame = self.frame
        self._count += 1
        self.is_cut = self._count > self.limit
        flow = frame.table.cell if frame.format.in_table else frame.flow
        text = _joined_surrogates(frame.paragraph.text)
        flow.add(text, self._look(frame), frame.paragraph.extras)
        frame.paragraph, frame.marker = OpenParagraph(1), None

    def _end_table(self) -> None:
        frame = self.frame
        if frame.table.has_open_row:
            frame.table.end_row()
        if frame.table.has_rows:
            self.cut_tables += not frame.table.add_to(frame.flow)

    def _look(self, frame: Frame) -> Look:
        style = self.styles.get(frame.format.style, Style())
        found, level = role(style, frame.format.outline)
        item = _item(frame)
        if item is None and found == "text" and frame.paragraph.is_typewritten and not self._letters.font(None).is_monospaced:
            found = "code"
        return Look(found, level, item)


def _item(frame: Frame) -> ListPlace | None:
    """A paragraph with a list marker or in a list; the marker is in the file for readers that do not count."""
    marker = (frame.marker or "").strip()
    if not frame.format.list_id and not marker:
        return None
    is_number = any(character.isalnum() for character in marker) and marker not in {"o", "n", "q", "v"}  # bullets of symbol fonts
    return ListPlace(str(frame.format.list_id), min(max(frame.format.list_level, 0), 8), marker if is_number else _BULLET)


def _joined_surrogates(text: str) -> str:
    """RTF writes a character beyond U+FFFF as two halves."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
