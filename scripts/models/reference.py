"""The encoder in plain float32 numpy, and the vectors it gives for a few texts: what the shipped graph is checked against.

The committed vectors agree with those of sentence-transformers 6.2 on torch 2.13 to 1e-6; see docs/decisions/0002-default-embedder.md.
"""

import json
from dataclasses import dataclass
from math import erf, sqrt
from pathlib import Path

import numpy as np

from scripts.models.encoder import EPSILON, HEADS, HIDDEN, Encoder, Layer, Linear, Norm
from scripts.models.weights import Array

FILE = Path(__file__).with_name("minilm_reference.json")
DECIMALS = 6

_erf = np.vectorize(erf, otypes=[np.float32])


@dataclass(frozen=True, slots=True)
class Reference:
    texts: list[str]
    vectors: Array
    """Shape (len(texts), HIDDEN)."""


def load(file: Path = FILE) -> Reference:
    rows = json.loads(file.read_text("utf-8"))
    return Reference([row["text"] for row in rows], np.array([row["vector"] for row in rows], np.float32))


def save(reference: Reference, file: Path = FILE) -> None:
    rows = [
        json.dumps({"text": text, "vector": [round(float(x), DECIMALS) for x in vector]}, ensure_ascii=False)
        for text, vector in zip(reference.texts, reference.vectors, strict=True)
    ]
    file.write_text("[\n" + ",\n".join(rows) + "\n]\n", "utf-8")


def embed(model: Encoder, ids: list[int]) -> Array:
    """The unit vector of one text's token ids, special tokens included."""
    hidden = _normalise(model.words[ids] + model.positions[: len(ids)], model.norm)
    for layer in model.layers:
        hidden = _layer(hidden, layer)
    mean = hidden.mean(axis=0)
    return mean / np.linalg.norm(mean)


def _layer(hidden: Array, layer: Layer) -> Array:
    context = _attend(_apply(hidden, layer.query_key_value))
    hidden = _normalise(hidden + _apply(context, layer.attention_output), layer.attention_norm)
    inner = _gelu(_apply(hidden, layer.intermediate))
    return _normalise(hidden + _apply(inner, layer.output), layer.output_norm)


def _attend(query_key_value: Array) -> Array:
    """Shape (tokens, 3 × HIDDEN) to (tokens, HIDDEN)."""
    size = HIDDEN // HEADS
    query, key, value = query_key_value.reshape(-1, 3, HEADS, size).transpose(1, 2, 0, 3)
    scores = query @ key.transpose(0, 2, 1) / np.float32(sqrt(size))
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return (weights @ value).transpose(1, 0, 2).reshape(-1, HIDDEN)


def _apply(x: Array, linear: Linear) -> Array:
    return x @ linear.weight + linear.bias


def _normalise(x: Array, norm: Norm) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(EPSILON)) * norm.gain + norm.bias


def _gelu(x: Array) -> Array:
    return x * (np.float32(0.5) + np.float32(0.5) * _erf(x / np.float32(sqrt(2))))
