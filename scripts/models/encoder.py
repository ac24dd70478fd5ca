"""The shape of the encoder and its weights by role, named once for the graph and for the reference."""

from dataclasses import dataclass

import numpy as np

from scripts.models.weights import Array, Weights

LAYERS = 6
HEADS = 12
HIDDEN = 384
POSITIONS = 256
"""Longest input in tokens, [CLS] and [SEP] included: what the model was fine-tuned for (its position table has 512 rows)."""
EPSILON = 1e-12
"""Of every layer normalisation; from the model's config.json."""


@dataclass(frozen=True, slots=True)
class Linear:
    """y = x @ weight + bias; weight has shape (inputs, outputs)."""

    weight: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class Norm:
    gain: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class Layer:
    query_key_value: Linear
    """The three projections side by side: 3 × HIDDEN outputs."""
    attention_output: Linear
    attention_norm: Norm
    intermediate: Linear
    output: Linear
    output_norm: Norm


@dataclass(frozen=True, slots=True)
class Encoder:
    words: Array
    """Shape (vocabulary, HIDDEN)."""
    positions: Array
    """Shape (POSITIONS, HIDDEN); the embedding of token type 0, the only one in use, is added in."""
    norm: Norm
    layers: tuple[Layer, ...]


def encoder(weights: Weights) -> Encoder:
    positions = weights["embeddings.position_embeddings.weight"][:POSITIONS] + weights["embeddings.token_type_embeddings.weight"][0]
    return Encoder(
        words=weights["embeddings.word_embeddings.weight"],
        positions=positions,
        norm=_norm(weights, "embeddings.LayerNorm"),
        layers=tuple(_layer(weights, f"encoder.layer.{number}") for number in range(LAYERS)),
    )


def _layer(weights: Weights, name: str) -> Layer:
    parts = [_linear(weights, f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
    return Layer(
        query_key_value=Linear(np.concatenate([part.weight for part in parts], axis=1), np.concatenate([part.bias for part in parts])),
        attention_output=_linear(weights, f"{name}.attention.output.dense"),
        attention_norm=_norm(weights, f"{name}.attention.output.LayerNorm"),
        intermediate=_linear(weights, f"{name}.intermediate.dense"),
        output=_linear(weights, f"{name}.output.dense"),
        output_norm=_norm(weights, f"{name}.output.LayerNorm"),
    )


def _linear(weights: Weights, name: str) -> Linear:
    return Linear(weights[f"{name}.weight"].T, weights[f"{name}.bias"])


def _norm(weights: Weights, name: str) -> Norm:
    return Norm(weights[f"{name}.weight"], weights[f"{name}.bias"])
