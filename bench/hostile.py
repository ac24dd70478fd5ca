"""Hostile files through a running server, while a client searches it: what becomes of each file, and how long searches take meanwhile.

    python -m bench.hostile [--timeout-s S] [--embedder NAME] [--only WORD …] [--notes N] [--workers N]

A server with a fresh data folder gets N notes, then searches are timed: first with nothing else to do, then while the files of
`bench/hostile_files.py` are uploaded one after the other. The server runs with its defaults, but for a shorter time that one file may take
to read, so that the run ends soon; `--embedder hashing` leaves out what embedding costs and shows what reading does to searches. The ratio
of the two 95th percentiles is the figure to watch: at most 2. Other load on the machine disturbs both; the load average is printed.
"""

import argparse
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from bench.hostile_files import HOSTILE
from bench.serving import Client, Server, serving
from eval.documents.writer import Shape, write

IDLE_SEARCHES = 200
PAUSE_S = 0.05
"""Between two searches."""
QUERIES = tuple(write("query", Shape(), seed).headings()[number].text for seed in range(10) for number in (1, 2, 3))


@dataclass(frozen=True, slots=True)
class Outcome:
    seconds: float
    state: str


class Searcher(threading.Thread):
    """Searches until it is told to stop; `latencies` are in milliseconds, in order. A search that fails ends it: `error` says why."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._client = Client(server)
        self._stopped = threading.Event()
        self.latencies: list[float] = []
        self.error = ""

    def run(self) -> None:
        try:
            while not self._stopped.wait(PAUSE_S):
                self.latencies.append(timed_search(self._client))
        except httpx.HTTPError as error:
            self.error = repr(error)

    def finish(self) -> list[float]:
        self._stopped.set()
        self.join()
        return self.latencies


def main() -> None:
    arguments = _arguments()
    chosen = [name for name in HOSTILE if not arguments.only or any(word in name for word in arguments.only)]
    settings = {"EXTRACT_TIMEOUT_S": str(arguments.timeout_s), "EXTRACT_WORKERS": str(arguments.workers), "EMBEDDER": arguments.embedder}
    files = {name: HOSTILE[name]() for name in chosen}  # before anything is timed: making them takes this process's time
    with tempfile.TemporaryDirectory() as scratch, serving(Path(scratch), **settings) as server:
        client = Client(server)
        _fill(client, arguments.notes)
        idle = [timed_search(client) for _ in range(IDLE_SEARCHES) if _pause()]
        searcher = Searcher(server)
        searcher.start()
        outcomes = list(_outcomes(client, files, searcher))
        busy = searcher.finish()
        _report(outcomes, idle, busy, searcher.error)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timeout-s", type=float, default=20, help="seconds one file may take to read")
    parser.add_argument("--embedder", default="minilm", help="adapter that makes the vectors")
    parser.add_argument("--workers", type=int, default=2, help="processes that read files")
    parser.add_argument("--notes", type=int, default=100, help="documents to search in")
    parser.add_argument("--only", nargs="+", default=[], help="only files with one of these words in their name")
    return parser.parse_args()


def _fill(client: Client, notes: int) -> None:
    from eval.documents.truth import markdown

    jobs = [client.upload(f"note-{seed}.md", markdown(write("note", Shape(sections=2), seed)).encode()) for seed in range(notes)]
    for job in jobs:
        client.finished(job)


def _pause() -> bool:
    time.sleep(PAUSE_S)
    return True


def timed_search(client: Client) -> float:
    started = time.perf_counter()
    client.search(random.choice(QUERIES))
    return (time.perf_counter() - started) * 1000


def _outcomes(client: Client, files: Mapping[str, bytes], searcher: Searcher) -> Iterator[Outcome]:
    print("| file | KB | s | searches, p95 ms | state | reason or outcome |\n|---|---|---|---|---|---|")
    for name, content in files.items():
        started, first = time.monotonic(), len(searcher.latencies)
        try:
            job = client.finished(client.upload(name, content))
            state, reason = str(job["state"]), str(job["reason"] or _told(job["result"]))
        except httpx.HTTPStatusError as error:
            state, reason = f"refused ({error.response.status_code})", str(error.response.json().get("code"))
        outcome = Outcome(time.monotonic() - started, state)
        own = searcher.latencies[first:]
        p95 = f"{np.percentile(own, 95):.0f}" if own else "–"
        print(f"| {name} | {len(content) / 1000:.0f} | {outcome.seconds:.1f} | {p95} | {state} | {reason[:160]} |", flush=True)
        yield outcome


def _told(result: object) -> str:
    """What the job says of the document."""
    fields = result if isinstance(result, dict) else {}
    inside = f", {len(fields['members'])} files inside" if fields.get("members") else ""
    return f"{fields.get('outcome')}: {fields.get('blocks')} blocks, {fields.get('passages')} passages{inside}"


def _report(outcomes: Sequence[Outcome], idle: Sequence[float], busy: Sequence[float], error: str) -> None:
    before, during = _percentiles(idle), _percentiles(busy)
    print(f"\n{len(outcomes)} files, {sum(one.state == 'failed' for one in outcomes)} failed with a reason; slowest "
          f"{max(one.seconds for one in outcomes):.1f} s; load average {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(f"\n| searches | n | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|\n| idle | {len(idle)} | {before} |")
    print(f"| during the run | {len(busy)} | {during} |\n\np95 ratio {np.percentile(busy, 95) / np.percentile(idle, 95):.2f} {error}")


def _percentiles(latencies: Sequence[float]) -> str:
    return " | ".join(f"{np.percentile(latencies, share):.1f}" for share in (50, 95, 99))


if __name__ == "__main__":
    main()
