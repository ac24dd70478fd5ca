"""Jupyter notebooks: text, code and text outputs, cell by cell. Nothing of them is run, and no output is opened but as text."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.archives import MEGABYTE
from semantic_memory.etl.blocks.paragraphs import paragraph_blocks
from semantic_memory.etl.code.layout import code_blocks
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.markdown.blocks import markdown_blocks
from semantic_memory.etl.media_types import NOTEBOOK
from semantic_memory.etl.text import decode

MAX_BYTES = 128 * MEGABYTE
"""Notebooks hold their pictures as text; reading takes about five times that in memory."""
OUTPUT_CHARACTERS = 2000
"""Shown of one output, some 40 lines: what a reader looks at before scrolling on."""
OUTPUTS_CHARACTERS = 200_000
"""Shown of all outputs together, so that a training log does not drown the text."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CELL_MAGIC = re.compile(r"%%(\w+)")
_MAGIC_LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(("bash", "sh", "script"), "bash"),
    **dict.fromkeys(("javascript", "js"), "javascript"),
    **{name: name for name in ("html", "latex", "perl", "ruby", "sql", "r")},
    **dict.fromkeys(("markdown", "writefile", "file"), ""),
}
"""IPython's `%%` commands that make the cell another language; no name means plain text."""
_KERNELS: Mapping[str, str] = {"ipython": "python", "python3": "python", "c++": "cpp", "c#": "csharp", "f#": "fsharp", "ir": "r"}
"""What kernels call their language, where that is not our name for it."""


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return NotebookFormat()


class NotebookFormat:
    media_types = frozenset({NOTEBOOK})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:
        """The cells in order. Every block has `cell`, its number from 1; start_line and end_line count within the cell's source.

        Text outputs are code blocks with the `original_type` output, without lines. Raises: CorruptFileError, ExtractionLimitError.
        """
        notebook = _load(file)
        language = _language(notebook)
        reader = _Cells(name, language)
        blocks = [block for number, cell in enumerate(_cells(notebook), start=1) for block in reader.blocks(number, cell)]
        metadata: dict[str, JsonValue] = {"kernel_language": language} if language else {}
        title = next((block.text for block in blocks if block.type is BlockType.HEADING), None)
        return Extraction(media_type, blocks, title=title, metadata=metadata, warnings=reader.warnings())


@dataclass(slots=True)
class _Cells:
    """Makes blocks of cells, and counts what it does not show."""

    name: str
    language: str
    _left: int = OUTPUTS_CHARACTERS
    _cut: int = 0
    _unread: Counter[str] = field(default_factory=Counter[str])

    def blocks(self, number: int, cell: Mapping[str, object]) -> Iterator[BlockDraft]:
        source = _joined(cell.get("source", cell.get("input", "")))
        for block in self._source(str(cell.get("cell_type", "")), source, cell):
            yield replace(block, metadata={**block.metadata, "cell": number})
        for output in _mappings(cell.get("outputs")):
            yield from self._output(number, output)

    def warnings(self) -> list[str]:
        cut = [f"{self._cut} outputs were cut to {OUTPUT_CHARACTERS} characters, and to {OUTPUTS_CHARACTERS} together"] * bool(self._cut)
        return cut + [f"{count} outputs of type {kind!r} were not read" for kind, count in sorted(self._unread.items())]

    def _source(self, kind: str, source: str, cell: Mapping[str, object]) -> Iterator[BlockDraft]:
        if not source.strip():
            return
        if kind == "markdown":
            yield from markdown_blocks(source)
        elif kind == "heading":  # until version 3 of the format
            level = cell.get("level")
            yield BlockDraft(BlockType.HEADING, " ".join(source.split()), metadata={"level": level if isinstance(level, int) else 1})
        elif kind == "code":
            yield from self._code(source)
        else:
            yield from paragraph_blocks(source)

    def _code(self, source: str) -> Iterator[BlockDraft]:
        magic = _CELL_MAGIC.match(source)
        language = _MAGIC_LANGUAGES.get(magic[1].lower(), self.language) if magic else self.language
        yield from code_blocks(source, language, self.name) if language else paragraph_blocks(source)

    def _output(self, number: int, output: Mapping[str, object]) -> Iterator[BlockDraft]:
        text = _COLOURS.sub("", self._text(output)).strip("\n")
        shown = text[: max(0, min(OUTPUT_CHARACTERS, self._left))]
        self._cut += len(shown) < len(text)
        self._left -= len(shown)
        if shown.strip():
            yield BlockDraft(BlockType.CODE, shown, metadata={"original_type": "output", "cell": number})

    def _text(self, output: Mapping[str, object]) -> str:
        """What the output shows as text; other representations of the same are counted only when there is no text."""
        kind = str(output.get("output_type"))
        if kind == "stream":
            return _joined(output.get("text"))
        if kind in {"error", "pyerr"}:
            return f"{output.get('ename')}: {output.get('evalue')}"
        data = _mapping(output.get("data"))
        text = _joined(data.get("text/plain", output.get("text")))
        kinds = [kind for kind in data if kind not in {"text/plain", "text/html", "text/latex", "text/markdown"}]
        self._unread.update(kinds if text.strip() else data.keys())
        return text


def _load(file: Path) -> Mapping[str, object]:
    import orjson

    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ExtractionLimitError(f"the notebook has {size} bytes; at most {MAX_BYTES} are read")
    try:
        loaded: object = orjson.loads(decode(file.read_bytes()).text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError as error:
        raise CorruptFileError(f"the notebook is no valid JSON: {error}") from error
    return _mapping(loaded)


def _cells(notebook: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """Until version 3 of the format they lay in worksheets. Raises: CorruptFileError when there are none of either."""
    sheets = _mappings(notebook.get("worksheets"))
    if "cells" not in notebook and not sheets:
        raise CorruptFileError("this is no notebook: it has no cells")
    return _mappings(notebook.get("cells")) or [cell for sheet in sheets for cell in _mappings(sheet.get("cells"))]


def _language(notebook: Mapping[str, object]) -> str:
    """The kernel's, in our words; empty when the notebook does not say."""
    metadata = _mapping(notebook.get("metadata"))
    info, kernel = _mapping(metadata.get("language_info")), _mapping(metadata.get("kernelspec"))
    told = str(info.get("name") or kernel.get("language") or kernel.get("name") or "").strip().lower()
    return _KERNELS.get(told, told)


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [_mapping(item) for item in cast("list[object]", value)] if isinstance(value, list) else []


def _joined(value: object) -> str:
    """A text, which notebooks store as a list of its lines."""
    if isinstance(value, list):
        return "".join(item for item in cast("list[object]", value) if isinstance(item, str))
    return value if isinstance(value, str) else ""
