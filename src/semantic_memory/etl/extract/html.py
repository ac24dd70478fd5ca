"""HTML pages and fragments."""

import codecs
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.markup.reader import read_markup
from semantic_memory.etl.media_types import HTML
from semantic_memory.etl.text import read_text

DECLARATION_BYTES = 1024
"""Where a page must declare its encoding; WHATWG HTML, 13.2.3.2."""
_DECLARED = re.compile(rb"""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w.:-]{2,30})""", re.IGNORECASE)
_FAMILIES = ("cp125", "cp874", "cp866", "iso8859-", "koi8-", "mac-", "gb18030", "big5", "euc_jp", "iso2022_jp")
_MEANT: Mapping[str, str] = {
    **dict.fromkeys(("iso8859-1", "ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""What pages mean by these names; WHATWG Encoding, 4.2."""
_TOLD = ("navigation", "cookie notice", "hidden")


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return HtmlFormat()


class HtmlFormat:
    media_types = frozenset({HTML, "application/xhtml+xml"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Headings, paragraphs, lists, tables, code and images with their lines; the title is the page's own, else the first heading.

        Metadata: what the page says of itself (description, author, published, modified, keywords, site, canonical, language), and in
        `left_out` how many menus, cookie notices and hidden elements were not read.
        """
        with file.open("rb") as stream:
            declared = declared_encoding(stream.read(DECLARATION_BYTES))
        decoded = read_text(file, declared=declared)
        markup = read_markup(decoded.text)
        encoding: dict[str, JsonValue] = {} if decoded.encoding == "utf-8" else {"encoding": decoded.encoding}
        left_out: dict[str, JsonValue] = {reason: count for reason, count in markup.left_out.items() if reason in _TOLD}
        told: dict[str, JsonValue] = {"left_out": left_out} if left_out else {}
        title = markup.title or _first_heading(markup.blocks)
        return Extraction(media_type, markup.blocks, title=title, metadata={**markup.metadata, **encoding, **told})


def declared_encoding(head: bytes) -> str | None:
    """The encoding that the start of a page names, if it is one for text: not one of Python's own, which could be slow or compressed."""
    match = _DECLARED.search(head)
    if not match:
        return None
    try:
        name = codecs.lookup(match[1].decode("ascii")).name
    except (LookupError, UnicodeDecodeError):
        return None
    return _MEANT.get(name, name if name.startswith(_FAMILIES) else None)


def _first_heading(blocks: Sequence[BlockDraft]) -> str | None:
    return next((block.text for block in blocks if block.type is BlockType.HEADING), None)
