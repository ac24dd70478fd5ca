"""Files within files: documents of their own that come, change and go with the file that holds them."""

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from semantic_memory.core.errors import ExtractionLimitError
from semantic_memory.core.ingest import Outcome
from semantic_memory.core.inside import Budget, Room, scratch_folder
from semantic_memory.core.memory import Memory
from semantic_memory.core.model import Document, DocumentState, Member


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


async def stored(memory: Memory, below: Path) -> dict[str, Document]:
    """Documents by their path below `below`."""
    found = await memory.documents(limit=1000)
    return {Path(document.path).relative_to(below).as_posix(): document for document in found}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    file = tmp_path / "in" / "notes.zip"
    file.parent.mkdir()
    file.write_bytes(zipped({"one.md": "# One\n\nthe quick brown fox", "deep/two.txt": "a lazy dog sleeps"}))
    return file


async def test_each_file_within_is_a_document_below_its_archive(memory: Memory, archive: Path) -> None:
    summary = await memory.ingest(archive)

    assert summary.count(Outcome.NEW) == 3
    documents = await stored(memory, archive.parent)
    assert set(documents) == {"notes.zip", "notes.zip/one.md", "notes.zip/deep/two.txt"}
    assert documents["notes.zip/one.md"].metadata["parent"] == str(documents["notes.zip"].id)


async def test_a_hit_within_an_archive_names_its_place(memory: Memory, archive: Path) -> None:
    await memory.ingest(archive)

    hit = (await memory.search("lazy dog")).hits[0]

    assert hit.document.path.endswith("notes.zip/deep/two.txt")
    assert hit.passage.parts[0].anchor.start_line == 1


async def test_an_unchanged_archive_is_left_alone(memory: Memory, archive: Path) -> None:
    await memory.ingest(archive)

    again = await memory.ingest(archive)

    assert [file.outcome for file in again.files] == [Outcome.UNCHANGED]


async def test_files_that_left_the_archive_leave_the_memory(memory: Memory, archive: Path) -> None:
    await memory.ingest(archive)
    archive.write_bytes(zipped({"one.md": "# One\n\nthe quick brown fox", "three.txt": "a third text"}))

    await memory.ingest(archive)

    assert set(await stored(memory, archive.parent)) == {"notes.zip", "notes.zip/one.md", "notes.zip/three.txt"}
    assert (await memory.fsck()).is_clean


async def test_an_archive_that_became_unreadable_takes_its_files_along(memory: Memory, archive: Path) -> None:
    await memory.ingest(archive)
    archive.write_bytes(archive.read_bytes()[:60])

    await memory.ingest(archive)

    documents = await stored(memory, archive.parent)
    assert [(path, document.state) for path, document in documents.items()] == [("notes.zip", DocumentState.FAILED)]
    assert (await memory.search("lazy dog")).hits == []


async def test_deleting_an_archive_deletes_what_was_within(memory: Memory, archive: Path) -> None:
    await memory.ingest(archive)
    documents = await stored(memory, archive.parent)

    await memory.delete(documents["notes.zip"].id)

    assert await stored(memory, archive.parent) == {}
    assert (await memory.fsck()).is_clean


async def test_a_lost_member_comes_back_with_the_next_ingest(memory: Memory, archive: Path) -> None:
    await memory.ingest(archive)
    documents = await stored(memory, archive.parent)
    await memory.delete(documents["notes.zip/one.md"].id)

    await memory.ingest(archive)

    assert "notes.zip/one.md" in await stored(memory, archive.parent)


async def test_one_unreadable_member_does_not_stop_the_others(memory: Memory, tmp_path: Path) -> None:
    file = tmp_path / "mixed.zip"
    file.write_bytes(zipped({"broken.pdf": b"%PDF-1.7 nothing", "good.txt": "fine words", "empty.txt": ""}))

    summary = await memory.ingest(file)

    outcomes = {Path(done.path).name: done.outcome for done in summary.files}
    assert outcomes == {"mixed.zip": Outcome.NEW, "broken.pdf": Outcome.FAILED, "good.txt": Outcome.NEW, "empty.txt": Outcome.SKIPPED}


async def test_file_03_archives_are_opened_three_levels_deep(memory: Memory, tmp_path: Path) -> None:
    content = zipped({"5.txt": "deepest words"})
    for level in (4, 3, 2):
        content = zipped({f"{level}.zip": content, f"{level}.txt": f"words of level {level}"})
    file = tmp_path / "1.zip"
    file.write_bytes(content)

    await memory.ingest(file)

    documents = await stored(memory, tmp_path)
    assert "1.zip/2.zip/3.zip/4.txt" in documents
    assert "1.zip/2.zip/3.zip/4.zip/5.txt" not in documents
    assert "deeper than 3" in str(documents["1.zip/2.zip/3.zip/4.zip"].metadata["warnings"])


async def test_reading_a_document_again_reads_the_files_within_again(memory: Memory, archive: Path) -> None:
    await memory.ingest(archive)
    documents = await stored(memory, archive.parent)

    done = await memory.reprocess(documents["notes.zip"].id)

    assert [one.outcome for one in done.all] == [Outcome.CHANGED] * 3
    after = await stored(memory, archive.parent)
    assert {path: document.version for path, document in after.items()} == dict.fromkeys(documents, 2)
    assert (await memory.fsck()).is_clean


async def test_code_in_an_archive_of_a_checkout_is_read_as_code(memory: Memory, archive: Path) -> None:
    git = archive.parent / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    archive.write_bytes(zipped({"tool.py": "def measure(well):\n    return well.depth\n"}))

    await memory.ingest(archive)

    inner = (await stored(memory, archive.parent))["notes.zip/tool.py"]
    assert inner.media_type == "text/x-python"
    assert inner.metadata["repository_path"] == "notes.zip/tool.py"


async def test_archives_opened_at_the_same_time_do_not_disturb_each_other(memory: Memory, tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number}.zip").write_bytes(zipped({"a.txt": f"words of number {number}"}))

    summary = await memory.ingest(*tmp_path.glob("*.zip"))

    assert summary.count(Outcome.NEW) == 24


async def test_a_folder_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left, fresh = tmp_path / "left", tmp_path / "fresh"
    left.mkdir()
    fresh.mkdir()
    os.utime(left, (0, 0))

    async with scratch_folder(tmp_path) as folder:
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["fresh", folder.name])


def test_file_03_the_budget_of_all_levels_is_one(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 60)
    room = Room(Budget(files=10, size_bytes=100))

    inner = room.inside([Member("a", str(file))])

    with pytest.raises(ExtractionLimitError):
        inner.inside([Member("b", str(file))])
