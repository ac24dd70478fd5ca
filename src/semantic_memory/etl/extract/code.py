"""Source code: a block per function, method, type and class header, and blocks for what lies between, with exact lines."""

from dataclasses import dataclass
from pathlib import Path

from semantic_memory.core.errors import GeneratedFileError
from semantic_memory.core.model import Extraction, JsonValue
from semantic_memory.etl.code.layout import read_code
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.languages import NAMES
from semantic_memory.etl.text import read_text


def build(options: ReadOptions) -> Format:
    return CodeFormat(skip_generated=options.skip_generated)


@dataclass(frozen=True, slots=True)
class CodeFormat:
    skip_generated: bool

    @property
    def media_types(self) -> frozenset[str]:
        return frozenset(f"text/x-{language}" for language in NAMES)

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:
        """Blocks that together hold every line that is not blank once, in order.

        Metadata: start_line, end_line; section (file, class); of definitions also symbol, kind, signature, docstring, definition_lines
        (of the whole of it, where the block holds only the head of a class) and nested (definitions inside that have no block of their
        own). A long block has breaks: the lines on which statements start, outermost first. The first block has the file's imports and
        docstring.
        Raises: EmptyDocumentError, ExtractionLimitError, GeneratedFileError.
        """
        from semantic_memory.etl.code.generated import why_skipped

        decoded = read_text(file)
        reason = why_skipped(name, decoded.text) if self.skip_generated else None
        if reason:
            raise GeneratedFileError(f"{name!r} is skipped: {reason}")
        language = media_type.removeprefix("text/x-")
        encoding: dict[str, JsonValue] = {} if decoded.encoding == "utf-8" else {"encoding": decoded.encoding}
        code = read_code(decoded.text, language, name)
        return Extraction(media_type, code.blocks, metadata=encoding, warnings=code.warnings)
