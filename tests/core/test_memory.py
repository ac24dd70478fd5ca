"""The façade end to end, on the adapters that ship."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from semantic_memory.core.access import Access, Role, local_access
from semantic_memory.core.errors import ForbiddenError, InvalidInputError, NotFoundError, TooLargeError
from semantic_memory.core.filters import Filters
from semantic_memory.core.ingest import Outcome
from semantic_memory.core.memory import Memory
from semantic_memory.core.model import DocumentState, Job
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import open_memory

Write = Callable[..., Path]

HANDBOOK = """# Handbook

## Reset a password

Open the account page, choose Reset password and follow the link in the message.

## Backups

Backups are kept for ninety days in the archive.
"""


async def test_an_ingested_file_is_found_by_its_words(memory: Memory, write: Write) -> None:
    await memory.ingest(write("handbook.md", HANDBOOK))

    result = await memory.search("reset password")

    assert result.hits[0].passage.heading_path[-1] == "Reset a password"
    assert result.degraded == ()


async def test_a_hit_names_its_lines(memory: Memory, write: Write) -> None:
    await memory.ingest(write("handbook.md", HANDBOOK))

    hit = (await memory.search("backups archive")).hits[0]

    assert {part.anchor.start_line for part in hit.passage.parts} <= {7, 9}


async def test_the_same_bytes_again_change_nothing(memory: Memory, write: Write) -> None:
    file = write("handbook.md", HANDBOOK)
    first = await memory.ingest(file)
    again = await memory.ingest(file)

    assert first.count(Outcome.NEW) == 1
    assert again.count(Outcome.UNCHANGED) == 1
    assert (await memory.status()).counts.documents == 1


async def test_changed_bytes_embed_only_what_changed(memory: Memory, write: Write) -> None:
    await memory.ingest(write("handbook.md", HANDBOOK))

    summary = await memory.ingest(write("handbook.md", HANDBOOK.replace("ninety days", "two years")))

    (changed,) = summary.files
    assert changed.outcome is Outcome.CHANGED
    assert changed.embedded == 1
    assert changed.passages > 1


async def test_an_update_leaves_no_trace_of_the_old_content(memory: Memory, write: Write) -> None:
    await memory.ingest(write("handbook.md", HANDBOOK))
    await memory.ingest(write("handbook.md", HANDBOOK.replace("ninety days", "two years")))

    texts = [hit.passage.text for hit in (await memory.search("ninety days archive")).hits]

    assert all("ninety" not in text for text in texts)
    assert any("two years" in text for text in texts)


async def test_delete_removes_a_whole_document_and_no_other(memory: Memory, write: Write) -> None:
    await memory.ingest(write("handbook.md", HANDBOOK), write("other.md", "# Other\n\nBees make honey."))
    handbook = next(document for document in await memory.documents() if document.path.endswith("handbook.md"))

    await memory.delete(handbook.id)

    assert [document.title for document in await memory.documents()] == ["Other"]
    assert all(hit.document.id != handbook.id for hit in (await memory.search("reset password")).hits)
    assert (await memory.fsck()).is_clean


async def test_deleting_one_of_two_equal_files_keeps_the_bytes(memory: Memory, write: Write) -> None:
    await memory.ingest(write("a.md", HANDBOOK), write("b.md", HANDBOOK))
    first, second = await memory.documents()

    await memory.delete(first.id)

    assert (await memory.original(second.id))[1].read_text() == HANDBOOK


async def test_a_folder_with_a_broken_file_keeps_its_siblings(memory: Memory, write: Write) -> None:
    folder = write("good.md", HANDBOOK).parent
    write("broken.pdf", b"%PDF-1.7\nnot really")

    summary = await memory.ingest(folder)

    assert summary.count(Outcome.NEW) == 1
    assert summary.count(Outcome.FAILED) == 1


async def test_a_file_that_cannot_be_read_is_kept_with_its_reason(memory: Memory, write: Write) -> None:
    await memory.ingest(write("broken.pdf", b"%PDF-1.7\nnot really"))

    (document,) = await memory.documents()

    assert document.state is DocumentState.FAILED
    assert document.error is not None
    assert (await memory.original(document.id))[1].read_bytes() == b"%PDF-1.7\nnot really"


async def test_a_binary_file_is_skipped_and_not_kept(memory: Memory, write: Write) -> None:
    summary = await memory.ingest(write("junk.bin", bytes(range(256)) * 8))

    assert summary.count(Outcome.SKIPPED) == 1
    assert await memory.documents() == []
    assert (await memory.fsck()).is_clean


async def test_a_file_that_became_empty_loses_its_old_content(memory: Memory, write: Write) -> None:
    await memory.ingest(write("note.md", "# Note\n\nThe blue key opens the cellar."))
    await memory.ingest(write("note.md", "   \n"))

    assert (await memory.search("blue key")).hits == []
    assert (await memory.fsck()).is_clean


async def test_bytes_of_a_file_that_could_not_be_embedded_are_not_left_behind(settings: Settings, write: Write) -> None:
    unreachable = {"embedder": "openai", "openai_base_url": "http://127.0.0.1:1/v1"}
    async with open_memory(settings.model_copy(update=unreachable)) as memory:
        (failed,) = (await memory.ingest(write("handbook.md", HANDBOOK))).files
        report = await memory.fsck()

    assert failed.code == "backend_unavailable"
    assert report.findings == []


async def test_a_file_over_the_limit_fails_with_the_setting_to_change(settings: Settings, write: Write) -> None:
    async with open_memory(settings.model_copy(update={"max_file_bytes": 10})) as memory:
        summary = await memory.ingest(write("long.md", "# More than ten bytes"))

    (failed,) = summary.files
    assert failed.code == TooLargeError.code
    assert "MAX_FILE_BYTES" in str(failed.reason)


async def test_what_was_ingested_survives_a_restart(settings: Settings, write: Write) -> None:
    async with open_memory(settings) as memory:
        await memory.ingest(write("handbook.md", HANDBOOK))
    async with open_memory(settings) as memory:
        assert (await memory.search("reset password")).hits
        assert (await memory.fsck()).is_clean


async def test_lost_indexes_are_rebuilt_from_the_catalogue(settings: Settings, write: Write) -> None:
    async with open_memory(settings) as memory:
        await memory.ingest(write("handbook.md", HANDBOOK))
    shutil.rmtree(settings.data_dir / "index")

    async with open_memory(settings) as memory:
        assert (await memory.search("reset password")).hits
        assert (await memory.fsck()).is_clean


async def test_an_upload_becomes_searchable_through_its_job(settings: Settings, write: Write) -> None:
    async with open_memory(settings, run_jobs=True) as memory:
        job = await memory.submit(write("upload.md", HANDBOOK), name="upload.md")
        done = await _finished(memory, job.id)

        assert done.result is not None
        assert done.result["outcome"] == "new"
        assert (await memory.search("reset password")).hits[0].document.source == "upload"


async def test_an_upload_that_cannot_be_read_fails_its_job_with_the_reason(settings: Settings, write: Write) -> None:
    async with open_memory(settings, run_jobs=True) as memory:
        job = await memory.submit(write("broken.pdf", b"%PDF-1.7\nbroken"), name="broken.pdf")
        failed = await _finished(memory, job.id)

    assert failed.state == "failed"
    assert str(failed.reason).startswith("not_indexed: corrupt_file: ")


async def test_an_accepted_upload_survives_a_restart_before_it_ran(settings: Settings, write: Write) -> None:
    async with open_memory(settings) as memory:
        job = await memory.submit(write("upload.md", HANDBOOK), name="upload.md")
    async with open_memory(settings, run_jobs=True) as memory:
        assert (await _finished(memory, job.id)).state == "done"


@pytest.mark.parametrize(
    ("changed", "code"), [({"skip_generated": True}, "generated"), ({"extract_timeout_s": 0.001}, "extraction_timeout")], ids=str
)
async def test_reading_again_in_vain_takes_nothing_away(settings: Settings, write: Write, changed: dict[str, object], code: str) -> None:
    file = write("wells.py", "# @generated\ndef northern_well():\n    return 40\n")
    before = settings.model_copy(update={"skip_generated": False})
    async with open_memory(before) as memory:
        await memory.ingest(file)

    async with open_memory(before.model_copy(update=changed)) as memory:
        (document,) = await memory.documents()
        done = await memory.reprocess(document.id)

        assert (done.outcome, done.code) == ("failed", code)
        assert await memory.document(document.id) == document
        assert (await memory.search("northern_well")).hits
        assert (await memory.original(document.id))[1].read_bytes() == file.read_bytes()


async def test_tenants_do_not_see_each_other(memory: Memory, write: Write) -> None:
    theirs = Access(tenant="theirs", principal="eve", role=Role.ADMIN)
    await memory.ingest(write("handbook.md", HANDBOOK))
    (document,) = await memory.documents()

    assert (await memory.search("reset password", access=theirs)).hits == []
    with pytest.raises(NotFoundError):
        await memory.document(document.id, access=theirs)
    with pytest.raises(NotFoundError):
        await memory.delete(document.id, access=theirs)


async def test_a_grant_for_one_collection_hides_the_others(memory: Memory, write: Write) -> None:
    await memory.ingest(write("a.md", HANDBOOK), collection="hr")
    await memory.ingest(write("b.md", HANDBOOK), collection="it")
    only_it = replace(local_access(), collections=frozenset({"it"}))

    result = await memory.search("reset password", access=only_it)

    assert {hit.document.collection for hit in result.hits} == {"it"}


async def test_a_reader_may_not_write(memory: Memory, write: Write) -> None:
    reader = Access(tenant="default", principal="rita", role=Role.READER)

    with pytest.raises(ForbiddenError):
        await memory.ingest(write("handbook.md", HANDBOOK), access=reader)
    with pytest.raises(ForbiddenError):
        await memory.submit(write("handbook.md", HANDBOOK), name="handbook.md", access=reader)


async def test_filters_narrow_the_hits(memory: Memory, write: Write) -> None:
    await memory.ingest(write("a.md", HANDBOOK), write("b.py", "def reset_password() -> None:\n    '''Reset a password.'''\n"))

    result = await memory.search("reset password", filters=Filters(languages=frozenset({"python"})))

    assert {Path(hit.document.path).name for hit in result.hits} == {"b.py"}


@pytest.mark.parametrize(("query", "top_k"), [("", 5), ("   ", 5), ("x" * 20_000, 5), ("fine", 0), ("fine", 10_000)])
async def test_an_impossible_search_is_refused(memory: Memory, query: str, top_k: int) -> None:
    with pytest.raises(InvalidInputError):
        await memory.search(query, top_k=top_k)


async def test_explain_names_the_lanes(memory: Memory, write: Write) -> None:
    await memory.ingest(write("handbook.md", HANDBOOK))

    result = await memory.search("reset password", explain=True)

    assert set(result.hits[0].lanes) == {"dense", "lexical"}
    assert result.explanation is not None


async def test_an_empty_memory_finds_nothing_and_knows_nothing(memory: Memory) -> None:
    assert (await memory.search("anything")).hits == []
    assert not (await memory.ask("What is anything?")).answerable


async def test_many_ingests_of_one_document_at_once_leave_one(memory: Memory, write: Write) -> None:
    file = write("handbook.md", HANDBOOK)

    await asyncio.gather(*(memory.ingest_file(file, name="handbook.md") for _ in range(10)))

    assert (await memory.status()).counts.documents == 1
    assert (await memory.fsck()).is_clean


async def _finished(memory: Memory, job_id: UUID) -> Job:
    for _ in range(200):
        job = await memory.job(job_id)
        if job.state in ("done", "failed"):
            return job
        await asyncio.sleep(0.05)
    raise AssertionError("the job did not finish")
