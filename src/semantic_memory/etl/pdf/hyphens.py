"""Lines → running text: words divided at the end of a line become whole again, words with a hyphen of their own keep it."""

import re
from collections.abc import Iterable, Sequence

SOFT = "\u00ad\u2010"
"""Hyphens that only divide: the soft one, and the one that typesetting programs put where they divide."""
_DIVIDED = re.compile(rf"(?P<head>\w[\w'’-]*?)(?P<hyphen>[-{SOFT}])$")
_TAIL = re.compile(r"[^\W\d_]+|\d+")
_STRIPPED = ".,;:!?()[]{}\"'“”‘’«»„…*"
SHORTEST = 3
"""Letters of the parts of a compound: `in-` and `to` are rather the halves of a word than words."""
LONGEST_WORD = 80
"""Characters looked back for a divided word."""
MAX_WORDS = 300_000
"""Known words of one document, some 20 MB; English novels have 20,000."""


class Vocabulary:
    """The words of a document, to tell a divided word from a compound."""

    def __init__(self) -> None:
        self._words: set[str] = set()

    def learn(self, texts: Iterable[str]) -> None:
        for text in texts:
            if len(self._words) < MAX_WORDS:
                self._words.update(word.strip(_STRIPPED).casefold() for word in text.split())

    def is_compound(self, head: str, tail: str) -> bool:
        """Whether `head-tail` is one word with a hyphen.

        The document decides: it has the whole word or the compound elsewhere, or else both parts as words of their own.
        """
        head, tail = head.casefold(), tail.casefold()
        if head + tail in self._words:
            return False
        if f"{head}-{tail}" in self._words:
            return True
        return min(len(head), len(tail)) >= SHORTEST and head in self._words and tail in self._words


def run_on(lines: Sequence[str], words: Vocabulary | None = None) -> str:
    """The lines as one text."""
    text = ""
    for line in lines:
        text = _continued(text, line.strip(), words) if text else line.strip()
    return text


def _continued(text: str, line: str, words: Vocabulary | None) -> str:
    divided, tail = _DIVIDED.search(text[-LONGEST_WORD:]), _TAIL.match(line)
    if divided is None or tail is None:
        return f"{text} {line}"
    if divided["hyphen"] in SOFT:
        return text[:-1] + line
    is_word = tail[0].islower() and not divided["head"][-1].isdigit()
    if not is_word or (words is not None and words.is_compound(divided["head"].rpartition("-")[2], tail[0])):
        return text + line
    return text[:-1] + line
