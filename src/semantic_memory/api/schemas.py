"""Bodies of requests: what is accepted, and nothing else."""

from datetime import UTC
from typing import Annotated, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    TypeAdapter,
)

from semantic_memory.core import answers as core
from semantic_memory.core.access import DEFAULT_COLLECTION
from semantic_memory.core.filters import MAX_METADATA_TERMS, Filters
from semantic_memory.core.model import BlockType

MAX_QUERY_CHARACTERS = 4000
MAX_TOP_K = 100
MAX_CHOICES = 64
"""Alternatives within one field of a filter."""

MAX_LABEL_CHARACTERS = 1024
MAX_METADATA_KEYS = 64

EXAMPLE_QUESTION = "How do I reset my password?"


def without_nul(text: str) -> str:
    """PostgreSQL's text cannot hold NUL, and no document contains it after extraction."""
    if "\0" in text:
        raise ValueError("must not contain NUL")
    return text


def _in_utc(moment: AwareDatetime) -> AwareDatetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is outside the years 1 to 9999") from error


Text = Annotated[str, StringConstraints(max_length=MAX_LABEL_CHARACTERS), AfterValidator(without_nul)]
Label = Annotated[Text, StringConstraints(min_length=1)]
Question = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUERY_CHARACTERS),
    AfterValidator(without_nul),
]
CollectionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Integer = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
Number = Annotated[FiniteFloat, Field(strict=True)]
Truth = Annotated[bool, Field(strict=True)]
ScalarValue: TypeAlias = Truth | Integer | Number | Text


class Strict(BaseModel):
    """A field that is not known is an error: a misspelt filter must not widen a search."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FiltersBody(Strict):
    """What the search is narrowed to: values within a field are alternatives, and all fields must hold."""

    collections: Annotated[frozenset[Label], Field(max_length=MAX_CHOICES)] = frozenset()
    languages: Annotated[
        frozenset[Label], Field(max_length=MAX_CHOICES, description="ISO 639-1 for prose, the programming language for code.")
    ] = frozenset()
    types: Annotated[frozenset[BlockType], Field(max_length=MAX_CHOICES)] = frozenset()
    sources: Annotated[frozenset[Label], Field(max_length=MAX_CHOICES)] = frozenset()
    path_prefix: Text = ""
    modified_from: Annotated[Moment | None, Field(description="Inclusive; needs a time zone.")] = None
    modified_before: Annotated[Moment | None, Field(description="Exclusive; needs a time zone.")] = None
    metadata: Annotated[
        dict[Label, ScalarValue], Field(max_length=MAX_METADATA_TERMS, description="Equality with metadata of the document.")
    ] = {}

    def filters(self) -> Filters:
        return Filters(
            collections=self.collections,
            languages=self.languages,
            types=self.types,
            sources=self.sources,
            path_prefix=self.path_prefix,
            modified_from=self.modified_from,
            modified_before=self.modified_before,
            metadata=self.metadata,
        )


class SearchRequest(Strict):
    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "reset password", "top_k": 3}]})

    query: Question
    top_k: Annotated[int, Field(ge=1, le=MAX_TOP_K)] = 10
    filters: FiltersBody = FiltersBody()
    explain: Annotated[bool, Field(description="Adds each hit's rank and score in every lane.")] = False


class QueryRequest(Strict):
    model_config = ConfigDict(json_schema_extra={"examples": [{"query": EXAMPLE_QUESTION, "k": 8}]})

    query: Question
    k: Annotated[int, Field(ge=1, le=MAX_TOP_K, description="Passages the answer may be drawn from.")] = 8
    filters: FiltersBody = FiltersBody()
    session_id: Annotated[
        SessionId | None, Field(description="A conversation of the caller's to go on with, by any name; `new` begins one.")
    ] = None
    temperature: Annotated[float | None, Field(ge=0, le=2, description="How freely a chat model writes; for administrators.")] = None

    def question(self) -> core.Question:
        return core.Question(self.query, self.filters.filters(), self.k, self.temperature, self.session_id)


DocumentMetadata: TypeAlias = Annotated[
    dict[Label, ScalarValue | Annotated[list[ScalarValue], Field(max_length=MAX_CHOICES)] | None], Field(max_length=MAX_METADATA_KEYS)
]
METADATA = TypeAdapter[DocumentMetadata](DocumentMetadata)


class IngestFields(Strict):
    """The fields that may accompany an uploaded file; `metadata` is a JSON object in text."""

    collection: CollectionName = DEFAULT_COLLECTION
    metadata: Annotated[DocumentMetadata, BeforeValidator(METADATA.validate_json)] = {}
