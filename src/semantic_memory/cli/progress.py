"""The progress bar and the summary of `ingest`."""

import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from semantic_memory.cli.run import shown_path
from semantic_memory.core.folder import Summary
from semantic_memory.core.ingest import Ingested, Outcome

REASONS_SHOWN = 20


class IngestProgress:
    """Files done of files found, blocks, passages per second and time left; silent when stderr is no terminal."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn(
                "{task.fields[done]}/{task.fields[files]} files · {task.fields[blocks]} blocks · {task.fields[rate]:.0f} passages/s"
            ),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("ingesting", total=None, done=0, files=0, blocks=0, rate=0.0)
        self._started = time.monotonic()
        self._files = self._done = self._known = self._blocks = self._planned = self._embedded = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def found(self, files: int) -> None:
        self._files = files
        self._show()

    def planned(self, blocks: int, passages: int) -> None:
        self._known += 1
        self._blocks += blocks
        self._planned += passages
        self._show()

    def embedded(self, passages: int) -> None:
        self._embedded += passages
        self._show()

    def finished(self, file: Ingested) -> None:
        self._done += 1
        self._known += file.outcome not in (Outcome.NEW, Outcome.CHANGED)
        self._show()

    def _show(self) -> None:
        """The files not read yet are taken to hold as many passages as the others on average."""
        total = self._planned * self._files / self._known if self._planned else None
        rate = self._embedded / max(self.seconds, 0.001)
        self._bar.update(
            self._task, total=total, completed=self._embedded, done=self._done, files=self._files, blocks=self._blocks, rate=rate
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()


@contextmanager
def changes_applied(console: Console) -> Generator[Callable[[int, int], None]]:
    """A bar to be told the position and the head of the change log."""
    with Progress(
        TextColumn("changes"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True
    ) as bar:
        task = bar.add_task("changes", total=None)
        yield lambda position, head: bar.update(task, completed=position, total=head)


def print_summary(summary: Summary, seconds: float, console: Console) -> None:
    """One line of counts, then why files were skipped or failed."""
    counts = ", ".join(f"{summary.count(outcome)} {outcome}" for outcome in Outcome)
    embedded = sum(file.embedded for file in summary.files)
    console.print(f"{len(summary.files)} files: {counts}")
    console.print(f"{summary.blocks} blocks, {summary.passages} passages, {embedded} embedded in {seconds:.1f} s")
    if not summary.searchable:
        console.print("committed; the indexes are still catching up")
    _print_skipped(summary, console)
    _print_failed(summary, console)


def _print_skipped(summary: Summary, console: Console) -> None:
    skipped = Counter(file.reason for file in summary.files if file.outcome is Outcome.SKIPPED)
    for reason, count in skipped.most_common(REASONS_SHOWN):
        console.print(f"  skipped {count}: {reason}", markup=False)


def _print_failed(summary: Summary, console: Console) -> None:
    failed = [file for file in summary.files if file.outcome is Outcome.FAILED]
    for file in failed[:REASONS_SHOWN]:
        console.print(f"  failed {shown_path(file.path)}: {file.reason}", markup=False)
    if len(failed) > REASONS_SHOWN:
        console.print(f"  … and {len(failed) - REASONS_SHOWN} more; --json lists them all")
