"""Word documents: mammoth turns the body into HTML, whose blocks are read as those of any page."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast
from zipfile import ZipFile

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError
from semantic_memory.core.model import BlockType, Extraction, JsonValue
from semantic_memory.etl.archives import MEGABYTE, checked_archive, read_member
from semantic_memory.etl.blocks.markup import read_markup
from semantic_memory.etl.extract.format import Format, ReadOptions

if TYPE_CHECKING:
    from mammoth.documents import Image

BODY = "word/document.xml"
PROPERTIES = "docProps/core.xml"
MAX_PARAGRAPHS = 50_000
"""About 2,000 pages, read in one CPU minute; a 77 kB file can hold 400,000 (EXTRACTION.md §2.11)."""
STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Code'] => pre:separator('\\n')
p[style-name='Source Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
"""
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"


class _Result(Protocol):
    value: str


class _Convert(Protocol):
    """The part of mammoth, which has no types, that is used here."""

    def __call__(self, fileobj: BinaryIO, *, style_map: str, convert_image: object) -> _Result: ...


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return DocxFormat()


class DocxFormat:
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Headings, paragraphs, lists, tables and described images in order; the title is the property, else the first heading.

        Word files have no fixed pages or lines, so a block's place is its order and its headings.
        """
        with checked_archive(file) as archive:
            _count_paragraphs(archive)
            metadata = _properties(archive)
        blocks = read_markup(_html(file), first_line=None).blocks
        headings = (block.text for block in blocks if block.type is BlockType.HEADING)
        title = metadata.get("title")
        return Extraction(media_type, blocks, title=str(title) if title else next(headings, None), metadata=metadata)


def _count_paragraphs(archive: ZipFile) -> None:
    count, tail = 0, b""
    for chunk in read_member(archive, BODY):
        data = tail + chunk.replace(b"\0", b"")  # UTF-16 counts like UTF-8
        count += data.count(b"<w:p ") + data.count(b"<w:p>")
        tail = data[-4:]  # one byte less than the pattern: found in the next chunk and not twice
    if count > MAX_PARAGRAPHS:
        raise ExtractionLimitError(f"the document has {count} paragraphs; at most {MAX_PARAGRAPHS} are read")


def _html(file: Path) -> str:
    import mammoth

    convert = cast("_Convert", mammoth.convert_to_html)  # pyright: ignore[reportUnknownMemberType]
    images = cast("object", mammoth.images.img_element(_no_source))  # pyright: ignore[reportUnknownMemberType]
    with file.open("rb") as stream, _docx_errors():
        return convert(stream, style_map=STYLES, convert_image=images).value


def _no_source(_image: "Image") -> dict[str, str]:
    """The image's bytes stay where they are; mammoth adds its description."""
    return {"src": ""}


@contextmanager
def _docx_errors() -> Generator[None]:
    from xml.parsers.expat import ExpatError

    try:
        yield
    except (ExpatError, KeyError, ValueError, IndexError, AttributeError) as error:
        raise CorruptFileError(f"the Word document is damaged: {error}") from error


def _properties(archive: ZipFile) -> dict[str, JsonValue]:
    """Title, author and dates, as far as the file has them."""
    from xml.etree import ElementTree as ET

    if PROPERTIES not in archive.NameToInfo:
        return {}
    try:
        root = ET.fromstring(b"".join(read_member(archive, PROPERTIES, MEGABYTE)))  # noqa: S314  no document type: checked
    except ET.ParseError as error:
        raise CorruptFileError(f"part {PROPERTIES!r} is damaged: {error}") from error
    wanted = {"title": _DUBLIN_CORE, "creator": _DUBLIN_CORE, "subject": _DUBLIN_CORE, "created": _TERMS, "modified": _TERMS}
    found = {name: (root.findtext(f"{space}{name}") or "").strip() for name, space in wanted.items()}
    return {name: text for name, text in found.items() if text}
