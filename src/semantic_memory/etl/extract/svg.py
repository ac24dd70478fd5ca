"""SVG drawings: their title, description and texts. Scripts, styles, links and embedded pictures are never looked at."""

from html import escape
from html.parser import HTMLParser
from pathlib import Path

from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.markup.text import BOUNDARIES, Text, closable
from semantic_memory.etl.media_types import SVG
from semantic_memory.etl.text import read_text

_SKIPPED = frozenset({"script", "style", "metadata"})
_TEXTS = frozenset({"title", "desc", "text", "foreignobject"})


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return SvgFormat()


class SvgFormat:
    media_types = frozenset({SVG})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """An image block of the drawing's title and description, then a paragraph for each text in it, with their lines.

        No entity is expanded and nothing is fetched. Raises: EmptyDocumentError, ExtractionLimitError.
        """
        reader = _Reader()
        reader.feed(closable(_without_cdata(read_text(file).text)))
        reader.close()
        drawing, texts = reader.described, reader.texts
        title = next((block.text for block in drawing if block.metadata.get("original_type") == "title"), None)
        return Extraction(media_type, [*_image(drawing), *texts], title=title)


class _Reader(HTMLParser):
    """Collects the texts; those of the drawing as a whole come before its first shape."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.described: list[BlockDraft] = []
        self.texts: list[BlockDraft] = []
        self._open: str = ""
        self._depth = 0
        self._skipped = 0
        self._has_shapes = False
        self._alternatives: list[bool] = []
        self._text = Text()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipped += 1
        elif self._open:
            self._depth += tag == self._open
            if tag in BOUNDARIES or tag == "br" or any(name in {"dy", "y"} for name, _ in attrs):
                self._text.add_break()
        elif tag in _TEXTS:
            self._open, self._depth = tag, 1
        elif tag == "switch":
            self._alternatives.append(False)
        elif tag not in {"svg", "defs"}:
            self._has_shapes = True

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  part of the base class
        """An empty element holds no text, but it may be a shape."""
        if not self._open and tag not in _TEXTS | _SKIPPED:
            self._has_shapes = True

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipped = max(0, self._skipped - 1)
        elif tag == self._open:
            self._depth -= 1
            if not self._depth:
                self._finish(tag)
        elif tag == "switch" and self._alternatives:
            self._alternatives.pop()

    def handle_data(self, data: str) -> None:
        if self._skipped or not self._open:
            return
        if data.strip():
            line = self.getpos()[0]
            leading = len(data) - len(data.lstrip())
            self._text.see(line + data.count("\n", 0, leading), line + data.rstrip().count("\n"))
        self._text.add(data)

    def close(self) -> None:
        super().close()
        if self._open:
            self._finish(self._open)

    def _finish(self, tag: str) -> None:
        """Keeps the text, unless it only repeats another for programs that cannot show that one."""
        text, self._text, self._open = self._text, Text(), ""
        words = text.joined()
        if not words or (self._alternatives and self._alternatives[-1]):
            return
        if self._alternatives:
            self._alternatives[-1] = True
        block = BlockDraft(BlockType.PARAGRAPH, words, metadata={**text.place(), "original_type": tag})
        is_of_all = tag in {"title", "desc"} and not self._has_shapes
        (self.described if is_of_all else self.texts).append(block)
        self._has_shapes = self._has_shapes or tag in {"text", "foreignobject"}


def _image(described: list[BlockDraft]) -> list[BlockDraft]:
    if not described:
        return []
    text = "\n".join(block.text for block in described)
    lines = [block.metadata[key] for block in described for key in ("start_line", "end_line")]
    numbers = [line for line in lines if isinstance(line, int)]
    place: dict[str, JsonValue] = {"start_line": min(numbers), "end_line": max(numbers)}
    return [BlockDraft(BlockType.IMAGE, text, metadata={"alt": text, **place})]


def _without_cdata(text: str) -> str:
    """Marked sections as plain text: the HTML parser would take them for comments."""
    first, *sections = text.split("<![CDATA[")
    pieces = [section.partition("]]>") for section in sections]
    return first + "".join(escape(inside, quote=False) + after for inside, _, after in pieces)
