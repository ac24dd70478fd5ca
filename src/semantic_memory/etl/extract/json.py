"""JSON: structured books block by block; any other JSON as readable lines, each with the path of its key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.blocks.book import DOCUMENT_TYPE, book_block
from semantic_memory.etl.blocks.json_places import Placed, PlacedJson
from semantic_memory.etl.blocks.paragraphs import paragraph_blocks
from semantic_memory.etl.blocks.values import Line, ValueLines, short_key
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.media_types import JSON, JSON_LINES, PLAIN_TEXT
from semantic_memory.etl.text import read_text

BLOCK_CHARACTERS = 1200
"""Values are shown together up to about this length, some 300 tokens: one passage of a usual embedder."""
MAX_RECORDS = 50_000
"""Above this, small records share blocks up to that length: a log of a million lines is no million places to look at."""
NAMED_IN_WARNING = 5


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return JsonFormat()


class JsonFormat:
    media_types = frozenset({JSON, JSON_LINES})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Blocks with lines and key paths, a block or more per record; a file that is no valid JSON is read as plain text, with a warning.

        Raises: EmptyDocumentError, ExtractionLimitError.
        """
        text = read_text(file).text
        if media_type == JSON_LINES and (read := _json_lines(text)):
            return read
        try:
            return _json(text)
        except (ValueError, RecursionError) as error:
            return _concatenated(text) or _as_text(text, f"not valid JSON, read as text: {error}")


@dataclass(slots=True)
class _Notes:
    """What a reader should know of one file."""

    values: ValueLines = field(default_factory=ValueLines)
    repeated: set[str] = field(default_factory=set[str])
    bad_lines: list[int] = field(default_factory=list[int])

    def warnings(self) -> list[str]:
        told = list(self.values.warnings())
        if self.repeated:
            names = ", ".join(repr(name[:100]) for name in sorted(self.repeated)[:NAMED_IN_WARNING])
            told.append(f"names that stand twice in one object, of which the last counts: {names}")
        if self.bad_lines:
            numbers = ", ".join(map(str, self.bad_lines[:NAMED_IN_WARNING]))
            told.append(f"{len(self.bad_lines)} lines are not valid JSON and were read as text, first: {numbers}")
        return told


def _json(text: str) -> Extraction:
    document = PlacedJson(text)
    if not document.is_container():
        return Extraction(PLAIN_TEXT, list(paragraph_blocks(text)))
    members = list(document.members())
    if document.is_object():
        fields = {str(member.key): member for member in members}
        if fields.get("document_type", _ABSENT).value == DOCUMENT_TYPE and isinstance(fields.get("content_blocks", _ABSENT).value, list):
            return _book(document, fields)
    notes = _Notes(repeated=document.repeated)
    return _extraction(JSON, list(_readable(members, notes)), notes, title=_title(members))


def _book(document: PlacedJson, fields: dict[str, Placed]) -> Extraction:
    """Metadata, summary, version and whatever else stands beside the blocks become the document's metadata."""
    placed = fields.pop("content_blocks")
    own = fields.pop("metadata", _ABSENT).value
    metadata: dict[str, JsonValue] = dict(own) if isinstance(own, dict) else {}
    metadata |= {key: member.value for key, member in fields.items()}
    blocks = [book_block(block.value, _place(block)) for block in document.elements_of(placed)]
    title = metadata.get("title")
    return Extraction(JSON, blocks, title=title if isinstance(title, str) else None, metadata=metadata)


def _json_lines(text: str) -> Extraction | None:
    """One record per line; None when the first of them is not valid, so that the file is something else."""
    notes = _Notes()
    blocks: list[BlockDraft] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            blocks.extend(_record(line, number, notes))
            if notes.bad_lines and len(blocks) == 1:
                return None
    return _extraction(JSON_LINES, blocks, notes)


def _record(line: str, number: int, notes: _Notes) -> Iterator[BlockDraft]:
    document = PlacedJson(f"[{line}]")
    try:
        members = list(document.members())
        blocks = list(_readable([Placed("", member.value, number, number, 0) for member in members], notes))
    except (ValueError, RecursionError):
        notes.bad_lines.append(number)
        return paragraph_blocks(line, first_line=number)
    notes.repeated |= document.repeated
    return iter(blocks)


def _concatenated(text: str) -> Extraction | None:
    """Several objects or arrays one behind the other, as some programs write their logs; None for anything else."""
    document = PlacedJson(text)
    try:
        records = list(document.values())
        if len(records) < 2 or not all(isinstance(record.value, dict | list) for record in records):
            return None
        notes = _Notes(repeated=document.repeated)
        return _extraction(JSON_LINES, [block for record in records for block in _readable([replace(record, key="")], notes)], notes)
    except (ValueError, RecursionError):
        return None


def _as_text(text: str, warning: str) -> Extraction:
    return Extraction(PLAIN_TEXT, list(paragraph_blocks(text)), warnings=(warning,))


def _extraction(media_type: str, blocks: list[BlockDraft], notes: _Notes, title: str | None = None) -> Extraction:
    warnings = notes.warnings()
    if len(blocks) > MAX_RECORDS:
        warnings.append(f"{len(blocks)} records share blocks of up to {BLOCK_CHARACTERS} characters")
        blocks = list(_together(blocks))
    return Extraction(media_type, blocks, title=title, warnings=warnings)


def _together(blocks: Sequence[BlockDraft]) -> Iterator[BlockDraft]:
    """Neighbours in one block as long as that stays short; it has the lines of all and the key path of the first."""
    group: list[BlockDraft] = []
    length = 0
    for block in blocks:
        if group and length + len(block.text) > BLOCK_CHARACTERS:
            yield _merged(group)
            group, length = [], 0
        group.append(block)
        length += len(block.text) + 1
    yield _merged(group)


def _merged(group: Sequence[BlockDraft]) -> BlockDraft:
    metadata = {**group[0].metadata, "end_line": group[-1].metadata["end_line"]}
    return replace(group[0], text="\n".join(block.text for block in group), metadata=metadata)


def _readable(members: Sequence[Placed], notes: _Notes) -> Iterator[BlockDraft]:
    """Neighbouring small values together, large ones in pieces."""
    lines: list[Line] = []
    group: list[Placed] = []
    for member in members:
        own = list(notes.values.of(member.value, _key(member)))
        if group and (isinstance(member.value, dict | list) or _length(lines) + _length(own) > BLOCK_CHARACTERS):
            yield from _blocks(lines, group)
            lines, group = [], []
        lines += own
        group.append(member)
    if group:
        yield from _blocks(lines, group)


def _blocks(lines: Sequence[Line], group: Sequence[Placed]) -> Iterator[BlockDraft]:
    place: dict[str, JsonValue] = {"start_line": group[0].start_line, "end_line": group[-1].end_line}
    piece: list[Line] = []
    length = 0
    for line in lines:
        if piece and length + _length([line]) > BLOCK_CHARACTERS:
            yield _block(piece, place)
            piece, length = [], 0
        piece.append(line)
        length += _length([line])
    if piece:
        yield _block(piece, place)


def _block(lines: Sequence[Line], place: dict[str, JsonValue]) -> BlockDraft:
    text = "\n".join(f"{path}: {value}" if path else value for path, value in lines)
    return BlockDraft(BlockType.PARAGRAPH, text, metadata={**place, "key_path": lines[0][0]})


def _key(member: Placed) -> str:
    return short_key(member.key) if isinstance(member.key, str) else f"[{member.key}]"


def _title(members: Sequence[Placed]) -> str | None:
    return next((member.value for member in members if member.key in {"title", "name"} and isinstance(member.value, str)), None)


def _place(placed: Placed) -> dict[str, JsonValue]:
    return {"start_line": placed.start_line, "end_line": placed.end_line}


def _length(lines: Sequence[Line]) -> int:
    return sum(len(path) + len(value) + 3 for path, value in lines)


_ABSENT = Placed("", None, 0, 0, 0)
