"""Whatever happens to documents, replaying the change log gives what the catalogue holds."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semantic_memory.core.errors import ConflictError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change, Passage
from semantic_memory.core.ports import Catalogue
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue.making import MODEL, access, vector, version

PATHS = st.sampled_from(["a", "b", "c"])
WORDS = st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=5)
WRITE = st.tuples(st.just("write"), PATHS, WORDS, st.sampled_from(["T", "U"]))
STALE = st.tuples(st.just("stale"), PATHS, WORDS, st.just("T"))
DELETE = st.tuples(st.just("delete"), PATHS, st.just([]), st.just(""))
Step = tuple[str, str, list[str], str]
Held = dict[UUID, tuple[str, bytes]]
"""An index reduced to a dict: words and vector by passage."""

PAGE = 3
"""Small, so that replays cross pages."""


class Follower:
    """An index that applies changes as they come."""

    def __init__(self, tenant: str) -> None:
        self.tenant, self.position, self.held = tenant, 0, Held()

    async def catch_up(self, catalogue: Catalogue) -> Held:
        while page := await catalogue.changes.read(after=self.position, limit=PAGE):
            self._apply([change for change in page if change.tenant == self.tenant])
            self.position = page[-1].sequence
        return self.held

    def _apply(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.entry is None:
                self.held.pop(change.passage_id, None)
            else:
                self.held[change.passage_id] = (change.entry.words, change.entry.vector.tobytes())


async def perform(catalogue: Catalogue, step: Step, tenant: str) -> None:
    action, path, texts, title = step
    identity = version(path, tenant=tenant).document.id
    current = await catalogue.documents.get(identity, access=access(tenant))
    number = current.version if current else 0
    known = await catalogue.documents.embedded(identity, model=MODEL, access=access(tenant))
    if action == "delete":
        await catalogue.documents.delete(identity, access=access(tenant))
    elif action == "write":
        made = version(path, texts, number=number + 1, title=title, tenant=tenant, known=known)
        await catalogue.documents.replace(made, replaces=number)
    else:
        with pytest.raises(ConflictError):
            await catalogue.documents.replace(version(path, texts, number=number + 2, tenant=tenant), replaces=number + 1)


async def truth(catalogue: Catalogue, tenant: str) -> Held:
    """What an index must hold, from the documents."""
    reader, held = access(tenant), Held()
    for document in await catalogue.documents.find(Filters(), access=reader):
        for passage in await catalogue.documents.passages_of(document.id, access=reader):
            held[passage.id] = (words(document.title, passage), vector(passage.text).tobytes())
    return held


def words(title: str | None, passage: Passage) -> str:
    return "\n".join([title or "", *passage.heading_path, passage.text])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(WRITE, WRITE, STALE, DELETE), max_size=8))
async def test_a_follower_and_a_full_replay_hold_what_the_documents_say(database_url: str, steps: list[Step]) -> None:
    catalogue, tenant = build(Settings(database_url=database_url)), uuid4().hex
    follower = Follower(tenant)
    for step in steps:
        await perform(catalogue, step, tenant)
        expected = await truth(catalogue, tenant)

        assert await follower.catch_up(catalogue) == expected
        assert await catalogue.changes.passage_ids(access=access(tenant)) == expected.keys()
    assert await Follower(tenant).catch_up(catalogue) == await truth(catalogue, tenant)
    assert await catalogue.check() == []
    await catalogue.close()
