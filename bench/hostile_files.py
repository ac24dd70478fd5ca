"""Files made to hurt whoever reads them, each below the default limit of an upload; known as names and bytes, the same on every run."""

import gzip
import io
import json
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping

MEGABYTE = 1_000_000
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _pdf(*objects: bytes) -> bytes:
    """Object 1 is the catalog; offsets and trailer are right."""
    body, offsets = bytearray(b"%PDF-1.7\n"), list[int]()
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return bytes(body) + end % (len(objects) + 1, table, len(objects) + 1, len(body))


def _stream(content: bytes, fields: bytes = b"") -> bytes:
    packed = zlib.compress(content, 9)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream" % (len(packed), fields, packed)


def _pdf_page(content: bytes, *further: bytes, resources: bytes = b"/Font<</F 5 0 R>>") -> bytes:
    """One page with this content stream; `further` objects are numbered from 6."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<%s>>>>" % resources
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    return _pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, _stream(content), font, *further)


def _form(content: bytes, drawn: bytes) -> bytes:
    return _stream(content, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<<%s>>>>" % drawn)


def form_draws_itself() -> bytes:
    return _pdf_page(b"/X Do", _form(b"/X Do /X Do", b"/X 6 0 R"), resources=b"/XObject<</X 6 0 R>>")


def forms_24_levels() -> bytes:
    """Every level draws the next one twice: 16 million drawings."""
    levels = [_form(b"/X Do /X Do", b"/X %d 0 R" % (number + 7)) for number in range(24)]
    last = _form(b"0 0 1 1 re f", b"")
    return _pdf_page(b"/X Do", *levels, last, resources=b"/XObject<</X 6 0 R>>")


def kids_loop() -> bytes:
    return _pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>")


def count_of_two_thousand_million() -> bytes:
    return _pdf_page(b"BT /F 12 Tf 50 700 Td (one page) Tj ET").replace(b"/Count 1>>", b"/Count 2000000000>>")


def pages_200k() -> bytes:
    kids = b"3 0 R " * 200_000
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
    return _pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count 200000>>" % kids, page)


def content_of_66_megabytes() -> bytes:
    return _pdf_page(b"BT /F 1 Tf 50 700 Td " + b"(A) Tj 0 0 Td " * 4_000_000 + b"ET")


def nested_arrays() -> bytes:
    return _pdf_page(b"BT /F 12 Tf 50 700 Td (text) Tj ET " + b"[" * 200_000)


def half_a_pdf() -> bytes:
    whole = _pdf_page(b"BT /F 12 Tf 50 700 Td (text) Tj ET " * 2000)
    return whole[: len(whole) // 2]


def random_pdf() -> bytes:
    return b"%PDF-1.7\n" + random.Random(1).randbytes(300_000)


def password_pdf() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(file := io.BytesIO(), encrypt=StandardEncryption("secret", strength=128))
    canvas.drawString(50, 700, "not for everybody")
    canvas.save()
    return file.getvalue()


def _png(width: int, height: int) -> bytes:
    """Black, one bit per pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _zip(members: Mapping[str, bytes], *, stored: str = "") -> bytes:
    """The member named `stored` comes first and uncompressed, as EPUB and ODF want it."""
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == stored else None)
    return file.getvalue()


def zip_of_a_gigabyte() -> bytes:
    return _zip({f"{number}.txt": bytes(100 * MEGABYTE) for number in range(10)})


def zip_in_zip() -> bytes:
    content = b"the innermost text " * 10
    for _ in range(30):
        content = _zip({"inner.zip": content})
    return content


def zip_of_20k_files() -> bytes:
    return _zip({f"{number}.txt": b"text" for number in range(20_000)})


def zip_that_climbs() -> bytes:
    return _zip({"../../../etc/cron.d/x.txt": b"text", "/etc/passwd.txt": b"text", "fine.txt": b"a fine text"})


def tar_of_half_a_gigabyte() -> bytes:
    with tarfile.open(fileobj=(file := io.BytesIO()), mode="w") as archive:
        entry = tarfile.TarInfo("zeros.txt")
        entry.size = 500 * MEGABYTE
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    return gzip.compress(file.getvalue(), 9)


def _package(kind: str, part: str, content: bytes, further: Mapping[str, bytes] | None = None) -> bytes:
    """An Office file with one main part of the content type `kind`."""
    types = f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    types += '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    types += f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>'
    relations = f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="a" Type="{_OFFICE}/officeDocument" Target="{part}"/>'
    members = {"[Content_Types].xml": types.encode(), "_rels/.rels": f"{relations}</Relationships>".encode(), part: content}
    return _zip({**members, **(further or {})})


def _docx(body: bytes, before: bytes = b"") -> bytes:
    document = b'<?xml version="1.0"?>%s<w:document xmlns:w="%s"><w:body>%s</w:body></w:document>' % (before, _WORD.encode(), body)
    return _package("wordprocessingml.document", "word/document.xml", document)


def docx_of_400k_paragraphs() -> bytes:
    return _docx(b"<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 400_000)


def docx_of_one_run() -> bytes:
    return _docx(b"<w:p><w:r><w:t>" + b"x" * (120 * MEGABYTE) + b"</w:t></w:r></w:p>")


def docx_of_entities() -> bytes:
    entities = b'<!ENTITY a "ha ha ">' + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    return _docx(b"<w:p><w:r><w:t>&j;</w:t></w:r></w:p>", b"<!DOCTYPE x [%s]>" % entities)


def docx_that_reads_a_file() -> bytes:
    return _docx(b"<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>')


def docx_of_nested_tables() -> bytes:
    opening, closing = b"<w:tbl><w:tr><w:tc>", b"<w:p/></w:tc></w:tr></w:tbl>"
    return _docx(opening * 3000 + b"<w:p><w:r><w:t>x</w:t></w:r></w:p>" + closing * 3000)


def _xlsx(rows: bytes) -> bytes:
    book = f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets><sheet name="A" sheetId="1" r:id="a"/></sheets></workbook>'
    sheet = b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (_SHEET.encode(), rows)
    relation = f'<Relationship Id="a" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    relations = f'<Relationships xmlns="{_PACKAGE}/relationships">{relation}</Relationships>'
    further = {"xl/_rels/workbook.xml.rels": relations.encode(), "xl/worksheets/sheet1.xml": sheet}
    return _package("spreadsheetml.sheet", "xl/workbook.xml", book.encode(), further)


def xlsx_with_a_far_cell() -> bytes:
    return _xlsx(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>')


def xlsx_of_500k_rows() -> bytes:
    return _xlsx(b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (number, number) for number in range(1, 500_001)))


def epub_of_one_chapter() -> bytes:
    chapter = b"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>" + b"word " * (16 * MEGABYTE) + b"</p></body></html>"
    container = b"<container xmlns='urn:oasis:names:tc:opendocument:xmlns:container'><rootfiles>"
    container += b"<rootfile full-path='a.opf' media-type='application/oebps-package+xml'/></rootfiles></container>"
    package = b"<package xmlns='http://www.idpf.org/2007/opf'><manifest><item id='a' href='a.xhtml' media-type='application/xhtml+xml'/>"
    package += b"</manifest><spine><itemref idref='a'/></spine></package>"
    members = {"mimetype": b"application/epub+zip", "META-INF/container.xml": container, "a.opf": package, "a.xhtml": chapter}
    return _zip(members, stored="mimetype")


def nested_divisions() -> bytes:
    return b"<html><body>" + b"<div>" * 100_000 + b"text" + b"</div>" * 100_000


def many_attributes() -> bytes:
    return b"<p " + b" ".join(b"a%d=1" % number for number in range(200_000)) + b">text</p>"


def wide_markdown_table() -> bytes:
    header = b"|" + b"a|" * 5000 + b"\n|" + b"-|" * 5000 + b"\n"
    return header + b"|x|\n" * 2000


def deep_mail() -> bytes:
    parts = [b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (number, number) for number in range(400)]
    return b"From: a@example.com\nSubject: deep\nMIME-Version: 1.0\n" + b"".join(parts) + b"Content-Type: text/plain\n\ntext\n"


def notebook_of_outputs() -> bytes:
    output = {"output_type": "stream", "name": "stdout", "text": ["x" * 8000 + "\n"] * 1000}
    cell = {"cell_type": "code", "source": "print(1)", "outputs": [output], "metadata": {}, "execution_count": 1}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "form draws itself.pdf": form_draws_itself,
    "forms of 24 levels.pdf": forms_24_levels,
    "kids loop.pdf": kids_loop,
    "count of two thousand million.pdf": count_of_two_thousand_million,
    "200k pages.pdf": pages_200k,
    "content of 66 MB.pdf": content_of_66_megabytes,
    "nested arrays.pdf": nested_arrays,
    "half.pdf": half_a_pdf,
    "random.pdf": random_pdf,
    "password.pdf": password_pdf,
    "pixels 30000 x 30000.png": lambda: _png(30_000, 30_000),
    "pixels 12000 x 12000.png": lambda: _png(12_000, 12_000),
    "a gigabyte.zip": zip_of_a_gigabyte,
    "zip in zip.zip": zip_in_zip,
    "20k files.zip": zip_of_20k_files,
    "climbing.zip": zip_that_climbs,
    "half a gigabyte.tar.gz": tar_of_half_a_gigabyte,
    "400k paragraphs.docx": docx_of_400k_paragraphs,
    "one run of 120 MB.docx": docx_of_one_run,
    "entities.docx": docx_of_entities,
    "outside entity.docx": docx_that_reads_a_file,
    "nested tables.docx": docx_of_nested_tables,
    "far cell.xlsx": xlsx_with_a_far_cell,
    "500k rows.xlsx": xlsx_of_500k_rows,
    "chapter of 80 MB.epub": epub_of_one_chapter,
    "nested divisions.html": nested_divisions,
    "many attributes.html": many_attributes,
    "brackets.md": lambda: b"[" * 50_000,
    "quotes.md": lambda: b">" * 20_000 + b"text",
    "wide table.md": wide_markdown_table,
    "arrays.json": lambda: b"[" * 200_000,
    "one field.csv": lambda: b'a,b\n1,"' + b"x" * (5 * MEGABYTE) + b'"\n',
    "one line.txt": lambda: b"x" * (9 * MEGABYTE),
    "deep.eml": deep_mail,
    "outputs.ipynb": notebook_of_outputs,
    "brackets.py": lambda: b"(" * 200_000,
    "braces.rtf": lambda: b"{\\rtf1 " + b"{" * 200_000 + b"text" + b"}" * 200_001,
    "empty.md": lambda: b"",
}
