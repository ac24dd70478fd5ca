"""Writes the samples that are not plain text: a PDF with columns and a table, a Word file, and a page that looks scanned.

The same libraries give the same files; the words are ours. Run: `make samples`.
"""

import io
import random
import zipfile
from datetime import datetime
from pathlib import Path

import docx
from docx.document import Document
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    FrameBreak,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

SAMPLES = Path(__file__).parent.parent / "samples"
WRITTEN_AT = datetime(2026, 4, 14, 9, 0)  # noqa: DTZ001  (file properties carry no zone)
ZIP_TIME = (2026, 4, 14, 9, 0, 0)

REPORT_INTRODUCTION = [
    "Spring was the best quarter since the company was founded. Orders came from 31 countries, and for the first time more barometers went "
    "to shipping companies than to weather services.",
    "The new housing made of recycled aluminium is now used in every model. It is lighter by 210 grams and saves two steps in assembly.",
    "Customer satisfaction stands at 94 per cent, three points above last year. The most frequent wish is a display that can be read with "
    "polarised glasses; the laboratory shows a first sample in August.",
]
REPORT_OUTLOOK = [
    "The calibration laboratory moves to Tern Quay in June. During that week no certificates are issued, and express calibration is "
    "offered again from 22 June.",
    "Two risks stay. The only supplier of pressure cells, Aurelio Sensors in Turin, delivers in nineteen weeks instead of twelve. And the "
    "Norwegian approval of the ship barometer is due in October, without which the winter orders cannot be shipped.",
    "We plan to hire four people: two for assembly, one for firmware, and one translator.",
]
REPORT_TABLE = [
    ["Region", "Orders", "Revenue, EUR", "Change"],
    ["Nordic countries", "412", "1,284,000", "+18 %"],
    ["Central Europe", "655", "1,731,500", "+6 %"],
    ["Iberia", "138", "402,250", "-4 %"],
    ["North America", "297", "988,700", "+11 %"],
    ["Rest of the world", "94", "310,400", "+2 %"],
]
TRAVEL_RATES = [
    ("Country", "Per day, EUR", "Hotel, EUR"),
    ("Germany", "28", "140"),
    ("Norway", "67", "190"),
    ("Italy", "40", "150"),
    ("Japan", "55", "175"),
]
DELIVERY_NOTE = [
    "LARKFIELD INSTRUMENTS",
    "Delivery note 73115",
    "",
    "Date: 7 April 2026",
    "To: Harbour Office Stavanger",
    "Carrier: Fjordfrakt, lorry 12",
    "",
    "6  ship barometers, model SB-40",
    "6  wall brackets, brass",
    "2  calibration certificates",
    "",
    "Gross weight: 38.5 kg",
    "Received in good order by: K. Solberg",
]


def main() -> None:
    (SAMPLES / "quarterly-report.pdf").write_bytes(report_pdf())
    (SAMPLES / "travel-guidelines.docx").write_bytes(travel_docx())
    (SAMPLES / "delivery-note.png").write_bytes(delivery_png())


def report_pdf() -> bytes:
    """A first page in two columns, a second with a ruled table; title, running header and page numbers on both."""
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer, pagesize=A4, invariant=1, title="Quarterly report, spring 2026", author="Larkfield Instruments", pageCompression=1
    )
    document.addPageTemplates([_page("columns", _columns()), _page("single", [_frame(20 * mm, 170 * mm)])])
    document.build(_report())
    return buffer.getvalue()


def _report() -> list[Flowable]:
    styles = getSampleStyleSheet()
    text = ParagraphStyle("text", parent=styles["BodyText"], fontSize=10, leading=14, spaceAfter=6)
    return [
        Paragraph("Quarterly report, spring 2026", styles["Title"]),
        Paragraph("How the quarter went", styles["Heading2"]),
        *(Paragraph(words, text) for words in REPORT_INTRODUCTION),
        FrameBreak(),
        Paragraph("What comes next", styles["Heading2"]),
        *(Paragraph(words, text) for words in REPORT_OUTLOOK),
        NextPageTemplate("single"),
        PageBreak(),
        Paragraph("Orders and revenue by region", styles["Heading2"]),
        Spacer(1, 4 * mm),
        Table(REPORT_TABLE, colWidths=[55 * mm, 30 * mm, 45 * mm, 30 * mm], style=_ruled()),
        Spacer(1, 4 * mm),
        Paragraph("Revenue is stated without value added tax and compared with spring 2025.", text),
    ]


def _page(name: str, frames: list[Frame]) -> PageTemplate:
    return PageTemplate(id=name, frames=frames, onPage=_running_header)


def _columns() -> list[Frame]:
    return [_frame(20 * mm, 82 * mm), _frame(108 * mm, 82 * mm)]


def _frame(left: float, width: float) -> Frame:
    return Frame(left, 25 * mm, width, 240 * mm, leftPadding=0, rightPadding=0)


def _running_header(canvas: Canvas, document: BaseDocTemplate) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(20 * mm, 282 * mm, "Larkfield Instruments - internal")
    canvas.drawRightString(190 * mm, 12 * mm, str(document.page))


def _ruled() -> TableStyle:
    everything = ((0, 0), (-1, -1))
    return TableStyle(
        [("GRID", *everything, 0.5, "black"), ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"), ("ALIGN", (1, 1), (-1, -1), "RIGHT")]
    )


def travel_docx() -> bytes:
    document = docx.Document()
    document.core_properties.author = "Larkfield Instruments"
    document.core_properties.title = "Travel guidelines"
    document.core_properties.created = document.core_properties.modified = WRITTEN_AT
    _write_travel(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return _with_fixed_times(buffer.getvalue())


def _write_travel(document: Document) -> None:
    document.add_heading("Travel guidelines", level=1)
    document.add_paragraph("These rules apply to every business trip of more than six hours. Questions go to Beatriz Coelho in finance.")
    document.add_heading("Booking", level=2)
    document.add_paragraph("Trains are preferred up to 700 kilometres. Flights are booked by the travel desk only, at least 16 days ahead.")
    for step in (
        "Fill in form T7 and let your manager sign it.",
        "Send it to the travel desk.",
        "Keep the confirmation with your receipts.",
    ):
        document.add_paragraph(step, style="List Number")
    document.add_heading("Allowances", level=2)
    document.add_paragraph("The daily allowance covers meals; breakfast included by the hotel is deducted with 20 per cent.")
    _write_rates(document)
    document.add_heading("Receipts", level=2)
    document.add_paragraph("Hand in receipts within 30 days of your return. Taxi receipts need the reason on the back.")
    document.add_paragraph("Tips up to 10 per cent are refunded.", style="List Bullet")
    document.add_paragraph("Minibar and laundry are not refunded.", style="List Bullet")


def _write_rates(document: Document) -> None:
    table = document.add_table(rows=0, cols=3, style="Table Grid")
    for rate in TRAVEL_RATES:
        for cell, words in zip(table.add_row().cells, rate, strict=True):
            cell.text = words


def _with_fixed_times(package: bytes) -> bytes:
    """The same zip archive, without the time of writing in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, ZIP_TIME), old.read(name), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def delivery_png() -> bytes:
    """Text on a slightly turned, blurred and speckled page of 105 × 148 mm at 200 dpi."""
    page = Image.new("L", (827, 1165), 250)
    draw = ImageDraw.Draw(page)
    for row, words in enumerate(DELIVERY_NOTE):
        draw.text((70, 90 + 58 * row), words, fill=35, font=ImageFont.load_default(44 if row == 0 else 32))
    page = page.rotate(0.7, resample=Image.Resampling.BICUBIC, fillcolor=250).filter(ImageFilter.GaussianBlur(0.6))
    _speckle(page)
    buffer = io.BytesIO()
    page.quantize(16).save(buffer, "PNG", optimize=True, dpi=(200, 200))
    return buffer.getvalue()


def _speckle(page: Image.Image, count: int = 900) -> None:
    dice = random.Random(7)
    for _ in range(count):
        page.putpixel((dice.randrange(page.width), dice.randrange(page.height)), dice.randrange(90, 220))


if __name__ == "__main__":
    main()
