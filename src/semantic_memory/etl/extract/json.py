"""JSON: structured books block by block; any other JSON as readable lines, each with the path of its key."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.blocks.book import DOCUMENT_TYPE, book_block
from semantic_memory.etl.blocks.json_places import Placed, PlacedJson
from semantic_memory.etl.blocks.paragraphs import paragraph_blocks
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.text import read_text

BLOCK_CHARACTERS = 1200
"""Values are shown together up to about this length, some 300 tokens: one passage of a usual embedder."""
BLOB_CHARACTERS = 2000
"""A string this long without a blank is encoded data; only its start is shown."""
SHOWN_BLOB = 100
Line = tuple[str, str]
"""Key path, value."""


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return JsonFormat()


class JsonFormat:
    media_types = frozenset({"application/json", "application/x-ndjson"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Blocks with lines and key paths; a file that is no valid JSON is read as plain text, with a warning."""
        text = read_text(file).text
        try:
            return _json_lines(text, media_type) if media_type == "application/x-ndjson" else _json(text, media_type)
        except (ValueError, RecursionError) as error:
            warning = f"not valid JSON, read as text: {error}"
            return Extraction("text/plain", list(paragraph_blocks(text)), warnings=(warning,))


def _json(text: str, media_type: str) -> Extraction:
    document = PlacedJson(text)
    if not document.is_container():
        return Extraction("text/plain", list(paragraph_blocks(text)))
    members = list(document.members())
    if document.is_object():
        fields = {str(member.key): member for member in members}
        if fields.get("document_type", _ABSENT).value == DOCUMENT_TYPE and isinstance(fields.get("content_blocks", _ABSENT).value, list):
            return _book(document, fields, media_type)
    return Extraction(media_type, list(_readable(members)), title=_title(members))


def _book(document: PlacedJson, fields: dict[str, Placed], media_type: str) -> Extraction:
    """Metadata, summary, version and whatever else stands beside the blocks become the document's metadata."""
    placed = fields.pop("content_blocks")
    own = fields.pop("metadata", _ABSENT).value
    metadata: dict[str, JsonValue] = dict(own) if isinstance(own, dict) else {}
    metadata |= {key: member.value for key, member in fields.items()}
    blocks = [book_block(block.value, _place(block)) for block in document.elements_of(placed)]
    title = metadata.get("title")
    return Extraction(media_type, blocks, title=title if isinstance(title, str) else None, metadata=metadata)


def _json_lines(text: str, media_type: str) -> Extraction:
    """One record per line."""
    blocks: list[BlockDraft] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            blocks.extend(_record(line, number))
    return Extraction(media_type, blocks)


def _record(line: str, number: int) -> Iterator[BlockDraft]:
    try:
        members = list(PlacedJson(f"[{line}]").members())
    except (ValueError, RecursionError):
        return paragraph_blocks(line, first_line=number)
    return _readable([Placed("", member.value, number, number, 0) for member in members])


def _readable(members: Sequence[Placed]) -> Iterator[BlockDraft]:
    """Neighbouring small values together, large ones in pieces."""
    lines: list[Line] = []
    group: list[Placed] = []
    for member in members:
        own = list(_lines(member.value, _key(member)))
        if group and (isinstance(member.value, (dict, list)) or _length(lines) + _length(own) > BLOCK_CHARACTERS):
            yield from _blocks(lines, group)
            lines, group = [], []
        lines += own
        group.append(member)
    if group:
        yield from _blocks(lines, group)


def _blocks(lines: Sequence[Line], group: Sequence[Placed]) -> Iterator[BlockDraft]:
    place: dict[str, JsonValue] = {"start_line": group[0].start_line, "end_line": group[-1].end_line}
    piece: list[Line] = []
    for line in lines:
        if piece and _length(piece) + _length([line]) > BLOCK_CHARACTERS:
            yield _block(piece, place)
            piece = []
        piece.append(line)
    if piece:
        yield _block(piece, place)


def _block(lines: Sequence[Line], place: dict[str, JsonValue]) -> BlockDraft:
    text = "\n".join(f"{path}: {value}" if path else value for path, value in lines)
    return BlockDraft(BlockType.PARAGRAPH, text, metadata={**place, "key_path": lines[0][0]})


def _lines(value: JsonValue, path: str) -> Iterator[Line]:
    """Every scalar below the value with its path, such as `servers[0].name`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _lines(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _lines(item, f"{path}[{index}]")
    else:
        yield path, _scalar(value)


def _scalar(value: JsonValue) -> str:
    if isinstance(value, str):
        is_blob = len(value) > BLOB_CHARACTERS and not any(character.isspace() for character in value[:BLOB_CHARACTERS])
        return f"{value[:SHOWN_BLOB]}…" if is_blob else value
    return {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else str(value)


def _key(member: Placed) -> str:
    return member.key if isinstance(member.key, str) else f"[{member.key}]"


def _title(members: Sequence[Placed]) -> str | None:
    return next((member.value for member in members if member.key in {"title", "name"} and isinstance(member.value, str)), None)


def _place(placed: Placed) -> dict[str, JsonValue]:
    return {"start_line": placed.start_line, "end_line": placed.end_line}


def _length(lines: Sequence[Line]) -> int:
    return sum(len(path) + len(value) + 3 for path, value in lines)


_ABSENT = Placed("", None, 0, 0, 0)
