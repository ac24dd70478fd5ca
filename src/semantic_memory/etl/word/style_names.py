"""What the names of paragraph styles and fonts say, in the languages word processors speak."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal

Role = Literal["heading", "title", "subtitle", "quote", "code", "caption", "contents", "item", "continued", "text"]
"""What a paragraph is; `item` is named as a list item, `continued` belongs to the item above it."""

_NAMES: Mapping[Role, frozenset[str]] = {
    "title": frozenset({"title", "titel", "titre", "título", "titolo", "tytuł", "заголовок", "название", "标题", "表題", "제목"}),
    "subtitle": frozenset(
        {"subtitle", "untertitel", "sous titre", "subtítulo", "sottotitolo", "podtytuł", "подзаголовок", "副标题", "副題"}
    ),
    "quote": frozenset(
        {
            *("quote", "intense quote", "block text", "block quote", "blockquote", "quotations", "zitat", "intensives zitat"),
            *("citation", "citation intense", "cita", "cita destacada", "citazione", "citazione intensa", "citaat", "citação", "цитата"),
        }
    ),
    "code": frozenset(
        {
            *("code", "source code", "sourcecode", "code block", "html preformatted", "html vorformatiert", "html préformaté"),
            *("preformatted", "preformatted text", "verbatim", "listing", "quellcode", "quelltext", "program listing", "macro"),
        }
    ),
    "caption": frozenset(
        {
            *("caption", "image caption", "table caption", "beschriftung", "légende", "leyenda", "epígrafe", "didascalia", "bijschrift"),
            *("legenda", "название объекта", "题注", "図表番号"),
        }
    ),
    "continued": frozenset({"list paragraph", "listenabsatz", "paragraphe de liste", "list continue", "listenfortsetzung"}),
}
"""Names as `_plain` leaves them. Word itself keeps the English name of a built-in style, so the others are those of other programs."""
_ROLES: Mapping[str, Role] = {name: role for role, names in _NAMES.items() for name in names}
_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|overskrift|otsikko|nagłówek|nadpis|заголовок|标题|見出し|제목) ?([1-9])\b"
)
_CONTENTS = re.compile(r"(?:toc|contents|verzeichnis|inhaltsverzeichnis|table of figures|tm|tdc|sommario|оглавление) ?(?:\d|heading|$)")
_CONTINUED = re.compile(r"(?:list continue|listenfortsetzung) ?\d?$")
_ITEM = re.compile(r"(?:list|list bullet|list number|aufzählungszeichen|listennummer) ?([2-5])$")
_ESCAPED = re.compile(r"_([0-9a-f]{2,4})_")
_SEAM = re.compile(r"(?<=[a-zäöüé])(?=[A-Z0-9])")
_MONOSPACED = re.compile(
    r"mono\b|mono[ \d]|courier|consolas|menlo|monaco|lucida ?console|lucida ?sans ?typewriter|inconsolata|source ?code|fira ?code|"
    r"cascadia|andale|typewriter|terminal|fixedsys|ocr ?[ab]\b",
    re.IGNORECASE,
)


def role_of(names: Iterable[str]) -> Role:
    """The first role that one of the names stands for; the names of a style and of those it is based on, nearest first."""
    for name in names:
        role = _role(name)
        if role != "text":
            return role
    return "text"


@lru_cache(maxsize=1024)
def heading_level(name: str) -> int | None:
    """1 for "heading 1", "Überschrift 1", "Heading_20_1" or the id "Titre1"."""
    found = _HEADING.match(_plain(name))
    return int(found[1]) if found else None


def item_level(name: str) -> int:
    """Level from 0 of a list style: 1 for "List Bullet 2", whose numbering says 0."""
    found = _ITEM.match(_plain(name))
    return int(found[1]) - 1 if found else 0


@lru_cache(maxsize=1024)
def is_monospaced(font: str) -> bool:
    return bool(_MONOSPACED.search(font))


def _role(name: str) -> Role:
    plain = _plain(name)
    if heading_level(name) is not None:
        return "heading"
    if _CONTENTS.match(plain):
        return "contents"
    return "continued" if _CONTINUED.match(plain) else _ROLES.get(plain, "text")


def _plain(name: str) -> str:
    """Lower case with single blanks: ids are taken apart ("IntenseQuote"), OpenDocument's `_20_` is a blank."""
    spaced = _SEAM.sub(" ", _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name))
    return " ".join(re.sub(r"[\W_]+", " ", spaced).split()).casefold()
