"""Footnotes, endnotes and comments: kept when their part is read, put behind the paragraph that refers to them."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from semantic_memory.core.model import JsonValue
from semantic_memory.etl.word.docx_manuscript import Manuscript
from semantic_memory.etl.word.flow import named_block
from semantic_memory.etl.word.handlers import Ends, Starts
from semantic_memory.etl.word.numerals import roman
from semantic_memory.etl.word.xml import Attributes

Kind = Literal["footnote", "endnote", "comment"]
KINDS: tuple[Kind, ...] = ("footnote", "endnote", "comment")


@dataclass(frozen=True, slots=True)
class _Note:
    text: str
    about: dict[str, JsonValue]


class Notes:
    """Notes are numbered in the order of their references, endnotes in Roman as Word does it. Without a reference none is shown."""

    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript
        self._notes: dict[tuple[Kind, str], _Note] = {}
        self._counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
        self._open: list[tuple[Kind, Attributes]] = []
        self.starts: Starts = {
            **{f"w:{kind}": partial(self._start, kind) for kind in KINDS},
            **{f"w:{kind}Reference": partial(self._refer, kind) for kind in KINDS},
        }
        self.ends: Ends = {f"w:{kind}": self._end for kind in KINDS}

    def _start(self, kind: Kind, attributes: Attributes) -> None:
        self._open.append((kind, attributes))
        self._manuscript.open_frame()

    def _end(self) -> None:
        kind, attributes = self._open.pop()
        text = self._manuscript.close_frame().text().strip()
        if attributes.get("w:type", "normal") == "normal" and text:  # the others are lines between text and notes
            about: dict[str, JsonValue] = {"author": attributes.get("w:author", ""), "date": attributes.get("w:date", "")}
            self._notes[kind, attributes.get("w:id", "")] = _Note(text, {name: said for name, said in about.items() if said})

    def _refer(self, kind: Kind, attributes: Attributes) -> None:
        """Each note is shown once, behind its first reference."""
        paragraph = self._manuscript.paragraph
        note = self._notes.pop((kind, attributes.get("w:id", "")), None)
        if note is None:
            return
        if kind == "comment":
            paragraph.extras.behind.append(named_block(note.text, kind, **note.about))
            return
        self._counts[kind] += 1
        number = roman(self._counts[kind]) if kind == "endnote" else str(self._counts[kind])
        paragraph.extras.notes.append(number)
        paragraph.extras.behind.append(named_block(note.text, kind, number=number))
