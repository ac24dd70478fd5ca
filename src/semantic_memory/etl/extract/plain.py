"""Plain text: paragraphs between blank lines."""

from pathlib import Path

from semantic_memory.core.model import Extraction, JsonValue
from semantic_memory.etl.blocks.paragraphs import paragraph_blocks
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.text import read_text


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return PlainTextFormat()


class PlainTextFormat:
    media_types = frozenset({"text/plain"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Paragraphs, and what is surely a heading or a list, with their lines; `metadata.encoding` names an encoding other than UTF-8."""
        decoded = read_text(file)
        encoding: dict[str, JsonValue] = {} if decoded.encoding == "utf-8" else {"encoding": decoded.encoding}
        return Extraction(media_type, list(paragraph_blocks(decoded.text)), metadata=encoding)
