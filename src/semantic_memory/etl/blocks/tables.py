"""Tables as blocks: the cells in the metadata, a Markdown rendering as the text."""

from collections.abc import Mapping, Sequence

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue

Rows = Sequence[Sequence[str]]


def table_block(rows: Rows, header_rows: int, *, page: int | None = None, metadata: Mapping[str, JsonValue] | None = None) -> BlockDraft:
    """A table block; `rows` and `header_rows` (how many of the first rows are headings) go into the metadata."""
    cells: list[JsonValue] = [list[JsonValue](row) for row in rows]
    return BlockDraft(
        BlockType.TABLE,
        table_text(rows, header_rows),
        page=page,
        metadata={**(metadata or {}), "rows": cells, "header_rows": header_rows},
    )


def likely_header_rows(rows: Rows) -> int:
    """1 when the first row looks like headings: all its cells are filled, differ and have no digit, and digits follow below."""
    first = [cell.strip() for cell in rows[0]] if rows else []
    is_named = all(cell and not _has_digit(cell) for cell in first) and len(set(first)) == len(first)
    return int(is_named and any(_has_digit(cell) for row in rows[1:] for cell in row))


def table_text(rows: Rows, header_rows: int) -> str:
    """One `| a | b |` line per row, a rule after the header rows; cells without any text give an empty string."""
    if not any(cell.strip() for row in rows for cell in row):
        return ""
    lines = ["| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in rows]
    if header_rows:
        lines.insert(header_rows, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def _has_digit(cell: str) -> bool:
    return any(character.isdigit() for character in cell)
