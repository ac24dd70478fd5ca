"""Search speed and quality of the embedded index next to other engines that run in the process.

Usage: EVAL_DATA=… python -m bench.index 10000 100000 [--engines ours numpy lancedb chroma] [--queries 300] [--peers-max-build-s 1800]

Every engine is built in one process and searched in another. CPU is this process's user and system time over all threads; wall times are
of single queries, one after the other; memory is the searching process's after all queries, less before opening (mapped files counted).
Recall is the share of the exact ten nearest that were found. Prints Markdown tables; `index_data` says how the vectors are made.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import index_keywords
from bench.index_data import TOP, load_real, make_vectors, masks, nearest_similarity, truth
from bench.index_engines import ENGINES

WARM_UP = 10


def main() -> None:
    options = _options()
    if options.child:
        print(json.dumps(_build(options) if options.child == "build" else _search(options)))
        return
    options.work.mkdir(parents=True, exist_ok=True)
    real = load_real(Path(os.environ["EVAL_DATA"]), options.work)
    print(f"{len(real.passages)} real vectors, median similarity to the nearest {nearest_similarity(real.passages):.3f}\n")
    for size in options.sizes:
        _prepare(real.passages, real.queries, size, options)
        print(f"### {size:,} passages\n\n{HEADER}")
        for engine in options.engines:
            print(_row(engine, size, options), flush=True)
        print()
        if options.keywords:
            print(index_keywords.measure(real.texts, real.questions, size, options.work / "keywords"), flush=True)


HEADER = (
    "| engine | filter | recall@10 | CPU ms | wall ms p50 / p95 / p99 | memory MiB | disk MiB | build CPU s | open ms |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--peers-max-build-s", type=float, default=1800)
    parser.add_argument("--keywords", action="store_true", help="also measure the keyword index")
    parser.add_argument("--work", type=Path, default=Path("bench-work"), help="folder for vectors and indexes")
    parser.add_argument("--child", choices=["build", "search"], help=argparse.SUPPRESS)
    return parser.parse_args()


def _prepare(real: np.ndarray, queries: np.ndarray, size: int, options: argparse.Namespace) -> None:
    """Vectors and exact answers of this size, unless they are there."""
    folder: Path = options.work / str(size)
    folder.mkdir(exist_ok=True)
    if not (folder / "vectors.npy").is_file():
        make_vectors(real, size, folder / "vectors.npy")
    chosen = np.random.default_rng(0).choice(len(queries), min(options.queries, len(queries)), replace=False)
    asked = np.ascontiguousarray(queries[chosen])
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    answers = {name: truth(vectors, asked, mask) for name, mask in masks(size).items()}
    np.savez(folder / "queries.npz", queries=asked, **answers)


def _row(engine: str, size: int, options: argparse.Namespace) -> str:
    """Table rows of one engine."""
    limit = None if engine == "ours" else options.peers_max_build_s
    built = _child("build", engine, size, options, limit)
    if built is None:
        return f"| {engine} | – | build took more than {limit:.0f} s | | | | | | |"
    found = _child("search", engine, size, options, None)
    rows = []
    for name, result in found["filters"].items():
        wall = " / ".join(f"{value:.2f}" for value in result["wall_ms"])
        shared = (f"{found['memory_mib']:.0f}", f"{built['disk_mib']:.0f}", f"{built['cpu_s']:.1f}", f"{found['open_ms']:.0f}")
        cells = (engine, name, f"{result['recall']:.4f}", f"{result['cpu_ms']:.2f}", wall, *(shared if name == "none" else [""] * 4))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _child(step: str, engine: str, size: int, options: argparse.Namespace, timeout_s: float | None) -> Any:
    """What the step reports; None when it took too long."""
    command = [sys.executable, "-m", "bench.index", str(size), "--engines", engine, "--work", str(options.work), "--child", step]
    try:
        done = subprocess.run(
            command, check=True, timeout=timeout_s, stdout=subprocess.PIPE, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout.splitlines()[-1])


def _build(options: argparse.Namespace) -> dict[str, float]:
    work = options.work / str(options.sizes[0])
    folder = work / options.engines[0]
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    folder.mkdir(parents=True)
    vectors = np.load(work / "vectors.npy", mmap_mode="r")
    started = time.process_time()
    ENGINES[options.engines[0]](folder).build(vectors)
    disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return {"cpu_s": time.process_time() - started, "disk_mib": disk / 2**20}


def _search(options: argparse.Namespace) -> dict[str, Any]:
    work = options.work / str(options.sizes[0])
    with np.load(work / "queries.npz") as stored:
        queries, answers = stored["queries"], {name: stored[name] for name in masks(1)}
    engine = ENGINES[options.engines[0]](work / options.engines[0])
    before, started = _memory_mib(), time.perf_counter()
    engine.open()
    opened = (time.perf_counter() - started) * 1e3
    results = {name: _measure(engine, queries, expected, name) for name, expected in answers.items()}
    found = {"filters": results, "memory_mib": _memory_mib() - before, "open_ms": opened}
    engine.close()
    return found


def _measure(engine: Any, queries: np.ndarray, expected: np.ndarray, narrowing: str) -> dict[str, Any]:
    for query in queries[:WARM_UP]:
        engine.search(query, narrowing)
    walls, found, cpu = [], [], time.process_time()
    for query in queries:
        started = time.perf_counter()
        found.append(engine.search(query, narrowing))
        walls.append((time.perf_counter() - started) * 1e3)
    cpu_ms = (time.process_time() - cpu) / len(queries) * 1e3
    shared = [len(set(ours) & set(exact)) / TOP for ours, exact in zip(found, expected.tolist(), strict=True)]
    return {"recall": float(np.mean(shared)), "cpu_ms": cpu_ms, "wall_ms": np.percentile(walls, [50, 95, 99]).tolist()}


def _memory_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
