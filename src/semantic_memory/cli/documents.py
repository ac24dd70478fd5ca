"""Commands that put documents in and take them out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from semantic_memory.cli import run

if TYPE_CHECKING:
    from semantic_memory.core.folder import Summary
    from semantic_memory.core.memory import Memory
    from semantic_memory.core.model import Document, JsonValue

Collection = Annotated[str, typer.Option("--collection", "-c", help="Collection the documents belong to.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def register(app: typer.Typer) -> None:
    app.command()(ingest)
    app.command()(delete)


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files and folders; .gitignore is honoured.")],
    *,
    collection: Collection = "default",
    as_json: AsJson = False,
) -> None:
    """Ingest files and folders; what did not change is left alone. Exit code 1 if any file failed."""
    from semantic_memory.cli.progress import IngestProgress, print_summary

    with IngestProgress(run.stderr()) as progress:
        summary = run.with_memory(lambda memory: memory.ingest(*paths, collection=collection, progress=progress))
    if as_json:
        run.print_json(_summary_view(summary))
    else:
        print_summary(summary, progress.seconds, run.stdout())
    if _failures(summary, paths):
        raise typer.Exit(1)


def delete(
    targets: Annotated[list[str], typer.Argument(metavar="PATH|ID…", help="Document ids, or paths of ingested files and folders.")],
    *,
    collection: Collection = "default",
    as_json: AsJson = False,
) -> None:
    """Remove documents from every store. Exit code 1 if a target matches no document."""
    deleted, missing = run.with_memory(lambda memory: _delete(memory, targets, collection))
    if as_json:
        run.print_json({"deleted": [str(document.id) for document in deleted], "not_found": list(missing)})
    else:
        for document in deleted:
            run.stdout().print(f"deleted {run.shown_path(document.path)}", markup=False)
    for target in missing:
        run.stderr().print(f"error: no document matches {target!r}", markup=False)
    if missing:
        raise typer.Exit(1)


async def _delete(memory: "Memory", targets: list[str], collection: str) -> "tuple[list[Document], list[str]]":
    deleted: list[Document] = []
    missing: list[str] = []
    for target in targets:
        found = await matching(memory, target, collection)
        deleted += [await memory.delete(document.id) for document in outermost(found)]
        if not found:
            missing.append(target)
    return deleted, missing


async def matching(memory: "Memory", target: str, collection: str) -> "list[Document]":
    """The document with this id, or those at this path and below it."""
    from semantic_memory.core.errors import NotFoundError
    from semantic_memory.core.filters import Filters

    try:
        return [await memory.document(UUID(target))]
    except (ValueError, NotFoundError):
        path = _absolute(target)
    narrowed = Filters(collections=frozenset({collection}), sources=frozenset({"files"}), path_prefix=path)
    found = await memory.documents(filters=narrowed, limit=100_000)
    return [document for document in found if document.path == path or document.path.startswith(f"{path.rstrip('/')}/")]


def outermost(documents: "list[Document]") -> "list[Document]":
    """Without those that were made of a file within another of them: what is done to that one is done to them."""
    ids = {str(document.id) for document in documents}
    return [document for document in documents if document.metadata.get("parent") not in ids]


def _absolute(path: str) -> str:
    return Path(path).absolute().as_posix()


def _failures(summary: "Summary", paths: list[Path]) -> bool:
    """A file that failed, or one named by itself that holds nothing to index."""
    from semantic_memory.core.ingest import Outcome

    named = {path.absolute().as_posix() for path in paths if path.is_file()}
    return any(file.outcome is Outcome.FAILED or (file.outcome is Outcome.SKIPPED and file.path in named) for file in summary.files)


def _summary_view(summary: "Summary") -> "dict[str, JsonValue]":
    from semantic_memory.core.ingest import Outcome
    from semantic_memory.core.views import ingested_view

    counts: dict[str, JsonValue] = {outcome.value: summary.count(outcome) for outcome in Outcome}
    told = [ingested_view(file) for file in summary.files]
    return {**counts, "blocks": summary.blocks, "passages": summary.passages, "searchable": summary.searchable, "files": told}
