"""Source code: a block per function, method, type and class header, and blocks for what lies between, with exact lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.languages import NAMES
from semantic_memory.etl.text import read_text

if TYPE_CHECKING:
    from semantic_memory.etl.code.definitions import Definition

PARSED_CHARACTERS = 2 * 1024 * 1024
"""Longer files are data or generated code; they are cut at blank lines."""
LONG_CHARACTERS = 600
"""About 200 tokens: a longer definition will be divided, so its own name goes into the path above each part."""
GAP_LINES = 40
"""A longer stretch without definitions (a script, a table of constants) is cut into paragraphs."""
PATH_TAIL = 2
"""Folders and file name shown above a passage of code."""


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return CodeFormat()


class CodeFormat:
    media_types = frozenset(f"text/x-{language}" for language in NAMES)

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:
        """Blocks that together hold every line that is not blank once, in order.

        Metadata: start_line, end_line; section (file, class); of definitions also symbol, kind, signature, docstring.
        Raises: EmptyDocumentError, ExtractionLimitError.
        """
        decoded = read_text(file)
        language = media_type.removeprefix("text/x-")
        layout = _Layout(decoded.text.split("\n"), language, "/".join(PurePosixPath(name).parts[-PATH_TAIL:]))
        encoding: dict[str, JsonValue] = {} if decoded.encoding == "utf-8" else {"encoding": decoded.encoding}
        return Extraction(media_type, list(layout.blocks(_definitions(decoded.text, language))), metadata=encoding)


def _definitions(text: str, language: str) -> "Sequence[Definition]":
    from semantic_memory.etl.code.definitions import definitions
    from semantic_memory.etl.code.grammars import GRAMMARS

    grammar = GRAMMARS.get(language)
    return definitions(text, grammar) if grammar and len(text) <= PARSED_CHARACTERS else ()


@dataclass(frozen=True, slots=True)
class _Layout:
    """Lays the file's lines out in blocks."""

    lines: Sequence[str]
    language: str
    name: str

    def blocks(self, found: "Sequence[Definition]") -> Iterator[BlockDraft]:
        yield from self._stretch(1, len(self.lines), found, None)

    def _stretch(self, first: int, last: int, found: "Sequence[Definition]", owner: "Definition | None") -> Iterator[BlockDraft]:
        """The lines from `first` to `last`: the definitions among them and the gaps around these."""
        for definition in found:
            yield from self._gap(first, definition.start_line - 1, owner)
            yield from self._definition(definition)
            first = definition.end_line + 1
        yield from self._gap(first, last, owner)

    def _definition(self, definition: "Definition") -> Iterator[BlockDraft]:
        last = definition.members[0].start_line - 1 if definition.members else definition.end_line
        told: dict[str, JsonValue] = {"symbol": definition.symbol, "kind": definition.kind, "signature": definition.signature}
        if definition.docstring:
            told["docstring"] = definition.docstring
        yield from self._block(definition.start_line, last, told, is_container=bool(definition.members))
        if definition.members:
            yield from self._stretch(last + 1, definition.end_line, definition.members, definition)

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

    def _block(self, first: int, last: int, told: dict[str, JsonValue], *, is_container: bool) -> Iterator[BlockDraft]:
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
        yield BlockDraft(BlockType.CODE, text, language=self.language, metadata=told | place)
