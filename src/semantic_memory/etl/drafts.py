"""Passages in the making: runs of atoms under a heading path, and how they are written out with parts and anchors."""

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from semantic_memory.core.identity import passage_id
from semantic_memory.core.model import Anchor, BlockType, ContentBlock, Part, Passage, embedded_text
from semantic_memory.etl.sections import Section
from semantic_memory.etl.split import Atom, Boundary, trimmed

GAP = "\n\n"
"""Between the texts of two blocks."""
_CELLS = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")


@dataclass(frozen=True, slots=True)
class Draft:
    """A passage to be: `header` repeats the head of a divided table. `is_exact` says that `tokens` is a count and no estimate."""

    section: Section
    run: Sequence[Atom]
    tokens: int
    is_exact: bool
    header: Atom | None = None

    @property
    def is_divisible(self) -> bool:
        return len(self.run) > 1 or self.run[0].end - self.run[0].start > 1

    @property
    def pieces(self) -> Iterator[Atom]:
        """Header and run, atoms that touch joined to one."""
        if self.header:
            yield self.header
        piece = self.run[0]
        for atom in self.run[1:]:
            if atom.block == piece.block and atom.start == piece.end:
                piece = piece._replace(end=atom.end)
            else:
                yield piece
                piece = atom
        yield piece


@dataclass(frozen=True, slots=True)
class Rendering:
    """Writes drafts out; keeps where the lines of divided blocks begin."""

    blocks: Sequence[ContentBlock]
    _lines: dict[int, "array[int]"] = field(default_factory=dict[int, "array[int]"])

    def text(self, draft: Draft) -> str:
        return GAP.join(self.blocks[atom.block].text[start:end] for atom, start, end in self._spans(draft) if end > start)

    def embedded(self, draft: Draft) -> str:
        return embedded_text(draft.section.path, self.text(draft))

    def passages(self, drafts: Sequence[Draft]) -> list[Passage]:
        seen: dict[str, int] = {}
        return [self._passage(draft, order, seen) for order, draft in enumerate(drafts)]

    def _passage(self, draft: Draft, order: int, seen: dict[str, int]) -> Passage:
        text = self.text(draft)
        blocks = [self.blocks[atom.block] for atom in draft.pieces]
        return Passage(
            id=passage_id(blocks[0].source_id, embedded_text(draft.section.path, text), seen),
            document_id=blocks[0].source_id,
            order=order,
            text=text,
            heading_path=draft.section.path,
            block_types=frozenset(block.type for block in blocks),
            language=_main_language(blocks),
            parts=tuple(self._parts(draft)),
            token_count=draft.tokens,
        )

    def _parts(self, draft: Draft) -> Iterator[Part]:
        position = 0
        for atom, start, end in self._spans(draft):
            begin = position + len(GAP) if position and end > start else position
            position = begin + end - start
            yield Part(self.blocks[atom.block].id, begin, position, self.anchor(atom.block, start, end))

    def _spans(self, draft: Draft) -> Iterator[tuple[Atom, int, int]]:
        for atom in draft.pieces:
            yield (atom, *trimmed(self.blocks[atom.block].text, atom.start, atom.end))

    def anchor(self, number: int, start: int, end: int) -> Anchor:
        """The place of the characters [start, end) of a block."""
        block = self.blocks[number]
        first, last = self._narrowed(number, start, end, _integer(block, "start_line"), _integer(block, "end_line"))
        return Anchor(
            page=block.page,
            bbox=_bbox(block),
            start_line=first,
            end_line=last,
            symbol=_string(block, "symbol"),
            sheet=_string(block, "sheet"),
            cells=self._cells(number, start, end),
            cell=_integer(block, "cell"),
        )

    def _cells(self, number: int, start: int, end: int) -> str | None:
        """The part's rows of a block's cell range, with all its columns."""
        cells = _string(self.blocks[number], "cells")
        corners = _CELLS.fullmatch(cells) if cells else None
        if corners is None:
            return cells
        left, top, right, bottom = corners.groups()
        first, last = self._narrowed(number, start, end, int(top), int(bottom))
        return f"{left}{first}:{right}{last}"

    def _narrowed(self, number: int, start: int, end: int, first: int | None, last: int | None) -> tuple[int | None, int | None]:
        """Lines (or rows) of a part, where the block's text has one line for each of them; else all of them.

        The text of a table has further lines above: its repeated header and the rule below that.
        """
        block = self.blocks[number]
        is_part = start > 0 or 0 < end < len(block.text.rstrip())
        if first is None or last is None or not is_part:
            return first, last
        breaks = self._breaks(number)
        above = len(breaks) - (last - first)
        if not 0 <= above <= _further_lines(block):
            return first, last
        return max(first, first + bisect_left(breaks, start) - above), max(first, first + bisect_left(breaks, end) - above)

    def _breaks(self, number: int) -> "array[int]":
        if number not in self._lines:
            self._lines[number] = array("I", (match.start() for match in re.finditer("\n", self.blocks[number].text)))
        return self._lines[number]


def halves(draft: Draft) -> tuple[Draft, Draft]:
    """The draft in two, for a text that turned out to have more tokens than estimated."""
    run = draft.run if len(draft.run) > 1 else _halved(draft.run[0])
    middle = len(run) // 2
    return replace(draft, run=run[:middle], is_exact=False), replace(draft, run=run[middle:], is_exact=False)


def _halved(atom: Atom) -> list[Atom]:
    middle = (atom.start + atom.end) // 2
    return [atom._replace(end=middle), atom._replace(start=middle, boundary=Boundary.TOKEN)]


def _main_language(blocks: Sequence[ContentBlock]) -> str | None:
    """The language of most characters."""
    sizes = Counter[str]()
    for block in blocks:
        if block.language:
            sizes[block.language] += len(block.text)
    return sizes.most_common(1)[0][0] if sizes else None


def _integer(block: ContentBlock, key: str) -> int | None:
    value = block.metadata.get(key)
    return value if isinstance(value, int) else None


def _string(block: ContentBlock, key: str) -> str | None:
    value = block.metadata.get(key)
    return value if isinstance(value, str) else None


def _further_lines(block: ContentBlock) -> int:
    return 1 + (_integer(block, "header_rows") or 0) if block.type is BlockType.TABLE else 0


def _bbox(block: ContentBlock) -> tuple[float, float, float, float] | None:
    box = block.metadata.get("bbox")
    if not isinstance(box, list) or len(box) != 4:
        return None
    x0, y0, x1, y1 = (float(edge) if isinstance(edge, int | float) else 0.0 for edge in box)
    return x0, y0, x1, y1
