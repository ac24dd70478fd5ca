"""Files of many kinds, a few of each, made here: what a file is must be seen without its name."""

import bz2
import csv
import gzip
import io
import json
import lzma
import random
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from email.message import EmailMessage

from semantic_memory.etl import media_types as kinds

WORDS = """river bank north wind paper copper garden letter winter station bridge market engine coast window harbour signal valley record
method answer teacher morning question village travel silver number reason people question history science open quiet late early long
carry build measure answer follow open explain describe collect compare repair"""


def _samples() -> Iterator[tuple[str, list[bytes]]]:
    yield from _texts()
    yield from _data()
    yield from _code()
    yield from _containers()
    yield from _binaries()


def _sentence(dice: random.Random) -> str:
    words = [dice.choice(WORDS.split()) for _ in range(dice.randint(6, 16))]
    return " ".join(words).capitalize() + dice.choice([".", ".", "?", ", he said."])


def _paragraph(dice: random.Random) -> str:
    return " ".join(_sentence(dice) for _ in range(dice.randint(2, 6)))


def _texts() -> Iterator[tuple[str, list[bytes]]]:
    dice = random.Random(1)
    prose = ["\n\n".join(_paragraph(dice) for _ in range(count)) for count in (1, 3, 9, 30)]
    yield (
        kinds.PLAIN_TEXT,
        [text.encode() for text in prose] + [prose[1].encode("utf-16"), prose[2].replace(".", " für.").encode("latin-1")],
    )
    yield (
        kinds.MARKDOWN,
        [
            f"# {_sentence(dice)}\n\n{_paragraph(dice)}\n\n## {_sentence(dice)}\n\n- one\n- two\n\n{_paragraph(dice)}\n".encode(),
            f"{_paragraph(dice)}\n\n```python\nimport os\nimport sys\n```\n\n{_paragraph(dice)}\n".encode(),
            f"{_paragraph(dice)} See [here](https://example.org/a) and [there](b.md).\n".encode(),
            f"---\ntitle: A note\ntags:\n  - one\n---\n# A note\n\n{_paragraph(dice)}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n".encode(),
        ],
    )
    yield (
        kinds.HTML,
        [
            f"<!DOCTYPE html>\n<html><head><title>x</title></head><body><p>{_paragraph(dice)}</p></body></html>".encode(),
            f"<!-- made by hand -->\n<HTML>\n<BODY>{_paragraph(dice)}</BODY></HTML>".encode(),
            f"<div><h2>{_sentence(dice)}</h2><p>{_paragraph(dice)}</p><p>{_paragraph(dice)}</p></div>".encode(),
            f'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><body>{_paragraph(dice)}</body></html>'.encode(),
        ],
    )
    yield (
        kinds.EMAIL,
        [_mail(dice, rich=rich) for rich in (False, True)] + [b"Received: from x\n\tby y\nReturn-Path: <a@b>\nSubject: x\n\nHi\n"],
    )
    yield kinds.MAILBOX, [b"".join(b"From a@b.org Mon Mar  2 10:00:00 2026\n" + _mail(dice) + b"\n" for _ in range(2))]
    yield "text/calendar", [b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Tea\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"]
    yield "text/vcard", [b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ada\r\nEND:VCARD\r\n"]
    yield (
        "text/x-tex",
        [b"% note\n\\documentclass{article}\n\\begin{document}\nHi\n\\end{document}\n", b"\\section{One}\nText.\n\\begin{itemize}\n"],
    )


def _mail(dice: random.Random, *, rich: bool = False) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ada <ada@example.org>", "bob@example.org", _sentence(dice)
    message.set_content(_paragraph(dice))
    if rich:
        message.add_alternative(f"<p>{_paragraph(dice)}</p>", subtype="html")
    return message.as_bytes()


def _data() -> Iterator[tuple[str, list[bytes]]]:
    dice = random.Random(2)
    rows = [
        ["id", "place", "reading", "note"],
        *[[str(n), dice.choice(WORDS.split()), f"{dice.random():.2f}", _sentence(dice)] for n in range(80)],
    ]
    yield kinds.CSV, [_table(rows, ","), _table(rows[:5], ","), _table(rows, ";"), _table([row[:3] for row in rows[:12]], ",")]
    yield kinds.TSV, [_table(rows, "\t"), _table(rows[:4], "\t")]
    records = [{"id": n, "name": dice.choice(WORDS.split()), "tags": ["a", "b"]} for n in range(30)]
    yield kinds.JSON, [json.dumps(one).encode() for one in (records[0], records)] + [json.dumps(records, indent=2).encode(), b'{"a": {}}\n']
    yield kinds.JSON_LINES, ["\n".join(json.dumps(record) for record in records[:count]).encode() for count in (2, 30)]
    cells = [{"cell_type": "markdown", "source": ["# x"]}, {"cell_type": "code", "source": ["1"], "outputs": []}]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    yield kinds.NOTEBOOK, [json.dumps(notebook, indent=indent).encode() for indent in (1, 2)]
    yield (
        kinds.XML,
        [b'<?xml version="1.0" encoding="UTF-8"?>\n<rss><channel><title>x</title></channel></rss>', b'<?xml version="1.0"?><a/>'],
    )
    yield (
        kinds.SVG,
        [b'<svg xmlns="http://www.w3.org/2000/svg"><text>x</text></svg>', b'<?xml version="1.0"?>\n<!-- x -->\n<svg width="1"/>'],
    )
    yield (
        "text/x-yaml",
        [b"name: x\non:\n  push:\n    branches:\n      - main\njobs:\n  test: {}\n", b"- name: a\n  value: 1\n- name: b\n  value: 2\n"],
    )
    yield "text/x-toml", [b'[project]\nname = "x"\nversion = "1.0"\n\n[tool.x]\non = true\n']
    yield "text/x-ini", [b"[server]\nhost=example.org\nport=80\n\n[client]\nname = x y\n; note\n"]


def _table(rows: Sequence[Sequence[str]], delimiter: str) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode()


def _code() -> Iterator[tuple[str, list[bytes]]]:
    texts = {
        "python": [
            "import os\n\n\ndef main():\n    print(os.name)\n\n\nmain()\n",
            "#!/usr/bin/env python3\nprint(1)\n",
            "from a import b\nclass C:\n    x = 1\n",
        ],
        "c": ['#include <stdio.h>\n\nint main(void) {\n    printf("x");\n}\n#define A 1\n'],
        "cpp": ["#include <vector>\n\nnamespace a {\ntemplate <class T>\nclass B {\npublic:\n  std::vector<T> c;\n};\n}\n"],
        "java": ["package a.b;\n\nimport java.util.List;\n\npublic class C {\n    private int d;\n}\n"],
        "go": ['package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("x")\n}\n'],
        "rust": ["use std::fmt;\n\npub struct A {\n    b: u32,\n}\n\nfn main() {}\n"],
        "javascript": [
            "import a from 'a';\nconst b = 1;\nexport function c() {\n  return b;\n}\n",
            "'use strict';\nmodule.exports = { a: 1 };\n",
        ],
        "typescript": ["import a from 'a';\nexport interface B {\n  c: string;\n}\nexport type D = string;\n"],
        "bash": ["#!/bin/sh\necho x\n", "#!/usr/bin/env bash\nset -e\n", "export A=1\nif [ -f x ]; then\n  rm x\nfi\n"],
        "sql": ["CREATE TABLE a (b int);\nINSERT INTO a VALUES (1);\nSELECT b FROM a;\n"],
        "css": ["body {\n  margin: 0;\n  color: #333;\n}\n.a > b {\n  top: 1px;\n}\n"],
        "php": ["<?php\necho 1;\n"],
        "ruby": ["require 'json'\n\nmodule A\n  def b\n    1\n  end\nend\n"],
        "dockerfile": ["FROM python:3.12 AS build\nWORKDIR /a\nCOPY . .\nRUN make\n"],
    }
    for language, contents in texts.items():
        yield f"text/x-{language}", [content.encode() for content in contents]


def _containers() -> Iterator[tuple[str, list[bytes]]]:
    tar = _tar({"a.txt": b"x" * 3000, "b/c.md": b"# x"})
    yield kinds.ZIP, [_zip({"a.txt": b"x"}), _zip({"word/readme.txt": b"x"}), _zip({"a.pdf": b"%PDF-1.4" + bytes(300)}, zipfile.ZIP_STORED)]
    yield kinds.TAR, [tar]
    for compression, compress in ((kinds.GZIP, gzip.compress), (kinds.BZIP2, bz2.compress), (kinds.XZ, lzma.compress)):
        yield compression, [compress(b"just text")]
        yield kinds.COMPRESSED_TARS[compression], [compress(tar)]
    yield kinds.DOCX, [_zip({"[Content_Types].xml": b"", "word/document.xml": b"<x/>"})]
    yield kinds.XLSX, [_zip({"[Content_Types].xml": b"", "xl/workbook.xml": b"<x/>"})]
    yield kinds.PPTX, [_zip({"[Content_Types].xml": b"", "ppt/presentation.xml": b"<x/>"})]
    yield kinds.EPUB, [_zip({"mimetype": b"application/epub+zip"})]
    yield kinds.OPEN_TEXT, [_zip({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"})]


def _zip(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _tar(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _binaries() -> Iterator[tuple[str, list[bytes]]]:
    from PIL import Image

    for name, media_type in (
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
    ):
        buffer = io.BytesIO()
        Image.new("RGB", (70, 70), "red").save(buffer, name)
        yield media_type, [buffer.getvalue()]
    yield kinds.PDF, [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", b"\n\n%PDF-1.3\n"]
    yield kinds.RTF, [b"{\\rtf1\\ansi Hello \\par}"]
    yield kinds.WORD_97, [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le")]


SAMPLES: Mapping[str, list[bytes]] = dict(_samples())
"""Media type → contents."""
