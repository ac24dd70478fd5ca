"""HTML pages and fragments."""

from pathlib import Path

from semantic_memory.core.model import BlockType, Extraction
from semantic_memory.etl.blocks.markup import Markup, read_markup
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.text import read_text


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return HtmlFormat()


class HtmlFormat:
    media_types = frozenset({"text/html", "application/xhtml+xml"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Headings, paragraphs, lists, tables, code and images with their lines; the title is `<title>`, else the first heading."""
        markup = read_markup(read_text(file).text)
        return Extraction(media_type, markup.blocks, title=markup.title or _first_heading(markup))


def _first_heading(markup: Markup) -> str | None:
    return next((block.text for block in markup.blocks if block.type is BlockType.HEADING), None)
