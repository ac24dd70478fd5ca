"""`docs/how-to/add-a-format.md` as a reader follows it: write the files, install the package, run the command."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-format.md"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def fences() -> list[Token]:
    return [token for token in MarkdownIt("commonmark").parse(PAGE.read_text("utf-8")) if token.type == "fence"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's files, and its package installed into `site`."""
    folder = tmp_path_factory.mktemp("subtitles")
    for fence in fences():
        name = fence.info.partition(" ")[2]
        if name:
            (folder / name).write_text(fence.content, "utf-8")
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "--target", folder / "site")
    subprocess.run([sys.executable, "-m", "pip", "install", *options, folder], check=True, capture_output=True, timeout=120)
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "site"), "EMBEDDER": "hashing"}
    command = [sys.executable, "-m", "semantic_memory", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_prints_what_the_page_says(folder: Path) -> None:
    [console] = [fence.content for fence in fences() if fence.info == "console"]
    command, _, expected = console.removeprefix("$ semantic-memory ").partition("\n")

    done = run(folder, *command.split())

    assert UUID.sub("…", done.stdout) == expected, done.stderr


@pytest.mark.slow
def test_the_new_format_is_ingested_and_found_with_its_lines(folder: Path) -> None:
    assert run(folder, "ingest", "lecture.srt").returncode == 0

    hits = run(folder, "search", "patterns of white flowers", "--json").stdout

    assert re.search(r'"locator": "[^"]*lecture\.srt:\d', hits)


def test_without_the_package_the_file_is_plain_text(folder: Path) -> None:
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "semantic-memory", "blocks", "lecture.srt"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip

    assert "00:00:01,000 -->" in done.stdout


def test_a_file_that_is_broken_fails_with_the_reason_of_the_class(folder: Path) -> None:
    (folder / "empty.srt").write_text("no captions here\n")

    done = run(folder, "blocks", "empty.srt")

    assert (done.returncode, done.stderr) == (1, "error: 'empty.srt' has no caption\n")
