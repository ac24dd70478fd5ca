"""Slides → blocks: shapes in reading order, their texts, tables, charts, diagrams and pictures, then notes and comments.

Imported only when a presentation is read: python-pptx takes 0.4 CPU seconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.shapes.picture import Picture

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.core.model import BlockDraft, BlockType, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, image_block, list_block
from semantic_memory.etl.blocks.tables import table_block
from semantic_memory.etl.office.charts import chart_blocks
from semantic_memory.etl.office.diagrams import comment_texts, diagram_items
from semantic_memory.etl.office.reading_order import Box, in_reading_order

if TYPE_CHECKING:
    from lxml.etree import _Element as Element  # pyright: ignore[reportPrivateUsage]  lxml's own name for what it returns
    from pptx.parts.slide import SlidePart
    from pptx.shapes.shapetree import GroupShapes, SlideShapes
    from pptx.slide import Slide

POINT = 12_700
"""English metric units in one point; ECMA-376 part 1, 20.1.10.16."""
MAX_DEPTH = 20
"""Groups inside groups."""
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_TITLES = frozenset({PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE})
_BULLETED = frozenset({PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY, PP_PLACEHOLDER.VERTICAL_OBJECT})
"""Placeholders whose paragraphs have bullets unless something says that they have none."""
_ON = frozenset({"1", "true"})
_FURNITURE = frozenset({PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.DATE})
_RUNNING = frozenset({PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER})


@dataclass(frozen=True, slots=True)
class _Placed:
    """A shape and its box on the slide, in points; `members` are those of a group."""

    shape: BaseShape
    box: Box
    members: Sequence["_Placed"] = ()


@dataclass(frozen=True, slots=True)
class _Frame:
    """How a group's own coordinates map to points: position = scale × coordinate + offset."""

    scale_x: float = 1 / POINT
    scale_y: float = 1 / POINT
    x: float = 0
    y: float = 0


@dataclass(slots=True)
class SlideReader:
    """Reads the slides of one presentation; a footer is kept where it stands first."""

    warnings: list[str]
    _footers: set[str] = field(default_factory=set[str])

    def blocks(self, slide: "Slide", number: int) -> Iterator[BlockDraft]:
        """The slide's blocks in reading order. One without a title is headed by its number, so that it is not taken for the one before."""
        page = _Page(number, {"slide": number, **({"hidden": True} if slide.element.get("show") in {"0", "false"} else {})}, self)
        placed = list(_placed(slide.shapes, _Frame(), 0))
        titles = [one for one in placed if _kind(one.shape) in _TITLES]
        others = in_reading_order([one for one in placed if _kind(one.shape) not in _TITLES], lambda one: one.box)
        found = [block for one in (*titles, *others) for block in page.shape(one)]
        found.extend(page.alternatives(slide))
        found.extend(page.notes(slide))
        if found and found[0].type is not BlockType.HEADING:
            yield BlockDraft(
                BlockType.HEADING, f"Slide {number}", number, metadata={**page.told, "level": 1, "original_type": "slide number"}
            )
        yield from found

    def is_new_footer(self, text: str) -> bool:
        is_new = text not in self._footers
        self._footers.add(text)
        return is_new


@dataclass(frozen=True, slots=True)
class _Page:
    """One slide; `told` is the metadata of all its blocks."""

    number: int
    told: dict[str, JsonValue]
    reader: SlideReader

    def shape(self, placed: _Placed) -> Iterator[BlockDraft]:
        shape = placed.shape
        place: dict[str, JsonValue] = {**self.told, "bbox": [round(edge, 2) for edge in placed.box]}
        if placed.members:
            for member in in_reading_order(placed.members, lambda one: one.box):
                yield from self.shape(member)
        elif isinstance(shape, GraphicFrame):
            yield from self._graphic(shape, place)
        elif isinstance(shape, Picture):
            yield from self._picture(shape, place)
        elif isinstance(shape, Shape) and shape.has_text_frame:
            yield from self._texts(shape, place)

    def alternatives(self, slide: "Slide") -> Iterator[BlockDraft]:
        """Texts of shapes in newer forms, such as those with formulas, which python-pptx passes over; their first form counts."""
        for element in slide.element.iter(_ALTERNATIVES):
            for choice in element[:1]:
                lines = ["".join(run.text or "" for run in paragraph.iter(f"{_DRAWING}t")) for paragraph in choice.iter(f"{_DRAWING}p")]
                text = "\n".join(line for line in lines if line.strip())
                if text:
                    yield self._paragraph(text, self.told)

    def notes(self, slide: "Slide") -> Iterator[BlockDraft]:
        """What the speaker says and what reviewers said: not on the slide, so without a box."""
        frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        if frame is not None and frame.text.strip():
            yield self._paragraph(_plain(frame.text), {**self.told, "original_type": "notes"})
        for relation in slide.part.rels.values():
            if relation.reltype.endswith("/comments") and not relation.is_external:
                for text in comment_texts(relation.target_part.blob):
                    yield self._paragraph(text, {**self.told, "original_type": "comment"})

    def _paragraph(self, text: str, metadata: dict[str, JsonValue]) -> BlockDraft:
        return BlockDraft(BlockType.PARAGRAPH, text, self.number, metadata=metadata)

    def _picture(self, shape: Picture, place: dict[str, JsonValue]) -> Iterator[BlockDraft]:
        description = _description(shape)
        if description:
            block = image_block(description, "", place)
            yield BlockDraft(block.type, block.text, self.number, metadata=block.metadata)

    def _texts(self, shape: Shape, place: dict[str, JsonValue]) -> Iterator[BlockDraft]:
        kind, text = _kind(shape), _plain(shape.text_frame.text)
        if not text.strip() or kind in _FURNITURE or (kind in _RUNNING and not self.reader.is_new_footer(text)):
            return
        links = [*_links(shape)]
        place = {**place, "links": links} if links else place
        if kind in _TITLES:
            yield BlockDraft(BlockType.HEADING, " ".join(text.split()), self.number, metadata={**place, "level": 1})
        elif kind in _RUNNING:
            yield self._paragraph(text, {**place, "region": "footer"})
        elif kind is PP_PLACEHOLDER.SUBTITLE:
            yield self._paragraph(text, {**place, "original_type": "subtitle"})
        else:
            yield from self._paragraphs(shape, place)

    def _paragraphs(self, shape: Shape, place: dict[str, JsonValue]) -> Iterator[BlockDraft]:
        """Paragraphs with bullets become lists."""
        items: list[ListItem] = []
        counters: dict[int, int] = {}
        elements = shape.element.iter(f"{_DRAWING}p")
        for paragraph, element in zip(shape.text_frame.paragraphs, elements, strict=False):
            text, marker = _plain(paragraph.text).strip(), _marker(element, paragraph.level, shape)
            if not text:
                continue
            if marker:
                counters = {level: count for level, count in counters.items() if level <= paragraph.level}
                counters[paragraph.level] = counters.get(paragraph.level, 0) + 1
                items.append(ListItem(paragraph.level, f"{counters[paragraph.level]}." if marker == "1" else "-", text))
                continue
            if items:
                yield list_block(items, page=self.number, metadata=place)
                items, counters = [], {}
            yield self._paragraph(text, place)
        if items:
            yield list_block(items, page=self.number, metadata=place)

    def _graphic(self, shape: GraphicFrame, place: dict[str, JsonValue]) -> Iterator[BlockDraft]:
        if shape.has_table:
            yield _table(shape, self.number, place)
        elif shape.has_chart:
            yield from self._chart(shape, place)
        else:
            yield from self._diagram(shape, place)

    def _chart(self, shape: GraphicFrame, place: dict[str, JsonValue]) -> Iterator[BlockDraft]:
        try:
            yield from chart_blocks(shape.chart, self.number, place)
        except (AttributeError, KeyError, ValueError, IndexError, NotImplementedError) as error:
            self.reader.warnings.append(f"a chart on slide {self.number} cannot be read: {type(error).__name__}: {error}")

    def _diagram(self, shape: GraphicFrame, place: dict[str, JsonValue]) -> Iterator[BlockDraft]:
        """SmartArt as a list; of other objects there is the description."""
        for element in shape.element.iter(f"{_DIAGRAM}relIds"):
            key = element.get(f"{_RELATION}dm", "")
            try:
                items = diagram_items(shape.part.related_part(key).blob)
            except (KeyError, CorruptFileError) as error:
                self.reader.warnings.append(f"a diagram on slide {self.number} cannot be read: {error}")
                continue
            if items:
                yield list_block(items, page=self.number, metadata={**place, "original_type": "diagram"})
        description = _description(shape)
        if description:
            yield BlockDraft(BlockType.IMAGE, description, self.number, metadata={**place, "alt": description})


def _placed(shapes: "SlideShapes | GroupShapes", frame: _Frame, depth: int) -> Iterator[_Placed]:
    for shape in cast("Iterable[BaseShape]", shapes):
        box = _box(shape, frame)
        if not isinstance(shape, GroupShape):
            yield _Placed(shape, box)
        elif depth < MAX_DEPTH:
            members = tuple(_placed(shape.shapes, _inner(shape, box), depth + 1))
            yield _Placed(shape, box, members)


def _box(shape: BaseShape, frame: _Frame) -> Box:
    """The shape's frame in points; a placeholder without one has its layout's, whatever has none stands at the top left."""
    left, top, width, height = (cast("int | None", edge) or 0 for edge in (shape.left, shape.top, shape.width, shape.height))
    x, y = left * frame.scale_x + frame.x, top * frame.scale_y + frame.y
    return x, y, x + width * frame.scale_x, y + height * frame.scale_y


def _inner(group: GroupShape, box: Box) -> _Frame:
    """The coordinates of a group's members: `chOff` and `chExt` of it are drawn as its own box."""
    offset, extent = (next(group.element.iter(f"{_DRAWING}{name}"), None) for name in ("chOff", "chExt"))
    if offset is None or extent is None:
        return _Frame()
    width, height = int(extent.get("cx", "0")), int(extent.get("cy", "0"))
    scale_x = (box[2] - box[0]) / width if width else 1 / POINT
    scale_y = (box[3] - box[1]) / height if height else 1 / POINT
    return _Frame(scale_x, scale_y, box[0] - int(offset.get("x", "0")) * scale_x, box[1] - int(offset.get("y", "0")) * scale_y)


def _kind(shape: BaseShape) -> PP_PLACEHOLDER | None:
    return shape.placeholder_format.type if shape.is_placeholder else None


def _plain(text: str) -> str:
    return text.replace("\v", "\n")


def _description(shape: BaseShape) -> str:
    return next((found for element in shape.element.iter() if (found := element.get("descr", "").strip())), "")


def _marker(paragraph: "Element", level: int, shape: Shape) -> str:
    """`1` for a numbered paragraph, `-` for one with a bullet: its own, or its placeholder's by default; else empty."""
    for properties in (paragraph.find(f"{_DRAWING}pPr"), *_level_properties(shape, level)):
        for name, marker in (("buNone", ""), ("buAutoNum", "1"), ("buChar", "-"), ("buBlip", "-")):
            if properties is not None and properties.find(f"{_DRAWING}{name}") is not None:
                return marker
    return "-" if _kind(shape) in _BULLETED else ""


def _level_properties(shape: Shape, level: int) -> Iterator["Element"]:
    """What the shape, then its placeholder in the layout, say of paragraphs of this level."""
    yield from shape.element.iter(f"{_DRAWING}lvl{level + 1}pPr")
    if shape.is_placeholder:
        layout = cast("SlidePart", shape.part).slide_layout
        for placeholder in cast("Iterable[BaseShape]", layout.placeholders):
            if placeholder.placeholder_format.idx == shape.placeholder_format.idx:
                yield from placeholder.element.iter(f"{_DRAWING}lvl{level + 1}pPr")


def _links(shape: Shape) -> Iterator[JsonValue]:
    for run in shape.element.iter(f"{_DRAWING}r"):
        for link in run.iter(f"{_DRAWING}hlinkClick"):
            relation = shape.part.rels.get(link.get(f"{_RELATION}id", ""))
            text = "".join(piece.text or "" for piece in run.iter(f"{_DRAWING}t")).strip()
            if relation is not None and relation.is_external and text:
                yield {"text": text, "url": relation.target_ref}


def _table(shape: GraphicFrame, page: int, place: dict[str, JsonValue]) -> BlockDraft:
    """The table; the first row is its heading when the table's style shows it as one."""
    rows: list[list[str]] = []
    spans: list[JsonValue] = []
    for number, row in enumerate(shape.element.iter(f"{_DRAWING}tr")):
        rows.append([])
        for column, cell in enumerate(row.iterchildren(f"{_DRAWING}tc")):
            is_covered = cell.get("hMerge", "0") in _ON or cell.get("vMerge", "0") in _ON
            rows[-1].append("" if is_covered else _cell_text(cell))
            down, across = (max(1, int(cell.get(name, "1"))) for name in ("rowSpan", "gridSpan"))
            spans.extend([[number, column, down, across]] if down > 1 or across > 1 else [])
    told: dict[str, JsonValue] = {"spans": spans} if spans else {}
    return table_block(rows, int(shape.table.first_row and len(rows) > 1), page=page, metadata={**place, **told})


def _cell_text(cell: "Element") -> str:
    lines = ("".join(run.text or "" for run in paragraph.iter(f"{_DRAWING}t")) for paragraph in cell.iter(f"{_DRAWING}p"))
    return "\n".join(lines).strip()
