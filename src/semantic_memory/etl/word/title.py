"""What a document is called."""

from collections.abc import Sequence

from semantic_memory.core.model import BlockDraft, BlockType, Json


def title_of(blocks: Sequence[BlockDraft], metadata: Json) -> str | None:
    """The property, else the paragraph styled as title, else the first heading."""
    headings = [block for block in blocks if block.type is BlockType.HEADING]
    styled = (block.text for block in headings if block.metadata.get("original_type") == "title")
    first = (block.text for block in headings)
    title = metadata.get("title")
    return str(title) if title else next(styled, None) or next(first, None)
