"""Word documents whose XML is damaged, or whose structure the first choice cannot read: their paragraphs, as far as they go."""

from collections.abc import Iterator
from pathlib import Path

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from semantic_memory.etl.archives import MAX_MEMBER_BYTES, checked_archive
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.word.docx_package import BODY, Package
from semantic_memory.etl.word.xml import Event

MAX_PARAGRAPHS = 100_000
"""As for the first choice."""


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return PlainDocxFormat()


class PlainDocxFormat:
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Paragraphs without headings, lists, tables and notes; what a deletion left behind is out here too."""
        texts: list[str] = []
        warnings: list[str] = []
        with checked_archive(file) as archive:
            try:
                for text in _paragraphs(Package(archive).events(BODY, MAX_MEMBER_BYTES)):
                    texts.append(text)
                    if len(texts) == MAX_PARAGRAPHS:
                        warnings.append(f"the document was cut after {MAX_PARAGRAPHS} paragraphs")
                        break
            except CorruptFileError as error:
                if not texts:
                    raise
                warnings.append(f"the rest of the document cannot be read: {error.message}")
        return Extraction(media_type, [BlockDraft(BlockType.PARAGRAPH, text) for text in texts], warnings=warnings)


def _paragraphs(stream: Iterator[Event]) -> Iterator[str]:
    text, is_text = "", False
    for kind, name, _ in stream:
        if kind == "text" and is_text:
            text += name
        elif name == "w:t":
            is_text = kind == "start"
        elif name == "w:p" and kind == "end" and text.strip():
            yield text.strip()
            text = ""
