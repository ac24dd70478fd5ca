"""Every vector store, or keyword store, through the product's port, on the same passages: filling, latency, recall, filters, memory.

Usage: EVAL_DATA=… python -m bench.stores 100000 [--lane vectors] [--stores embedded chroma pgvector …] [--queries 200] [--work DIR]

Servers run beside this process on the same machine: wall times hold both, `CPU s` and `memory` are the server's alone where there is one
(children included), and this process's for embedded stores. Filling is one change log replayed in batches of 2,000, as the indexer does.
Queries come one after the other. Recall is the share of the exact ten nearest that were found; of words, the share of the ten best of the
in-memory BM25, which scores every passage with the same words.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.index import _prepare
from bench.index_data import TOP, Real, load_real, masks
from bench.index_engines import BATCH, Ours
from bench.index_engines import _change as vector_change
from bench.index_keywords import _change as words_change
from bench.index_keywords import _window
from semantic_memory.core.access import local_access
from semantic_memory.core.model import Change
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter

WARM_UP = 10
Opened = tuple[Settings, int | None]
"""Settings of the store, and its server's process."""


@dataclass(frozen=True)
class Lane:
    """What is put in, asked, and truly best: rows of each query, by narrowing."""

    count: int
    changes: Callable[[range], list[Change]]
    queries: Sequence[Any]
    expected: Mapping[str, Sequence[set[int]]]


def main() -> None:
    options = _options()
    options.work.mkdir(parents=True, exist_ok=True)
    real = load_real(Path(os.environ["EVAL_DATA"]), options.work)
    for size in options.sizes:
        lane = LANES[options.lane](real, size, options)
        print(f"### {size:,} passages, {options.lane}\n\n{HEADER}", flush=True)
        for store in options.stores:
            with tempfile.TemporaryDirectory() as folder, STORES[store](Path(folder)) as (settings, server):
                print(f"| {store} | {asyncio.run(_measured(options.lane, settings, server, lane))} |", flush=True)


HEADER = (
    "| store | fill: rows/s | fill: CPU s | memory MiB | recall, ms p50 / p95 | with a 10 % filter | with a 1 % filter |\n"
    "|---|---|---|---|---|---|---|"
)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--lane", choices=list(LANES), default="vectors")
    parser.add_argument("--stores", nargs="+", choices=list(STORES), default=["embedded", "chroma", "pgvector"])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--work", type=Path, default=Path("bench-work"), help="folder for vectors and answers")
    return parser.parse_args()


async def _measured(lane: str, settings: Settings, server: int | None, given: Lane) -> str:
    """The cells of one row."""
    name = settings.vector_store if lane == "vectors" else settings.keyword_store
    index = adapter(f"store.{lane}", name)(settings)
    before, started = _cpu_s(server), time.perf_counter()
    for start in range(0, given.count, BATCH):
        await index.apply(given.changes(range(start, min(start + BATCH, given.count))))
    seconds, cpu = time.perf_counter() - started, _cpu_s(server) - before
    cells = [await _searched(index, given.queries, expected, narrowing) for narrowing, expected in given.expected.items()]
    memory = _memory_mib(server)
    await index.close()
    return " | ".join((f"{given.count / seconds:,.0f}", f"{cpu:,.0f}", f"{memory:,.0f}", *cells))


async def _searched(index: Any, queries: Sequence[Any], expected: Sequence[set[int]], narrowing: str) -> str:
    walls: list[float] = []
    shares: list[float] = []
    for place, query in enumerate([*queries[:WARM_UP], *queries]):
        started = time.perf_counter()
        hits = await index.search(query, access=local_access(), filters=Ours.filters[narrowing], limit=TOP)
        if place >= WARM_UP:
            walls.append((time.perf_counter() - started) * 1e3)
            best = expected[place - WARM_UP]
            shares.append(len({hit.passage_id.int for hit in hits} & best) / max(1, len(best)))
    return f"{np.mean(shares):.3f}, {np.percentile(walls, 50):.1f} / {np.percentile(walls, 95):.1f}"


def _vectors(real: Real, count: int, options: argparse.Namespace) -> Lane:
    _prepare(real.passages, real.queries, count, options)
    vectors = np.load(options.work / str(count) / "vectors.npy", mmap_mode="r")
    with np.load(options.work / str(count) / "queries.npz") as stored:
        queries, expected = stored["queries"], {name: [set(rows.tolist()) for rows in stored[name]] for name in masks(1)}
    return Lane(count, lambda rows: [vector_change(row, np.array(vectors[row])) for row in rows], queries, expected)


def _keywords(real: Real, count: int, options: argparse.Namespace) -> Lane:
    choose, words = random.Random(0), [text.split() for text in real.texts]
    passages = [_window(words, choose) for _ in range(count)]
    queries = random.Random(1).sample(real.questions, options.queries)

    def changes(rows: range) -> list[Change]:
        return [words_change(row, passages[row]) for row in rows]

    return Lane(count, changes, queries, asyncio.run(_best_by_words(changes(range(count)), queries)))


async def _best_by_words(changes: list[Change], queries: Sequence[str]) -> dict[str, list[set[int]]]:
    index = adapter("store.keywords", "memory")(Settings())
    await index.apply(changes)
    best: dict[str, list[set[int]]] = {}
    for narrowing, filters in Ours.filters.items():
        found = [await index.search(query, access=local_access(), filters=filters, limit=TOP) for query in queries]
        best[narrowing] = [{match.passage_id.int for match in matches} for matches in found]
    return best


LANES: Mapping[str, Callable[[Real, int, argparse.Namespace], Lane]] = {"vectors": _vectors, "keywords": _keywords}


def _processes(server: int | None) -> list[psutil.Process]:
    process = psutil.Process(server)
    return [process, *process.children(recursive=True)] if server else [process]


def _cpu_s(server: int | None) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _processes(server))


def _memory_mib(server: int | None) -> float:
    """Shared pages counted once: proportional set size."""
    return sum(process.memory_full_info().pss for process in _processes(server)) / 2**20


@contextmanager
def _embedded(folder: Path) -> Iterator[Opened]:
    yield Settings(data_dir=folder), None


@contextmanager
def _chroma(folder: Path) -> Iterator[Opened]:
    """Finds by meaning only."""
    from tests.servers.chroma import running_chroma

    with running_chroma(folder) as server:
        yield _settings(folder, vector_store="chroma", chroma_host="127.0.0.1", chroma_port=server.port), server.pid


@contextmanager
def _pgvector(folder: Path) -> Iterator[Opened]:
    from tests.servers.postgres import running_postgres

    with running_postgres(folder) as server:
        yield _settings(folder, vector_store="pgvector", keyword_store="postgres", pgvector_url=server.new_database()), server.pid


@contextmanager
def _milvus(folder: Path) -> Iterator[Opened]:
    """Milvus Lite, which compares every row in Python where there is a filter: minutes at 100,000 rows."""
    from tests.servers.milvus import running_milvus

    with running_milvus(folder) as server:
        yield _settings(folder, vector_store="milvus", keyword_store="milvus", milvus_uri=server.uri), server.pid


@contextmanager
def _qdrant_edge(folder: Path) -> Iterator[Opened]:
    """Qdrant's engine behind the double of its server: recall and filters are the engine's, the milliseconds hold a server in Python."""
    from tests.servers.qdrant import running_qdrant

    with running_qdrant(folder) as server:
        yield _settings(folder, vector_store="qdrant", keyword_store="qdrant", qdrant_url=server.url), server.pid


@contextmanager
def _qdrant_local(folder: Path) -> Iterator[Opened]:
    """The client's local mode: every row is compared, in Python."""
    yield _settings(folder, vector_store="qdrant", keyword_store="qdrant"), None


def _settings(folder: Path, **stores: Any) -> Settings:
    return Settings(data_dir=folder, store_timeout_s=60, **stores)


STORES: dict[str, Callable[[Path], AbstractContextManager[Opened]]] = {
    "embedded": _embedded,
    "chroma": _chroma,
    "pgvector": _pgvector,
    "milvus": _milvus,
    "qdrant_edge": _qdrant_edge,
    "qdrant_local": _qdrant_local,
}

if __name__ == "__main__":
    main()
