"""Commands that find: `search` and `ask`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semantic_memory.cli import run
from semantic_memory.cli.talk import asked, print_degraded, print_more, shortened

if TYPE_CHECKING:
    from rich.text import Text

    from semantic_memory.core.filters import Filters, Scalar
    from semantic_memory.core.model import BlockType, Hit, SearchResult

Query = Annotated[str, typer.Argument(help='What to look for, in your own words; "quoted words" must occur.')]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Collections = Annotated[list[str] | None, typer.Option("--collection", "-c", help="Only these collections.")]
Languages = Annotated[list[str] | None, typer.Option("--language", "-l", help="Only these languages: en, de, python, …")]
Types = Annotated[
    list[str] | None, typer.Option("--type", "-t", help="Only passages with blocks of these types: paragraph, code, table, …")
]
Sources = Annotated[list[str] | None, typer.Option("--source", "-s", help="Only documents that came from here: files, upload, …")]
PathPrefix = Annotated[str | None, typer.Option("--path", "-p", help="Only documents whose path starts so.")]
After = Annotated[datetime | None, typer.Option("--after", help="Only documents modified at this time or later.")]
Before = Annotated[datetime | None, typer.Option("--before", help="Only documents modified before this time.")]
Metadata = Annotated[list[str] | None, typer.Option("--meta", "-m", metavar="KEY=VALUE", help="Only documents with this metadata.")]


def register(app: typer.Typer) -> None:
    app.command()(search)
    app.command()(ask)


def search(
    query: Query,
    *,
    top_k: Annotated[int, typer.Option("--top-k", "-k", help="How many hits.")] = 10,
    collection: Collections = None,
    language: Languages = None,
    block_type: Types = None,
    source: Sources = None,
    path: PathPrefix = None,
    after: After = None,
    before: Before = None,
    meta: Metadata = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show each hit's lane ranks and scores.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find the passages that fit best, by meaning and by words."""
    from semantic_memory.core.views import search_view

    filters = _filters(collection, language, block_type, source, path, after, before, meta)
    result = run.with_memory(lambda memory: memory.search(query, filters=filters, top_k=top_k, explain=explain))
    if as_json:
        run.print_json(search_view(result))
    else:
        _print_hits(result, explain=explain)
    print_degraded(result.degraded)


def ask(
    question: Query,
    *,
    top_k: Annotated[int, typer.Option("--top-k", "-k", help="How many passages the answer may draw on.")] = 8,
    collection: Collections = None,
    language: Languages = None,
    block_type: Types = None,
    source: Sources = None,
    path: PathPrefix = None,
    after: After = None,
    before: Before = None,
    meta: Metadata = None,
    session: Annotated[str | None, typer.Option("--session", help="Go on with this conversation; `new` begins one.")] = None,
    stream: Annotated[bool | None, typer.Option("--stream/--no-stream", help="Print sentences as they come, as on a terminal.")] = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the documents, with citations, or say "I don't know."."""
    from semantic_memory.core.answers import Question
    from semantic_memory.core.views import answer_view

    filters = _filters(collection, language, block_type, source, path, after, before, meta)
    asking = Question(question, filters, top_k, session=session)
    if as_json:
        answer = run.with_memory(lambda memory: memory.answer(asking))
        run.print_json(answer_view(answer))
    else:
        at_once = run.stdout().is_terminal if stream is None else stream
        answer = run.with_memory(lambda memory: asked(memory, asking, stream=at_once))
    print_more(answer)


def _filters(
    collections: list[str] | None,
    languages: list[str] | None,
    types: list[str] | None,
    sources: list[str] | None,
    path: str | None,
    after: datetime | None,
    before: datetime | None,
    meta: list[str] | None,
) -> "Filters":
    from semantic_memory.core.filters import Filters

    return Filters(
        collections=frozenset(collections or ()),
        languages=frozenset(languages or ()),
        types=frozenset(_block_type(name) for name in types or ()),
        sources=frozenset(sources or ()),
        path_prefix=_path_prefix(path),
        modified_from=after.astimezone(UTC) if after else None,
        modified_before=before.astimezone(UTC) if before else None,
        metadata=dict(_term(term) for term in meta or ()),
    )


def _block_type(name: str) -> "BlockType":
    from semantic_memory.core.errors import InvalidFilterError
    from semantic_memory.core.model import BlockType

    try:
        return BlockType(name)
    except ValueError as error:
        raise InvalidFilterError(f"unknown block type {name!r}; known: {', '.join(BlockType)}") from error


def _path_prefix(path: str | None) -> str:
    """A path that exists here is meant from the working folder on; anything else is taken as it is."""
    if not path:
        return ""
    return Path(path).absolute().as_posix() if Path(path).exists() else path


def _term(term: str) -> "tuple[str, Scalar]":
    """`key=value`; the value is read as JSON where it is a number or a boolean."""
    from semantic_memory.core.errors import InvalidFilterError

    key, sign, value = term.partition("=")
    if not key or not sign:
        raise InvalidFilterError(f"{term!r} is not KEY=VALUE")
    try:
        parsed = json.loads(value)
    except ValueError:
        return key, value
    return key, parsed if isinstance(parsed, int | float | bool) else value


def _print_hits(result: "SearchResult", *, explain: bool) -> None:
    console = run.stdout()
    if not result.hits:
        console.print("nothing found")
    for rank, hit in enumerate(result.hits, start=1):
        console.print(_hit_text(rank, hit, explain=explain))
    if result.explanation is not None:
        console.print_json(data=dict(result.explanation))


def _hit_text(rank: int, hit: "Hit", *, explain: bool) -> "Text":
    from rich.text import Text

    from semantic_memory.core.views import locator, place

    where = locator(run.shown_path(hit.document.path), place(hit.passage))
    lines: list[str | tuple[str, str]] = [f"{rank:>2}  ", (where, "bold cyan"), f"  {hit.score:.3f}"]
    if hit.passage.heading_path:
        lines.append(("\n    " + " › ".join(hit.passage.heading_path), "dim"))
    if explain:
        ranks = ", ".join(f"{lane} #{score.rank} ({score.score:.3f})" for lane, score in hit.lanes.items())
        lines.append(("\n    " + ranks, "magenta"))
    return Text.assemble(*lines, "\n    " + shortened(hit.passage.text) + "\n")
