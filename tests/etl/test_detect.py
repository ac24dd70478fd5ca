import io
import zipfile

import pytest

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, PasswordRequiredError, UnsupportedTypeError
from semantic_memory.etl import detect as kinds
from semantic_memory.etl.detect import detect
from tests.etl.conftest import Write

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def zipped(**members: str) -> bytes:
    """An archive; `__` in a name stands for a slash, `_` for a dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.md", "# Title\n", kinds.MARKDOWN),
        ("a.txt", "# Title\n", kinds.PLAIN_TEXT),
        ("a.html", "<p>x</p>", kinds.HTML),
        ("A.HTM", "<p>x</p>", kinds.HTML),
        ("a.json", '{"a": 1}', kinds.JSON),
        ("a.jsonl", '{"a": 1}\n', kinds.JSON_LINES),
        ("src/a.py", "x = 1\n", "text/x-python"),
        ("C:\\src\\a.rs", "fn main() {}", "text/x-rust"),
        ("Makefile", "all:\n\techo\n", "text/x-make"),
        ("Dockerfile", "FROM scratch\n", "text/x-dockerfile"),
        ("a.pdf", b"%PDF-1.7\n", kinds.PDF),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 20, "image/png"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("a.docx", zipped(word__document_xml=""), kinds.DOCX),
        ("a.xlsx", zipped(xl__workbook_xml=""), kinds.XLSX),
        ("a.epub", zipped(mimetype="application/epub+zip"), "application/epub+zip"),
        ("a.zip", zipped(a_txt="x"), kinds.ZIP),
    ],
)
def test_a_usual_file_is_what_its_name_says(write: Write, name: str, content: str | bytes, media_type: str) -> None:
    assert detect(write("file", content), name) == media_type


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.txt", b"%PDF-1.4\n", kinds.PDF),
        ("a.md", b"\x00junk\x00%PDF-1.4\n", kinds.PDF),
        ("a.pdf", "just text", kinds.PLAIN_TEXT),
        ("a.docx", "<!DOCTYPE html><p>x", kinds.HTML),
        ("a.md", "<!-- x -->\n<html><p>x", kinds.HTML),
        ("a.html", "no tag at all", kinds.PLAIN_TEXT),
        ("a.txt", zipped(word__document_xml=""), kinds.DOCX),
        ("magic.py", "MAGIC = b'%PDF-'\n", "text/x-python"),
        ("BMW.txt", "BMW is a car", kinds.PLAIN_TEXT),
    ],
)
def test_content_overrules_the_name(write: Write, name: str, content: str | bytes, media_type: str) -> None:
    assert detect(write("file", content), name) == media_type


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("#!/bin/bash\necho", "text/x-bash"),
        ("#!/usr/bin/env python3\nx = 1", "text/x-python"),
        ("#!/opt/unknown\nx", kinds.PLAIN_TEXT),
        ('{"a": 1}', kinds.JSON),
        ('{\n"a": 1}', kinds.JSON),
        ('{"a": 1}\n{"a": 2}\n', kinds.JSON_LINES),
        ("# Title\n\n- one\n- two\n\nSee [this](there).\n", kinds.MARKDOWN),
        ("A sentence. Another one.", kinds.PLAIN_TEXT),
        ("\n<html><body>x", kinds.HTML),
        ("Hüte".encode("utf-16"), kinds.PLAIN_TEXT),
    ],
)
def test_a_name_without_extension_leaves_it_to_the_content(write: Write, content: str | bytes, media_type: str) -> None:
    assert detect(write("file", content), "file") == media_type


def test_a_character_on_the_edge_of_the_head_does_not_change_the_encoding(write: Write) -> None:
    content = "x" * (kinds.HEAD_BYTES - 1) + "ü" * 10

    assert detect(write("file", content), "a.txt") == kinds.PLAIN_TEXT


@pytest.mark.parametrize("content", [b"\x00" * 100, bytes(range(256)) * 20, b"text" * 100 + b"\x00" * 50])
@pytest.mark.parametrize("name", ["a.txt", "a.bin", "a.pdf", "a"])
def test_binary_junk_is_refused_under_any_name(write: Write, name: str, content: bytes) -> None:
    with pytest.raises(UnsupportedTypeError):
        detect(write("file", content), name)


def test_a_binary_with_a_registered_extension_can_be_read_by_a_plug_in(write: Write) -> None:
    assert detect(write("file", b"\x00\x01" * 50), "a.mp3", {".mp3": "audio/mpeg"}) == "audio/mpeg"


@pytest.mark.parametrize("content", ["", " \n\t\n", "\ufeff"])
def test_a_file_without_text_is_empty(write: Write, content: str) -> None:
    with pytest.raises(EmptyDocumentError):
        detect(write("file", content), "a.txt")


def test_a_cut_archive_is_corrupt(write: Write) -> None:
    with pytest.raises(CorruptFileError):
        detect(write("file", zipped(word__document_xml="x" * 1000)[:60]), "a.docx")


def test_an_encrypted_office_file_asks_for_a_password(write: Write) -> None:
    with pytest.raises(PasswordRequiredError):
        detect(write("file", OLE + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le")), "a.docx")


def test_an_old_office_file_is_named(write: Write) -> None:
    assert detect(write("file", OLE + b"\x00" * 600), "a.doc") == "application/x-ole-storage"
