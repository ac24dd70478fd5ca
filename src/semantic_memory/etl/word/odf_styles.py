"""Styles of OpenDocument: those of `styles.xml` and the automatic ones of `content.xml`, with all they inherit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from semantic_memory.etl.word.list_numbers import LEVELS, Level
from semantic_memory.etl.word.style_names import Role, heading_level, is_monospaced, role_of
from semantic_memory.etl.word.xml import first, integer

MAX_PARENTS = 30
"""Styles based on styles; people make a handful, a loop never ends."""
_FORMATS: Mapping[str, str] = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_LEVELS = frozenset(
    {"text:list-level-style-number", "text:list-level-style-bullet", "text:list-level-style-image", "text:outline-level-style"}
)


@dataclass(frozen=True, slots=True)
class Style:
    """A style with all it inherits. `level` is that of a heading, from 1; `list_style` names the style of its list."""

    role: Role = "text"
    level: int = 1
    list_style: str = ""
    is_monospaced: bool | None = None
    is_hidden: bool = False


class Styles:
    """Later styles of a name replace earlier ones, as the content's own replace the document's."""

    def __init__(self) -> None:
        self._elements: dict[tuple[str, str], ET.Element] = {}
        self._lists: dict[str, dict[int, Level]] = {}
        self._fonts: dict[str, str] = {}
        self._resolved: dict[tuple[str, str], Style] = {}

    def add(self, root: ET.Element | None) -> None:
        """All styles, list styles and font declarations below the element."""
        for element in () if root is None else root.iter():
            name = element.get("style:name", "")
            if element.tag == "style:style":
                self._elements[element.get("style:family", ""), name] = element
            elif element.tag in {"text:list-style", "text:outline-style"}:
                self._lists[name if element.tag == "text:list-style" else ""] = _levels(element)
            elif element.tag == "style:font-face":
                self._fonts[name] = "monospace" if element.get("style:font-pitch") == "fixed" else element.get("svg:font-family", "")
        self._resolved.clear()

    def of(self, family: str, name: str) -> Style:
        """The style of this family ("paragraph", "text") and name; without one, what the name alone says."""
        if (family, name) not in self._resolved:
            self._resolved[family, name] = self._resolve(family, name)
        return self._resolved[family, name]

    def list_levels(self, name: str) -> Mapping[int, Level]:
        """Levels (from 0) of a list style; "" is the numbering of headings."""
        return self._lists.get(name, {})

    @property
    def is_typewritten(self) -> bool:
        """Whether plain text is monospaced already, so that such a font says nothing."""
        return self.of("paragraph", "Standard").is_monospaced is True

    def _resolve(self, family: str, name: str) -> Style:
        chain = list(self._chain(family, name))
        names = [element.get("style:display-name", element.get("style:name", "")) for element in chain]
        names.append(chain[-1].get("style:parent-style-name", "") if chain else name)
        outlines = (integer(element.get("style:default-outline-level")) for element in chain)
        level = next((found for found in outlines if found), None) or next((found for found in map(heading_level, names) if found), 1)
        properties = [found for element in chain if (found := first(element, "style:text-properties")) is not None]
        fonts = (font for one in properties if (font := one.get("style:font-name") or one.get("fo:font-family")))
        list_styles = (element.get("style:list-style-name") for element in chain)
        return Style(
            role_of(names),
            level,
            list_style=next(filter(None, list_styles), ""),
            is_monospaced=next((is_monospaced(self._fonts.get(font) or font) for font in fonts), None),
            is_hidden=any(one.get("text:display") == "none" for one in properties[:1]),
        )

    def _chain(self, family: str, name: str) -> Iterator[ET.Element]:
        for _ in range(MAX_PARENTS):
            style = self._elements.get((family, name))
            if style is None:
                return
            yield style
            name = style.get("style:parent-style-name", "")


def _levels(element: ET.Element) -> dict[int, Level]:
    places = ((integer(one.get("text:level")) or 1, one) for one in element if one.tag in _LEVELS)
    return {place - 1: _level(one, place) for place, one in places if 0 < place <= LEVELS}


def _level(element: ET.Element, place: int) -> Level:
    """A number shows the levels above it as far as `text:display-levels` says, with dots between them."""
    number_format = element.get("style:num-format", "")
    if element.tag not in {"text:list-level-style-number", "text:outline-level-style"} or not number_format:
        return Level(style="bullet")
    shown = min(max(integer(element.get("text:display-levels")) or 1, 1), place)
    numbers = ".".join(f"%{above}" for above in range(place - shown + 1, place + 1))
    start = integer(element.get("text:start-value"))
    return Level(
        style=_FORMATS.get(number_format, "decimal"),
        pattern=f"{element.get('style:num-prefix', '')}{numbers}{element.get('style:num-suffix', '')}",
        start=1 if start is None else start,
    )
