"""The fast tier: what stands on a page, from the places, sizes and weights of its words and from its rules."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.etl.pdf.aligned import aligned_tables
from semantic_memory.etl.pdf.columns import regions
from semantic_memory.etl.pdf.content import content
from semantic_memory.etl.pdf.document import Document
from semantic_memory.etl.pdf.figures import figures, labels, with_captions
from semantic_memory.etl.pdf.flow import SMALL, Text, pieces
from semantic_memory.etl.pdf.furniture import RunningLines
from semantic_memory.etl.pdf.hyphens import Vocabulary
from semantic_memory.etl.pdf.lines import lines_of
from semantic_memory.etl.pdf.rows import Row, clear_of, rows_of, whole
from semantic_memory.etl.pdf.ruled import ruled_tables
from semantic_memory.etl.pdf.shapes import Box, Line, PageContent, Piece, around, joined

BATCH = 40
"""Pages held at once to see what repeats on them; some 20 MB."""
DEFAULT_SIZE = 10.0
_NOTE = re.compile(r"(?:[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\(?\d{1,3}[.)]?(?=\s)|[*†‡§¶]{1,3})\s*\S")
NOTES_FROM = 0.25
"""Part of the page's height below which footnotes stand."""


@dataclass(frozen=True, slots=True)
class ReadPage:
    """One page as the fast tier reads it; `running` are the lines left out as headers and footers, `lines` all others."""

    content: PageContent
    pieces: Sequence[Piece]
    lines: Sequence[Line]
    running: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class BrokenPage:
    number: int
    reason: str


class FastReader:
    """Reads the pages of a document in order; learns its type size and its words on the way."""

    def __init__(self, document: Document) -> None:
        self.vocabulary = Vocabulary()
        self._document = document
        self._running = RunningLines()
        self._styles = Counter[Text]()

    @property
    def text(self) -> Text:
        """How most letters of the pages read so far look."""
        return self._styles.most_common(1)[0][0] if self._styles else Text(DEFAULT_SIZE)

    def batches(self, numbers: range) -> Iterator[list[ReadPage | BrokenPage]]:
        for start in range(numbers.start, numbers.stop, BATCH):
            yield list(self._batch(range(start, min(start + BATCH, numbers.stop))))

    def _batch(self, numbers: range) -> Iterator[ReadPage | BrokenPage]:
        loaded = [self._load(number) for number in numbers]
        lines = {page.number: lines_of(page.words) for page in loaded if isinstance(page, PageContent)}
        for page in loaded:
            if isinstance(page, PageContent):
                self._learn(page, lines[page.number])
        for page in loaded:
            yield self._read(page, lines[page.number]) if isinstance(page, PageContent) else page

    def _load(self, number: int) -> PageContent | BrokenPage:
        try:
            return content(self._document, number)
        except CorruptFileError as error:
            return BrokenPage(number, error.message)

    def _learn(self, page: PageContent, lines: Sequence[Line]) -> None:
        self._running.learn(page.number, page.height, lines)
        self.vocabulary.learn(line.text for line in lines)
        for line in lines:
            self._styles[Text(line.size, line.style.is_bold, line.style.is_mono)] += len(line.text)

    def _read(self, page: PageContent, lines: Sequence[Line]) -> ReadPage:
        tables = ruled_tables(page, lines)
        rest = clear_of(lines, [table.box for table in tables])
        running = self._running.among(page.number, page.height, rest, self.text.size)
        rest = [line for line in rest if line not in running]
        found = list(self._pieces(page, rest, tables))
        kept = [line for line in lines if line not in running]
        return ReadPage(page, _with_notes(found, page, self.text), kept, [line.text for line in running])

    def _pieces(self, page: PageContent, lines: Sequence[Line], tables: Sequence[Piece]) -> Iterator[Piece]:
        boxes = figures(page, [table.box for table in tables])
        inside = labels(boxes, lines)
        taken = {id(line) for _, own in inside for line in own}
        drawn = [Piece("label", page.number, around([line.box for line in own]), tuple(own)) for _, own in inside]
        atoms: list[Line | Piece] = [*tables, *drawn, *(line for line in lines if id(line) not in taken)]
        level = [atom for atom in atoms if isinstance(atom, Piece) or not atom.is_turned]
        turned = [atom for atom in atoms if isinstance(atom, Line) and atom.is_turned]
        found = [piece for region in regions(level) for piece in self._region(page, region)]
        yield from with_captions([*found, *pieces(page.number, turned, self.text)], boxes)

    def _region(self, page: PageContent, atoms: Sequence[Line | Piece]) -> Iterator[Piece]:
        """The pieces of one column, tables in the place of their rows."""
        run: list[Line] = []
        for part in self._parts(page, atoms):
            if isinstance(part, Piece):
                yield from pieces(page.number, run, self.text)
                yield part
                run = []
            else:
                run.append(joined(part.lines))
        yield from pieces(page.number, run, self.text)

    def _parts(self, page: PageContent, atoms: Sequence[Line | Piece]) -> Iterator[Piece | Row]:
        """Rows of text, and tables with rules or without, top down."""
        found = [atom for atom in atoms if isinstance(atom, Piece)]
        lines = [atom for atom in atoms if isinstance(atom, Line)]
        for top, piece in [*((piece.box.y0, piece) for piece in sorted(found, key=lambda piece: piece.box.y0)), (float("inf"), None)]:
            above = [line for line in lines if line.box.middle < top]
            lines = [line for line in lines if line.box.middle >= top]
            yield from aligned_tables(page.number, [whole(row) for row in rows_of(above)], page.across)
            if piece:
                yield piece


def _with_notes(found: Sequence[Piece], page: PageContent, text: Text) -> list[Piece]:
    """Small print with a number or sign before it, below all other text of its column, is a footnote."""
    done: list[Piece] = []
    for piece in reversed(found):
        is_small = piece.kind in ("paragraph", "item") and piece.size <= SMALL * text.size and piece.box.y0 > NOTES_FROM * page.height
        is_note = is_small and _NOTE.match(piece.lines[0].text) is not None and _is_lowest(piece, done)
        done.append(replace(piece, kind="footnote", marker="") if is_note else piece)
    return done[::-1]


def _is_lowest(piece: Piece, after: Sequence[Piece]) -> bool:
    below: list[Box] = [other.box for other in after if other.kind not in ("footnote", "table", "figure") and other.box.y0 >= piece.box.y1]
    return not any(box.x0 < piece.box.x1 and piece.box.x0 < box.x1 for box in below)
