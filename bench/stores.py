"""Every vector store through the product's port, on the same vectors: filling, latency, recall, filters, memory.

Usage: EVAL_DATA=… python -m bench.stores 100000 [--stores embedded chroma pgvector qdrant milvus] [--queries 200] [--work DIR]

Servers run beside this process on the same machine: wall times hold both, `CPU s` and `memory` are the server's alone where there is one
(children included), and this process's for embedded stores. Filling is one change log replayed in batches of 2,000, as the indexer does.
Queries come one after the other. Recall is the share of the exact ten nearest that were found.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.index import _prepare
from bench.index_data import TOP, load_real, masks
from bench.index_engines import BATCH, Ours, _change
from semantic_memory.core.access import local_access
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter

WARM_UP = 10
Opened = tuple[Settings, int | None]
"""Settings of the store, and its server's process."""


def main() -> None:
    options = _options()
    options.work.mkdir(parents=True, exist_ok=True)
    real = load_real(Path(os.environ["EVAL_DATA"]), options.work)
    for size in options.sizes:
        _prepare(real.passages, real.queries, size, options)
        print(f"### {size:,} passages\n\n{HEADER}", flush=True)
        for store in options.stores:
            with tempfile.TemporaryDirectory() as folder, STORES[store](Path(folder)) as (settings, server):
                print(asyncio.run(_measured(store, settings, server, options.work / str(size))), flush=True)


HEADER = (
    "| store | fill: rows/s | fill: CPU s | memory MiB | recall, ms p50 / p95 | with a 10 % filter | with a 1 % filter |\n"
    "|---|---|---|---|---|---|---|"
)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--stores", nargs="+", choices=list(STORES), default=list(STORES))
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--work", type=Path, default=Path("bench-work"), help="folder for vectors and answers")
    return parser.parse_args()


async def _measured(store: str, settings: Settings, server: int | None, work: Path) -> str:
    """One row of the table."""
    index = adapter("store.vectors", settings.vector_store)(settings)
    vectors = np.load(work / "vectors.npy", mmap_mode="r")
    before, started = _cpu_s(server), time.perf_counter()
    for start in range(0, len(vectors), BATCH):
        rows = range(start, min(start + BATCH, len(vectors)))
        await index.apply([_change(row, np.array(vectors[row])) for row in rows])
    seconds, cpu = time.perf_counter() - started, _cpu_s(server) - before
    with np.load(work / "queries.npz") as stored:
        queries, answers = stored["queries"], {name: stored[name] for name in masks(1)}
    cells = [await _searched(index, queries, expected, name) for name, expected in answers.items()]
    memory = _memory_mib(server)
    await index.close()
    return f"| {store} | {len(vectors) / seconds:,.0f} | {cpu:,.0f} | {memory:,.0f} | {' | '.join(cells)} |"


async def _searched(index: Any, queries: np.ndarray, expected: np.ndarray, narrowing: str) -> str:
    walls: list[float] = []
    shares: list[float] = []
    for place, query in enumerate([*queries[:WARM_UP], *queries]):
        started = time.perf_counter()
        hits = await index.search(query, access=local_access(), filters=Ours.filters[narrowing], limit=TOP)
        if place >= WARM_UP:
            walls.append((time.perf_counter() - started) * 1e3)
            shares.append(len({hit.passage_id.int for hit in hits} & set(expected[place - WARM_UP].tolist())) / TOP)
    return f"{np.mean(shares):.3f}, {np.percentile(walls, 50):.1f} / {np.percentile(walls, 95):.1f}"


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
    from tests.servers.chroma import running_chroma

    with running_chroma(folder) as server:
        yield (
            Settings(data_dir=folder, vector_store="chroma", chroma_host="127.0.0.1", chroma_port=server.port, store_timeout_s=60),
            server.pid,
        )


@contextmanager
def _pgvector(folder: Path) -> Iterator[Opened]:
    from tests.servers.postgres import running_postgres

    with running_postgres(folder) as server:
        yield Settings(data_dir=folder, vector_store="pgvector", pgvector_url=server.new_database(), store_timeout_s=60), server.pid


@contextmanager
def _milvus(folder: Path) -> Iterator[Opened]:
    from tests.servers.milvus import running_milvus

    with running_milvus(folder) as server:
        yield Settings(data_dir=folder, vector_store="milvus", milvus_uri=server.uri, store_timeout_s=60), server.pid


@contextmanager
def _qdrant_edge(folder: Path) -> Iterator[Opened]:
    """Qdrant's engine behind the double of its server: recall and filters are the engine's, the milliseconds hold a server in Python."""
    from tests.servers.qdrant import running_qdrant

    with running_qdrant(folder) as server:
        yield Settings(data_dir=folder, vector_store="qdrant", qdrant_url=server.url, store_timeout_s=60), server.pid


@contextmanager
def _qdrant(folder: Path) -> Iterator[Opened]:
    """The client's local mode: every row is compared, in Python."""
    yield Settings(data_dir=folder, vector_store="qdrant", store_timeout_s=60), None


STORES: dict[str, Callable[[Path], AbstractContextManager[Opened]]] = {
    "embedded": _embedded,
    "chroma": _chroma,
    "pgvector": _pgvector,
    "milvus": _milvus,
    "qdrant_edge": _qdrant_edge,
    "qdrant": _qdrant,
}

if __name__ == "__main__":
    main()
