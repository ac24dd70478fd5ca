"""Markdown: CommonMark with what GitHub and documentation tools add; every block knows its lines."""

from collections.abc import Sequence
from pathlib import Path

from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from semantic_memory.etl.blocks.front_matter import split_front_matter
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.markdown.blocks import markdown_blocks
from semantic_memory.etl.text import read_text


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return MarkdownFormat()


class MarkdownFormat:
    media_types = frozenset({"text/markdown"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """All blocks with start_line and end_line; those with links have `links`, headings their `anchor`.

        Front matter becomes the metadata; the title is its `title`, else the first heading.
        """
        matter = split_front_matter(read_text(file).text)
        blocks = markdown_blocks(matter.body)
        title = matter.values.get("title")
        return Extraction(media_type, blocks, title=title if isinstance(title, str) else _first_heading(blocks), metadata=matter.values)


def _first_heading(blocks: Sequence[BlockDraft]) -> str | None:
    return next((block.text for block in blocks if block.type is BlockType.HEADING), None)
