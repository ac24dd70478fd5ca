"""What hangs on an OpenDocument paragraph: notes, comments, text boxes, pictures and embedded objects."""

from dataclasses import dataclass, field, replace

from semantic_memory.core.model import JsonValue
from semantic_memory.etl.blocks.lists import image_block
from semantic_memory.etl.word.flow import named_block, renamed
from semantic_memory.etl.word.handlers import Ends, Starts
from semantic_memory.etl.word.odf_manuscript import Manuscript
from semantic_memory.etl.word.xml import Attributes

_BOXES = ("draw:text-box", "draw:custom-shape", "draw:rect", "draw:ellipse")


@dataclass(slots=True)
class _Picture:
    alt: str = ""
    part: str = ""
    is_title: bool = False


@dataclass(slots=True)
class _Note:
    kind: str
    about: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])


class Floating:
    """Each becomes a block behind the paragraph it is anchored to; on a slide, where nothing is, a block of its own."""

    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript
        self._pictures: list[_Picture] = []
        self._notes: list[_Note] = []
        self._objects = 0
        self.starts: Starts = {
            "draw:frame": self._start_picture,
            "draw:image": self._show,
            "draw:object": self._pass_by,
            "draw:object-ole": self._pass_by,
            **dict.fromkeys(("svg:title", "svg:desc", "text:note-citation", "dc:creator", "dc:date"), self._start_aside),
            **dict.fromkeys(_BOXES, self._start_box),
            "text:note": lambda attributes: self._notes.append(_Note(attributes.get("text:note-class", "footnote"))),
            "text:note-body": lambda _: manuscript.open_frame(),
            "office:annotation": self._start_comment,
            "presentation:notes": lambda _: manuscript.open_frame(),
        }
        self.ends: Ends = {
            "draw:frame": self._end_picture,
            "svg:title": self._end_description,
            "svg:desc": self._end_description,
            **dict.fromkeys(_BOXES, self._end_box),
            "text:note-citation": lambda: self._end_about("number"),
            "dc:creator": lambda: self._end_about("author"),
            "dc:date": lambda: self._end_about("date"),
            "text:note-body": self._end_note,
            "text:note": self._notes.pop,
            "office:annotation": self._end_comment,
            "presentation:notes": self._end_speaker_notes,
        }

    @property
    def warnings(self) -> list[str]:
        return [f"{self._objects} embedded objects were not read"] if self._objects else []

    def _start_aside(self, _attributes: Attributes) -> None:
        self._manuscript.begin_aside()

    def _start_picture(self, attributes: Attributes) -> None:
        self._pictures.append(_Picture(is_title=attributes.get("presentation:class") == "title"))

    def _end_picture(self) -> None:
        picture, paragraph = self._pictures.pop(), self._manuscript.paragraph
        if not (picture.alt or picture.part):
            return
        block = image_block(picture.alt, "", {"part": picture.part} if picture.part else {})
        if paragraph is not None:
            paragraph.extras.behind.append(block)
        else:
            self._manuscript.flow.add_block(replace(block, page=self._manuscript.page))

    def _end_description(self) -> None:
        """The description, which is longer than the title, counts when there are both."""
        text = self._manuscript.end_aside()
        if self._pictures and text:
            self._pictures[-1].alt = text

    def _show(self, attributes: Attributes) -> None:
        target = attributes.get("xlink:href", "")
        if self._pictures and ":" not in target:  # an address outside is never opened
            self._pictures[-1].part = target.removeprefix("./")

    def _pass_by(self, _attributes: Attributes) -> None:
        self._objects += 1

    def _start_box(self, _attributes: Attributes) -> None:
        self._manuscript.open_frame()
        self._manuscript.is_title = bool(self._pictures) and self._pictures[-1].is_title

    def _end_box(self) -> None:
        self._manuscript.is_title = False
        box, paragraph = self._manuscript.close_frame(), self._manuscript.paragraph
        if paragraph is not None:
            paragraph.extras.behind.extend(renamed(box.blocks(), "text_box"))
        else:
            self._manuscript.flow.take(box)

    def _end_about(self, name: str) -> None:
        text = self._manuscript.end_aside()
        if self._notes and text:
            self._notes[-1].about[name] = text

    def _end_note(self) -> None:
        text, paragraph = self._manuscript.close_frame().text().strip(), self._manuscript.paragraph
        note = self._notes[-1] if self._notes else _Note("footnote")
        if paragraph is not None and text:
            paragraph.extras.behind.append(named_block(text, note.kind, **note.about))
            paragraph.extras.notes.extend(note.about.values())

    def _start_comment(self, _attributes: Attributes) -> None:
        self._notes.append(_Note("comment"))
        self._manuscript.open_frame()

    def _end_comment(self) -> None:
        text, note, paragraph = self._manuscript.close_frame().text().strip(), self._notes.pop(), self._manuscript.paragraph
        if paragraph is not None and text:
            paragraph.extras.behind.append(named_block(text, note.kind, **note.about))

    def _end_speaker_notes(self) -> None:
        text = self._manuscript.close_frame().text().strip()
        if text:
            self._manuscript.flow.add_block(replace(named_block(text, "notes"), page=self._manuscript.page))
