"""FILE-18: what fuzzing found once; each of these was an exception that nobody had thought of."""

import io
import zipfile

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.core.model import Extraction
from tests.fuzz.conftest import Fuzz
from tests.fuzz.samples import OFFICE, SAMPLES, TEXT, zipped


def test_file_18_a_zip_member_without_a_name_is_left_out(fuzz: Fuzz) -> None:
    with zipfile.ZipFile(content := io.BytesIO(), "w") as archive:
        archive.writestr("a.txt", "text")
        nameless = zipfile.ZipInfo("x")
        nameless.filename = ""
        archive.writestr(nameless, "text")

    outcome = fuzz("a.zip", content.getvalue())

    assert isinstance(outcome, Extraction)
    assert list(outcome.members) == ["a.txt"]


def test_file_18_the_first_bytes_of_a_gzip_file_are_a_damaged_archive(fuzz: Fuzz) -> None:
    for size in (2, 3, 4, 10, 11):
        assert isinstance(fuzz("a.gz", b"\x1f\x8b\x08\x08\0\0\0\0\0\x03a"[:size]), CorruptFileError)


def test_file_18_the_text_of_a_note_without_its_note_is_kept(fuzz: Fuzz) -> None:
    body = "<office:text><text:p>Text<text:note-body><text:p>Rain.</text:p></text:note-body></text:p></office:text>"
    document = f"<office:document-content {OFFICE} {TEXT}><office:body>{body}</office:body></office:document-content>"

    outcome = fuzz("a.odt", zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": document}))

    assert isinstance(outcome, Extraction)
    assert "Rain." in [block.text for block in outcome.blocks]


def test_file_18_a_slide_layout_with_a_wrong_checksum_is_damage(fuzz: Fuzz) -> None:
    content = bytearray(SAMPLES["a.pptx"]())
    layout = content.index(b"ppt/slideLayouts/slideLayout9.xml")
    content[layout + 200] ^= 0xFF

    outcome = fuzz("a.pptx", bytes(content))

    assert isinstance(outcome, CorruptFileError)
