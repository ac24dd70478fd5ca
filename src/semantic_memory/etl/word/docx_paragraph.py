"""A Word paragraph while its runs come in, with its fields, whose results count and whose codes do not."""

from dataclasses import dataclass, field

from semantic_memory.etl.word.paragraph import OpenParagraph, link_target

_SYMBOLS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\xa3\xa5\xae\xb0\xb1\xb3\xb4\xb7\xb9\xbb\xa8\xfe\xfc",
    "αβχδεφγηιϕκλμνοπθρστυϖωξψζΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ≤∞→°±≥×•≠≈☐☒✓",
)
"""The fonts Symbol and (last three: boxes and a tick) Wingdings, which Word stores by their place in the font."""
_PRIVATE = range(0xF000, 0xF100)
"""Where Word puts the places of a symbol font."""


@dataclass(slots=True)
class Run:
    """How the text now coming in looks."""

    is_hidden: bool = False
    is_monospaced: bool | None = None


@dataclass(slots=True)
class _Field:
    """A complex field, first its code, then its result."""

    code: str = ""
    is_code: bool = True
    is_link: bool = False


@dataclass(slots=True)
class Paragraph(OpenParagraph):
    """`list_id`, `list_level` and `outline` are its own properties, not those of its style."""

    list_id: str | None = None
    list_level: int | None = None
    outline: int | None = None
    is_mark_deleted: bool = False
    run: Run = field(default_factory=Run)
    _fields: list[_Field] = field(default_factory=list[_Field])
    _codes: int = 0

    def go_on_with(self, earlier: "Paragraph") -> None:
        """Takes over the text of the paragraph before, whose end was deleted."""
        self.page, self.pieces, self.extras = earlier.page, earlier.pieces, earlier.extras
        self.visible, self.monospaced = earlier.visible, earlier.monospaced

    @property
    def is_in_code(self) -> bool:
        """Whether what comes is between the start of a field and its result."""
        return self._codes > 0

    def change_field(self, kind: str) -> None:
        """ "begin", "separate" (what follows is its result) or "end"."""
        if kind == "begin":
            self._fields.append(_Field())
            self._codes += 1
        elif self._fields and kind == "separate":
            self._begin_result(self._fields[-1])
        elif self._fields and kind == "end":
            ended = self._fields.pop()
            self._codes -= ended.is_code
            if ended.is_link:
                self.close_link()

    def add_code(self, code: str) -> None:
        if self._fields and self._fields[-1].is_code:
            self._fields[-1].code += code

    def _begin_result(self, field_: _Field) -> None:
        self._codes -= field_.is_code
        target = link_target(field_.code)
        field_.is_code, field_.is_link = False, bool(target)
        if target:
            self.open_link(target)


def symbol(code: str) -> str:
    """The character of `w:sym`, whose code is hexadecimal; nothing for a picture of a symbol font."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    if number in _PRIVATE:
        place = chr(number - _PRIVATE.start)
        known = place.translate(_SYMBOLS)
        return known if known != place or place.isdigit() else ""
    return chr(number) if 32 <= number < 0xD800 else ""
