"""What a page is made of: boxes, words, lines, rules; and the pieces that a reader of either tier makes of them.

Every length is in points from the top left of the page as it is shown: after its /Rotate, inside its crop box.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from semantic_memory.core.model import JsonValue


class Box(NamedTuple):
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        """Of its height."""
        return (self.y0 + self.y1) / 2

    @property
    def centre(self) -> float:
        """Of its width."""
        return (self.x0 + self.x1) / 2

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    def holds(self, other: "Box") -> bool:
        """Whether the middle of the other lies inside."""
        return self.x0 <= other.centre <= self.x1 and self.y0 <= other.middle <= self.y1

    def meets(self, other: "Box") -> bool:
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def shared(self, other: "Box") -> float:
        """Area that both cover."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return width * height if width > 0 and height > 0 else 0.0

    def beside(self, other: "Box") -> float:
        """Height that both share, as a part of the lower one's height."""
        shared = min(self.y1, other.y1) - max(self.y0, other.y0)
        return shared / (min(self.height, other.height) or 1.0)

    def grown(self, by: float) -> "Box":
        return Box(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def to_json(self) -> list[JsonValue]:
        return [round(edge, 2) for edge in self]


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box around the boxes."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return Box(min(x0), min(y0), max(x1), max(y1))


Paint = Literal["ink", "white", "none", "hidden"]
"""White may stand on a dark shape; none is what the text layer of a scan has; hidden means that nobody can see it."""


class Style(NamedTuple):
    """How letters look. `size` is the type size in points."""

    size: float
    is_bold: bool = False
    is_italic: bool = False
    is_mono: bool = False
    paint: Paint = "ink"


class Word(NamedTuple):
    """Letters without a blank. `is_turned` marks text that does not run from left to right."""

    text: str
    box: Box
    style: Style
    is_turned: bool = False
    is_glued: bool = False
    """There is no blank between this and the word before it."""


class Rule(NamedTuple):
    """A straight line or thin bar, drawn along one axis: `at` is its place across, `start` to `end` its reach."""

    at: float
    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


class Link(NamedTuple):
    box: Box
    uri: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Words on one line from left to right; never empty. Size and style are those of most of its letters."""

    words: tuple[Word, ...]
    box: Box
    text: str
    style: Style

    @property
    def size(self) -> float:
        return self.style.size

    @property
    def is_turned(self) -> bool:
        return self.words[0].is_turned


def line_of(words: Sequence[Word]) -> Line:
    text = "".join(word.text if word.is_glued else f" {word.text}" for word in words).lstrip()
    return Line(tuple(words), around([word.box for word in words]), text, _main_style(words))


def joined(lines: Sequence[Line]) -> Line:
    """One line of the words of several that stand beside each other."""
    return line_of([word for line in sorted(lines, key=lambda line: line.box.x0) for word in line.words]) if len(lines) > 1 else lines[0]


def _main_style(words: Sequence[Word]) -> Style:
    if len({word.style for word in words}) == 1:
        return words[0].style
    weights = Counter[Style]()
    for word in words:
        weights[word.style] += len(word.text)
    return weights.most_common(1)[0][0]


@dataclass(frozen=True, slots=True)
class Table:
    """Every row has the same number of cells; `spans` are (row, column, rows, columns) of cells that cover more than one place."""

    rows: Sequence[Sequence[str]]
    header_rows: int = 0
    spans: Sequence[tuple[int, int, int, int]] = ()


Kind = Literal["paragraph", "heading", "item", "code", "table", "figure", "caption", "footnote", "label"]
"""A figure has its caption as lines; a label is text inside a drawing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A unit of the text; a table has its `table` and no lines, an item its `marker`."""

    kind: Kind
    page: int
    box: Box
    lines: tuple[Line, ...] = ()
    marker: str = ""
    table: Table | None = None
    is_ruled: bool = False
    """A table that shows by its rules, and not only by how its text stands."""

    @property
    def size(self) -> float:
        return self.lines[0].size if self.lines else 0.0


@dataclass(frozen=True, slots=True)
class PageContent:
    """What is drawn on one page; `number` counts from 1, `label` is the printed page number where the file tells it.

    `across` and `down` are the rules; `drawings` the boxes of other drawn shapes, `pictures` those of raster images.
    """

    number: int
    width: float
    height: float
    words: Sequence[Word] = ()
    across: Sequence[Rule] = ()
    down: Sequence[Rule] = ()
    drawings: Sequence[Box] = ()
    pictures: Sequence[Box] = ()
    links: Sequence[Link] = ()
    label: str | None = None
    is_cut: bool = False
    """It has more text than is read of one page."""
