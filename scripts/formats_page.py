"""The page about formats: what is read, where its blocks are anchored, and the limits of each reader, as the code has them."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType

from semantic_memory import etl
from semantic_memory.etl import extract, fallback
from semantic_memory.etl.extract.format import Container, Format, Paged, ReadOptions
from semantic_memory.etl.languages import LANGUAGES
from semantic_memory.etl.media_types import ADVICE
from semantic_memory.etl.protocol import Limits

EXTENSIONS = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx .docm .dotx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx .xlsm",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx .pptm",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.text-template": ".ott",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.oasis.opendocument.presentation-template": ".otp",
    "application/rtf": ".rtf",
    "application/epub+zip": ".epub",
    "application/zip": ".zip",
    "application/x-tar": ".tar",
    "application/gzip": ".gz",
    "application/x-bzip2": ".bz2",
    "application/x-xz": ".xz",
    "application/x-compressed-tar": ".tar.gz .tgz",
    "application/x-bzip2-compressed-tar": ".tar.bz2",
    "application/x-xz-compressed-tar": ".tar.xz",
    "application/mbox": ".mbox",
    "application/x-ipynb+json": ".ipynb",
    "application/json": ".json .geojson",
    "application/x-ndjson": ".jsonl .ndjson",
    "application/xhtml+xml": ".xhtml",
    "application/xml": ".xml",
    "message/rfc822": ".eml",
    "text/html": ".html .htm .xhtml",
    "text/markdown": ".md .markdown",
    "text/plain": ".txt .text .log .rst, and text without another kind",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv .tab",
    "text/xml": ".xml",
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "image/svg+xml": ".svg",
    "image/png": ".png",
    "image/jpeg": ".jpg .jpeg",
    "image/gif": ".gif",
    "image/tiff": ".tif .tiff",
    "image/bmp": ".bmp",
    "image/webp": ".webp",
}
"""Media type → customary extensions. The content decides what a file is; an extension only chooses between kinds of text."""
PLACES = {
    "archive": "path of the file inside",
    "code": "lines, symbol",
    "csv": "lines",
    "docx": "headings above",
    "epub": "chapter, lines",
    "html": "lines",
    "image": "page, box",
    "json": "lines, key path",
    "mail": "part",
    "mailbox": "path of the message inside",
    "markdown": "lines",
    "notebook": "cell, lines",
    "ods": "sheet, cells",
    "odt": "headings above",
    "pdf": "page, box",
    "plain": "lines",
    "pptx": "slide, page, box",
    "rtf": "headings above",
    "svg": "lines",
    "xlsx": "sheet, cells",
}
"""Reader → what its blocks say about their place; `tests/fuzz` compares it with what they do say."""
REFERENCE = re.compile(r" \([^()]*\.md\b[^()]*\)")
"""Where a docstring says which page of the measurements or decisions it follows."""
CODE = "source code, see below"


def formats_page(note: str) -> str:
    lines = [
        f"<!-- {note} -->",
        "# Formats",
        "",
        "What a file is, its content decides; the extension only chooses between kinds of text. Each file is read in a worker process by",
        "one of these. [Read a document](../how-to/read-a-document.md) shows what comes out,",
        "[Add a format](../how-to/add-a-format.md) adds one.",
        "",
        *_table(("Reader", "Reads", "Usual extensions", "Each block knows its"), _readers(extract)),
        "",
        "A *holder* has files inside, which become documents of their own; pages of a *drawn* format can be shown as pictures.",
        "",
        "When a reader fails, dies or takes too long, the next one tries, and the document says so in its warnings:",
        "",
        *_table(("Second choice", "Reads", "Usual extensions", "Each block knows its"), _readers(fallback)),
        "",
        "## Source code",
        "",
        "Definitions with their symbols and lines where a grammar is installed, runs of lines elsewhere.",
        "",
        *_table(("Language", "Extensions"), _languages()),
        "",
        "## Known, but not read",
        "",
        *_table(("Media type", "What to do"), ((f"`{media_type}`", advice) for media_type, advice in ADVICE.items())),
        "",
        "## Limits",
        "",
        "Of one worker process and its answer; `EXTRACT_…` [settings](settings.md) change the time, the memory and the pages.",
        "",
        *_table(("Limit", "Value", "Why"), _worker_limits()),
        "",
        "Of the readers. What is cut says so in the warnings of the document, what is refused in its error.",
        "",
        *_table(("Where", "Limit", "Value", "Why"), _reader_limits()),
        "",
    ]
    return "\n".join(lines)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> list[str]:
    shown = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *shown]


def _readers(package: ModuleType) -> Iterator[tuple[str, ...]]:
    for found in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        if hasattr(module, "build"):
            yield _reader(found.name, module, module.build(ReadOptions()))


def _reader(name: str, module: ModuleType, format_: Format) -> tuple[str, ...]:
    kinds = [word for word, kind in (("holder", Container), ("drawn", Paged)) if isinstance(format_, kind)]
    told = " ".join([_first_sentence(module.__doc__), *(f"*{kind}*" for kind in kinds)])
    return f"`{name}`", told, _extensions(format_), PLACES.get(name, "")


def _extensions(format_: Format) -> str:
    if any(media_type.startswith("text/x-") for media_type in format_.media_types):
        return CODE
    return ", ".join(EXTENSIONS.get(media_type, f"`{media_type}`") for media_type in sorted(format_.media_types))


def _languages() -> Iterator[tuple[str, ...]]:
    for language in sorted(set(LANGUAGES.values())):
        yield language, " ".join(sorted(extension for extension, name in LANGUAGES.items() if name == language))


def _worker_limits() -> Iterator[tuple[str, ...]]:
    reasons = dict(_reasons(Path(str(importlib.import_module(Limits.__module__).__file__)), Limits.__name__))
    for field in fields(Limits):
        yield f"`{field.name}`", f"{field.default:,}", reasons.get(field.name, "")


def _reader_limits() -> Iterator[tuple[str, ...]]:
    """Every constant `MAX_…` below `etl` whose docstring says what it is for."""
    for found in pkgutil.walk_packages(etl.__path__, f"{etl.__name__}."):
        module = importlib.import_module(found.name)
        for name, reason in _reasons(Path(str(module.__file__))):
            value = getattr(module, name)
            if name.startswith("MAX_") and reason and isinstance(value, int):
                yield f"`{found.name.removeprefix(etl.__name__ + '.')}`", f"`{name}`", f"{value:,}", reason


def _reasons(file: Path, class_name: str = "") -> Iterator[tuple[str, str]]:
    """Names assigned in a module, or in one class of it, with the first sentence of the docstring below them."""
    body = ast.parse(file.read_text("utf-8")).body
    if class_name:
        body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == class_name)
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=False):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name):
            told = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            yield target.id, _first_sentence(str(told))


def _first_sentence(text: str | None) -> str:
    """Up to the first full stop that ends one, on one line."""
    joined = REFERENCE.sub("", " ".join((text or "").split()))
    return joined.partition(". ")[0].rstrip(".")
