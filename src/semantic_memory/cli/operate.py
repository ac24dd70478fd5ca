"""Commands that operate the memory: `status`, `fsck`, `serve`, `worker`."""

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from semantic_memory.cli import run

if TYPE_CHECKING:
    from semantic_memory.core.fsck import Report
    from semantic_memory.core.memory import Status
    from semantic_memory.core.model import JsonValue
    from semantic_memory.core.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def register(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(fsck)
    app.command()(serve)
    app.command()(worker)


def status(*, as_json: AsJson = False) -> None:
    """Show what is in the memory and how far the indexes are."""
    view = _status_view(run.with_memory(lambda memory: memory.status()))
    if as_json:
        run.print_json(view)
        return
    for name, value in view.items():
        run.stdout().print(f"{name:<18} {value}", markup=False)


def fsck(*, as_json: AsJson = False) -> None:
    """Compare every store with the catalogue. Exit code 1 if anything differs."""
    report = run.with_memory(lambda memory: memory.fsck())
    if as_json:
        run.print_json(_report_view(report))
    else:
        _print_report(report)
    if not report.is_clean:
        raise typer.Exit(1)


def serve(
    *,
    host: Annotated[str | None, typer.Option("--host", help="Address to bind; the default is this machine only.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to bind.")] = None,
) -> None:
    """Serve the HTTP API; its interactive description is at /docs."""
    from semantic_memory.api.server import serve as serve_api
    from semantic_memory.core.settings import load_settings

    chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    serve_api(load_settings().model_copy(update=chosen))


def worker() -> None:
    """Work on uploads that servers accepted, JOB_WORKERS at a time, until stopped; for servers with JOB_WORKERS=0."""
    from semantic_memory.api.logs import configure_logging
    from semantic_memory.core.settings import load_settings

    settings = load_settings()
    configure_logging(settings)
    asyncio.run(_work(settings))


async def _work(settings: "Settings") -> None:
    from semantic_memory.wiring import open_memory

    stopped = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stopped.set)
    async with open_memory(settings, run_jobs=True):
        await stopped.wait()


def _status_view(status: "Status") -> "dict[str, JsonValue]":
    return {
        "documents": status.counts.documents,
        "failed_documents": status.counts.failed_documents,
        "blocks": status.counts.blocks,
        "passages": status.counts.passages,
        "pending_jobs": status.pending_jobs,
        "index_lag": dict(status.lag),
        "problems": dict(status.problems),
        "embedder": status.embedder,
        "pipeline": status.pipeline,
    }


def _report_view(report: "Report") -> "dict[str, JsonValue]":
    findings: list[JsonValue] = [{"store": finding.store, "problem": finding.problem} for finding in report.findings]
    return {"clean": report.is_clean, "checked": dict(report.checked), "findings": findings}


def _print_report(report: "Report") -> None:
    console = run.stdout()
    for store, count in report.checked.items():
        console.print(f"{store:<12} {count} checked")
    for finding in report.findings:
        console.print(f"{finding.store}: {finding.problem}", markup=False)
    console.print("clean" if report.is_clean else f"{len(report.findings)} findings")
