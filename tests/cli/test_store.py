"""`semantic-memory store` and `semantic-memory worker`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def filled(cli: Cli, tmp_path: Path) -> Cli:
    (tmp_path / "well.md").write_text("# Well\n\nThe northern well is forty metres deep.")
    assert cli("ingest", "well.md").code == 0
    return cli


def test_status_names_the_engines_and_how_far_they_are(filled: Cli) -> None:
    told = filled("store", "status", "--json").json["engines"]

    assert [(one["kind"], one["name"], one["state"]) for one in told] == [
        ("vectors", "embedded", "active"),
        ("keywords", "embedded", "active"),
    ]
    assert all(one["position"] == one["head"] > 0 for one in told)


def test_a_changed_setting_is_refused_with_the_command_that_moves(filled: Cli) -> None:
    done = filled("search", "well", VECTOR_STORE="memory")

    assert done.code == 2
    assert "semantic-memory store move --to memory" in done.err


def test_a_move_says_what_to_set_and_drop_empties_the_old_engine(filled: Cli) -> None:
    moved = filled("store", "move", "--to", "memory")
    assert moved.code == 0
    assert "VECTOR_STORE=memory" in moved.err

    early = filled("store", "move", "--to", "memory", "--drop")
    assert early.code == 1
    assert "not in use yet" in early.err

    done = filled("store", "move", "--to", "memory", "--drop", VECTOR_STORE="memory")
    assert done.code == 0
    assert "emptied: embedded" in done.err
    assert "embedded" not in [one["name"] for one in filled("store", "status", "--json", VECTOR_STORE="memory").json["engines"][:1]]


def test_an_engine_in_use_is_not_dropped(filled: Cli) -> None:
    done = filled("store", "drop", "embedded")

    assert done.code == 1
    assert "in use" in done.err


def test_reconcile_and_rebuild_leave_a_sound_memory(filled: Cli) -> None:
    repaired = [line.split()[:2] for line in filled("store", "reconcile").out.splitlines()]
    assert repaired == [["vectors", "0"], ["keywords", "0"]]
    assert filled("store", "rebuild").code == 0
    assert filled("store", "rebuild", "--keywords").code == 0
    assert filled("fsck").code == 0


def test_a_worker_ends_when_told(tmp_path: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "EMBEDDER": "hashing"}
    worker = subprocess.Popen([sys.executable, "-m", "semantic_memory", "worker"], env=environment, cwd=tmp_path)
    while not (tmp_path / "data" / "catalogue.db").exists():
        assert worker.poll() is None
        time.sleep(0.1)
    time.sleep(1)
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(20) == 0
