"""Proves that every store holds what the catalogue says, no more and no less."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters
from semantic_memory.core.ports import BlobStore, Catalogue, Index

T = TypeVar("T", UUID, str)

SAMPLE = 3
"""Ids named in a finding; enough to look one up."""


@dataclass(frozen=True, slots=True)
class Finding:
    store: str
    problem: str


@dataclass(frozen=True, slots=True)
class Report:
    """`checked` counts what was compared per store."""

    findings: Sequence[Finding]
    checked: Mapping[str, int]

    @property
    def is_clean(self) -> bool:
        return not self.findings


async def fsck(catalogue: Catalogue, blobs: BlobStore, indexes: Mapping[str, Index], *, access: Access) -> Report:
    """Compares each store with the catalogue and changes nothing; indexes must have caught up."""
    passages = await catalogue.changes.passage_ids(access=access)
    findings = [Finding("catalogue", problem) for problem in await catalogue.check()]
    checked = {"catalogue": len(passages)}
    for name, index in indexes.items():
        held = await index.passage_ids(access=access)
        findings += _differences(name, "passages", passages, held)
        checked[name] = len(held)
    needed, stored = await _needed_blobs(catalogue, access), await blobs.hashes(tenant=access.tenant)
    findings += _differences("blobs", "files", needed, stored)
    checked["blobs"] = len(stored)
    return Report(findings=findings, checked=checked)


async def _needed_blobs(catalogue: Catalogue, access: Access) -> frozenset[str]:
    """Hashes of every document's bytes, page by page."""
    needed: set[str] = set()
    after: UUID | None = None
    while page := await catalogue.documents.find(Filters(), access=access, after=after):
        needed.update(document.content_hash for document in page)
        after = page[-1].id
    return frozenset(needed | await catalogue.jobs.content_hashes(access=access))


def _differences(store: str, things: str, expected: frozenset[T], held: frozenset[T]) -> list[Finding]:
    missing, extra = sorted(map(str, expected - held)), sorted(map(str, held - expected))
    return [
        Finding(
            store,
            f"{len(ids)} {things if len(ids) > 1 else things[:-1]} {kind}: {', '.join(ids[:SAMPLE])}{' …' if len(ids) > SAMPLE else ''}",
        )
        for kind, ids in (("missing", missing), ("not in the catalogue", extra))
        if ids
    ]
