"""The command line: stdout is data, stderr is talk."""

import sys
from typing import Annotated

import typer

from semantic_memory import __version__
from semantic_memory.cli import blocks, documents, find, operate, reprocess, store
from semantic_memory.core.errors import ConfigurationError, InvalidInputError, SemanticMemoryError

app = typer.Typer(
    name="semantic-memory",
    help="Self-hosted semantic memory: ingest documents and code, search them, ask them.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich's help pages would double the time to `--help`
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (documents, blocks, reprocess, find, operate, store):
    commands.register(app)

EXIT_FAILED = 1
EXIT_USAGE = 2


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer's callback protocol
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")]


@app.callback()
def options(*, version: Version = False) -> None:
    """Settings come from the environment and `.env`; `semantic-memory COMMAND --help` tells more."""


def main() -> None:
    """Runs the command line; errors become one line on stderr and an exit code."""
    try:
        app()
    except SemanticMemoryError as error:
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 - the command line's voice
        sys.exit(EXIT_USAGE if isinstance(error, ConfigurationError | InvalidInputError) else EXIT_FAILED)
