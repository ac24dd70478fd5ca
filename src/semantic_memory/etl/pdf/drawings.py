"""Rules, drawings and pictures of a page: everything on it that is no text."""

from ctypes import byref, c_float, c_int, c_uint
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from semantic_memory.etl.pdf.frame import IDENTITY, Frame, Matrix, moved, multiplied
from semantic_memory.etl.pdf.shapes import Box, Rule

if TYPE_CHECKING:
    from semantic_memory.etl.pdf.document import NativePage

MAX_OBJECTS = 50_000
"""Looked at on one page; a map has more, and no table that rules could help with."""
MAX_SEGMENTS = 200
"""Of one path; a path with more of them is a drawing."""
MAX_DEPTH = 8
"""Of forms within forms."""
THIN = 3.0
"""Points: a filled bar up to this wide is a rule."""
SHORT = 4.0
"""Points: a rule below this length is a dash, a tick or a bullet."""
SLANT = 1.0
"""Points by which the ends of a rule may differ across it."""
_LINE_TO = 0
_MOVE_TO = 2
"""Kinds of segments of PDFium."""
NEARLY_WHITE = 250
"""Of 255, in each of red, green and blue."""


@dataclass(slots=True)
class Drawings:
    across: list[Rule] = field(default_factory=list[Rule])
    down: list[Rule] = field(default_factory=list[Rule])
    shapes: list[Box] = field(default_factory=list[Box])
    fills: list[Box] = field(default_factory=list[Box])
    """Filled shapes that are not white: what white text may stand on."""
    pictures: list[Box] = field(default_factory=list[Box])


class DrawingReader:
    def __init__(self, page: "NativePage", frame: Frame) -> None:
        import pypdfium2.raw

        self._raw: Any = pypdfium2.raw
        self._page = page
        self._frame = frame
        self._left = MAX_OBJECTS
        self.found = Drawings()

    def read(self) -> Drawings:
        raw, page = self._raw, self._page.raw
        for index in range(min(raw.FPDFPage_CountObjects(page), MAX_OBJECTS)):
            self._object(raw.FPDFPage_GetObject(page, index), IDENTITY, 0)
        return self.found

    def _object(self, found: object, matrix: Matrix, depth: int) -> None:
        raw = self._raw
        self._left -= 1
        if self._left < 0:
            return
        kind = raw.FPDFPageObj_GetType(found)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            self._path(found, matrix)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            self.found.pictures.append(self._bounds(found, matrix))
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
            inner = multiplied(self._matrix(found), matrix)
            for index in range(min(raw.FPDFFormObj_CountObjects(found), MAX_OBJECTS)):
                self._object(raw.FPDFFormObj_GetObject(found, index), inner, depth + 1)

    def _path(self, found: object, matrix: Matrix) -> None:
        raw = self._raw
        fill, stroke = c_int(0), c_int(0)
        raw.FPDFPath_GetDrawMode(found, byref(fill), byref(stroke))
        bounds = self._bounds(found, matrix)
        if fill.value and min(bounds.width, bounds.height) <= THIN:
            self._bar(bounds)
            return
        if not fill.value and not stroke.value:
            return
        if fill.value and not self._is_white(found):
            self.found.fills.append(bounds)
        is_plain = self._segments(found, matrix, is_drawn=bool(stroke.value))
        if not is_plain:
            self.found.shapes.append(bounds)

    def _bar(self, box: Box) -> None:
        if box.width >= box.height:
            self._across(box.middle, box.x0, box.x1)
        else:
            self._down(box.centre, box.y0, box.y1)

    def _segments(self, found: object, matrix: Matrix, *, is_drawn: bool) -> bool:
        """Keeps the straight segments as rules if they are drawn; whether the path has nothing but those."""
        raw, count = self._raw, self._raw.FPDFPath_CountSegments(found)
        if count > MAX_SEGMENTS:
            return False
        by = multiplied(self._matrix(found), matrix)
        first = last = (0.0, 0.0)
        is_plain = True
        for index in range(count):
            segment = raw.FPDFPath_GetPathSegment(found, index)
            kind, point = raw.FPDFPathSegment_GetType(segment), self._point(segment, by)
            if kind == _MOVE_TO:
                first = point
            elif kind == _LINE_TO:
                is_plain &= self._segment(last, point, is_drawn=is_drawn)
            else:
                is_plain = False
            if raw.FPDFPathSegment_GetClose(segment):
                is_plain &= self._segment(point, first, is_drawn=is_drawn)
            last = point
        return is_plain

    def _segment(self, start: tuple[float, float], end: tuple[float, float], *, is_drawn: bool) -> bool:
        box = self._frame.box(min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1]))
        if min(box.width, box.height) > SLANT:
            return False
        if is_drawn:
            self._bar(box)
        return True

    def _across(self, at: float, start: float, end: float) -> None:
        if end - start >= SHORT:
            self.found.across.append(Rule(at, start, end))

    def _down(self, at: float, start: float, end: float) -> None:
        if end - start >= SHORT:
            self.found.down.append(Rule(at, start, end))

    def _point(self, segment: object, by: Matrix) -> tuple[float, float]:
        x, y = c_float(0), c_float(0)
        self._raw.FPDFPathSegment_GetPoint(segment, byref(x), byref(y))
        return moved(x.value, y.value, by)

    def _matrix(self, found: object) -> Matrix:
        matrix = self._raw.FS_MATRIX()
        if not self._raw.FPDFPageObj_GetMatrix(found, byref(matrix)):
            return IDENTITY
        return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)

    def _bounds(self, found: object, matrix: Matrix) -> Box:
        """The shown box of an object whose own bounds are in the space of the form that it is in."""
        left, bottom, right, top = c_float(0), c_float(0), c_float(0), c_float(0)
        self._raw.FPDFPageObj_GetBounds(found, byref(left), byref(bottom), byref(right), byref(top))
        if matrix == IDENTITY:
            return self._frame.box(left.value, bottom.value, right.value, top.value)
        corners = [moved(x, y, matrix) for x in (left.value, right.value) for y in (bottom.value, top.value)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return self._frame.box(min(xs), min(ys), max(xs), max(ys))

    def _is_white(self, found: object) -> bool:
        red, green, blue, alpha = c_uint(), c_uint(), c_uint(), c_uint()
        self._raw.FPDFPageObj_GetFillColor(found, byref(red), byref(green), byref(blue), byref(alpha))
        return min(red.value, green.value, blue.value) >= NEARLY_WHITE or not alpha.value
