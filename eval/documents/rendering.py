"""Made documents printed as PDF, and the order in which a reader meets their parts and footnotes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.documents.html import page
from eval.documents.paper import draw
from eval.documents.styles import MEMO, Style
from eval.documents.truth import Paragraph, TrueDocument, markdown, text_of
from eval.documents.writer import write


@dataclass(frozen=True, slots=True)
class Printed:
    """`reading` holds the texts of all parts in reading order; a footnote follows the last part that begins on its page."""

    document: TrueDocument
    pdf: Path
    pages: int
    reading: tuple[str, ...]


def can_print(style: Style) -> bool:
    """Whether this machine has what the style is printed with: WeasyPrint needs the system library Pango."""
    if not style.css:
        return True
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def print_style(style: Style, seeds: Sequence[int], folder: Path) -> Iterator[Printed]:
    """One document per seed, as PDF and as Markdown in the folder."""
    for seed in seeds:
        document = write(style.name, style.shape, seed)
        file = folder / f"{document.name.replace(' ', '-')}.pdf"
        file.with_suffix(".md").write_text(markdown(document), "utf-8")
        yield _print_html(document, style, file) if style.css else _draw(document, style, file)


def _print_html(document: TrueDocument, style: Style, file: Path) -> Printed:
    from weasyprint import HTML

    printed = HTML(string=page(document, style.css)).render()
    printed.write_pdf(file)
    pages = {anchor: number for number, sheet in reversed(list(enumerate(printed.pages))) for anchor in sheet.anchors}
    return Printed(document, file, len(printed.pages), tuple(_reading(document, pages)))


def _draw(document: TrueDocument, style: Style, file: Path) -> Printed:
    from pypdfium2 import PdfDocument

    draw(document, file, columns=2 if style is MEMO else 1)
    with PdfDocument(file) as pdf:
        return Printed(document, file, len(pdf), tuple(text_of(part) for part in document.parts))


def _reading(document: TrueDocument, pages: dict[str, int]) -> Iterator[str]:
    """`pages` maps the anchors of parts and notes to the page they begin on."""
    waiting: list[tuple[int, str]] = []
    for number, part in enumerate(document.parts):
        yield from (text for sheet, text in waiting if sheet < pages[f"part-{number}"])
        waiting = [(sheet, text) for sheet, text in waiting if sheet >= pages[f"part-{number}"]]
        yield text_of(part)
        if isinstance(part, Paragraph) and part.note:
            waiting.append((pages[f"note-{number}"], part.note.text))
    yield from (text for _, text in waiting)
