"""Passages of labelled documents and their vectors, embedded once and kept in a cache folder."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.data import LabelledDocument
from semantic_memory.ai.embed import minilm
from semantic_memory.core.model import Matrix
from semantic_memory.core.ports import Embedder

SLICE = 512
"""Texts embedded between two writes of the cache."""


class VectorCache:
    """Vectors by content: a file per set holding SHA-256 of model and text → vector."""

    def __init__(self, folder: Path, embedder: Embedder, model_file: Path) -> None:
        self._folder = folder
        self._embedder = embedder
        self._model = hashlib.sha256(model_file.read_bytes()).digest()
        folder.mkdir(parents=True, exist_ok=True)

    def passages(self, name: str, texts: Sequence[str]) -> Matrix:
        return asyncio.run(self._fill(f"{name}.passages", texts, is_query=False))

    def queries(self, name: str, texts: Sequence[str]) -> Matrix:
        return asyncio.run(self._fill(f"{name}.queries", texts, is_query=True))

    async def _fill(self, name: str, texts: Sequence[str], *, is_query: bool) -> Matrix:
        file = self._folder / f"{name}.npz"
        known = _load(file)
        keys = [self._key(text) for text in texts]
        missing = list({key: text for key, text in zip(keys, texts, strict=True) if key not in known}.items())
        for start in range(0, len(missing), SLICE):
            part = missing[start : start + SLICE]
            known.update(zip((key for key, _ in part), await self._embed([text for _, text in part], is_query=is_query), strict=True))
            _save(file, known)
        return np.stack([known[key] for key in keys])

    async def _embed(self, texts: Sequence[str], *, is_query: bool) -> Matrix:
        if is_query:
            return np.stack([await self._embedder.embed_query(text) for text in texts])
        return await self._embedder.embed(texts)

    def _key(self, text: str) -> str:
        return hashlib.sha256(self._model + text.encode()).hexdigest()


def open_cache(folder: Path) -> VectorCache:
    """One thread: the figure that counts is CPU time."""
    return VectorCache(folder, minilm.MiniLmEmbedder(threads=1), minilm.DATA / "model.onnx")


def split(document: LabelledDocument, embedder: Embedder) -> list[str]:
    """Passages within the embedder's budget, each with the title first, cut behind a line or sentence that ends in the second half."""
    title = f"{document.title}\n" if document.title else ""
    spans = embedder.tokenizer.spans([title, document.text])
    budget = embedder.model.max_tokens - len(spans[0])
    return [title + document.text[start:end] for start, end in _cuts(document.text, spans[1], budget)]


def _cuts(text: str, spans: Sequence[tuple[int, int]], budget: int) -> list[tuple[int, int]]:
    cuts: list[tuple[int, int]] = []
    first = 0
    while len(spans) - first > budget:
        last = _last_token(text, spans, first, first + budget)
        cuts.append((spans[first][0], spans[last][0]))
        first = last
    return [*cuts, (spans[first][0] if spans else 0, len(text))]


def _last_token(text: str, spans: Sequence[tuple[int, int]], first: int, limit: int) -> int:
    """The first token of the next passage."""
    for token in range(limit, (first + limit) // 2, -1):
        gap = text[spans[token - 1][1] - 1 : spans[token][0]]
        if "\n" in gap or gap[0] in ".!?。！？।":
            return token
    return limit


def _load(file: Path) -> dict[str, np.ndarray]:
    if not file.is_file():
        return {}
    with np.load(file) as stored:
        return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))


def _save(file: Path, known: dict[str, np.ndarray]) -> None:
    part = file.with_suffix(".part.npz")
    np.savez(part, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
    part.replace(file)
