"""`semantic-memory store`: which engines hold the passages, moving between them, repairing them."""

from typing import TYPE_CHECKING, Annotated

import typer

from semantic_memory.cli import run

if TYPE_CHECKING:
    from semantic_memory.core.memory import Memory
    from semantic_memory.core.stores import Engine, Moved

commands = typer.Typer(help="Show, move and repair the engines that hold the passages.", no_args_is_help=True)

Keywords = Annotated[bool, typer.Option("--keywords", help="The engine that finds by words; the default is the one that finds by meaning.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def register(app: typer.Typer) -> None:
    app.add_typer(commands, name="store")


@commands.command()
def status(*, as_json: AsJson = False) -> None:
    """Show every engine that holds the passages, and how far it is."""
    engines = run.with_memory(lambda memory: memory.stores.engines())
    if as_json:
        run.print_json({"engines": [_view(engine) for engine in engines]})
        return
    for engine in engines:
        position = "not in use" if engine.position is None else f"{engine.position} of {engine.head} changes"
        run.stdout().print(f"{engine.kind:<9} {engine.name:<10} {engine.state.value:<7} {position}", markup=False)


@commands.command()
def move(
    *,
    to: Annotated[str, typer.Option("--to", help="The engine to fill: embedded, chroma, milvus, pgvector, qdrant, weaviate, …")],
    keywords: Keywords = False,
    drop: Annotated[bool, typer.Option("--drop", help="Once it is in use: empty the engines that were used before.")] = False,
) -> None:
    """Fill another engine while the memory is being used, and compare the two.

    Afterwards name it in VECTOR_STORE (or KEYWORD_STORE) and restart; the old one stays until `--drop`.
    """
    kind = "keywords" if keywords else "vectors"
    moved, dropped = run.with_memory(lambda memory: _move(memory, kind, to, drop=drop))
    say = run.stderr().print
    say(f"{moved.passages} passages in {to}; {moved.agreement:.1%} of the neighbours are the same")
    if dropped:
        say(f"emptied: {', '.join(dropped)}")
    elif not moved.is_active:
        say(
            f"set {'KEYWORD' if keywords else 'VECTOR'}_STORE={to} and restart every process; it reads by itself what is written until then"
        )


@commands.command()
def drop(name: Annotated[str, typer.Argument(help="An engine that is no longer in use.")], *, keywords: Keywords = False) -> None:
    """Empty an engine that is no longer in use, and forget it."""
    run.with_memory(lambda memory: memory.stores.drop("keywords" if keywords else "vectors", name))


@commands.command()
def reconcile() -> None:
    """Compare the engines in use with the catalogue and put right what differs."""
    for kind, repaired in run.with_memory(_reconcile).items():
        run.stdout().print(f"{kind:<9} {repaired} passages applied again")


@commands.command()
def rebuild(*, keywords: Keywords = False) -> None:
    """Empty the engine in use and fill it again. Searches find less until it is done, and say so."""
    run.with_memory(lambda memory: _rebuild(memory, "keywords" if keywords else "vectors"))


async def _move(memory: "Memory", kind: str, name: str, *, drop: bool) -> "tuple[Moved, list[str]]":
    from semantic_memory.cli.progress import changes_applied
    from semantic_memory.core.errors import ConflictError

    with changes_applied(run.stderr()) as progress:
        moved = await memory.stores.move(kind, name, progress=progress)
    if not drop:
        return moved, []
    if not moved.is_active:
        raise ConflictError(f"{name!r} is not in use yet; name it in the settings, restart, and then drop what was used before")
    others = [engine.name for engine in await memory.stores.engines() if engine.kind == kind and engine.name != name]
    for other in others:
        await memory.stores.drop(kind, other)
    return moved, others


async def _reconcile(memory: "Memory") -> "dict[str, int]":
    repaired = dict(await memory.stores.reconcile())
    await memory.level()
    return repaired


async def _rebuild(memory: "Memory", kind: str) -> None:
    await memory.stores.rebuild(kind)
    await memory.level()


def _view(engine: "Engine") -> "dict[str, str | int | None]":
    return {
        "kind": engine.kind,
        "name": engine.name,
        "state": engine.state.value,
        "position": engine.position,
        "head": engine.head,
    }
