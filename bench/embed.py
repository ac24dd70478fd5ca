"""How fast the default embedder is, and how near the adapter comes to the bare runtime.

Usage: python bench/embed.py [--texts 200] [--threads 2]

Texts of 126 word pieces (128 with the special tokens) are made of the shipped vocabulary by a fixed seed. Wall time needs an idle machine;
CPU seconds do not, but busy neighbours on the same core still stretch them. "bare" runs the same graph on the same token ids from as many
threads, without tokenizer, batches, queue and event loop: the ceiling. Bare and adapter are measured in turns, best of `--rounds` each.
"""

import argparse
import asyncio
import json
import random
import resource
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from semantic_memory.ai.embed.minilm import DATA, MiniLmEmbedder, MiniLmTokenizer, Session, load_session

TOKENS = 126
QUERY_WORDS = 8


@dataclass(frozen=True, slots=True)
class Timing:
    wall_s: float
    cpu_s: float

    def row(self, name: str, texts: int) -> str:
        return f"| {name} | {texts / self.wall_s:.1f} | {100 * self.cpu_s / texts:.2f} |"


def made_texts(count: int, tokens: int) -> list[str]:
    """Texts of words that are one word piece each."""
    vocabulary = json.loads((DATA / "tokenizer.json").read_bytes())["model"]["vocab"]
    words = sorted(word for word in vocabulary if word.isalpha() and word.isascii() and len(word) > 2)
    chosen = random.Random(7)
    return [" ".join(chosen.choices(words, k=tokens)) for _ in range(count)]


async def timed(work: Callable[[], Awaitable[object]]) -> Timing:
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return Timing(time.perf_counter() - wall, time.process_time() - cpu)


def best(timings: list[Timing]) -> Timing:
    return Timing(min(timing.wall_s for timing in timings), min(timing.cpu_s for timing in timings))


class Bare:
    """The graph and nothing else."""

    def __init__(self, texts: list[str], threads: int) -> None:
        tokenizer = MiniLmTokenizer(DATA)
        self._session: Session = load_session(DATA)
        self._inputs = [np.array([tokenizer.ids(text)], np.int64) for text in texts]
        self._pool = ThreadPoolExecutor(threads)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(self._pool, self._one, ids) for ids in self._inputs))

    def _one(self, ids: np.ndarray) -> None:
        self._session.run(None, {"input_ids": ids})


async def query_milliseconds(embedder: MiniLmEmbedder, count: int) -> list[float]:
    timings = [await timed(lambda query=query: embedder.embed_query(query)) for query in made_texts(count, QUERY_WORDS)]
    return [1000 * timing.wall_s for timing in timings]


async def query_milliseconds_during_ingest(embedder: MiniLmEmbedder, texts: list[str], count: int) -> list[float]:
    ingest = asyncio.create_task(embedder.embed(texts * 20))
    try:
        return await query_milliseconds(embedder, count)
    finally:
        ingest.cancel()
        await asyncio.wait([ingest])


async def main() -> None:
    options = _options()
    texts = made_texts(options.texts, TOKENS)
    embedder, bare = MiniLmEmbedder(threads=options.threads), Bare(texts, options.threads)
    load = await timed(embedder.warm_up)
    await bare.run()
    rounds = [(await timed(bare.run), await timed(lambda: embedder.embed(texts))) for _ in range(options.rounds)]
    ceiling, adapter = (best(list(column)) for column in zip(*rounds, strict=True))
    print(f"{options.threads} threads, {options.texts} texts of {TOKENS + 2} tokens, best of {options.rounds}\n")
    print("| | texts/s | CPU s per 100 texts |\n|---|---|---|")
    print(ceiling.row("bare", len(texts)))
    print(adapter.row("adapter", len(texts)))
    print(f"\nadapter over bare, CPU: {adapter.cpu_s / ceiling.cpu_s - 1:+.1%} (at most +15%); load {load.wall_s:.2f} s")
    for name, values in {
        "idle": await query_milliseconds(embedder, 200),
        "during an ingest": await query_milliseconds_during_ingest(embedder, texts, 100),
    }.items():
        print(f"query of {QUERY_WORDS} words, {name}: p50 {np.percentile(values, 50):.1f} ms, p95 {np.percentile(values, 95):.1f} ms")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB (two copies of the model)")
    await embedder.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Speed of the default embedder.")
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
