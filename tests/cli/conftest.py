"""The command line as users run it: a real process, its exit code, stdout and stderr."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Finished]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs `semantic-memory` in a folder of its own."""
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "EMBEDDER": "hashing", "COLUMNS": "200"}

    def run(*arguments: str, **settings: str) -> Finished:
        command = [sys.executable, "-m", "semantic_memory", *arguments]
        chosen = {**environment, **settings}
        done = subprocess.run(command, env=chosen, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        return Finished(done.returncode, done.stdout, done.stderr)

    return run
