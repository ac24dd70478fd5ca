"""Made documents drawn by reportlab, which needs no system library: `paper` in one column and ruled, `memo` in two columns and bare."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

from eval.documents.truth import Code, Heading, Item, Listing, Paragraph, Part, Table, TrueDocument, rows_of

MARGIN = 60
GAP = 18
"""Between the columns of a memo, in points like every length here."""


def draw(document: TrueDocument, file: Path | BytesIO, *, columns: int) -> None:
    """The document as a PDF with Times and Helvetica, the fonts every reader has; words of other alphabets would be lost."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    width, height = A4
    column = (width - 2 * MARGIN - (columns - 1) * GAP) / columns
    frames = [Frame(MARGIN + n * (column + GAP), MARGIN, column, height - 2 * MARGIN, 0, 0, 0, 0) for n in range(columns)]
    template = BaseDocTemplate(str(file) if isinstance(file, Path) else file, pagesize=A4, title=document.name)
    template.addPageTemplates(PageTemplate(frames=frames, onPage=_furniture(document)))
    styles = _styles(columns)
    template.build([flowable for part in document.parts for flowable in _flowables(part, styles, is_ruled=columns == 1)])


def _furniture(document: TrueDocument) -> Callable[[Any, Any], None]:
    def on_page(canvas: Any, template: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(MARGIN, template.pagesize[1] - 35, document.header)
        canvas.drawRightString(template.pagesize[0] - MARGIN, 30, f"{document.footer} - {canvas.getPageNumber()}")

    return on_page


def _styles(columns: int) -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    size, face = (11, "Times") if columns == 1 else (9.5, "Helvetica")
    roman, bold = ("Times-Roman", "Times-Bold") if face == "Times" else ("Helvetica", "Helvetica-Bold")
    italic = "Times-Italic" if face == "Times" else "Helvetica-Oblique"
    body = ParagraphStyle("text", fontName=roman, fontSize=size, leading=size * 1.3, spaceAfter=6)
    small = ParagraphStyle("caption", body, fontSize=size - 1.5)
    quote = ParagraphStyle("quote", body, leftIndent=20, fontName=italic)
    headings = {
        f"h{level}": ParagraphStyle(
            f"h{level}", fontName=bold, fontSize=size * scale, leading=size * scale * 1.25, spaceBefore=8, spaceAfter=4
        )
        for level, scale in enumerate((1.9, 1.5, 1.2, 1.0), start=1)
    }
    code = ParagraphStyle("code", fontName="Courier", fontSize=size - 2.5, leading=size, leftIndent=10, spaceAfter=6)
    return {"text": body, "address": body, "caption": small, "quote": quote, "code": code, **headings}


def _flowables(part: Part, styles: dict[str, Any], *, is_ruled: bool) -> Iterator[Any]:
    from reportlab.platypus import KeepTogether, Preformatted, Spacer
    from reportlab.platypus import Paragraph as Text

    match part:
        case Heading(level, text):
            yield Text(escape(text), styles[f"h{level}"])
        case Paragraph(text, role):
            yield Text(escape(text).replace("\n", "<br/>"), styles[role])
        case Code(text):
            yield Preformatted(text, styles["code"])
        case Listing(items):
            yield _list(items, styles["text"])
            yield Spacer(0, 6)
        case Table():
            yield KeepTogether(_table(part, styles["caption"], is_ruled=is_ruled))
            yield Spacer(0, 8)


def _list(items: Sequence[Item], style: Any) -> Any:
    """Deeper items become a list inside the item before them."""
    from reportlab.platypus import ListFlowable, ListItem
    from reportlab.platypus import Paragraph as Text

    level, entries = items[0].level, list[list[Any]]()
    for is_deeper, run in groupby(items, key=lambda item: item.level > level):
        if is_deeper:
            entries[-1].append(_list(list(run), style))
        else:
            entries += [[Text(escape(item.text), style)] for item in run]
    is_ordered = items[0].is_ordered
    return ListFlowable(
        [ListItem(entry) for entry in entries], bulletType="1" if is_ordered else "bullet", start=None if is_ordered else "•"
    )


def _table(part: Table, style: Any, *, is_ruled: bool) -> Any:
    from reportlab.lib import colors
    from reportlab.platypus import Paragraph as Text
    from reportlab.platypus import Table as Drawn

    rows = [[Text(escape(text), style) if len(text) > 20 else text for text in row] for row in rows_of(part.grid)]
    corners = [((cell.column, cell.row), (cell.column + cell.column_span - 1, cell.row + cell.row_span - 1)) for cell in part.grid.cells]
    look: list[Any] = [("FONT", (0, 0), (-1, -1), style.fontName, style.fontSize), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    look += [("SPAN", first, last) for first, last in corners if first != last]
    look += [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if is_ruled else [("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black)]
    return Drawn(rows, style=look, repeatRows=part.grid.header_rows)
