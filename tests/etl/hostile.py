"""A format for tests: a `.command` file is a command that the worker process carries out against itself."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from semantic_memory.core.model import BlockDraft, BlockType, Extraction, Member, PageImage
from semantic_memory.etl.extract.format import ReadOptions


class HostileFormat:
    media_types = frozenset({"application/x-command"})
    extensions: ClassVar = {".command": "application/x-command"}

    def __init__(self, options: ReadOptions) -> None:
        self._options = options

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:
        command = file.read_text().strip()
        texts = self._pages() if command == "pages" else COMMANDS[command]()
        return Extraction(media_type, [BlockDraft(BlockType.PARAGRAPH, text) for text in texts])

    def _pages(self) -> list[str]:
        """Slow pages, all of them together over a time limit of one second."""
        for _ in range(6):
            time.sleep(0.3)
            self._options.page_done()
        return ["six pages"]

    def unpack(self, file: Path, name: str, media_type: str, into: Path) -> Sequence[Member]:
        inner = into / "0001"
        inner.write_bytes(file.read_bytes())
        return [Member("inner/a.txt", str(inner))]

    def page_images(self, file: Path, media_type: str, pages: range) -> Iterator[PageImage]:
        return (PageImage(number, 100, 100, b"png") for number in range(1, 4) if number in pages)


class GentleFormat:
    """A second choice for the same files."""

    media_types = HostileFormat.media_types

    def __init__(self, options: ReadOptions) -> None:
        pass

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:
        command = file.read_text().strip()
        if command == "exit both":
            os._exit(5)
        return Extraction(media_type, [BlockDraft(BlockType.PARAGRAPH, f"the file says {command}")])


def _print() -> list[str]:
    print("not the protocol", flush=True)
    os.write(1, b"\xff" * 100)
    os.write(2, b"x" * 200_000)
    return ["printed"]


def _recurse() -> list[str]:
    return _recurse()


def _raise() -> list[str]:
    raise ZeroDivisionError("the parser's own mistake")


def _sleep() -> list[str]:
    time.sleep(600)
    return []


def _fill() -> list[str]:
    with tempfile.TemporaryFile() as file:
        return [str(file.write(b"x" * 20_000_000))]


def _signal(number: signal.Signals) -> list[str]:
    os.kill(os.getpid(), number)
    return []


COMMANDS: dict[str, Callable[[], list[str]]] = {
    "pid": lambda: [str(os.getpid())],
    "environment": lambda: sorted(os.environ),
    "path": lambda: sys.path,
    "print": _print,
    "recurse": _recurse,
    "raise": _raise,
    "sleep": _sleep,
    "exit": lambda: os._exit(3),
    "exit both": lambda: os._exit(4),
    "segfault": lambda: _signal(signal.SIGSEGV),
    "cpu": lambda: _signal(signal.SIGXCPU),
    "allocate": lambda: ["x" * 2_000_000_000],
    "many": lambda: ["block"] * 1001,
    "long": lambda: ["word " * 100_000],
    "fill the disk": _fill,
}
