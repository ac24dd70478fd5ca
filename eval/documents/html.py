"""Made documents as HTML for WeasyPrint: parts have the ids `part-0`, `part-1` and so on, the footnote of part 7 is `note-7`."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from eval.documents.cells import Cell, Grid
from eval.documents.truth import Code, Heading, Item, Listing, Paragraph, Part, Table, TrueDocument


def page(document: TrueDocument, css: str) -> str:
    """One HTML page; HEADER and FOOTER in `css` become the document's own."""
    body = "\n".join(_element(part, f"part-{number}") for number, part in enumerate(document.parts))
    own = css.replace("HEADER", f'"{document.header}"').replace("FOOTER", f'"{document.footer}"')
    return f'<!doctype html><html lang="{document.language}"><style>{own}</style><body><main>{body}</main></body></html>'


def _element(part: Part, anchor: str) -> str:
    match part:
        case Heading(level, text):
            return f'<h{level} id="{anchor}">{escape(text)}</h{level}>'
        case Listing(items):
            return f'<div id="{anchor}">{_nested(list(items))}</div>'
        case Code(text):
            return f'<pre id="{anchor}"><code>{escape(text)}</code></pre>'
        case Table(grid):
            return f'<table id="{anchor}">{"".join(_rows(grid))}</table>'
        case Paragraph(text, role, note):
            aside = f'<span class="note" id="note-{anchor.removeprefix("part-")}">{escape(note.text)}</span>' if note else ""
            tag = "blockquote" if role == "quote" else "p"
            return f'<{tag} id="{anchor}" class="{role}">{escape(text).replace(chr(10), "<br>")}{aside}</{tag}>'


def _nested(items: list[Item]) -> str:
    """The items as `ul` and `ol`; deeper items go into the item before them."""
    level, html = items[0].level, ""
    tag = "ol" if items[0].is_ordered else "ul"
    for is_deeper, run in groupby(items, key=lambda item: item.level > level):
        part = list(run)
        if is_deeper:
            html = html.removesuffix("</li>") + _nested(part) + "</li>"
        else:
            html += "".join(f"<li>{escape(item.text)}</li>" for item in part)
    return f"<{tag}>{html}</{tag}>"


def _rows(grid: Grid) -> Iterator[str]:
    cells = sorted(grid.cells, key=lambda cell: (cell.row, cell.column))
    for tag, is_header in (("thead", True), ("tbody", False)):
        own = [cell for cell in cells if (cell.row < grid.header_rows) is is_header]
        rows = (list(run) for _, run in groupby(own, key=lambda cell: cell.row))
        html = "".join(f"<tr>{''.join(_cell(cell, is_header=is_header) for cell in row)}</tr>" for row in rows)
        yield f"<{tag}>{html}</{tag}>" if own else ""


def _cell(cell: Cell, *, is_header: bool) -> str:
    tag = "th" if is_header else "td"
    spans = f' rowspan="{cell.row_span}" colspan="{cell.column_span}"' if (cell.row_span, cell.column_span) != (1, 1) else ""
    kind = ' class="number"' if cell.text[:1].isdigit() else ""
    return f"<{tag}{spans}{kind}>{escape(cell.text)}</{tag}>"
