"""EPUB: package document, spine and table of contents (EPUB 3.3, and 2.0.1 for older books)."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from xml.etree import ElementTree as ET
from zipfile import ZipFile

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError, PasswordRequiredError
from semantic_memory.core.model import BlockDraft, BlockType, Json, JsonValue
from semantic_memory.etl.archives import CHUNK_BYTES, MEGABYTE, read_member
from semantic_memory.etl.markup.reader import read_markup
from semantic_memory.etl.office.parts import TREE_BYTES, optional_tree, properties, resolve, tree
from semantic_memory.etl.text import decode

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
NCX = "application/x-dtbncx+xml"
CHAPTER_BYTES = 8 * MEGABYTE
"""Read of one chapter; the longest novels have 4 MB as a whole."""
BOOK_BYTES = 32 * MEGABYTE
"""Read of all chapters together; as much as of a text file."""
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})


@dataclass(frozen=True, slots=True)
class Book:
    """An open book; `chapters` are members of the archive in reading order, `labels` their names in the table of contents."""

    archive: ZipFile
    metadata: Json
    chapters: Sequence[str]
    labels: Mapping[str, str]

    def blocks(self, warnings: list[str]) -> Iterator[BlockDraft]:
        """Blocks with their chapter; what is too long or missing is told in `warnings`.

        A chapter without any heading gets its name in the table of contents as one, so that it does not seem to belong to the one before.
        """
        left = BOOK_BYTES
        for number, chapter in enumerate(self.chapters):
            if chapter not in self.archive.NameToInfo:
                warnings.append(f"chapter {chapter!r} is not in the file")
                continue
            if left <= 0:
                warnings.append(
                    f"the last {len(self.chapters) - number} chapters were left out: at most {BOOK_BYTES} bytes of a book are read"
                )
                return
            data = _start_of(self.archive, chapter, min(left, CHAPTER_BYTES))
            left -= len(data)
            if len(data) < self.archive.NameToInfo[chapter].file_size:
                warnings.append(f"only the first {len(data)} bytes of chapter {chapter!r} were read")
            yield from self._chapter(chapter, data)

    def _chapter(self, chapter: str, data: bytes) -> Iterator[BlockDraft]:
        markup = read_markup(decode(data).text)
        place: dict[str, JsonValue] = {"chapter": chapter}
        label = self.labels.get(chapter) or markup.title
        if markup.blocks and label and all(block.type is not BlockType.HEADING for block in markup.blocks):
            yield BlockDraft(BlockType.HEADING, label, metadata={**place, "level": 1, "original_type": "toc entry"})
        for block in markup.blocks:
            yield replace(block, metadata={**block.metadata, **place})


def open_book(archive: ZipFile, warnings: list[str]) -> Book:
    """Raises: CorruptFileError, ExtractionLimitError; PasswordRequiredError when chapters are encrypted."""
    package = next((entry.get("full-path", "") for entry in tree(archive, CONTAINER).iter("rootfile")), "")
    if package not in archive.NameToInfo:
        raise CorruptFileError(f"the book's package document {package!r} is not in the file")
    root, folder = tree(archive, package), posixpath.dirname(package)
    items = {item.get("id", ""): item for item in root.iter("item")}
    spine = [items[key] for entry in root.iter("itemref") if (key := entry.get("idref", "")) in items]
    pages = [item for item in spine if item.get("media-type", "") in _PAGES and "nav" not in item.get("properties", "").split()]
    chapters = list(dict.fromkeys(resolve(folder, item.get("href", "")) for item in pages))
    _refuse_protection(archive, chapters)
    described = root.find("metadata")
    return Book(
        archive, properties(described) if described is not None else {}, chapters, _labels(archive, folder, items.values(), warnings)
    )


def _start_of(archive: ZipFile, name: str, size: int) -> bytes:
    """At most `size` bytes of the member."""
    chunks = islice(read_member(archive, name), -(-size // CHUNK_BYTES))
    return b"".join(chunks)[:size]


def _labels(archive: ZipFile, folder: str, items: Iterable[ET.Element], warnings: list[str]) -> dict[str, str]:
    """The name of each chapter in the table of contents; the older form of it first, which is data and no page."""
    found: dict[str, str] = {}
    try:
        for item in sorted(items, key=lambda one: one.get("media-type", "") != NCX):
            part = resolve(folder, item.get("href", ""))
            is_navigation = "nav" in item.get("properties", "").split()
            entries = _ncx(archive, part) if item.get("media-type") == NCX else _navigation(archive, part) if is_navigation else ()
            for target, label in entries:
                found.setdefault(resolve(posixpath.dirname(part), target), label)
    except (CorruptFileError, ExtractionLimitError) as error:
        warnings.append(f"the table of contents cannot be read: {error}")
    return found


def _ncx(archive: ZipFile, part: str) -> Iterator[tuple[str, str]]:
    for point in tree(archive, part).iter("navPoint"):
        content, label = point.find("content"), point.find("navLabel")
        if content is not None and label is not None:
            yield content.get("src", ""), " ".join("".join(label.itertext()).split())


def _navigation(archive: ZipFile, part: str) -> Iterator[tuple[str, str]]:
    page = decode(b"".join(read_member(archive, part, TREE_BYTES))).text
    for block in read_markup(page.replace("<nav", "<div").replace("</nav", "</div")).blocks:
        links = block.metadata.get("links")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict):
                yield str(link["url"]), str(link["text"])


def _refuse_protection(archive: ZipFile, chapters: Sequence[str]) -> None:
    """Fonts may be disguised, which harms nobody; text that is encrypted needs its seller's key."""
    locked = {resolve("", entry.get("URI", "")) for entry in optional_tree(archive, ENCRYPTION).iter("CipherReference")}
    if locked.intersection(chapters):
        raise PasswordRequiredError("the book is protected against copying")
