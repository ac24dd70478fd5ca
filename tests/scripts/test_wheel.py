"""`pip install .` ships the embedding model or refuses."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

MODEL = Path("src/semantic_memory/ai/embed/data/minilm")


@pytest.fixture
def copy(root, tmp_path):
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", ".gitignore"):
        shutil.copy(root / name, tmp_path)
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("data", "__pycache__"))
    (tmp_path / "scripts").mkdir()
    shutil.copy(root / "scripts" / "hatch_build.py", tmp_path / "scripts")
    return tmp_path


def build_wheel(folder):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_wheel_without_the_model_is_refused(copy):
    result = build_wheel(copy)

    assert result.returncode != 0
    assert "run `make models`" in result.stderr


def test_a_wheel_ships_the_model_that_git_ignores(copy):
    (copy / MODEL).mkdir(parents=True)
    for name in ("model.onnx", "tokenizer.json", "manifest.json"):
        (copy / MODEL / name).write_text("{}", "utf-8")

    result = build_wheel(copy)

    assert result.returncode == 0, result.stderr
    [wheel] = (copy / "out").glob("*.whl")
    assert {"model.onnx", "tokenizer.json", "manifest.json"} <= {Path(name).name for name in zipfile.ZipFile(wheel).namelist()}
