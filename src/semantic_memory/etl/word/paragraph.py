"""A paragraph while its text comes in."""

import re
from dataclasses import dataclass, field

from semantic_memory.core.model import JsonValue
from semantic_memory.etl.word.flow import Extras

_HYPERLINK = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.IGNORECASE)


@dataclass(slots=True)
class OpenParagraph:
    """`pieces` are its text so far; of its `visible` characters (blank runs are none) `monospaced` are set like typewriting."""

    page: int
    style_id: str | None = None
    pieces: list[str] = field(default_factory=list[str])
    extras: Extras = field(default_factory=Extras)
    visible: int = 0
    monospaced: int = 0
    _link_start: int = 0
    _link_target: str = ""
    _link_depth: int = 0

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def is_typewritten(self) -> bool:
        return 0 < self.visible == self.monospaced

    def add(self, text: str, *, is_monospaced: bool) -> None:
        self.pieces.append(text)
        size = len(text) if text.strip() else 0
        self.visible += size
        self.monospaced += size if is_monospaced else 0

    def open_link(self, target: str) -> None:
        """What follows leads to an address; an empty one is a place in the document and no link. Links inside a link are part of it."""
        if self._link_depth == 0:
            self._link_start, self._link_target = len(self.pieces), target
        self._link_depth += 1

    def close_link(self) -> None:
        if self._link_depth == 1:
            text = "".join(self.pieces[self._link_start :]).strip()
            if self._link_target and text:
                link: dict[str, JsonValue] = {"text": text, "url": self._link_target}
                self.extras.links.append(link)
        self._link_depth = max(self._link_depth - 1, 0)


def link_target(code: str) -> str:
    """The address in the code of a Word or RTF field, empty when it is not a link to somewhere outside."""
    found = _HYPERLINK.match(code)
    return found[1] if found else ""
