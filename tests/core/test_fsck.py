"""fsck finds what is missing and what is too much, per store."""

from collections.abc import Callable
from pathlib import Path

from semantic_memory.core.access import DEFAULT_TENANT, local_access
from semantic_memory.core.fsck import fsck
from semantic_memory.core.memory import Memory
from semantic_memory.core.settings import Settings
from semantic_memory.store.vectors.memory import MemoryVectorIndex
from semantic_memory.wiring import adapter

Write = Callable[..., Path]


async def test_a_lost_original_is_found(memory: Memory, settings: Settings, write: Write) -> None:
    await memory.ingest(write("a.md", "# A\n\nThe first text."))
    (document,) = await memory.documents()
    adapter("store.blobs", "files")(settings).remove(document.content_hash, tenant=DEFAULT_TENANT)

    (finding,) = (await memory.fsck()).findings

    assert (finding.store, finding.problem) == ("blobs", f"1 file missing: {document.content_hash}")


async def test_bytes_that_belong_to_no_document_are_found(memory: Memory, settings: Settings, write: Write) -> None:
    content_hash, _ = await adapter("store.blobs", "files")(settings).put(write("stray", b"stray"), tenant=DEFAULT_TENANT)

    (finding,) = (await memory.fsck()).findings

    assert (finding.store, finding.problem) == ("blobs", f"1 file not in the catalogue: {content_hash}")


async def test_every_store_is_counted(memory: Memory, write: Write) -> None:
    await memory.ingest(write("a.md", "# A\n\nThe first text."))
    report = await memory.fsck()

    assert report.is_clean
    assert set(report.checked) == {"catalogue", "vectors", "keywords", "blobs"}


async def test_an_index_that_lacks_passages_is_found(memory: Memory, settings: Settings, write: Write) -> None:
    await memory.ingest(write("a.md", "# A\n\nThe first text."))
    catalogue, blobs = adapter("store.catalogue", "sql")(settings), adapter("store.blobs", "files")(settings)

    report = await fsck(catalogue, blobs, {"vectors": MemoryVectorIndex()}, access=local_access())
    await catalogue.close()

    (finding,) = report.findings
    assert finding.store == "vectors"
    assert finding.problem.startswith("1 passage missing: ")
