"""Vectors of hashed words and word pairs: no model file, no learning, the same on every machine.

Finds texts that share words, not texts that share meaning. For tests, demonstrations and machines too small for a model.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from math import log1p

import numpy as np

from semantic_memory.core.errors import InputTooLongError
from semantic_memory.core.model import Matrix, Vector
from semantic_memory.core.ports import EmbeddingModel
from semantic_memory.core.settings import Settings

MODEL = EmbeddingModel(name="hashing-1", dimension=512, max_tokens=256)
TOKEN = re.compile(r"\w+|[^\w\s]")
PAIR_WEIGHT = 0.5
"""A pair of words repeats what its two words say already."""


class WordTokenizer:
    """Runs of word characters, and every other visible character by itself."""

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[match.span() for match in TOKEN.finditer(text)] for text in texts]


class HashingEmbedder:
    def __init__(self) -> None:
        self._tokenizer = WordTokenizer()

    @property
    def model(self) -> EmbeddingModel:
        return MODEL

    @property
    def tokenizer(self) -> WordTokenizer:
        return self._tokenizer

    async def embed(self, texts: Sequence[str]) -> Matrix:
        """Raises: InputTooLongError."""
        rows = [_vector(_within_budget(TOKEN.findall(text))) for text in texts]
        return np.array(rows, np.float32).reshape(len(texts), MODEL.dimension)

    async def embed_query(self, text: str) -> Vector:
        return _vector(TOKEN.findall(text)[: MODEL.max_tokens])

    async def close(self) -> None:
        """Nothing is held open."""


def build(settings: Settings) -> HashingEmbedder:  # noqa: ARG001  (there is nothing to set)
    return HashingEmbedder()


def _within_budget(tokens: list[str]) -> list[str]:
    if len(tokens) > MODEL.max_tokens:
        raise InputTooLongError(f"text of {len(tokens)} tokens; {MODEL.name!r} reads {MODEL.max_tokens}: split it")
    return tokens


def _vector(tokens: list[str]) -> Vector:
    vector = np.zeros(MODEL.dimension, np.float32)
    words = [token.casefold() for token in tokens]
    for feature, weight in _features(words):
        place, sign = _place(feature)
        vector[place] += sign * weight
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else _vector_of_nothing()


def _features(words: list[str]) -> Iterator[tuple[str, float]]:
    for word, count in Counter(words).items():
        yield word, log1p(count)
    for pair, count in Counter(pairwise(words)).items():
        yield " ".join(pair), PAIR_WEIGHT * log1p(count)


def _vector_of_nothing() -> Vector:
    """For texts without tokens, or whose features cancel out."""
    vector = np.zeros(MODEL.dimension, np.float32)
    vector[_place("")[0]] = 1
    return vector


@lru_cache(maxsize=65_536)
def _place(feature: str) -> tuple[int, int]:
    """Where a feature is counted, and with which sign; signs make collisions cancel out on average."""
    number = int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
    return (number >> 1) % MODEL.dimension, 1 if number & 1 else -1
