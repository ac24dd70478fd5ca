import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.core.errors import EmptyDocumentError, ExtractionLimitError
from semantic_memory.core.model import BlockDraft, BlockType
from semantic_memory.etl.text import TEXT_BYTES, clean, cleaned, decode, read_text
from tests.etl.conftest import Write

GERMAN = "Die Größe des Hügels überrascht jeden, der ihn zum ersten Mal für längere Zeit sieht. " * 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252"])
def test_text_is_read_whatever_its_encoding(encoding: str) -> None:
    assert decode(GERMAN.encode(encoding)).text == GERMAN


def test_the_encoding_is_reported() -> None:
    assert decode(b"\xff\xfea\x00").encoding == "utf-16"
    assert decode(b"plain").encoding == "utf-8"


def test_other_bytes_are_latin_1_at_worst() -> None:
    assert decode(bytes(range(128, 256)) * 3).text


@given(st.binary(max_size=200))
def test_any_bytes_decode(data: bytes) -> None:
    assert "\r" not in decode(data).text


def test_every_line_end_becomes_a_line_feed() -> None:
    assert decode("a\r\nb\rc\u2028d\x0c\x85e".encode()).text == "a\nb\nc d  e"


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("cafe\u0301", "café"),
        ("a\x00b\x07c\x1b[0m", "abc[0m"),
        ("in\u200bvis\u2060ible\ufeff", "invisible"),
        ("\u202eevil\u202c", "evil"),
        ("tag\U000e0041\U000e0042s", "tags"),
        ("hy\u00adphen", "hyphen"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("smile \u2764\ufe0f", "smile \u2764\ufe0f"),
        ("hidden\u2764\ufe0f\ufe01\ufe02\ufe03", "hidden\u2764\ufe0f"),
        ("join\u200der", "joiner"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("tab\tand\nline", "tab\tand\nline"),
    ],
)
def test_clean_text_has_no_hidden_characters(dirty: str, tidy: str) -> None:
    assert clean(dirty) == tidy


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)

    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_metadata_is_cleaned_too() -> None:
    block = cleaned(BlockDraft(BlockType.TABLE, "\nx \n", metadata={"rows": [["a\u200b"], {"b\x00": 1}]}))

    assert block.text == "x"
    assert block.metadata == {"rows": [["a"], {"b": 1}]}


def test_blank_text_is_an_empty_document(write: Write) -> None:
    with pytest.raises(EmptyDocumentError):
        read_text(write("a.txt", "  \n"))


def test_a_text_above_the_limit_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "big.txt"
    with file.open("wb") as stream:
        stream.truncate(TEXT_BYTES + 1)

    with pytest.raises(ExtractionLimitError, match=str(TEXT_BYTES)):
        read_text(file)
