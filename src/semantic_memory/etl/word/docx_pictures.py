"""What floats in a Word paragraph: pictures, text boxes, charts, diagrams and embedded objects."""

from dataclasses import dataclass
from functools import partial

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.etl.blocks.lists import image_block
from semantic_memory.etl.word.docx_manuscript import Manuscript
from semantic_memory.etl.word.flow import named_block, renamed
from semantic_memory.etl.word.handlers import Ends, Starts
from semantic_memory.etl.word.xml import Attributes

GRAPHIC_BYTES = 8 * 1024 * 1024
"""Largest chart or diagram part that is read."""
_PICTURES = ("w:drawing", "w:pict", "w:object")


@dataclass(slots=True)
class _Picture:
    alt: str = ""
    part: str = ""


class Pictures:
    """Each becomes a block behind the paragraph it is anchored to; a picture's text is its description."""

    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript
        self._open: list[_Picture] = []
        self._objects = 0
        self.starts: Starts = {
            **dict.fromkeys(_PICTURES, self._start),
            "wp:docPr": lambda attributes: self._describe(attributes.get("descr") or attributes.get("title", "")),
            "v:shape": lambda attributes: self._describe(attributes.get("alt", "")),
            "v:rect": lambda attributes: self._describe(attributes.get("alt", "")),
            "a:blip": lambda attributes: self._show(attributes.get("r:embed", "")),
            "v:imagedata": lambda attributes: self._show(attributes.get("r:id", "")),
            "w:txbxContent": lambda _: manuscript.open_frame(),
            "dgm:relIds": partial(self._add_graphic, "diagram", "r:dm"),
            "c:chart": partial(self._add_graphic, "chart", "r:id"),
            "o:OLEObject": self._pass_by,
            "w:altChunk": self._pass_by,
        }
        self.ends: Ends = {**dict.fromkeys(_PICTURES, self._end), "w:txbxContent": self._end_box}

    @property
    def warnings(self) -> list[str]:
        return [f"{self._objects} embedded files were not read"] if self._objects else []

    def _start(self, _attributes: Attributes) -> None:
        self._open.append(_Picture())

    def _end(self) -> None:
        picture, paragraph = self._open.pop(), self._manuscript.paragraph
        if picture.alt or picture.part:
            paragraph.extras.behind.append(image_block(picture.alt, "", {"part": picture.part} if picture.part else {}))

    def _describe(self, text: str) -> None:
        if self._open and not self._open[-1].alt:
            self._open[-1].alt = text.strip()

    def _show(self, relation_id: str) -> None:
        relation = self._manuscript.relations.get(relation_id)
        if self._open and relation is not None and not relation.is_external:
            self._open[-1].part = relation.target

    def _end_box(self) -> None:
        box, paragraph = self._manuscript.close_frame(), self._manuscript.paragraph
        paragraph.extras.behind.extend(renamed(box.blocks(), "text_box"))

    def _add_graphic(self, kind: str, attribute: str, attributes: Attributes) -> None:
        """The words of a chart or diagram, which are in a part of their own."""
        relation, paragraph = self._manuscript.relations.get(attributes.get(attribute, "")), self._manuscript.paragraph
        if relation is None or relation.is_external:
            return
        try:
            text = self._graphic_text(relation.target)
        except CorruptFileError as error:
            self._manuscript.warnings.append(f"a {kind} is left out: {error.message}")
            return
        if text:
            paragraph.extras.behind.append(named_block(text, kind))

    def _graphic_text(self, part: str) -> str:
        """A line per paragraph of a diagram; titles, categories and values of a chart."""
        lines: list[str] = []
        is_text = False
        for kind, name, _ in self._manuscript.package.events(part, GRAPHIC_BYTES):
            if kind == "text" and is_text:
                lines[-1] += name
            elif name in {"a:p", "c:v"} and kind == "start":
                lines.append("")
            if name in {"a:t", "c:v"}:
                is_text = kind == "start"
        return "\n".join(line.strip() for line in lines if line.strip())

    def _pass_by(self, _attributes: Attributes) -> None:
        self._objects += 1
