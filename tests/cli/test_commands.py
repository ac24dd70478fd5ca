"""Exit codes, and stdout as data."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

NOTE = "# Garden\n\n## Watering\n\nThe tomatoes are watered at seven every morning.\n"


def test_ingest_search_ask_status_and_fsck_tell_one_story(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)

    assert cli("ingest", "garden.md").code == 0
    hits = cli("search", "watering tomatoes", "-k", "3", "--json").json["hits"]
    answer = cli("ask", "When are the tomatoes watered?", "--json").json
    status = cli("status", "--json").json

    assert hits[0]["locator"].endswith("garden.md:5")
    assert set(answer) >= {"answer", "answerable", "citations"}
    assert status["documents"] == 1
    assert cli("fsck").code == 0


def test_a_second_ingest_reports_everything_unchanged(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)
    cli("ingest", "garden.md")

    again = cli("ingest", "garden.md", "--json").json

    assert (again["unchanged"], again["new"]) == (1, 0)


def test_ingest_exits_with_1_when_a_file_failed_and_keeps_the_others(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nbroken")

    done = cli("ingest", ".")

    assert done.code == 1
    assert "broken.pdf" in done.out
    assert cli("search", "tomatoes", "--json").json["hits"]


def test_a_missing_path_is_named(cli: "Cli") -> None:
    done = cli("ingest", "nowhere")

    assert done.code == 1
    assert "nowhere" in done.err
    assert done.out == ""


def test_blocks_prints_json_lines_and_stores_nothing(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)

    blocks = [json.loads(line) for line in cli("blocks", "garden.md", "--json").out.splitlines()]

    assert [block["type"] for block in blocks] == ["heading", "heading", "paragraph"]
    assert not (tmp_path / "data").exists()


def test_blocks_of_an_unreadable_file_is_an_error_on_stderr(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "junk.bin").write_bytes(bytes(range(256)) * 4)

    done = cli("blocks", "junk.bin")

    assert done.code == 2
    assert done.err.startswith("error: ")
    assert done.out == ""


def test_search_filters_by_language_type_and_path(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)
    (tmp_path / "water.py").write_text("def water_tomatoes():\n    '''Water the tomatoes.'''\n")
    cli("ingest", ".")

    for narrowed in (["-l", "python"], ["-t", "code"], ["-p", "water.py"], ["-s", "files", "-l", "python"]):
        hits = cli("search", "water tomatoes", "--json", *narrowed).json["hits"]
        assert {Path(hit["path"]).name for hit in hits} == {"water.py"}, narrowed


def test_an_unknown_block_type_names_the_known_ones(cli: "Cli") -> None:
    done = cli("search", "anything", "-t", "paragraf")

    assert done.code == 2
    assert "paragraph" in done.err


def test_delete_by_path_removes_what_lies_below(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "garden.md").write_text(NOTE)
    (tmp_path / "notes.md").write_text("# Keep\n\nThis stays.\n")
    cli("ingest", ".")

    assert cli("delete", "notes").code == 0
    assert cli("status", "--json").json["documents"] == 1
    assert cli("delete", "notes").code == 1


def test_a_misspelt_setting_stops_with_the_nearest_name(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVL=info\n")

    done = cli("status")

    assert done.code == 2
    assert "LOG_LEVEL" in done.err


def test_an_unknown_adapter_names_the_known_ones(cli: "Cli") -> None:
    done = cli("status", VECTOR_STORE="qdrnt")

    assert done.code == 2
    assert "embedded" in done.err


def test_explain_shows_the_lanes(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)
    cli("ingest", "garden.md")

    explained = cli("search", "tomatoes", "--explain", "--json").json

    assert explained["explanation"]
    assert set(explained["hits"][0]["lanes"]) == {"dense", "lexical"}


def test_the_terminal_output_shows_places_and_quotes(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)
    cli("ingest", "garden.md")

    out = cli("search", "tomatoes").out

    assert "garden.md:5" in out
    assert "seven every morning" in out


def test_an_interrupted_ingest_stops_at_once_and_the_next_one_finishes(cli: "Cli", tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(400):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\nHook {number} holds the key of room {number}.\n")

    code, talk = _interrupted(["ingest", "notes"], tmp_path, after_s=3)
    finished = cli("ingest", "notes", "--json").json

    assert (code, "carries on" in talk) in {(130, True), (0, False)}, talk
    assert finished["new"] + finished["unchanged"] == 400
    assert cli("fsck").code == 0


def _interrupted(arguments: list[str], folder: Path, *, after_s: float) -> tuple[int, str]:
    """Exit code and stderr of a command that gets Ctrl-C after a while."""
    environment = {**os.environ, "DATA_DIR": str(folder / "data"), "EMBEDDER": "hashing"}
    command = [sys.executable, "-m", "semantic_memory", *arguments]
    with subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(after_s)
        process.send_signal(signal.SIGINT)
        return process.wait(30), str(process.stderr.read() if process.stderr else "")


def test_ask_streams_or_waits_and_says_the_same(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)
    cli("ingest", "garden.md")

    streamed = cli("ask", "When are the tomatoes watered every morning?", "--stream")
    whole = cli("ask", "When are the tomatoes watered every morning?", "--no-stream")

    assert streamed.out == whole.out
    assert "garden.md:5" in whole.out


def test_ask_goes_on_with_a_session_and_says_what_is_missing(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)
    cli("ingest", "garden.md")
    cli("ask", "When are the tomatoes watered?", "--session", "garden")

    done = cli("ask", "And by submarine?", "--session", "garden")

    assert "not found in the documents: submarine" in done.err
    assert "session: garden" in done.err
