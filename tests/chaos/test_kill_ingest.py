"""CRASH-01: kill -9 at random points of an ingest loses nothing, doubles nothing and needs no repair."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from semantic_memory.core.memory import Memory
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import open_memory

FILES = 200
CYCLES = 20
SEED = 20261122


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"note-{number:03}.md").write_text(f"# Note {number}\n\nThe key of room {number} hangs on hook {number * 7}.\n")
    return folder


@pytest.mark.slow
async def test_an_ingest_killed_twenty_times_ends_with_exactly_the_expected_documents(folder: Path, settings: Settings) -> None:
    moments = random.Random(SEED)
    killed = sum(_ingest_and_kill(folder, settings, after_s=moments.uniform(0.3, 2.5)) for _ in range(CYCLES))

    async with open_memory(settings) as memory:
        await memory.ingest(folder)
        report = await memory.fsck()
        paths = await _paths(memory)

    assert killed >= CYCLES // 4, f"only {killed} of {CYCLES} runs were killed before they ended (seed {SEED})"
    assert paths == sorted(file.as_posix() for file in folder.iterdir())
    assert report.findings == []


def _ingest_and_kill(folder: Path, settings: Settings, *, after_s: float) -> bool:
    """Runs the command line in a process group of its own; True when it was killed before its end."""
    environment = {**os.environ, "DATA_DIR": str(settings.data_dir), "EMBEDDER": settings.embedder}
    command = [sys.executable, "-m", "semantic_memory", "ingest", str(folder)]
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=silent, stderr=silent, start_new_session=True) as process:
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return True
        return False


async def _paths(memory: Memory) -> list[str]:
    documents = await memory.documents(limit=10 * FILES)
    return sorted(document.path for document in documents)
