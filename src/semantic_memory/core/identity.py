"""Ids derived from content and place, so that the same input has the same ids on every machine."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from semantic_memory.core.model import BlockDraft, ContentBlock

NAMESPACE = UUID("5e3a17ce-6d0b-5f0e-9a57-1f6cc0ffee00")
"""Root of every derived id; changing it would rename every document."""


def document_id(tenant: str, collection: str, source: str, path: str) -> UUID:
    return uuid5(NAMESPACE, "\x1f".join((tenant, collection, source, path)))


def identify(document: UUID, drafts: Sequence[BlockDraft]) -> list[ContentBlock]:
    """Blocks in order, with ids that survive re-ingest: document, type, text and how often that text came before."""
    seen: dict[str, int] = {}
    return [_identified(document, order, draft, seen) for order, draft in enumerate(drafts)]


def passage_id(document: UUID, embedded: str, seen: dict[str, int]) -> UUID:
    """Id of the next passage with this embedded text; `seen` counts repeats within the document and is updated."""
    return _derived(document, f"passage\x1f{embedded}", seen)


def _identified(document: UUID, order: int, draft: BlockDraft, seen: dict[str, int]) -> ContentBlock:
    return ContentBlock(
        id=_derived(document, f"block\x1f{draft.type}\x1f{draft.text}", seen),
        source_id=document,
        type=draft.type,
        text=draft.text,
        language=draft.language,
        order=order,
        page=draft.page,
        metadata=draft.metadata,
    )


def _derived(document: UUID, key: str, seen: dict[str, int]) -> UUID:
    count = seen[key] = seen.get(key, 0) + 1
    return uuid5(document, f"{key}\x1f{count}")
