"""The command that reads stored documents again."""

from typing import TYPE_CHECKING, Annotated

import typer

from semantic_memory.cli import run
from semantic_memory.cli.documents import AsJson, Collection, matching, outermost

if TYPE_CHECKING:
    from semantic_memory.core.ingest import Ingested
    from semantic_memory.core.memory import Memory
    from semantic_memory.core.model import Document

PAGE = 1000
"""Documents looked through at a time."""


def register(app: typer.Typer) -> None:
    app.command()(reprocess)


def reprocess(
    targets: Annotated[list[str] | None, typer.Argument(metavar="PATH|ID…", help="Document ids, or paths of ingested files.")] = None,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Every document that could not be read.")] = False,
    collection: Collection = "default",
    as_json: AsJson = False,
) -> None:
    """Read documents again from their stored bytes, as after an upgrade or a new OCR engine. Exit code 1 if one fails."""
    from semantic_memory.core.ingest import Outcome
    from semantic_memory.core.views import ingested_view

    if not targets and not failed:
        raise typer.BadParameter("name documents, or give --failed")
    done, missing = run.with_memory(lambda memory: _reprocess(memory, targets or [], collection, failed=failed))
    for one in done:
        if as_json:
            run.print_json(ingested_view(one))
        else:
            run.stdout().print(_told(one), markup=False)
    for target in missing:
        run.stderr().print(f"error: no document matches {target!r}", markup=False)
    if missing or any(one.outcome is Outcome.FAILED for one in done):
        raise typer.Exit(1)


async def _reprocess(memory: "Memory", targets: list[str], collection: str, *, failed: bool) -> "tuple[list[Ingested], list[str]]":
    wanted: dict[str, list[Document]] = {target: await matching(memory, target, collection) for target in targets}
    documents = {document.id: document for found in wanted.values() for document in found}
    if failed:
        documents |= {document.id: document for document in await _failed(memory, collection)}
    done = [await _again(memory, document) for document in outermost(list(documents.values()))]
    return done, [target for target, found in wanted.items() if not found]


async def _again(memory: "Memory", document: "Document") -> "Ingested":
    """One document's failure leaves the others alone."""
    from semantic_memory.core.errors import ConfigurationError, ForbiddenError, SemanticMemoryError
    from semantic_memory.core.ingest import Ingested, Outcome

    try:
        return await memory.reprocess(document.id)
    except (ConfigurationError, ForbiddenError):
        raise
    except SemanticMemoryError as error:
        return Ingested(document.path, Outcome.FAILED, document, code=error.code, reason=error.message)


async def _failed(memory: "Memory", collection: str) -> "list[Document]":
    from semantic_memory.core.filters import Filters
    from semantic_memory.core.model import DocumentState

    narrowed = Filters(collections=frozenset({collection}))
    found: list[Document] = []
    last = None
    while page := await memory.documents(filters=narrowed, after=last, limit=PAGE):
        found += [document for document in page if document.state is DocumentState.FAILED]
        last = page[-1].id
    return found


def _told(one: "Ingested") -> str:
    reason = f": {one.reason}" if one.reason else f", {one.blocks} blocks, {one.passages} passages"
    return f"{one.outcome} {run.shown_path(one.path)}{reason}"
