"""What an extractive answer is made of: sentences, and lists and tables whole, since half a list misleads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from semantic_memory.core.model import Hit, Part, Passage
from semantic_memory.core.sentences import sentences

MAX_UNIT_CHARACTERS = 600
"""Longer lists and tables are taken line by line: no answer should quote a page."""
MIN_UNIT_CHARACTERS = 12
"""Shorter pieces ("See above.") answer nothing."""

_LIST_OR_TABLE = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s.*\n|\s*\|.*\|\s*\n")
"""A block of several lines whose first is a list item or a table row."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The characters [start, end) of a hit's passage."""

    hit: Hit
    start: int
    end: int

    @property
    def is_whole_list(self) -> bool:
        """Whether this is a list or table, quoted whole."""
        return _LIST_OR_TABLE.match(self.text) is not None

    @property
    def text(self) -> str:
        return self.hit.passage.text[self.start : self.end]

    @property
    def in_context(self) -> str:
        """The text behind its section's name, which often holds what the sentence only points to."""
        path = self.hit.passage.heading_path
        return f"{path[-1]}: {self.text}" if path else self.text


def units(hits: Sequence[Hit]) -> list[Unit]:
    """Every quotable piece of the hits, in their order."""
    return [Unit(hit, start, end) for hit in hits for start, end in _spans(hit.passage)]


def _spans(passage: Passage) -> list[tuple[int, int]]:
    spans = [span for part in passage.parts for span in _part_spans(passage, part)]
    return [(start, end) for start, end in spans if end - start >= MIN_UNIT_CHARACTERS]


def _part_spans(passage: Passage, part: Part) -> list[tuple[int, int]]:
    text = passage.text[part.start : part.end]
    if _is_heading(passage, text):
        return []
    if len(text) <= MAX_UNIT_CHARACTERS and _LIST_OR_TABLE.match(text):
        return [_trimmed(passage.text, part.start, part.end)]
    return [_trimmed(passage.text, part.start + start, part.start + end) for start, end in sentences(text)]


def _is_heading(passage: Passage, text: str) -> bool:
    return text.strip() in passage.heading_path


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
