"""Everything on one page, read once."""

from collections.abc import Iterator, Sequence

from semantic_memory.etl.pdf.document import Document
from semantic_memory.etl.pdf.drawings import DrawingReader, Drawings
from semantic_memory.etl.pdf.links import links
from semantic_memory.etl.pdf.shapes import Box, PageContent, Word
from semantic_memory.etl.pdf.words import WordReader


def content(document: Document, number: int) -> PageContent:
    """Raises: CorruptFileError when the page cannot be loaded."""
    with document.page(number) as (page, frame):
        reader = WordReader(page, frame)
        words = reader.words()
        drawn = DrawingReader(page, frame).read()
        return PageContent(
            number,
            frame.width,
            frame.height,
            words=list(_with_hidden(words, drawn)),
            across=drawn.across,
            down=drawn.down,
            drawings=drawn.shapes,
            pictures=[box for box in drawn.pictures if frame.shows(box)],
            links=[link._replace(text=_text_in(link.box, words)) for link in links(document, page, frame)],
            label=document.label(number),
            is_cut=reader.is_cut,
        )


def _with_hidden(words: Sequence[Word], drawn: Drawings) -> Iterator[Word]:
    """Text without paint counts as hidden where no picture shows it, white text where nothing dark lies behind it."""
    for word in words:
        paint = word.style.paint
        if paint == "ink":
            yield word
            continue
        behind = drawn.pictures if paint == "none" else [*drawn.fills, *drawn.pictures]
        seen = _lies_on(word.box, behind)
        yield word._replace(style=word.style._replace(paint="ink" if seen else "hidden"))


def _text_in(box: Box, words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words if box.holds(word.box))


def _lies_on(box: Box, shapes: Sequence[Box]) -> bool:
    return any(shape.holds(box) for shape in shapes)
