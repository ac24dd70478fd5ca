"""A model's output as it streams in, turned into plain sentences with the numbers they cite."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from semantic_memory.core.sentences import sentences

_MARKER = re.compile(r"\s*\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_MARKER_BEHIND_STOP = re.compile(r"([.!?…。！？]+[\"”’')]*)((?:\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\])+)")
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)|!?\[([^\[\]]*)\]\[[^\[\]]*\]")
_STOP = re.compile(r"[.!?…。！？\n]")
_DEFINITION = re.compile(r"^\s*\[[^\]]+\]:\s*\S+.*$", re.MULTILINE)
_HTML = re.compile(r"<!--.*?(?:-->|\Z)|</?[A-Za-z][^>]*>?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence without markup; `gap` parts it from the one before."""

    text: str
    cited: tuple[int, ...]
    gap: str


class Speech:
    """Takes pieces of text and gives sentences as soon as they are known to be complete."""

    def __init__(self) -> None:
        self._waiting = ""
        self._gap = ""

    def hear(self, piece: str) -> list[Utterance]:
        """The sentences that the piece completes: those behind which another one has begun."""
        self._waiting += piece
        return list(self._spoken(final=False)) if _STOP.search(self._waiting) else []

    def end(self) -> list[Utterance]:
        """The rest."""
        return list(self._spoken(final=True))

    def _spoken(self, *, final: bool) -> Iterator[Utterance]:
        moved = _MARKER_BEHIND_STOP.sub(r"\2\1", self._waiting)
        spans = sentences(moved)
        complete = spans if final else [span for span in spans[:-1] if moved[span[1]] != "["]
        for start, end in complete:
            utterance = _utterance(moved[start:end], self._gap)
            self._gap = "\n" if "\n" in _trailing(moved[start:end]) else " "
            if utterance.text:
                yield utterance
        if complete:
            self._waiting = moved[complete[-1][1] :]


def plain(text: str) -> str:
    """Without images, links, link definitions and HTML: what they show stays, where they lead goes."""
    shown = _IMAGE_OR_LINK.sub(lambda found: found[1] or found[2] or "", _DEFINITION.sub("", text))
    return _HTML.sub("", shown)


def _utterance(text: str, gap: str) -> Utterance:
    cited = tuple(int(number) for found in _MARKER.findall(text) for number in found.split(","))
    return Utterance(" ".join(plain(_MARKER.sub("", text)).split()), cited, gap)


def _trailing(text: str) -> str:
    return text[len(text.rstrip()) :]
