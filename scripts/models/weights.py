"""Reads the safetensors format: a length, a JSON header, then raw arrays."""

import json

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Weights = dict[str, Array]


def read_safetensors(content: bytes) -> Weights:
    """The float32 arrays by name; others (position ids, which are only counted up) are left out."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    arrays = ((name, about) for name, about in header.items() if about.get("dtype") == "F32")
    return {name: _array(content, start, about["shape"], about["data_offsets"]) for name, about in arrays}


def _array(content: bytes, start: int, shape: list[int], offsets: list[int]) -> Array:
    return np.frombuffer(content[start + offsets[0] : start + offsets[1]], "<f4").reshape(shape)
