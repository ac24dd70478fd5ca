"""Blocks → passages: sections are packed up to the embedder's token budget, long blocks are divided, and nothing is left out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import uuid5

from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.identity import NAMESPACE, identify
from semantic_memory.core.model import BlockDraft, BlockType, ContentBlock, Json, Passage
from semantic_memory.core.ports import PassageBuilder, Tokenizer
from semantic_memory.core.settings import Settings
from semantic_memory.etl.blocks.paragraphs import paragraph_blocks
from semantic_memory.etl.drafts import Draft, Rendering, halves
from semantic_memory.etl.packing import pack
from semantic_memory.etl.rulers import Ruler, measure
from semantic_memory.etl.sections import Section, sections
from semantic_memory.etl.split import Atom, Boundary, atoms, header_end, silent, trimmed

TARGET_TOKENS = 160
"""Size of a full passage; measured in docs/decisions/0005-passages.md."""
_WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")
WHOLE_TYPES = frozenset({BlockType.CODE, BlockType.TABLE})
"""A function or table is one thing: it may fill all that the model reads before it is divided."""
LEAST_BUDGET = 16
"""With fewer tokens a heading path and one word no longer fit side by side."""


@dataclass(frozen=True, slots=True)
class StructuredPassages:
    """Passages of at most `target` tokens, fewer when the model reads fewer; a function or table that fits the model stays whole."""

    target: int

    @property
    def version(self) -> str:
        return f"structure-2:{self.target}"

    def build(self, blocks: Sequence[ContentBlock], tokenizer: Tokenizer, max_tokens: int) -> list[Passage]:
        """Raises: ConfigurationError when `max_tokens` is under 16."""
        if max_tokens < LEAST_BUDGET:
            raise ConfigurationError(f"an embedder that reads {max_tokens} tokens is not usable; at least {LEAST_BUDGET} are needed")
        budget = min(self.target, max_tokens)
        packer = _Packer(blocks, measure([block.text for block in blocks], tokenizer), budget, max_tokens, *_joints(tokenizer))
        drafts = [draft for section in sections(blocks, tokenizer, budget) for draft in packer.drafts(section)]
        rendering = Rendering(blocks)
        return rendering.passages(_counted(drafts, rendering, tokenizer, max_tokens))


def build(settings: Settings) -> PassageBuilder:
    del settings
    return StructuredPassages(TARGET_TOKENS)


def structure_text(text: str, *, max_tokens: int = TARGET_TOKENS, language: str | None = None) -> list[ContentBlock]:
    """The plain text's headings, lists and paragraphs as blocks of at most `max_tokens` words and punctuation marks, in order.

    Longer ones are divided, between sentences where possible. The ids depend on the text alone.
    """
    drafts = [replace(draft, language=language) for draft in paragraph_blocks(text)]
    blocks = identify(uuid5(NAMESPACE, text), drafts)
    rulers = measure([block.text for block in blocks], WordTokenizer())
    parts = [part for block, draft, ruler in zip(blocks, drafts, rulers, strict=True) for part in _divided(draft, block, ruler, max_tokens)]
    return identify(uuid5(NAMESPACE, text), parts)


class WordTokenizer:
    """Words and punctuation marks; needs no model."""

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[match.span() for match in _WORD_OR_MARK.finditer(text)] for text in texts]


def _divided(draft: BlockDraft, block: ContentBlock, ruler: Ruler, max_tokens: int) -> Iterator[BlockDraft]:
    rendering = Rendering([block])
    for run in pack(atoms(0, block, ruler, max_tokens), max_tokens):
        start, end = trimmed(block.text, run[0].start, run[-1].end)
        anchor = rendering.anchor(0, start, end)
        place: Json = {**draft.metadata, "start_line": anchor.start_line, "end_line": anchor.end_line}
        yield replace(draft, text=block.text[start:end], metadata=place)


def _joints(tokenizer: Tokenizer) -> tuple[int, bool]:
    """Tokens of the gap between two blocks, and whether a text has exactly the tokens of the words it is joined from."""
    gap, one, two, joined = (len(spans) for spans in tokenizer.spans(["\n\n", "One.", "two", "One.\n\ntwo"]))
    return gap, gap == 0 and one + two == joined


@dataclass(frozen=True, slots=True)
class _Packer:
    blocks: Sequence[ContentBlock]
    rulers: Sequence[Ruler]
    budget: int
    max_tokens: int
    gap: int
    is_additive: bool

    def drafts(self, section: Section) -> Iterator[Draft]:
        room = self.budget - section.path_tokens - self.gap
        for group in self._groups(section):
            header = self._header(section, group, room)
            room_beside = room - (header.tokens + self.gap if header else 0)
            for run in pack(self._atoms(section, group, room_beside, header), room_beside, gap=self.gap):
                yield self._draft(section, run, header)

    def _groups(self, section: Section) -> list[list[int]]:
        """Numbers of blocks to pack together: a table over the limit is packed by itself, with its header on every passage."""
        groups: list[list[int]] = [[]]
        has_text = has_table = False
        for number in section.numbers:
            is_silent, is_table = number in section.silent, self._is_long_table(section, number)
            if (has_table and not is_silent) or (has_text and is_table):
                groups.append([])
                has_text = has_table = False
            groups[-1].append(number)
            has_text, has_table = has_text or not is_silent, has_table or is_table
        return groups

    def _is_long_table(self, section: Section, number: int) -> bool:
        return self.blocks[number].type is BlockType.TABLE and not self._is_whole(section, number)

    def _is_whole(self, section: Section, number: int) -> bool:
        room = self.max_tokens - section.path_tokens - self.gap
        return self.blocks[number].type in WHOLE_TYPES and len(self.rulers[number].starts) <= room

    def _header(self, section: Section, group: Sequence[int], room: int) -> Atom | None:
        table = next((number for number in group if self._is_long_table(section, number)), None)
        if table is None:
            return None
        end = header_end(self.blocks[table])
        tokens = self.rulers[table].count(0, end)
        return Atom(table, 0, end, tokens, Boundary.BLOCK, 0) if 0 < tokens <= room // 2 else None

    def _atoms(self, section: Section, group: Sequence[int], limit: int, header: Atom | None) -> Iterator[Atom]:
        for number in group:
            if number in section.silent:
                yield silent(number)
            else:
                start = header.end if header and header.block == number else 0
                room = self.max_tokens if self._is_whole(section, number) else limit
                yield from atoms(number, self.blocks[number], self.rulers[number], room, start=start)

    def _draft(self, section: Section, run: Sequence[Atom], header: Atom | None) -> Draft:
        tokens = section.path_tokens + sum(atom.tokens for atom in run) + (header.tokens if header else 0)
        is_exact = self.is_additive and section.is_exact and all(map(self._is_counted, run))
        return Draft(section, run, tokens, is_exact, header)

    def _is_counted(self, atom: Atom) -> bool:
        """Whether the atom's tokens stay what they are when it stands alone: it begins and ends at white space."""
        text = self.blocks[atom.block].text
        return self.rulers[atom.block].is_exact and _is_edge(text, atom.start) and _is_edge(text, atom.end)


def _is_edge(text: str, position: int) -> bool:
    return position in {0, len(text)} or text[position - 1].isspace() or text[position].isspace()


def _counted(drafts: Sequence[Draft], rendering: Rendering, tokenizer: Tokenizer, max_tokens: int) -> list[Draft]:
    """The drafts with exact counts: estimates are counted, and what is over the budget after all is halved until it is not."""
    drafts = list(drafts)
    while unsure := [draft for draft in drafts if not draft.is_exact]:
        counts = iter(tokenizer.spans([rendering.embedded(draft) for draft in unsure]))
        drafts = [part for draft in drafts for part in ([draft] if draft.is_exact else _recounted(draft, len(next(counts)), max_tokens))]
    return drafts


def _recounted(draft: Draft, tokens: int, max_tokens: int) -> Sequence[Draft]:
    if tokens > max_tokens and draft.is_divisible:
        return halves(draft)
    return [replace(draft, tokens=tokens, is_exact=True)]
