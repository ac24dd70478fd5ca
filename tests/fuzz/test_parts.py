"""FILE-18: what else outsiders' bytes and words reach: names, text, language, passages, filters. Each gives a value or its one error."""

import unicodedata
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from semantic_memory.api.schemas import FiltersBody, IngestFields, SearchRequest
from semantic_memory.api.uploads import document_name
from semantic_memory.core.errors import InvalidFilterError, InvalidInputError
from semantic_memory.core.filters import Filters, matches
from semantic_memory.core.identity import identify
from semantic_memory.core.model import Attributes, BlockDraft, BlockType
from semantic_memory.etl.containers.names import member_path, refused_name
from semantic_memory.etl.language_id import with_languages
from semantic_memory.etl.structure import StructuredPassages, WordTokenizer
from semantic_memory.etl.text import clean, cleaned, decode
from tests.fuzz.changes import CHANGES, changed

QUICK = settings(max_examples=80, deadline=None, derandomize=True, database=None)
NIGHTLY = settings(max_examples=20_000, deadline=None)
DOCUMENT = UUID(int=1)

texts = st.text(st.characters(exclude_categories=()), max_size=300)
names = st.lists(
    st.one_of(texts, st.sampled_from(["..", ".", "/", "\\", "C:", "%2e%2e", "\u202e", "\0", "CON", "~", "\u2024\u2024", "．．", " "])),
    max_size=8,
).map("".join)
places = st.one_of(st.none(), st.booleans(), st.integers(-5, 2**70), st.floats(), texts, st.lists(st.integers(-5, 5), max_size=5))
json_values = st.recursive(
    places, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)), max_leaves=8
)
keys = st.sampled_from(
    ["level", "bbox", "start_line", "end_line", "section", "symbol", "rows", "header_rows", "items", "spans", "signature", "kind"]
)
drafts = st.lists(
    st.builds(
        BlockDraft,
        st.sampled_from(BlockType),
        texts,
        st.one_of(st.none(), st.integers(-1, 10**9)),
        st.one_of(st.none(), st.just("python")),
        st.dictionaries(keys, json_values, max_size=4),
    ),
    max_size=8,
)
filter_bodies = st.dictionaries(st.one_of(st.sampled_from(list(FiltersBody.model_fields)), texts), json_values, max_size=4)

BODY = b'{"query": "reset password", "top_k": 3, "filters": {"types": ["code"], "metadata": {"team": "blue", "year": 2026, "open": true}}}'
bodies = st.builds(changed, st.just(BODY), CHANGES, inside=st.none())


def check_upload_name(name: str) -> None:
    try:
        path = document_name(name)
    except InvalidInputError:
        return

    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/")) or path == ""
    assert document_name(path) == path
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in path)


def check_member_name(name: str) -> None:
    path = member_path(name)
    if refused_name(name):
        return

    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/"))
    assert path.encode().decode() == path


def check_text(data: bytes) -> None:
    text = clean(decode(data).text)

    assert clean(text) == text
    assert text.encode().decode() == text


def check_passages(document: list[BlockDraft]) -> None:
    blocks = identify(DOCUMENT, with_languages([cleaned(draft) for draft in document]))

    passages = StructuredPassages(32).build(blocks, WordTokenizer(), 32)

    assert all(passage.token_count <= 32 for passage in passages)
    assert {part.block_id for passage in passages for part in passage.parts} <= {block.id for block in blocks}


def check_filters(body: object) -> None:
    try:
        filters = FiltersBody.model_validate(body).filters()
    except (ValidationError, InvalidFilterError):
        return

    assert isinstance(filters, Filters)
    assert matches(filters, Attributes("c", "s", "p", frozenset(BlockType), "en", None, {})) in {True, False}


def check_bodies(data: bytes) -> None:
    try:
        request = SearchRequest.model_validate_json(data)
    except ValidationError:
        request = None
    try:
        fields = IngestFields.model_validate({"collection": "c", "metadata": data})
    except ValidationError:
        fields = None

    assert request is None or 1 <= len(request.query) <= 4000
    assert fields is None or len(fields.metadata) <= 64


CHECKS = {
    "upload name": (names, check_upload_name),
    "member name": (names, check_member_name),
    "text": (st.binary(max_size=400), check_text),
    "passages": (drafts, check_passages),
    "filters": (filter_bodies, check_filters),
    "bodies": (bodies, check_bodies),
}


@pytest.mark.parametrize("part", CHECKS)
@QUICK
@given(data=st.data())
def test_file_18_a_part_gives_a_value_or_its_error(part: str, data: st.DataObject) -> None:
    strategy, check = CHECKS[part]
    check(data.draw(strategy))


@pytest.mark.nightly
@pytest.mark.parametrize("part", CHECKS)
@NIGHTLY
@given(data=st.data())
def test_file_18_a_part_gives_a_value_or_its_error_many_times(part: str, data: st.DataObject) -> None:
    strategy, check = CHECKS[part]
    check(data.draw(strategy))
