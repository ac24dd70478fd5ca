"""What every catalogue keeps: documents, tenancy, ids, deletion, the change log."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest

from semantic_memory.core.access import Access
from semantic_memory.core.errors import ConflictError, EmbedderMismatchError, InvalidInputError, NotFoundError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import BlockType, Change, Counts, DocumentState, User
from semantic_memory.core.ports import Catalogue
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue.making import MODEL, NOON, access, document, job, vector, version

ACME = access()
OTHER = access("other")
CLOSED = access(collections=frozenset({"elsewhere"}))


@pytest.fixture
async def catalogue(database_url: str) -> AsyncIterator[Catalogue]:
    opened = build(Settings(database_url=database_url))
    yield opened
    await opened.close()


async def changes(catalogue: Catalogue, after: int = 0) -> list[Change]:
    return await catalogue.changes.read(after=after, limit=100)


class TestReplace:
    async def test_what_was_stored_is_read_back_unchanged(self, catalogue: Catalogue) -> None:
        stored = version(texts=["naïve café ☕", "日本語"])
        await catalogue.documents.replace(stored, replaces=0)

        assert await catalogue.documents.get(stored.document.id, access=ACME) == stored.document
        assert await catalogue.documents.blocks(stored.document.id, access=ACME) == stored.blocks
        assert await catalogue.documents.passages_of(stored.document.id, access=ACME) == stored.passages

    async def test_a_document_without_optional_fields_is_read_back_unchanged(self, catalogue: Catalogue) -> None:
        stored = version(title=None, language=None, modified_at=None, metadata={})
        await catalogue.documents.replace(stored, replaces=0)

        assert await catalogue.documents.get(stored.document.id, access=ACME) == stored.document

    async def test_a_time_keeps_its_instant_whatever_its_zone(self, catalogue: Catalogue) -> None:
        from datetime import timezone

        moment = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
        stored = version(modified_at=moment)
        await catalogue.documents.replace(stored, replaces=0)

        read = await catalogue.documents.get(stored.document.id, access=ACME)
        assert read is not None
        assert read.modified_at == moment

    async def test_a_new_version_replaces_blocks_and_passages(self, catalogue: Catalogue) -> None:
        first, second = version(texts=["one", "two"]), version(texts=["zero", "two", "three"], number=2)
        await catalogue.documents.replace(first, replaces=0)
        await catalogue.documents.replace(second, replaces=1)

        assert await catalogue.documents.blocks(first.document.id, access=ACME) == second.blocks
        assert await catalogue.documents.passages_of(first.document.id, access=ACME) == second.passages
        assert await catalogue.documents.get(first.document.id, access=ACME) == second.document

    async def test_a_removed_passage_is_gone_by_id(self, catalogue: Catalogue) -> None:
        first, second = version(texts=["one", "two"]), version(texts=["two"], number=2)
        await catalogue.documents.replace(first, replaces=0)
        await catalogue.documents.replace(second, replaces=1)

        assert await catalogue.documents.passages([first.passages[0].id], access=ACME) == {}
        assert await catalogue.documents.block(first.blocks[0].id, access=ACME) is None

    async def test_passages_present_before_need_no_vector(self, catalogue: Catalogue) -> None:
        first = version(texts=["one", "two"])
        await catalogue.documents.replace(first, replaces=0)
        known = await catalogue.documents.embedded(first.document.id, model=MODEL, access=ACME)
        await catalogue.documents.replace(version(texts=["two", "three"], number=2, known=known), replaces=1)

        vectors = {change.entry.words: change.entry.vector for change in await changes(catalogue) if change.entry}
        assert known == {passage.id for passage in first.passages}
        assert {words.splitlines()[-1] for words in vectors} == {"two", "three"}

    async def test_a_passage_present_before_keeps_its_vector(self, catalogue: Catalogue) -> None:
        first = version(texts=["one"])
        await catalogue.documents.replace(first, replaces=0)
        again = replace(version(texts=["one"], number=2, title="new"), vectors={first.passages[0].id: vector("another")})
        await catalogue.documents.replace(again, replaces=1)

        [change] = await changes(catalogue)
        assert change.entry is not None
        np.testing.assert_array_equal(change.entry.vector, vector("one"))

    async def test_a_stale_version_is_refused_and_changes_nothing(self, catalogue: Catalogue) -> None:
        first = version(texts=["one"])
        await catalogue.documents.replace(first, replaces=0)

        for stale in (0, 2):
            with pytest.raises(ConflictError, match="version 1"):
                await catalogue.documents.replace(version(texts=["two"], number=stale + 1), replaces=stale)
        assert await catalogue.documents.passages_of(first.document.id, access=ACME) == first.passages

    async def test_a_version_that_does_not_follow_is_refused(self, catalogue: Catalogue) -> None:
        with pytest.raises(InvalidInputError, match="cannot follow"):
            await catalogue.documents.replace(version(number=3), replaces=0)

    async def test_a_passage_without_vector_is_refused_and_nothing_is_stored(self, catalogue: Catalogue) -> None:
        stored = replace(version(), vectors={})

        with pytest.raises(ConflictError, match="no vector"):
            await catalogue.documents.replace(stored, replaces=0)
        assert await catalogue.documents.get(stored.document.id, access=ACME) is None
        assert await catalogue.changes.head() == 0

    async def test_two_passages_with_one_id_are_refused(self, catalogue: Catalogue) -> None:
        stored = version()

        with pytest.raises(InvalidInputError, match="share an id"):
            await catalogue.documents.replace(replace(stored, passages=[*stored.passages, stored.passages[0]]), replaces=0)

    async def test_another_model_is_refused(self, catalogue: Catalogue) -> None:
        await catalogue.documents.replace(version("a"), replaces=0)

        with pytest.raises(EmbedderMismatchError, match="test-model"):
            await catalogue.documents.replace(version("b", model="another"), replaces=0)
        await catalogue.documents.replace(version("b", model="another", collection="new"), replaces=0)

    async def test_another_dimension_is_refused(self, catalogue: Catalogue) -> None:
        await catalogue.documents.replace(version("a"), replaces=0)

        with pytest.raises(EmbedderMismatchError, match="8 dimensions"):
            await catalogue.documents.replace(version("b", dimension=9), replaces=0)

    async def test_a_failed_document_is_kept_without_fixing_the_model(self, catalogue: Catalogue) -> None:
        failed = version("bad.pdf", texts=[], state=DocumentState.FAILED, error="corrupt_file: damaged", model="another")
        await catalogue.documents.replace(failed, replaces=0)
        await catalogue.documents.replace(version("good.md"), replaces=0)

        assert await catalogue.documents.get(failed.document.id, access=ACME) == failed.document
        assert await catalogue.documents.counts(access=ACME) == Counts(documents=2, failed_documents=1, blocks=2, passages=2)

    async def test_a_lone_surrogate_is_refused_as_input(self, catalogue: Catalogue) -> None:
        with pytest.raises(InvalidInputError):
            await catalogue.documents.replace(version(title="\ud800"), replaces=0)

    async def test_a_time_without_zone_is_refused_as_input(self, catalogue: Catalogue) -> None:
        with pytest.raises(InvalidInputError, match="time zone"):
            await catalogue.documents.replace(version(modified_at=NOON.replace(tzinfo=None)), replaces=0)


class TestDelete:
    async def test_delete_returns_the_document_and_removes_all_of_it(self, catalogue: Catalogue) -> None:
        stored = version()
        await catalogue.documents.replace(stored, replaces=0)

        assert await catalogue.documents.delete(stored.document.id, access=ACME) == (stored.document, 4)
        assert await catalogue.documents.get(stored.document.id, access=ACME) is None
        assert await catalogue.documents.blocks(stored.document.id, access=ACME) == []
        assert await catalogue.changes.passage_ids(access=ACME) == frozenset()
        assert await catalogue.check() == []

    async def test_delete_leaves_every_other_document(self, catalogue: Catalogue) -> None:
        kept = version("kept")
        await catalogue.documents.replace(kept, replaces=0)
        await catalogue.documents.replace(version("gone"), replaces=0)
        await catalogue.documents.delete(version("gone").document.id, access=ACME)

        assert await catalogue.documents.find(Filters(), access=ACME) == [kept.document]
        assert await catalogue.documents.passages_of(kept.document.id, access=ACME) == kept.passages

    async def test_deleting_what_is_not_there_returns_none_and_logs_nothing(self, catalogue: Catalogue) -> None:
        assert await catalogue.documents.delete(uuid4(), access=ACME) is None
        assert await catalogue.changes.head() == 0

    async def test_a_deleted_document_may_come_back(self, catalogue: Catalogue) -> None:
        stored = version()
        await catalogue.documents.replace(stored, replaces=0)
        await catalogue.documents.delete(stored.document.id, access=ACME)
        await catalogue.documents.replace(stored, replaces=0)

        assert await catalogue.documents.passages_of(stored.document.id, access=ACME) == stored.passages
        assert len(await changes(catalogue)) == 2


@pytest.mark.parametrize("reader", [OTHER, CLOSED], ids=["other tenant", "other collection"])
class TestAccess:
    async def test_nothing_outside_the_callers_reach_is_read(self, catalogue: Catalogue, reader: object) -> None:
        stored = version()
        await catalogue.documents.replace(stored, replaces=0)
        documents, identity, outside = catalogue.documents, stored.document.id, reader
        assert isinstance(outside, type(ACME))

        assert await documents.get(identity, access=outside) is None
        assert await documents.find(Filters(), access=outside) == []
        assert await documents.embedded(identity, model=MODEL, access=outside) == frozenset()
        assert await documents.passages([passage.id for passage in stored.passages], access=outside) == {}
        assert await documents.passages_of(identity, access=outside) == []
        assert await documents.blocks(identity, access=outside) == []
        assert await documents.block(stored.blocks[0].id, access=outside) is None
        assert await documents.counts(access=outside) == Counts(0, 0, 0, 0)
        assert await catalogue.changes.passage_ids(access=outside) == frozenset()

    async def test_nothing_outside_the_callers_reach_is_deleted(self, catalogue: Catalogue, reader: object) -> None:
        stored = version()
        await catalogue.documents.replace(stored, replaces=0)
        assert isinstance(reader, type(ACME))

        assert await catalogue.documents.delete(stored.document.id, access=reader) is None
        assert await catalogue.documents.get(stored.document.id, access=ACME) == stored.document


async def test_an_id_of_another_tenants_document_is_refused(catalogue: Catalogue) -> None:
    theirs = version()
    await catalogue.documents.replace(theirs, replaces=0)

    with pytest.raises(ConflictError):
        await catalogue.documents.replace(replace(theirs, document=replace(theirs.document, tenant="other")), replaces=0)
    assert await catalogue.documents.get(theirs.document.id, access=ACME) == theirs.document


class TestFind:
    async def test_documents_come_in_order_of_id_page_by_page(self, catalogue: Catalogue) -> None:
        stored = [version(f"{number}.md") for number in range(5)]
        for each in stored:
            await catalogue.documents.replace(each, replaces=0)
        expected = sorted((each.document for each in stored), key=lambda found: found.id)

        first = await catalogue.documents.find(Filters(), access=ACME, limit=3)
        assert first == expected[:3]
        assert await catalogue.documents.find(Filters(), access=ACME, after=first[-1].id, limit=3) == expected[3:]

    @pytest.mark.parametrize(
        "filters",
        [
            Filters(collections=frozenset({"wanted"})),
            Filters(languages=frozenset({"de"})),
            Filters(sources=frozenset({"web"})),
            Filters(path_prefix="dir/A_"),
            Filters(modified_from=NOON + timedelta(days=1)),
            Filters(modified_from=NOON + timedelta(days=1), modified_before=NOON + timedelta(days=3)),
            Filters(metadata={"team": "red"}),
            Filters(metadata={"tags": "z", "draft": False}),
        ],
    )
    async def test_each_field_of_the_filter_narrows(self, catalogue: Catalogue, filters: Filters) -> None:
        late = NOON + timedelta(days=2)
        metadata = {"team": "red", "tags": ["y", "z"], "draft": False}
        wanted = version("dir/A_1", collection="wanted", language="de", source="web", modified_at=late, metadata=metadata)
        await catalogue.documents.replace(wanted, replaces=0)
        await catalogue.documents.replace(version("dir/a_2"), replaces=0)
        await catalogue.documents.replace(version("dir/AB", modified_at=None), replaces=0)

        assert await catalogue.documents.find(filters, access=ACME) == [wanted.document]

    async def test_a_limit_counts_matching_documents_only(self, catalogue: Catalogue) -> None:
        for number in range(6):
            await catalogue.documents.replace(version(f"{number}", metadata={"even": number % 2 == 0}), replaces=0)

        assert len(await catalogue.documents.find(Filters(metadata={"even": True}), access=ACME, limit=2)) == 2
        assert len(await catalogue.documents.find(Filters(metadata={"even": True}), access=ACME)) == 3

    async def test_types_do_not_narrow_documents(self, catalogue: Catalogue) -> None:
        await catalogue.documents.replace(version(), replaces=0)

        assert len(await catalogue.documents.find(Filters(types=frozenset({BlockType.TABLE})), access=ACME)) == 1

    async def test_allowed_collections_are_seen_and_no_others(self, catalogue: Catalogue) -> None:
        for name in ("a", "b", "c"):
            await catalogue.documents.replace(version("same.md", collection=name), replaces=0)
        reader = access(collections=frozenset({"a", "c"}))

        assert {found.collection for found in await catalogue.documents.find(Filters(), access=reader)} == {"a", "c"}


async def test_passages_are_read_with_their_document_for_any_number_of_ids(catalogue: Catalogue) -> None:
    stored = version(texts=[f"text {number}" for number in range(1200)])
    await catalogue.documents.replace(stored, replaces=0)

    found = await catalogue.documents.passages([*(passage.id for passage in stored.passages), uuid4()], access=ACME)
    assert found == {passage.id: (passage, stored.document) for passage in stored.passages}
    assert await catalogue.documents.passages([], access=ACME) == {}


async def test_a_block_is_read_by_its_id(catalogue: Catalogue) -> None:
    stored = version()
    await catalogue.documents.replace(stored, replaces=0)

    assert await catalogue.documents.block(stored.blocks[1].id, access=ACME) == stored.blocks[1]


class TestChangeLog:
    async def test_an_entry_holds_what_indexes_need(self, catalogue: Catalogue) -> None:
        stored = version(texts=["one"])
        last = await catalogue.documents.replace(stored, replaces=0)
        [change] = await changes(catalogue)

        assert change.entry is not None
        assert (change.sequence, change.tenant, change.collection, change.passage_id) == (last, "acme", "default", stored.passages[0].id)
        assert (change.entry.words, change.entry.document_id) == ("A title\nGuide\nStart\none", stored.document.id)
        assert (change.entry.vector.dtype, change.entry.attributes.types) == (np.float32, {BlockType.PARAGRAPH})
        np.testing.assert_array_equal(change.entry.vector, vector("one"))
        attributes, made = change.entry.attributes, stored.document
        assert (attributes.collection, attributes.source, attributes.path) == (made.collection, made.source, made.path)
        assert (attributes.language, attributes.modified_at, attributes.metadata) == ("en", made.modified_at, made.metadata)

    async def test_a_removal_has_no_entry_and_its_collection(self, catalogue: Catalogue) -> None:
        stored = version(texts=["one"], collection="books")
        await catalogue.documents.replace(stored, replaces=0)
        await catalogue.documents.delete(stored.document.id, access=ACME)

        assert await changes(catalogue) == [Change(2, "acme", "books", stored.passages[0].id, None)]

    async def test_only_passages_that_an_index_sees_changed_are_logged(self, catalogue: Catalogue) -> None:
        before = await catalogue.documents.replace(version(texts=["one", "two", "three"]), replaces=0)
        second = version(texts=["new", "one", "three"], number=2)
        await catalogue.documents.replace(second, replaces=1)

        logged = [change.passage_id for change in await changes(catalogue, before)]
        assert logged == [version(texts=["one", "two"]).passages[1].id, second.passages[0].id]

    @pytest.mark.parametrize("fields", [{"title": "New"}, {"metadata": {"team": "red"}}, {"modified_at": None}], ids=str)
    async def test_a_change_of_the_document_is_logged_for_each_passage(self, catalogue: Catalogue, fields: dict[str, object]) -> None:
        before = await catalogue.documents.replace(version(), replaces=0)
        second = version(number=2, **fields)
        await catalogue.documents.replace(second, replaces=1)

        logged = [change.passage_id for change in await changes(catalogue, before)]
        assert logged == [passage.id for passage in second.passages]

    async def test_the_same_content_again_is_not_logged(self, catalogue: Catalogue) -> None:
        before = await catalogue.documents.replace(version(), replaces=0)

        assert await catalogue.documents.replace(version(number=2), replaces=1) == before

    async def test_there_is_one_row_per_passage(self, catalogue: Catalogue) -> None:
        for number in range(3):
            await catalogue.documents.replace(version(number=number + 1, title=str(number)), replaces=number)

        assert [change.sequence for change in await changes(catalogue)] == [5, 6]
        assert await catalogue.changes.head() == 6

    async def test_a_page_is_limited_and_starts_behind_after(self, catalogue: Catalogue) -> None:
        await catalogue.documents.replace(version(texts=["a", "b", "c"]), replaces=0)

        assert [change.sequence for change in await catalogue.changes.read(after=1, limit=1)] == [2]
        assert await catalogue.changes.read(after=3, limit=10) == []

    async def test_numbers_are_never_used_again(self, catalogue: Catalogue) -> None:
        await catalogue.documents.replace(version(texts=["a"]), replaces=0)
        await catalogue.documents.replace(version(texts=["b"], number=2), replaces=1)
        last = await catalogue.documents.replace(version(texts=["a"], number=3), replaces=2)

        assert last == 5


class TestRepeat:
    async def test_a_repeated_passage_is_logged_once_more_with_its_newest_state(self, catalogue: Catalogue) -> None:
        stored = version(texts=["one", "two"])
        last = await catalogue.documents.replace(stored, replaces=0)
        [before, _] = await changes(catalogue)

        assert await catalogue.changes.repeat([stored.passages[0].id] * 2, access=ACME) == 1
        [again] = await changes(catalogue, last)
        assert again.entry is not None
        assert before.entry is not None
        assert (again.passage_id, again.entry.words) == (stored.passages[0].id, before.entry.words)
        assert again.entry.vector.tobytes() == before.entry.vector.tobytes()
        assert len(await changes(catalogue)) == 2

    async def test_a_removal_is_repeated_too(self, catalogue: Catalogue) -> None:
        stored = version(texts=["one"], collection="books")
        await catalogue.documents.replace(stored, replaces=0)
        await catalogue.documents.delete(stored.document.id, access=ACME)

        assert await catalogue.changes.repeat([stored.passages[0].id], access=ACME) == 1
        assert await changes(catalogue) == [Change(3, "acme", "books", stored.passages[0].id, None)]

    async def test_what_was_never_there_is_not_repeated(self, catalogue: Catalogue) -> None:
        await catalogue.documents.replace(version(), replaces=0)

        assert await catalogue.changes.repeat([uuid4()], access=ACME) == 0
        assert await catalogue.changes.repeat([], access=ACME) == 0
        assert await catalogue.changes.head() == 2

    @pytest.mark.parametrize("caller", [OTHER, CLOSED], ids=["another tenant", "another collection"])
    async def test_what_the_caller_may_not_read_is_not_repeated(self, catalogue: Catalogue, caller: Access) -> None:
        kept, deleted = version("kept.md"), version("deleted.md")
        for stored in (kept, deleted):
            await catalogue.documents.replace(stored, replaces=0)
        await catalogue.documents.delete(deleted.document.id, access=ACME)
        before = [change.sequence for change in await changes(catalogue)]

        assert await catalogue.changes.repeat([passage.id for passage in (*kept.passages, *deleted.passages)], access=caller) == 0
        assert [change.sequence for change in await changes(catalogue)] == before

    async def test_more_passages_than_one_statement_takes_are_repeated(self, catalogue: Catalogue) -> None:
        stored = version(texts=[f"text {number}" for number in range(1200)])
        last = await catalogue.documents.replace(stored, replaces=0)
        ids = {passage.id for passage in stored.passages}

        assert await catalogue.changes.repeat(ids, access=ACME) == 1200
        assert {change.passage_id for change in await catalogue.changes.read(after=last, limit=2000)} == ids


class TestNul:
    """PostgreSQL cannot hold U+0000."""

    async def test_a_document_with_nul_characters_is_kept_with_every_offset(self, catalogue: Catalogue) -> None:
        stored = version("a\0.md", ["o\0ne"], title="T\0", metadata={"k\0": ["v\0"]})
        await catalogue.documents.replace(stored, replaces=0)

        found = await catalogue.documents.get(stored.document.id, access=ACME)
        assert found == replace(stored.document, path="a\ufffd.md", title="T\ufffd", metadata={"k\ufffd": ["v\ufffd"]})
        [block] = await catalogue.documents.blocks(stored.document.id, access=ACME)
        assert block.text == "o\ufffdne"
        assert await catalogue.documents.passages_of(stored.document.id, access=ACME) == [replace(stored.passages[0], text="o\ufffdne")]

    async def test_a_filter_finds_it_by_the_source_it_came_with(self, catalogue: Catalogue) -> None:
        await catalogue.documents.replace(version(source="s\0"), replaces=0)

        assert len(await catalogue.documents.find(Filters(sources=frozenset({"s\0"})), access=ACME)) == 1

    async def test_a_tenant_or_user_is_never_named_with_one(self, catalogue: Catalogue) -> None:
        with pytest.raises(InvalidInputError):
            await catalogue.documents.find(Filters(), access=access("acme\0"))
        with pytest.raises(InvalidInputError):
            await catalogue.users.by_name("ada\0")


class TestReleaseBlob:
    async def test_bytes_nobody_needs_are_removed(self, catalogue: Catalogue) -> None:
        removed: list[str] = []

        assert await catalogue.documents.release_blob("acme", "ab", lambda: removed.append("ab")) is True
        assert removed == ["ab"]

    async def test_bytes_of_a_document_are_kept(self, catalogue: Catalogue) -> None:
        stored = version()
        await catalogue.documents.replace(stored, replaces=0)
        removed: list[str] = []

        assert await catalogue.documents.release_blob("acme", stored.document.content_hash, lambda: removed.append("")) is False
        assert await catalogue.documents.release_blob("other", stored.document.content_hash, lambda: removed.append("theirs")) is True
        assert removed == ["theirs"]

    async def test_bytes_of_an_unfinished_job_are_kept(self, catalogue: Catalogue) -> None:
        waiting = await catalogue.jobs.enqueue(job(content_hash="ab"))
        assert await catalogue.documents.release_blob("acme", "ab", lambda: None) is False
        await catalogue.jobs.claim("w", kinds=("ingest",), lease_s=60, max_attempts=3)
        assert await catalogue.documents.release_blob("acme", "ab", lambda: None) is False
        await catalogue.jobs.finish(waiting.id, "w")

        assert await catalogue.documents.release_blob("acme", "ab", lambda: None) is True


class TestUsers:
    ADA = User(UUID(int=1), "acme", "ada", "hash", "admin", disabled=False, token_version=0)

    async def test_a_user_is_found_by_name_and_id(self, catalogue: Catalogue) -> None:
        await catalogue.users.add(self.ADA)

        assert await catalogue.users.by_name("ada") == await catalogue.users.by_id(UUID(int=1)) == self.ADA
        assert await catalogue.users.by_name("Ada") is None
        assert await catalogue.users.count() == 1

    async def test_a_taken_name_is_refused(self, catalogue: Catalogue) -> None:
        await catalogue.users.add(self.ADA)

        with pytest.raises(ConflictError, match="'ada' is taken"):
            await catalogue.users.add(replace(self.ADA, id=UUID(int=2), tenant="other"))

    async def test_a_password_hash_is_replaced(self, catalogue: Catalogue) -> None:
        await catalogue.users.add(self.ADA)
        await catalogue.users.set_password_hash(self.ADA.id, "new")

        assert await catalogue.users.by_id(self.ADA.id) == replace(self.ADA, password_hash="new")

    async def test_a_password_hash_of_nobody_is_refused(self, catalogue: Catalogue) -> None:
        with pytest.raises(NotFoundError):
            await catalogue.users.set_password_hash(UUID(int=9), "new")


async def test_a_catalogue_opened_again_holds_everything(database_url: str) -> None:
    stored, settings = version(), Settings(database_url=database_url)
    first = build(settings)
    await first.documents.replace(stored, replaces=0)
    await first.close()
    second = build(settings)

    assert await second.documents.get(stored.document.id, access=ACME) == stored.document
    assert await second.documents.find(Filters(), access=ACME) == [document()]
    await second.close()
