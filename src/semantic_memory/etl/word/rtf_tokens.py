"""RTF in tokens: groups, control words and text, in one pass over the file."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

MAX_TOKENS = 5_000_000
"""About 2,000 pages by Word, 23 CPU seconds at most; the rest is cut with a warning."""
_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})?\ ?"
    r"|\\'(?P<byte>[0-9a-fA-F]{2})"
    r"|\\(?P<symbol>.)"
    r"|(?P<brace>[{}])"
    r"|(?P<text>[^\\{}\r\n]+)"
    r"|[\r\n]+|\\",
    re.DOTALL,
)
_EDGE = re.compile(r"\\bin(\d{1,10})\ ?|\\.|[{}]", re.DOTALL)


class Token(NamedTuple):
    """`text` is the control word, the control symbol, the brace or the text, whose characters stand for bytes; `number` is a word's."""

    kind: Literal["word", "symbol", "brace", "text"]
    text: str
    number: int | None = None


class Tokens:
    """At most `limit` tokens of a file whose bytes are given as Latin-1."""

    def __init__(self, data: str, limit: int = MAX_TOKENS) -> None:
        self._limit = limit
        self.is_cut = False
        self._data = data
        self._position = 0

    def __iter__(self) -> Iterator[Token]:
        for _ in range(self._limit):
            found = _TOKEN.match(self._data, self._position)
            if found is None:
                return
            self._position = found.end()
            if found.lastgroup is not None:
                yield self._token(found)
        self.is_cut = self._position < len(self._data)

    def skip_group(self) -> None:
        """Goes behind the end of the open group, whatever it holds."""
        depth = 1
        while depth and (found := _EDGE.search(self._data, self._position)):
            self._position = found.end() + int(found[1] or 0)
            depth += (found[0] == "{") - (found[0] == "}")
        if depth:
            self._position = len(self._data)

    def _token(self, found: re.Match[str]) -> Token:
        if found["word"]:
            number = int(found["number"]) if found["number"] else None
            if found["word"] == "bin":  # so many bytes of anything follow
                self._position += max(number or 0, 0)
            return Token("word", found["word"], number)
        if found["byte"]:
            return Token("text", chr(int(found["byte"], 16)))
        kind: Literal["symbol", "brace", "text"] = "symbol" if found["symbol"] else "brace" if found["brace"] else "text"
        return Token(kind, found[0][-1] if kind == "symbol" else found[0])
