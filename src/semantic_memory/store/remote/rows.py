"""What a server keeps of a passage, and what it is asked for.

Servers differ in what they can filter by, so they all filter by the same short strings: a row's `facts`. What these cannot say exactly
(the middle of a path's name, two facts with one digest) is checked once more on the rows that come back, as are tenant and collection:
a row in a server is never believed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from uuid import UUID

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters, matches
from semantic_memory.core.model import Attributes, BlockType, Change, IndexEntry, Vector
from semantic_memory.core.words import analyse
from semantic_memory.store.facts import EPOCH, FOLDER, facts, microseconds, wanted_facts

NO_FACT = "-"
"""A fact that no row has."""


@dataclass(frozen=True, slots=True)
class Row:
    """A passage as it is sent: `facts` are 16 hexadecimal digits each, `modified` microseconds since 1970, `attributes` JSON in ASCII."""

    tenant: str
    collection: str
    passage_id: UUID
    facts: Sequence[str]
    modified: int | None
    attributes: str
    words: str
    language: str | None
    vector: Vector

    @property
    def terms(self) -> list[str]:
        """What BM25 counts, repeats included."""
        return analyse(self.words, self.language).terms


@dataclass(frozen=True, slots=True)
class Gone:
    """A passage to remove; absent ones are fine."""

    tenant: str
    collection: str
    passage_id: UUID


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: a tenant, some of its collections (None: all), rows with a fact of each group, dated within [from, before)."""

    tenant: str
    collections: frozenset[str] | None
    groups: Sequence[Sequence[str]] = ()
    modified_from: int | None = None
    modified_before: int | None = None

    @property
    def is_narrowed(self) -> bool:
        """By more than tenant and collections."""
        return bool(self.groups) or self.modified_from is not None or self.modified_before is not None


@dataclass(frozen=True, slots=True)
class Found:
    """A row as it came back; `words` only from keyword engines."""

    tenant: str
    collection: str
    passage_id: UUID
    attributes: str
    score: float
    words: str = ""


def row(change: Change, entry: IndexEntry) -> Row:
    attributes = entry.attributes
    return Row(
        tenant=change.tenant,
        collection=change.collection,
        passage_id=change.passage_id,
        facts=sorted(map(_digest, facts(attributes))),
        modified=None if attributes.modified_at is None else microseconds(attributes.modified_at),
        attributes=_encoded(attributes),
        words=entry.words,
        language=attributes.language,
        vector=entry.vector,
    )


def scope(access: Access, filters: Filters) -> Scope:
    """Everything the caller may read that the filters may let through, perhaps more: see `is_allowed`."""
    named = filters.collections or None
    readable = named if access.collections is None else access.collections if named is None else named & access.collections
    groups = [[_digest(fact) for fact in wanted] or [NO_FACT] for wanted in wanted_facts(filters)]
    folder = filters.path_prefix[: filters.path_prefix.rfind("/") + 1]
    if folder:
        groups.append([_digest(FOLDER + folder)])
    return Scope(
        tenant=access.tenant,
        collections=readable,
        groups=groups,
        modified_from=None if filters.modified_from is None else microseconds(filters.modified_from),
        modified_before=None if filters.modified_before is None else microseconds(filters.modified_before),
    )


def is_readable(found: Found, access: Access) -> bool:
    """Whether the row says of itself that the caller may read it."""
    return found.tenant == access.tenant and access.allows(found.collection)


def is_wanted(found: Found, filters: Filters) -> bool:
    return filters.is_empty or matches(filters, _decoded(found))


def _digest(fact: str) -> str:
    return blake2b(fact.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _encoded(attributes: Attributes) -> str:
    modified = None if attributes.modified_at is None else microseconds(attributes.modified_at)
    return json.dumps(
        [attributes.source, attributes.path, sorted(attributes.types), attributes.language, modified, dict(attributes.metadata)]
    )


def _decoded(found: Found) -> Attributes:
    source, path, types, language, modified, metadata = json.loads(found.attributes)
    return Attributes(
        collection=found.collection,
        source=source,
        path=path,
        types=frozenset(map(BlockType, types)),
        language=language,
        modified_at=None if modified is None else EPOCH + timedelta(microseconds=modified),
        metadata=metadata,
    )
