"""Start-up stays quick because heavy libraries are imported where they are used."""

import subprocess
import sys

import pytest

HEAVY = {
    "alembic",
    "faiss",
    "fastapi",
    "httpx",
    "liteparse",
    "lxml",
    "numpy",
    "onnxruntime",
    "openai",
    "sqlalchemy",
    "tantivy",
    "tokenizers",
    "uvicorn",
}
MODULES_FOR_HELP = 300
"""Imported modules, a measure that does not depend on the machine's load; 207 with Typer 0.29 on Python 3.11."""


def imported_by(*arguments: str) -> set[str]:
    """Names of all modules that a new process imports, from the interpreter's own list."""
    done = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True)
    return {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("arguments", [("-c", "import semantic_memory"), ("-m", "semantic_memory", "--help")], ids=["import", "help"])
def test_nothing_heavy_is_imported(arguments):
    assert {name.partition(".")[0] for name in imported_by(*arguments)} & HEAVY == set()


def test_help_needs_few_modules():
    assert len(imported_by("-m", "semantic_memory", "--help")) < MODULES_FOR_HELP
