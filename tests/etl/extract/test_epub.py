import io
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionError, ExtractionLimitError, PasswordRequiredError
from semantic_memory.core.model import BlockType
from tests.etl.conftest import Read
from tests.etl.extract.loopback import listening

CONTAINER = '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfile full-path="OPS/book.opf"/></container>'
PAGE = "application/xhtml+xml"
TITLE = '<dc:title xmlns:dc="http://purl.org/dc/elements/1.1/">The Book</dc:title>'
NOTHING: Mapping[str, str] = MappingProxyType({})


def book(
    chapters: Mapping[str, str], *, spine: str | None = None, manifest: str = "", metadata: str = "", parts: Mapping[str, str] = NOTHING
) -> bytes:
    """A book whose chapters lie in the folder OPS; `spine` names them in reading order."""
    items = "".join(f'<item id="{name}" href="{name}" media-type="{PAGE}"/>' for name in chapters)
    order = "".join(f'<itemref idref="{name}"/>' for name in (spine.split() if spine else chapters))
    package = f"<package><metadata>{metadata}</metadata><manifest>{items}{manifest}</manifest><spine>{order}</spine></package>"
    members = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "OPS/book.opf": package}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, **{f"OPS/{name}": text for name, text in chapters.items()}, **parts}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_chapters_come_in_the_order_of_the_spine(read: Read) -> None:
    extraction = read(
        "a.epub", book({"b.xhtml": "<h1>B</h1><p>second", "a.xhtml": "<h1>A</h1><p>first"}, spine="a.xhtml b.xhtml", metadata=TITLE)
    )

    assert extraction.title == "The Book"
    assert [(block.type.value, block.text, block.metadata["chapter"]) for block in extraction.blocks] == [
        ("heading", "A", "OPS/a.xhtml"),
        ("paragraph", "first", "OPS/a.xhtml"),
        ("heading", "B", "OPS/b.xhtml"),
        ("paragraph", "second", "OPS/b.xhtml"),
    ]


NCX = '<ncx><navPoint><navLabel><text>Chapter One</text></navLabel><content src="one.xhtml#a"/></navPoint></ncx>'
NAVIGATION = '<html><body><nav><ol><li><a href="one.xhtml">Chapter One</a></ol></nav></body></html>'


@pytest.mark.parametrize(
    ("manifest", "part"),
    [
        ('<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>', {"OPS/toc.ncx": f'<!DOCTYPE ncx PUBLIC "a" "b">{NCX}'}),
        (f'<item id="n" href="nav.xhtml" media-type="{PAGE}" properties="nav"/>', {"OPS/nav.xhtml": NAVIGATION}),
    ],
    ids=["EPUB 2", "EPUB 3"],
)
def test_a_chapter_without_a_heading_gets_its_name_in_the_table_of_contents(read: Read, manifest: str, part: dict[str, str]) -> None:
    content = book({"one.xhtml": "<p>text"}, spine="n one.xhtml", manifest=manifest, parts=part)

    heading, text = read("a.epub", content).blocks

    assert (heading.type, heading.text, heading.metadata["original_type"]) == (BlockType.HEADING, "Chapter One", "toc entry")
    assert text.text == "text"


def test_a_damaged_table_of_contents_is_a_warning(read: Read) -> None:
    manifest = '<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'

    extraction = read("a.epub", book({"a.xhtml": "<title>Own</title><p>text"}, manifest=manifest, parts={"OPS/toc.ncx": "<ncx"}))

    assert [block.text for block in extraction.blocks] == ["Own", "text"]
    assert "table of contents" in extraction.warnings[0]


def test_chapters_may_declare_a_document_type_and_names_may_be_escaped(read: Read) -> None:
    chapter = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"><html><h1>A&nbsp;B</h1><p>x</html>'
    manifest = f'<item id="c" href="my%20chapter.xml" media-type="{PAGE}"/>'

    blocks = read("a.epub", book({}, spine="c", manifest=manifest, parts={"OPS/my chapter.xml": chapter})).blocks

    assert [(block.text, block.metadata["chapter"]) for block in blocks][1] == ("x", "OPS/my chapter.xml")


def test_a_missing_chapter_is_a_warning(read: Read) -> None:
    manifest = f'<item id="gone" href="gone.xhtml" media-type="{PAGE}"/>'

    extraction = read("a.epub", book({"a.xhtml": "<h1>A</h1><p>x"}, spine="gone a.xhtml", manifest=manifest))

    assert (len(extraction.blocks), extraction.warnings) == (2, ("chapter 'OPS/gone.xhtml' is not in the file",))


@pytest.mark.parametrize(("uri", "is_locked"), [("OPS/a.xhtml", True), ("OPS/font.otf", False)])
def test_copy_protection_asks_for_a_password_and_disguised_fonts_do_not(read: Read, uri: str, is_locked: bool) -> None:
    encryption = f'<encryption><EncryptedData><CipherData><CipherReference URI="{uri}"/></CipherData></EncryptedData></encryption>'
    content = book({"a.xhtml": "<p>x"}, parts={"META-INF/encryption.xml": encryption})

    if is_locked:
        with pytest.raises(PasswordRequiredError):
            read("a.epub", content)
    else:
        assert read("a.epub", content).blocks[0].text == "x"


def test_file_03_a_chapter_without_end_is_cut_with_a_warning(read: Read) -> None:
    extraction = read("a.epub", book({"a.xhtml": "<p>start " + " " * 9_000_000 + "end", "b.xhtml": "<h1>B</h1><p>after"}))

    assert [block.text for block in extraction.blocks] == ["start", "B", "after"]
    assert extraction.warnings == ("only the first 8388608 bytes of chapter 'OPS/a.xhtml' were read",)


def test_file_03_a_book_without_end_is_cut_with_a_warning(read: Read) -> None:
    chapters = {f"{number}.xhtml": f"<p>{number}" + " " * 8_400_000 for number in range(5)}

    extraction = read("a.epub", book(chapters))

    assert [block.text for block in extraction.blocks] == ["0", "1", "2", "3"]
    assert extraction.warnings[-1] == "the last 1 chapters were left out: at most 33554432 bytes of a book are read"


def test_file_13_external_entities_fetch_nothing_and_are_not_expanded(read: Read) -> None:
    with listening() as listener:
        prolog = f'<!DOCTYPE html SYSTEM "{listener.url}" [<!ENTITY e SYSTEM "file:///etc/hostname"><!ENTITY a "expanded">]>'
        blocks = read("a.epub", book({"a.xhtml": f"{prolog}<h1>T</h1><p>&e; &a;</p>"})).blocks
        with pytest.raises(CorruptFileError):
            read("b.epub", book({"a.xhtml": "<p>x"}, parts={"META-INF/container.xml": f"{prolog}{CONTAINER}"}))

    assert listener.hits == []
    assert blocks[-1].text == "&e; &a;"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (book({"a.xhtml": "x" * 60_000_000}), ExtractionLimitError),
        (book({"a.xhtml": "<p>x"}, parts={"META-INF/container.xml": "<container/>"}), CorruptFileError),
        (book({"a.xhtml": "<p>x"}, parts={"OPS/book.opf": "<package"}), CorruptFileError),
        (book({"a.xhtml": "<p>x"}, parts={"OPS/book.opf": "<package/>"}), EmptyDocumentError),
        (book({"a.xhtml": "<script>x</script>"}), EmptyDocumentError),
    ],
    ids=["FILE-03 bomb", "no package", "damaged package", "empty package", "no text"],
)
def test_hostile_books_are_typed_errors(read: Read, content: bytes, error: type[ExtractionError]) -> None:
    with pytest.raises(error):
        read("a.epub", content)
