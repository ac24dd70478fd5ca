"""A small valid file of every format, with as many of its features as fit; made here, so that nothing is stored."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage

import docx
import openpyxl
import pptx
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

MARKDOWN = """---
title: Garden
tags: [plants, water]
---
# Garden

The *tomatoes* need `water`[^1], see [there](http://example.org "x").

- one
  1. nested
  - [x] done

| Name | Count |
| :--- | ---: |
| bolts | 12 |

```python
def f(): ...
```

> quoted
<div>html</div>

[^1]: A footnote.
"""
HTML = """<!doctype html><html lang="en"><head><title>Garden</title><style>p{}</style></head><body><nav>skip</nav><main>
<h1>Garden</h1><p>The <b>tomatoes</b> need&nbsp;water &amp; light.<br>Twice.</p><ul><li>one<ol><li>nested</li></ol></li></ul>
<table><caption>Stock</caption><tr><th colspan=2>Name</th></tr><tr><td rowspan="2">bolts</td><td>12</td></tr><tr><td>13</td></tr></table>
<pre><code>x = 1</code></pre><img src="a.png" alt="a picture"><dl><dt>t</dt><dd>d</dd></dl><script>alert(1)</script></main></body></html>"""
SVG = """<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50"><title>Plan</title><desc>Of the garden</desc>
<g><text x="5" y="10">Tomatoes<tspan dy="9">Beans</tspan></text><image href="http://example.org/x.png"/></g></svg>"""
RTF = r"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Times;}}{\info{\title Garden}}\pard\b Garden\b0\par The tomatoes\~need w\'e4ter\u8364?.
\par{\*\generator x;}\trowd\cellx1000\cellx2000 bolts\cell 12\cell\row \pard{\pntext\f0 1.\tab}one\par{\footnote A note.}}"""
PYTHON = '''"""Stock of a warehouse."""
import os


class Warehouse(dict):
    """Pieces by number."""

    @property
    def free(self) -> int:
        # counts
        return sum(self.values())


async def main(*args: str, **kw: int) -> None:
    """Runs."""
    print(f"{args!r:>{10}}")
'''
TYPESCRIPT = """// Stock.
export interface Item<T extends object> { name: string; count?: number }
export class Store { #items: Item<{}>[] = []; async add(item: Item<{}>): Promise<void> { this.#items.push(item) } }
export const total = (s: Store): number => 1;
"""
GO = """// Package stock counts.
package stock

// Item is one.
type Item struct{ Name string }

func (i *Item) Count() int { return 1 }
"""
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"language": "python", "name": "python3", "display_name": "Python"}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Garden\n", "Water."]},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "execution_count": 1,
            "source": "print(1)\n",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["1\n"]},
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": "2", "image/png": "iVBORw=="},
                },
                {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\u001b[31mE\u001b[0m"]},
            ],
        },
    ],
}
RECORDS = [
    {"name": "bolts", "count": 12, "tags": ["a", None, True]},
    {"name": "nuts", "count": 1.5e3, "inner": {"text": "Tomatoes need water."}},
]
OFFICE = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
TEXT = 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
TABLE = 'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
DRAW = 'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
CELLS = (
    '<table:table table:name="Stock"><table:table-row><table:table-cell office:value-type="string" table:number-columns-spanned="2">'
    '<text:p>Name</text:p></table:table-cell><table:covered-table-cell/></table:table-row><table:table-row table:number-rows-repeated="2">'
    '<table:table-cell office:value-type="string"><text:p>bolts</text:p></table:table-cell><table:table-cell office:value-type="float" '
    'office:value="12" table:number-columns-repeated="2"><text:p>12</text:p></table:table-cell></table:table-row></table:table>'
)
ODT_BODY = (
    '<office:text><text:h text:outline-level="1">Garden</text:h><text:p>The tomatoes<text:s text:c="2"/>need<text:tab/>water'
    '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>Rain.</text:p>'
    "</text:note-body></text:note>.</text:p><text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>nested</text:p></text:list-item>"
    f"</text:list></text:list-item></text:list>{CELLS}</office:text>"
)


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    with zipfile.ZipFile(content := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return content.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pdf() -> bytes:
    canvas = Canvas(content := io.BytesIO(), pageCompression=0, invariant=True)
    for page in (1, 2):
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(72, 760, f"Garden, part {page}")
        canvas.setFont("Helvetica", 11)
        for line in range(6):
            canvas.drawString(72, 720 - 14 * line, "The tomatoes in the garden need water every morning.")
        canvas.grid([72, 172, 272], [500, 520, 540])
        canvas.drawString(80, 525, "bolts")
        canvas.linkURL("http://example.org", (72, 700, 200, 730))
        canvas.bookmarkPage(f"p{page}")
        canvas.addOutlineEntry(f"Part {page}", f"p{page}", 0)
        canvas.showPage()
    canvas.save()
    return content.getvalue()


def _docx() -> bytes:
    document = docx.Document()
    document.add_heading("Garden", 1)
    document.add_paragraph("The tomatoes need water.").add_run(" Every morning.").bold = True
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Number")
    table = document.add_table(2, 2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Name"
    table.cell(1, 0).text = "bolts"
    document.sections[0].header.paragraphs[0].text = "A header"
    document.save(content := io.BytesIO())
    return content.getvalue()


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Name", "Count"], ["bolts", 12], ["nuts", "=B2*2"], ["day", True]):
        sheet.append(row)
    sheet.merge_cells("A5:B5")
    book.create_sheet("Other")["C3"] = "far"
    book.save(content := io.BytesIO())
    return content.getvalue()


def _pptx() -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    assert slide.shapes.title is not None
    slide.shapes.title.text = "Garden"
    slide.placeholders[1].text = "one\ntwo"
    slide.shapes.add_table(2, 2, 0, 0, 900000, 900000).table.cell(0, 0).text = "bolts"
    slide.notes_slide.notes_text_frame.text = "say this"
    deck.save(content := io.BytesIO())
    return content.getvalue()


def _open_document(kind: str, body: str) -> bytes:
    names = f"{OFFICE} {TEXT} {TABLE} {DRAW}"
    document = f"<?xml version='1.0'?><office:document-content {names}><office:body>{body}</office:body></office:document-content>"
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return zipped({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": document, "META-INF/manifest.xml": manifest})


def _epub() -> bytes:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
        '<rootfile full-path="OEBPS/a.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Garden'
        '</dc:title><dc:language>en</dc:language></metadata><manifest><item id="c1" href="c1.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="c2" href="c%202.xhtml" media-type="application/xhtml+xml"/></manifest><spine>'
        '<itemref idref="c2"/><itemref idref="c1"/></spine></package>'
    )
    chapter = '<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Chapter</h1><p>The tomatoes need water.</p></body></html>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/a.opf": package,
            "OEBPS/c1.xhtml": chapter,
            "OEBPS/c 2.xhtml": chapter,
        }
    )


def _mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ann Ö <a@example.org>", "b@example.org", "Gärten"
    message["Date"], message["Message-ID"] = "Thu, 01 Jan 2026 10:00:00 +0000", "<1@example.org>"
    message.set_content("The tomatoes need water.\n\n> quoted\n")
    message.add_alternative("<p>The <b>tomatoes</b> need water.</p>", subtype="html")
    message.add_attachment(b"Name,Count\nbolts,12\n", maintype="text", subtype="csv", filename="stöck.csv")
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("forwarded")
    message.add_attachment(inner)
    return message.as_bytes()


def _tar() -> bytes:
    with tarfile.open(fileobj=(content := io.BytesIO()), mode="w") as archive:
        for name, data in (("a.md", MARKDOWN.encode()), ("b/c.csv", b"a,b\n1,2\n")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(content.getvalue(), mtime=0)


def _picture(kind: str) -> bytes:
    picture = Image.new("RGB", (160, 80), "white")
    ImageDraw.Draw(picture).text((10, 30), "Tomatoes need water", fill="black")
    picture.save(content := io.BytesIO(), kind)
    return content.getvalue()


SAMPLES: Mapping[str, Callable[[], bytes]] = {
    "a.pdf": _pdf,
    "a.docx": _docx,
    "a.odt": lambda: _open_document("text", ODT_BODY),
    "a.rtf": RTF.encode,
    "a.pptx": _pptx,
    "a.xlsx": _xlsx,
    "a.ods": lambda: _open_document("spreadsheet", f"<office:spreadsheet>{CELLS}</office:spreadsheet>"),
    "a.csv": lambda: b'Name;Count\n"bolts; long ""ones""";12\nnuts;1,5\n\n"two\nlines";x\n',
    "a.epub": _epub,
    "a.html": HTML.encode,
    "a.svg": SVG.encode,
    "a.eml": _mail,
    "a.mbox": lambda: (
        b"From a@example.org Thu Jan  1 10:00:00 2026\n" + _mail() + b"\nFrom b@example.org Fri Jan  2 10:00:00 2026\n" + _mail()
    ),
    "a.zip": lambda: zipped({"a.md": MARKDOWN, "b/c.csv": "a,b\n1,2\n"}),
    "a.tar.gz": _tar,
    "a.ipynb": lambda: json.dumps(NOTEBOOK).encode(),
    "a.json": lambda: json.dumps(RECORDS, indent=1).encode(),
    "a.jsonl": lambda: "\n".join(map(json.dumps, RECORDS)).encode(),
    "a.md": MARKDOWN.encode,
    "a.txt": lambda: b"Garden\n======\n\nThe tomatoes need water.\n\n- one\n- two\n\n1.2 Beds\n\nText.\n",
    "a.py": PYTHON.encode,
    "a.ts": TYPESCRIPT.encode,
    "a.go": GO.encode,
    "a.png": lambda: _picture("PNG"),
    "a.jpg": lambda: _picture("JPEG"),
    "a.gif": lambda: _picture("GIF"),
    "a.tiff": lambda: _picture("TIFF"),
    "a.webp": lambda: _picture("WEBP"),
}
"""File name → its content; the names are those of every format the product reads."""
