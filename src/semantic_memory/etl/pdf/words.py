"""The words of a page with their boxes and styles, in the order of the file."""

import math
from collections.abc import Iterator
from ctypes import addressof, byref, c_int, c_uint, create_string_buffer
from typing import TYPE_CHECKING, Any, NamedTuple

from semantic_memory.etl.pdf.drawings import NEARLY_WHITE
from semantic_memory.etl.pdf.frame import Frame
from semantic_memory.etl.pdf.shapes import Box, Style, Word, around

if TYPE_CHECKING:
    from semantic_memory.etl.pdf.document import NativePage

MAX_CHARACTERS = 200_000
"""Read from one page; a dense page of print has 10,000, a content bomb two million (0.5 CPU seconds are spent on so many)."""
TURNED = 10
"""Degrees from which a line does not count as running from left to right; a skewed scan stays well below."""
UPRIGHT = 360 - TURNED
FIXED_PITCH = 1
FORCE_BOLD = 1 << 18
"""Flags of a font descriptor, ISO 32000-1 table 123."""
BOLD_WEIGHT = 600
_BOLD_NAMES = ("bold", "black", "heavy", "demi", "-bd", "cmbx")
_MONO_NAMES = ("mono", "courier", "consol", "typewriter", "cmtt", "menlo", "fixed")
_ITALIC_NAMES = ("italic", "oblique", "slanted", "cmti")
_FILLED = 0
_FILLED_AND_STROKED = 2
_INVISIBLE = 3
"""Text rendering modes, ISO 32000-1 table 106."""
_HYPHEN_MARK = 2
"""What PDFium may answer for the hyphen at the end of a line."""
_SPACES = frozenset({*range(33), 0xA0, 0x200B, 0xFFFE, 0xFFFF} - {_HYPHEN_MARK})
RAISED_BY = 0.18
"""Of the type size: a footnote's number is raised by a third, the baselines of a line differ by less than a tenth."""


class WordReader:
    """Reads one page once; styles are kept by text object, which a page has a few hundred of."""

    def __init__(self, page: "NativePage", frame: Frame) -> None:
        import pypdfium2.raw

        self._raw: Any = pypdfium2.raw
        self._page = page
        self._frame = frame
        self._styles: dict[int, Style] = {}
        self._text: Any = None
        self._rect = self._raw.FS_RECTF()
        self._count = 0

    def words(self) -> list[Word]:
        self._text = self._raw.FPDFText_LoadPage(self._page.raw)
        if not self._text:
            return []
        try:
            return [word for word in self._words() if self._frame.shows(word.box)]
        finally:
            self._raw.FPDFText_ClosePage(self._text)

    @property
    def is_cut(self) -> bool:
        return self._count > MAX_CHARACTERS

    def _words(self) -> Iterator[Word]:
        self._count = self._raw.FPDFText_CountChars(self._text)
        unicode, text = self._raw.FPDFText_GetUnicode, self._text
        start, letters = 0, list[str]()
        for index in range(min(self._count, MAX_CHARACTERS)):
            code = unicode(text, index)
            if code in _SPACES:
                if letters:
                    yield from self._word(start, letters)
                    letters = []
                continue
            if not letters:
                start = index
            letters.append("-" if code == _HYPHEN_MARK else chr(code))
        if letters:
            yield from self._word(start, letters)

    def _word(self, start: int, letters: list[str]) -> Iterator[Word]:
        """The letters as one word, or as several where style or height change within."""
        last = len(letters) - 1
        if not last or self._object(start) == self._object(start + last):
            yield self._part(start, "".join(letters), Looks(self._style(start), 0.0), is_glued=False)
            return
        begin, looks = 0, self._looks(start)
        for offset in range(1, len(letters)):
            here = self._looks(start + offset) if self._object(start + offset) != self._object(start + offset - 1) else looks
            if here.differ(looks):
                yield self._part(start + begin, "".join(letters[begin:offset]), looks, is_glued=begin > 0)
                begin = offset
            looks = here
        yield self._part(start + begin, "".join(letters[begin:]), looks, is_glued=begin > 0)

    def _part(self, start: int, text: str, looks: "Looks", *, is_glued: bool) -> Word:
        box = self._box(start)
        if len(text) > 1:
            box = around((box, self._box(start + len(text) - 1)))
        return Word(text, box, looks.style, self._is_turned(start), is_glued)

    def _looks(self, index: int) -> "Looks":
        return Looks(self._style(index), self._box(index).y1)

    def _object(self, index: int) -> int:
        """The text object of a character; 0 where PDFium made the character up."""
        found = self._raw.FPDFText_GetTextObject(self._text, index)
        return addressof(found.contents) if found else 0

    def _box(self, index: int) -> Box:
        rect = self._rect
        self._raw.FPDFText_GetLooseCharBox(self._text, index, byref(rect))
        return self._frame.box(rect.left, rect.bottom, rect.right, rect.top)

    def _is_turned(self, index: int) -> bool:
        angle = math.degrees(self._raw.FPDFText_GetCharAngle(self._text, index)) + self._frame.turn
        return TURNED < angle % 360 < UPRIGHT

    def _style(self, index: int) -> Style:
        key = self._object(index)
        if key not in self._styles:
            self._styles[key] = self._style_of(index) if key else Style(self._box(index).height)
        return self._styles[key]

    def _style_of(self, index: int) -> Style:
        raw, found = self._raw, self._raw.FPDFText_GetTextObject(self._text, index)
        font = raw.FPDFTextObj_GetFont(found)
        name, flags, angle = self._font_name(font), raw.FPDFFont_GetFlags(font), c_int(0)
        mode = raw.FPDFTextObj_GetTextRenderMode(found)
        is_bold = any(part in name for part in _BOLD_NAMES) or bool(flags > 0 and flags & FORCE_BOLD)
        is_heavy = raw.FPDFFont_GetWeight(font) >= BOLD_WEIGHT or mode == _FILLED_AND_STROKED
        is_slanted = bool(raw.FPDFFont_GetItalicAngle(font, byref(angle))) and angle.value != 0
        return Style(
            size=self._size(index),
            is_bold=is_bold or is_heavy,
            is_italic=is_slanted or any(part in name for part in _ITALIC_NAMES),
            is_mono=any(part in name for part in _MONO_NAMES) or bool(flags > 0 and flags & FIXED_PITCH),
            paint="none" if mode == _INVISIBLE else "white" if mode == _FILLED and self._is_white(index) else "ink",
        )

    def _font_name(self, font: object) -> str:
        buffer = create_string_buffer(128)
        self._raw.FPDFFont_GetBaseFontName(font, buffer, 128)
        return buffer.value.decode("latin-1").lower()

    def _size(self, index: int) -> float:
        """The type size as shown: what the font is set to, times the scale of the page's matrix."""
        matrix = self._raw.FS_MATRIX()
        self._raw.FPDFText_GetMatrix(self._text, index, byref(matrix))
        nominal: float = self._raw.FPDFText_GetFontSize(self._text, index)
        return round(nominal * math.hypot(matrix.c, matrix.d), 1)

    def _is_white(self, index: int) -> bool:
        red, green, blue, alpha = c_uint(), c_uint(), c_uint(), c_uint()
        self._raw.FPDFText_GetFillColor(self._text, index, byref(red), byref(green), byref(blue), byref(alpha))
        return min(red.value, green.value, blue.value) >= NEARLY_WHITE


class Looks(NamedTuple):
    """How a letter looks and where its foot stands."""

    style: Style
    foot: float

    def differ(self, other: "Looks") -> bool:
        return self.style != other.style or abs(self.foot - other.foot) > RAISED_BY * max(self.style.size, other.style.size)
