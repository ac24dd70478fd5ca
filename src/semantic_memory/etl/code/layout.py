"""Source text → blocks: one per definition, and what lies between, so that every line is in exactly one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue

if TYPE_CHECKING:
    from semantic_memory.etl.code.definitions import Definition, Outline
    from semantic_memory.etl.code.dialects import Source

PARSED_CHARACTERS = 2 * 1024 * 1024
"""Longer files are data or generated code; they are cut at blank lines."""
LONG_CHARACTERS = 600
"""About 200 tokens: a longer block will be divided, so a definition's own name goes into the path above each part."""
APART_CHARACTERS = 2400
"""About 800 tokens: a longer function is taken apart where it holds definitions of its own, as a class is."""
GAP_LINES = 40
"""A longer stretch without definitions (a script, a table of constants) is cut into paragraphs."""
PATH_TAIL = 2
"""Folders and file name shown above a passage of code."""


class Code(NamedTuple):
    blocks: list[BlockDraft]
    warnings: tuple[str, ...]


def read_code(text: str, language: str, name: str) -> Code:
    """The blocks of a text in this language, as `extract` gives them; the end of `name` is shown above each. Lines count from 1."""
    from semantic_memory.etl.code.definitions import Outline
    from semantic_memory.etl.code.dialects import source_of

    source = source_of(text, language)
    outline, warnings = _outline(source)
    shown = "/".join(PurePosixPath(name).parts[-PATH_TAIL:])
    return Code(list(_Layout(text.split("\n"), source.language, shown, outline or Outline()).blocks()), warnings)


def code_blocks(text: str, language: str, name: str) -> list[BlockDraft]:
    """The blocks of `read_code`."""
    return read_code(text, language, name).blocks


def _outline(source: "Source") -> "tuple[Outline | None, tuple[str, ...]]":
    """The outline, and why there is none for a language whose definitions are known."""
    from semantic_memory.etl.code.definitions import outline
    from semantic_memory.etl.code.grammars import GRAMMARS

    grammar = GRAMMARS.get(source.grammar)
    if grammar is None:
        return None, ()
    if len(source.text) > PARSED_CHARACTERS:
        return None, (
            f"the file has {len(source.text)} characters; above {PARSED_CHARACTERS} it is cut at blank lines, not at definitions",
        )
    found = outline(source.text, grammar)
    return found, () if found else ("parsing took too long; the file is cut at blank lines, not at definitions",)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Lays the file's lines out in blocks."""

    lines: Sequence[str]
    language: str
    name: str
    outline: "Outline"

    def blocks(self) -> Iterator[BlockDraft]:
        header: dict[str, JsonValue] = {"imports": list(self.outline.imports)} if self.outline.imports else {}
        for number, block in enumerate(self._stretch(1, len(self.lines), self.outline.definitions, None)):
            if number == 0 and self.outline.docstring and "symbol" not in block.metadata:
                header["docstring"] = self.outline.docstring
            yield block if number else replace(block, metadata={**block.metadata, **header})

    def _stretch(self, first: int, last: int, found: "Sequence[Definition]", owner: "Definition | None") -> Iterator[BlockDraft]:
        """The lines from `first` to `last`: the definitions among them and the gaps around these."""
        for definition in found:
            yield from self._gap(first, definition.start_line - 1, owner)
            yield from self._definition(definition)
            first = definition.end_line + 1
        yield from self._gap(first, last, owner)

    def _definition(self, definition: "Definition") -> Iterator[BlockDraft]:
        is_apart = bool(definition.members) and (definition.is_container or self._size(definition) > APART_CHARACTERS)
        last = definition.members[0].start_line - 1 if is_apart else definition.end_line
        told = _told(definition)
        if definition.members and not is_apart:
            told["nested"] = list(_nested(definition))
        yield from self._block(definition.start_line, last, told, head=definition.head_line, is_container=is_apart)
        if is_apart:
            yield from self._stretch(last + 1, definition.end_line, definition.members, definition)

    def _size(self, definition: "Definition") -> int:
        return sum(map(len, self.lines[definition.start_line - 1 : definition.end_line]))

    def _gap(self, first: int, last: int, owner: "Definition | None") -> Iterator[BlockDraft]:
        told: dict[str, JsonValue] = {"symbol": owner.symbol} if owner else {}
        is_short = last - first < GAP_LINES and len(self.lines) > GAP_LINES
        for start, end in [(first, last)] if is_short else self._paragraphs(first, last):
            yield from self._block(start, end, told, is_container=True)

    def _paragraphs(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Cut before each line that follows a blank one and is not indented: places that do not move when other lines change."""
        start = first
        for number in range(first + 1, last + 1):
            line, before = self.lines[number - 1], self.lines[number - 2]
            if line.strip() and not line[0].isspace() and not before.strip():
                yield start, number - 1
                start = number
        yield start, last

    def _block(self, first: int, last: int, told: dict[str, JsonValue], *, is_container: bool, head: int = 0) -> Iterator[BlockDraft]:
        """The block of these lines, unless they are blank; blank lines around it are left out."""
        while first <= last and not self.lines[first - 1].strip():
            first += 1
        while first <= last and not self.lines[last - 1].strip():
            last -= 1
        if first > last:
            return
        text = "\n".join(self.lines[first - 1 : last])
        symbol = str(told.get("symbol", ""))
        above = symbol if is_container or len(text) > LONG_CHARACTERS else symbol.rpartition(".")[0]
        section: list[JsonValue] = [self.name, above] if above else [self.name]
        place: dict[str, JsonValue] = {"start_line": first, "end_line": last, "section": section}
        if len(text) > LONG_CHARACTERS:
            place["breaks"] = list[JsonValue](self.outline.breaks(max(first, head + 1) + 1, last))
        yield BlockDraft(BlockType.CODE, text, language=self.language, metadata=told | place)


def _told(definition: "Definition") -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {"symbol": definition.symbol, "kind": definition.kind, "signature": definition.signature}
    if definition.docstring:
        told["docstring"] = definition.docstring
    return {**told, "definition_lines": [definition.start_line, definition.end_line]}


def _nested(definition: "Definition") -> Iterator[dict[str, JsonValue]]:
    """The definitions inside, those of the deepest level too, in order."""
    waiting = definition.members[::-1]
    while waiting:
        member = waiting.pop()
        yield {"symbol": member.symbol, "kind": member.kind, "start_line": member.start_line, "end_line": member.end_line}
        waiting.extend(reversed(member.members))
