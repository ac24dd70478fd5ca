"""Fonts and styles of RTF: which bytes mean which letters, what is monospaced, what is a heading."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass

from semantic_memory.etl.word.style_names import Role, heading_level, is_monospaced, role_of

WESTERN = "cp1252"
SYMBOL = 2
"""The character set of symbol fonts."""
_CHARACTER_SETS: Mapping[int, str] = {
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gbk",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
}
"""`\\fcharsetN` → encoding; a set not listed is that of the document."""
_CODE_PAGES: Mapping[int, str] = {65001: "utf-8", 10000: "mac_roman", 936: "gbk"}


@dataclass(slots=True)
class Font:
    name: str = ""
    character_set: int = 0
    is_modern: bool = False

    @property
    def is_monospaced(self) -> bool:
        """ "Modern" is RTF's word for fonts like a typewriter's, but some writers call every font so; the name has to agree."""
        return is_monospaced(self.name) or (self.is_modern and not self.name)

    def encoding(self, default: str) -> str:
        return _CHARACTER_SETS.get(self.character_set, default)


@dataclass(slots=True)
class Style:
    """A paragraph style; `outline` is the heading level from 0."""

    name: str = ""
    outline: int | None = None
    based_on: int | None = None


def encoding_of(code_page: int) -> str:
    """The encoding of `\\ansicpgN`; Western for numbers Python does not know."""
    name = _CODE_PAGES.get(code_page, f"cp{code_page}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return WESTERN


def role(style: Style, outline: int | None) -> tuple[Role, int]:
    """What a paragraph of this style is, and the level of a heading from 1; its own outline level comes first."""
    found = role_of([style.name])
    level = outline if outline is not None else style.outline
    if level is not None and 0 <= level < 9:
        return ("title" if found == "title" else "heading"), level + 1
    return found, heading_level(style.name) or 1
