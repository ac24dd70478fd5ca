"""Memory of a running server and of its workers while many documents of many formats go in.

    python -m bench.memory [--documents N] [--embedder NAME]

N made documents (ten formats in turn, a few passages each, no two alike) are uploaded one after the other; after every tenth the resident
memory of the server and of each worker is read. The slope is that of a straight line through the samples behind the first fifth, which
loads models and fills caches: it must stay below 1 MB per document.
"""

import argparse
import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import numpy as np

from bench.serving import Client, Server, serving
from eval.documents.cells import Grid
from eval.documents.html import page
from eval.documents.paper import draw
from eval.documents.truth import Heading, TrueDocument, markdown, rows_of, text_of
from eval.documents.writer import Shape, write

EVERY = 10
"""Documents between two samples."""
WARM_UP = 0.2
"""Share of the documents that are left out of the slope."""
MEGABYTE = 1_000_000
_SHAPE = Shape(sections=1, columns=4)


@dataclass(frozen=True, slots=True)
class Sample:
    """In megabytes; `workers` is the sum, `largest` the largest of them."""

    documents: int
    server: float
    workers: float
    largest: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--embedder", default="minilm")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, serving(Path(scratch), EMBEDDER=arguments.embedder) as server:
        samples = list(_samples(server, arguments.documents))
    _report(samples)


def _samples(server: Server, documents: int) -> Iterator[Sample]:
    client = Client(server)
    failed = 0
    for number in range(documents):
        name, content = made(number)
        job = client.finished(client.upload(name, content))
        failed += job["state"] == "failed"
        if job["state"] == "failed" and failed <= EVERY:
            print(f"{name}: {job['reason']}")
        if number % EVERY == EVERY - 1:
            yield _sample(server, number + 1)
    print(f"{documents} documents, {failed} failed\n")


def _sample(server: Server, documents: int) -> Sample:
    workers = [child.memory_info().rss / MEGABYTE for child in server.process.children(recursive=True)]
    return Sample(documents, server.process.memory_info().rss / MEGABYTE, sum(workers), max(workers, default=0))


def _report(samples: list[Sample]) -> None:
    print("| documents | server MB | workers MB, together | largest worker MB |\n|---|---|---|---|")
    for sample in [samples[0], *samples[4::10], samples[-1]]:
        print(f"| {sample.documents} | {sample.server:.0f} | {sample.workers:.0f} | {sample.largest:.0f} |")
    late = samples[int(len(samples) * WARM_UP) :]
    for name in ("server", "workers"):
        slope = np.polyfit([sample.documents for sample in late], [getattr(sample, name) for sample in late], 1)[0]
        print(f"slope of the {name}: {slope:+.3f} MB per document")


def made(number: int) -> tuple[str, bytes]:
    """Name and bytes of the document with this number; the formats follow each other."""
    suffix, make = list(FORMATS.items())[number % len(FORMATS)]
    document = write("memory", _SHAPE, number)
    return f"document-{number}.{suffix}", make(document)


def _pdf(document: TrueDocument) -> bytes:
    draw(document, file := io.BytesIO(), columns=1)
    return file.getvalue()


def _docx(document: TrueDocument) -> bytes:
    from docx import Document

    word = Document()
    for part in document.parts:
        word.add_heading(part.text, part.level) if isinstance(part, Heading) else word.add_paragraph(text_of(part))
    word.save(file := io.BytesIO())
    return file.getvalue()


def _pptx(document: TrueDocument) -> bytes:
    from pptx import Presentation

    slides = Presentation()
    for heading in document.headings():
        slide = slides.slides.add_slide(slides.slide_layouts[5])
        slide.shapes.title.text = heading.text
        slide.notes_slide.notes_text_frame.text = text_of(document.parts[1])
    slides.save(file := io.BytesIO())
    return file.getvalue()


def _xlsx(document: TrueDocument) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for row in _rows(document):
        book.active.append(row)
    book.save(file := io.BytesIO())
    return file.getvalue()


def _csv(document: TrueDocument) -> bytes:
    csv.writer(file := io.StringIO()).writerows(_rows(document))
    return file.getvalue().encode()


def _rows(document: TrueDocument) -> list[list[str]]:
    """Those of the first table, or the document's parts where it has none."""
    grids: list[Grid] = document.tables()
    return rows_of(grids[0]) if grids else [[type(part).__name__, text_of(part)] for part in document.parts]


def _mail(document: TrueDocument) -> bytes:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = document.header, "clerk@example.com"
    mail.set_content("\n\n".join(map(text_of, document.parts)))
    return mail.as_bytes()


def _notebook(document: TrueDocument) -> bytes:
    cells = [{"cell_type": "markdown", "source": text_of(part), "metadata": {}} for part in document.parts]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _python(document: TrueDocument) -> bytes:
    functions = [f'def step_{number}():\n    """{text_of(part)}"""\n    return {number}\n' for number, part in enumerate(document.parts)]
    return "\n\n".join(functions).encode()


FORMATS: Mapping[str, Callable[[TrueDocument], bytes]] = {
    "md": lambda document: markdown(document).encode(),
    "pdf": _pdf,
    "docx": _docx,
    "html": lambda document: page(document, "").encode(),
    "pptx": _pptx,
    "xlsx": _xlsx,
    "csv": _csv,
    "eml": _mail,
    "ipynb": _notebook,
    "py": _python,
}

if __name__ == "__main__":
    main()
