"""Bodies of answers: the views of the core, typed for the OpenAPI document.

Routes send only what a view holds (`response_model_exclude_unset`), so the API and the CLI's `--json` read the same.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from semantic_memory.core import model
from semantic_memory.core.access import Access, Role
from semantic_memory.core.answers import Answer
from semantic_memory.core.memory import Status
from semantic_memory.core.model import (
    BlockType,
    ContentBlock,
    Document,
    DocumentState,
    Job,
    JobState,
    Json,
    Lane,
    SearchResult,
)
from semantic_memory.core.views import PREVIEW_CHARACTERS, answer_view, block_view, document_view, search_view


class Body(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class AnchorBody(Body):
    """What is known of the exact place in the file; `bbox` is x0, y0, x1, y1 in points from the page's top left; lines count from 1, in a
    notebook within `cell`; `cells` is a range of the sheet."""

    page: int | None = None
    bbox: tuple[float, float, float, float] | None = None
    start_line: int | None = None
    end_line: int | None = None
    symbol: str | None = None
    sheet: str | None = None
    cells: str | None = None
    cell: int | None = None


class BlockBody(Body):
    """One `ContentBlock`; `source_id` is the document's id."""

    id: UUID
    source_id: UUID
    type: BlockType
    text: str
    language: str | None
    order: int
    page: int | None
    metadata: dict[str, JsonValue]

    @classmethod
    def of(cls, block: ContentBlock) -> Self:
        return cls.model_validate(block_view(block))


class DocumentBody(Body):
    """A document's active version."""

    id: UUID
    collection: str
    source: str
    path: str
    title: str | None
    media_type: str
    language: str | None
    size_bytes: int
    content_hash: str
    version: int
    state: DocumentState
    error: str | None
    modified_at: datetime | None
    ingested_at: datetime
    metadata: dict[str, JsonValue]

    @classmethod
    def of(cls, document: Document) -> Self:
        return cls.model_validate(document_view(document))


class DocumentPage(Body):
    """Documents in order of id; ask again with `after=next_after` until it is null."""

    documents: list[DocumentBody]
    next_after: UUID | None


class LaneBody(Body):
    rank: int
    score: float


class HitBody(Body):
    """A found passage; `score` lies in [0, 1] and compares within one answer. `lanes` is there when an explanation was asked for."""

    rank: int
    score: float
    passage_id: UUID
    document_id: UUID
    path: str
    locator: str
    title: str | None
    heading_path: list[str]
    preview: str = Field(max_length=PREVIEW_CHARACTERS)
    text: str
    language: str | None
    types: list[BlockType]
    anchor: AnchorBody
    block_ids: list[UUID]
    collection: str
    source: str
    metadata: dict[str, JsonValue]
    lanes: dict[Lane, LaneBody] | None = None


class SearchBody(Body):
    """Hits, best first; `degraded_reasons` says why they may be incomplete."""

    hits: list[HitBody]
    degraded: bool
    degraded_reasons: list[str]
    explanation: dict[str, JsonValue] | None = None

    @classmethod
    def of(cls, result: SearchResult) -> Self:
        view = search_view(result)
        if result.explanation is None:
            # Scores of single lanes tell more about foreign documents than a reader needs (OWASP LLM09:2026).
            view["hits"] = [{name: value for name, value in hit.items() if name != "lanes"} for hit in _objects(view["hits"])]
        return cls.model_validate(view)


class SourceBody(Body):
    """A checked citation: `quote` is `text[start:end]` of the passage, letter for letter."""

    number: int
    quote: str
    document_id: UUID
    passage_id: UUID
    path: str
    locator: str
    link: str
    title: str | None
    heading_path: list[str]
    start: int
    end: int
    anchor: AnchorBody
    commit: str | None


class NearestBody(Body):
    """A passage that the answer could draw on; `link` opens its place."""

    document_id: UUID
    passage_id: UUID
    path: str
    locator: str
    link: str
    title: str | None
    heading_path: list[str]
    preview: str = Field(max_length=PREVIEW_CHARACTERS)


class SentenceBody(Body):
    """Without citations it is marked as not supported."""

    text: str
    citations: list[int]


class UsageBody(Body):
    """Tokens of chat models, and their cost by the prices in the settings."""

    prompt_tokens: int
    completion_tokens: int
    cost: float


class AnswerBody(Body):
    """`sources` are numbered as the sentences cite them; without support in the documents `answerable` is false, `missing` holds the
    question's words that no source holds, and `nearest` where to look. `question` is the question as it was searched for."""

    answer: str
    answerable: bool
    confidence: float
    sentences: list[SentenceBody]
    sources: list[SourceBody] = Field(validation_alias="citations")
    missing: list[str]
    nearest: list[NearestBody]
    degraded: bool
    degraded_reasons: list[str]
    model: str
    usage: UsageBody
    timings: dict[str, float]
    question: str
    session_id: str | None

    @classmethod
    def of(cls, answer: Answer) -> Self:
        return cls.model_validate(answer_view(answer))


class JobBody(Body):
    """Durable work; `reason` says what it waits for or why it failed, `result` what came out."""

    id: UUID
    kind: str
    state: JobState
    attempts: int
    reason: str | None
    result: dict[str, JsonValue] | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls.model_validate(job)


class StatusBody(Body):
    """What is in the memory; `index_lag` counts the changes each index has yet to apply."""

    documents: int
    failed_documents: int
    blocks: int
    passages: int
    pending_jobs: int
    index_lag: dict[str, int]
    problems: dict[str, str]
    embedder: str
    pipeline: str

    @classmethod
    def of(cls, status: Status) -> Self:
        counts = status.counts
        return cls(
            documents=counts.documents,
            failed_documents=counts.failed_documents,
            blocks=counts.blocks,
            passages=counts.passages,
            pending_jobs=status.pending_jobs,
            index_lag=dict(status.lag),
            problems=dict(status.problems),
            embedder=status.embedder,
            pipeline=status.pipeline,
        )


class TokenBody(Body):
    """A pair of tokens (RFC 6749, section 5.1); `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]
    expires_in: int


class MeBody(Body):
    """The caller; `roles` holds every role they have, as roles are additive. `collections` null means all."""

    username: str
    tenant: str
    role: str
    roles: list[str]
    collections: list[str] | None

    @classmethod
    def of(cls, access: Access) -> Self:
        return cls(
            username=access.principal,
            tenant=access.tenant,
            role=access.role.label,
            roles=[role.label for role in Role if role <= access.role],
            collections=sorted(access.collections) if access.collections is not None else None,
        )


class ComponentBody(Body):
    """`latency_ms` is the time of one round trip."""

    status: Literal["ok", "down", "off"]
    latency_ms: float | None = None


class HealthBody(Body):
    """`down` when nothing can be served, `degraded` when something can."""

    status: Literal["ok", "degraded", "down"]
    components: dict[str, ComponentBody]

    @classmethod
    def of(cls, report: Mapping[str, Json]) -> Self:
        components = {name: ComponentBody.model_validate(component) for name, component in report.items()}
        if components["catalogue"].status == "down":
            return cls(status="down", components=components)
        whole = all(component.status != "down" for component in components.values())
        return cls(status="ok" if whole else "degraded", components=components)

    @property
    def http_status(self) -> HTTPStatus:
        """What probes look at: traffic goes elsewhere only when nothing can be served."""
        return HTTPStatus.SERVICE_UNAVAILABLE if self.status == "down" else HTTPStatus.OK


class ProblemBody(Body):
    """RFC 9457. `code` is stable; `errors` names the fields that are not valid."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] | None = None


def _objects(value: model.JsonValue) -> list[dict[str, model.JsonValue]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
