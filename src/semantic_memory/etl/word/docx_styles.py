"""`styles.xml`: what a paragraph or character style says, together with the styles it is based on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree as ET

from semantic_memory.etl.word.style_names import Role, heading_level, is_monospaced, item_level, role_of
from semantic_memory.etl.word.xml import first, integer, is_on, value

MAX_BASES = 30
"""Styles based on styles; Word itself stops at 10 or 11, a loop never does."""
BODY_LEVEL = 9
"""`w:outlineLvl` of text that is no heading."""


@dataclass(frozen=True, slots=True)
class Style:
    """A style with all it inherits. `level` is that of a heading, from 1; `list_id` and `list_level` are its numbering.

    `depth` is how deep its list items stand ("List Bullet 2": 1), which its numbering does not say.
    """

    role: Role = "text"
    level: int = 1
    list_id: str | None = None
    list_level: int = 0
    depth: int = 0
    is_monospaced: bool = False
    is_hidden: bool = False


class Styles:
    """The document's styles. Without a style sheet ids are read as names."""

    def __init__(self, root: ET.Element | None) -> None:
        elements = () if root is None else root.iter("w:style")
        self._elements = {element.get("w:styleId", ""): element for element in elements}
        self._resolved: dict[str, Style] = {}
        self._defaults = first(root, "w:docDefaults", "w:rPrDefault", "w:rPr")

    def of(self, style_id: str | None) -> Style:
        """The style with this id; None means the default paragraph style."""
        key = self._default_id if style_id is None else style_id
        if key not in self._resolved:
            self._resolved[key] = self._resolve(key)
        return self._resolved[key]

    @cached_property
    def is_typewritten(self) -> bool:
        """Whether plain text is monospaced already, so that such a font says nothing."""
        return self.of(None).is_monospaced or _is_monospaced(self._defaults)

    @cached_property
    def _default_id(self) -> str:
        defaults = (
            key for key, one in self._elements.items() if one.get("w:default") in {"1", "true"} and one.get("w:type") == "paragraph"
        )
        return next(defaults, "")

    def _resolve(self, style_id: str) -> Style:
        chain = list(self._chain(style_id))
        names = [value(element, "w:name") or "" for element in chain] or [style_id]
        role, level = _role(names, _outline(chain))
        holder = next((element for element in chain if first(element, "w:pPr", "w:numPr") is not None), None)
        list_id = value(holder, "w:pPr", "w:numPr", "w:numId")
        list_level = integer(value(holder, "w:pPr", "w:numPr", "w:ilvl")) or 0
        run_properties = [properties for element in chain if (properties := first(element, "w:rPr")) is not None]
        fonts = (properties for properties in run_properties if first(properties, "w:rFonts") is not None)
        hidden = (first(properties, "w:vanish") for properties in run_properties)
        return Style(
            role,
            level,
            list_id,
            list_level,
            depth=max(map(item_level, names)),
            is_monospaced=_is_monospaced(next(fonts, None)),
            is_hidden=is_on(next((mark for mark in hidden if mark is not None), None)),
        )

    def _chain(self, style_id: str) -> Iterator[ET.Element]:
        """The style, the one it is based on, and so on."""
        current: str | None = style_id
        for _ in range(MAX_BASES):
            element = self._elements.get(current or "")
            if element is None:
                return
            yield element
            current = value(element, "w:basedOn")


def font_of(attributes: Mapping[str, str]) -> str:
    """The font of Latin letters in `w:rFonts`."""
    return attributes.get("w:ascii") or attributes.get("w:hAnsi") or ""


def _outline(chain: list[ET.Element]) -> int | None:
    levels = (integer(value(element, "w:pPr", "w:outlineLvl")) for element in chain)
    return next((level for level in levels if level is not None), None)


def _role(names: list[str], outline: int | None) -> tuple[Role, int]:
    """The outline level decides; the built-in names count where none is given."""
    role = role_of(names)
    if outline is not None and 0 <= outline < BODY_LEVEL:
        return ("title" if role == "title" else "heading"), outline + 1
    if role != "heading":
        return role, 1
    if outline is not None:
        return "text", 1
    return role, next(level for level in map(heading_level, names) if level is not None)


def _is_monospaced(properties: ET.Element | None) -> bool:
    fonts = first(properties, "w:rFonts")
    return fonts is not None and is_monospaced(font_of(fonts.attrib))
