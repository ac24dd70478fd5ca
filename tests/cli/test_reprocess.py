"""`semantic-memory reprocess`."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Cli


def test_a_document_is_read_again_by_its_path(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nsome words")
    cli("ingest", "a.md")

    done = cli("reprocess", "a.md", "--json")

    assert (done.code, done.json["outcome"]) == (0, "changed")


def test_failed_documents_are_tried_again(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnot really")
    (tmp_path / "good.md").write_text("words")
    cli("ingest", ".")

    done = cli("reprocess", "--failed")

    assert done.code == 1
    assert "failed broken.pdf: corrupt_file" in done.out
    assert "good.md" not in done.out


def test_an_archive_is_read_again_once(cli: "Cli", tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inner.md", "words")
    cli("ingest", "a.zip")

    done = cli("reprocess", "a.zip", "--json")

    (told,) = [json.loads(line) for line in done.out.splitlines()]
    assert [member["outcome"] for member in told["members"]] == ["changed"]


def test_one_document_without_its_bytes_does_not_stop_the_others(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("words of a")
    (tmp_path / "b.md").write_text("words of b")
    cli("ingest", "a.md", "b.md")
    lost = hashlib.sha256(b"words of a").hexdigest()
    next((tmp_path / "data").rglob(lost)).unlink()

    done = cli("reprocess", "a.md", "b.md")

    assert done.code == 1
    assert sorted(line.split()[0] for line in done.out.splitlines()) == ["changed", "failed"]


def test_something_must_be_named(cli: "Cli") -> None:
    assert cli("reprocess").code == 2


def test_an_unknown_document_is_named(cli: "Cli") -> None:
    done = cli("reprocess", "nowhere.md")

    assert done.code == 1
    assert "nowhere.md" in done.err
