"""The command that shows what is read from a file, as JSON Lines or as a page to look at."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from semantic_memory.cli import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from semantic_memory.core.model import ContentBlock, Extraction, PageImage
    from semantic_memory.core.ports import Extractor

DRAWN_AT_ONCE = 4
"""Pages whose pictures are asked for together: a photograph of a page takes up to 16 MB, and a worker answers at most 64."""
ALL_PAGES = range(1, 1_000_000)
"""More than any file has; the pictures tell where it ends."""


def register(app: typer.Typer) -> None:
    app.command()(blocks)


def blocks(
    file: Annotated[Path, typer.Argument(help="The file to read.", exists=True, dir_okay=False)],
    *,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="PAGE.html", help="Write a page that shows each block in its place.")
    ] = None,
    pages: Annotated[str, typer.Option("--pages", metavar="3-5", help="Only blocks on these pages.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Accepted as everywhere; the output is JSON Lines either way.")] = False,
) -> None:
    """Print a file's content blocks as JSON Lines, or draw them with --html; nothing is stored."""
    del as_json
    from semantic_memory.core.errors import InvalidInputError

    wanted = page_range(pages)
    if html and (html.resolve() == file.resolve() or not html.parent.is_dir()):
        raise InvalidInputError(f"the page cannot be written to {str(html)!r}: it is the file to read, or its folder does not exist")
    run.with_extractor(lambda extractor: show(extractor, file, html, wanted))


async def show(extractor: "Extractor", file: Path, html: Path | None, pages: range) -> None:
    """Blocks on the wanted pages to stdout, or to the page `html`. Raises what the extractor raises, before anything is written."""
    from semantic_memory.core.views import block_view

    extraction = await extractor.extract(file, name=file.name)
    found = _on(pages, _identified(file, extraction))
    for warning in extraction.warnings:
        run.stderr().print(f"warning: {warning}", markup=False)
    if html is None:
        for block in found:
            run.print_json(block_view(block))
        return
    with html.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
        await _draw(stream, extractor, file, extraction, found, pages)
    run.stderr().print(f"{len(found)} blocks drawn in {run.shown_path(str(html))}", markup=False)


def _identified(file: Path, extraction: "Extraction") -> "list[ContentBlock]":
    from semantic_memory.core.access import DEFAULT_COLLECTION, DEFAULT_TENANT
    from semantic_memory.core.identity import document_id, identify

    return identify(document_id(DEFAULT_TENANT, DEFAULT_COLLECTION, "files", file.resolve().as_posix()), extraction.blocks)


def _on(pages: range, found: "list[ContentBlock]") -> "list[ContentBlock]":
    """Raises: InvalidInputError when pages are wanted of a file that has none."""
    from semantic_memory.core.errors import InvalidInputError

    if pages == ALL_PAGES:
        return found
    if not any(block.page for block in found):
        raise InvalidInputError("--pages: this file has no pages")
    return [block for block in found if block.page in pages]


def page_range(text: str) -> range:
    """The pages of `3-5` or `3`; nothing means all.

    Raises: InvalidInputError for anything else.
    """
    from semantic_memory.core.errors import InvalidInputError

    if not text:
        return ALL_PAGES
    numbers = re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", text)
    wanted = range(int(numbers[1]), int(numbers[2] or numbers[1]) + 1) if numbers else range(0)
    if not wanted or wanted.start < 1:
        raise InvalidInputError(f"--pages: {text!r} is no page and no range of pages such as 3-5")
    return wanted


async def _draw(
    stream: TextIO, extractor: "Extractor", file: Path, extraction: "Extraction", found: "Sequence[ContentBlock]", pages: range
) -> None:
    from semantic_memory.cli.view import page as view

    stream.write(view.head(file.name, extraction, found))
    if any(block.page for block in found):
        async for part in _paged(extractor, file, found, pages):
            stream.write(part)
    else:
        stream.writelines(_unpaged(file, found))
    stream.write(view.FOOT)


def _unpaged(file: Path, found: "Sequence[ContentBlock]") -> "Iterator[str]":
    from semantic_memory.cli.view import page as view
    from semantic_memory.wiring import read_lines

    if view.has_lines(found):
        return view.line_parts(read_lines(file), found)
    return view.block_parts(found)


async def _paged(extractor: "Extractor", file: Path, found: "Sequence[ContentBlock]", pages: range) -> "AsyncIterator[str]":
    """Every page with its picture and blocks; pages that cannot be drawn have blocks only, and blocks without a page come last."""
    from semantic_memory.cli.view import page as view
    from semantic_memory.core.errors import SemanticMemoryError

    waiting = _by_page(found)
    try:
        async for image in _images(extractor, file, pages):
            for page in [page for page in waiting if page < image.page]:
                yield view.page_part(page, waiting.pop(page), None)
            yield view.page_part(image.page, waiting.pop(image.page, []), image)
    except SemanticMemoryError as error:
        yield view.warning(f"the following pages cannot be drawn: {error.message}")
    for page, blocks_of_page in waiting.items():
        yield view.page_part(page, blocks_of_page, None)
    for part in view.block_parts([block for block in found if block.page is None]):
        yield part


def _by_page(found: "Sequence[ContentBlock]") -> "dict[int, list[ContentBlock]]":
    """Blocks of each page that has some, pages in order."""
    pages: dict[int, list[ContentBlock]] = {}
    for block in found:
        if block.page is not None:
            pages.setdefault(block.page, []).append(block)
    return dict(sorted(pages.items()))


async def _images(extractor: "Extractor", file: Path, pages: range) -> "AsyncIterator[PageImage]":
    for first in range(pages.start, pages.stop, DRAWN_AT_ONCE):
        drawn = await extractor.page_images(file, name=file.name, pages=range(first, min(first + DRAWN_AT_ONCE, pages.stop)))
        for image in drawn:
            yield image
        if not drawn:
            return
