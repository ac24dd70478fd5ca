"""From a synchronous command into the asynchronous memory, and its results onto the terminal."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from semantic_memory.core.memory import Memory
    from semantic_memory.core.model import JsonValue
    from semantic_memory.core.ports import Extractor

T = TypeVar("T")

EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


def with_memory(use: Callable[["Memory"], Awaitable[T]]) -> T:
    """Opens the memory the settings describe, uses it and closes it."""
    from semantic_memory.core.settings import load_settings
    from semantic_memory.wiring import open_memory

    settings = load_settings()
    quiet_logs(settings.log_level)

    async def run() -> T:
        async with open_memory(settings) as memory:
            return await use(memory)

    try:
        return asyncio.run(run())
    except KeyboardInterrupt as interrupt:
        stderr().print("stopped; the same command carries on where it stopped")
        raise typer.Exit(EXIT_INTERRUPTED) from interrupt


def with_extractor(use: Callable[["Extractor"], Awaitable[T]]) -> T:
    """Opens the extractor the settings describe, and nothing else, uses it and closes it."""
    from semantic_memory.core.settings import load_settings
    from semantic_memory.wiring import open_extractor

    async def run() -> T:
        async with open_extractor(load_settings()) as extractor:
            return await use(extractor)

    return asyncio.run(run())


def quiet_logs(level: str) -> None:
    """Logs go to stderr, and only from warnings on unless asked for more: a command's own words tell the rest."""
    import logging

    import structlog

    lowest = logging.DEBUG if level == "debug" else logging.WARNING
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(lowest), logger_factory=structlog.PrintLoggerFactory(file=sys.stderr)
    )


def print_json(value: "Mapping[str, JsonValue]") -> None:
    """One JSON value on one line, on stdout."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def stdout() -> "Console":
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def stderr() -> "Console":
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def shown_path(path: str) -> str:
    """The path relative to the working folder when it lies below it."""
    below = Path.cwd().as_posix() + os.sep
    return path.removeprefix(below)
