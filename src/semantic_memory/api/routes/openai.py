"""Routes that OpenAI's clients speak to, so that Open WebUI, LibreChat and the SDKs attach with a base URL."""

import time
from collections.abc import Sequence
from contextlib import aclosing
from http import HTTPStatus
from uuid import uuid4

from fastapi import APIRouter, Request

from semantic_memory.api.openai_bodies import (
    MODEL,
    AssistantMessage,
    ChatRequest,
    Choice,
    Completion,
    EmbeddingList,
    EmbeddingRequest,
    ErrorBody,
    ModelCard,
    ModelList,
    UsageCount,
    embedding_items,
    marked,
    markers_of,
    question_of,
)
from semantic_memory.api.problems import Responses
from semantic_memory.api.security import Reader
from semantic_memory.api.services import FromApp, Services
from semantic_memory.api.streams import EVENTS, MEDIA_TYPE, EventStream, Frames, frame, streamed
from semantic_memory.core.access import Access
from semantic_memory.core.answers import Citation, Cited, Done, Event, Events, Question, Said
from semantic_memory.core.errors import InvalidInputError, NotFoundError, SemanticMemoryError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import JsonValue

PREFIX = "/v1"

router = APIRouter(prefix=PREFIX, tags=["openai"])

FAILURES: Responses = {
    status: {"model": ErrorBody, "description": HTTPStatus(status).phrase} for status in (400, 401, 403, 404, 408, 413, 422, 429, 503)
}
END = b"data: [DONE]\n\n"


@router.get("/models", operation_id="listModels", summary="List models", responses=FAILURES)
async def models(access: Reader, services: FromApp) -> ModelList:
    """One that answers from everything the caller may read, one for each collection, and the embedding model."""
    names = sorted({document.collection for document in await services.memory.documents(limit=1000, access=access)})
    embedder, _ = services.memory.models
    return ModelList(data=[ModelCard(id=name) for name in (MODEL, *(f"{MODEL}/{name}" for name in names), embedder)])


@router.post(
    "/chat/completions",
    operation_id="createChatCompletion",
    summary="Answer the last message of a chat",
    response_model=Completion,
    responses=FAILURES | {200: {"description": "A completion, or its chunks", "content": {MEDIA_TYPE: {"schema": EVENTS}}}},
)
async def chat(access: Reader, services: FromApp, body: ChatRequest, request: Request) -> Completion | EventStream:
    """From the documents, with `[1]` behind each sentence and what it cites in `annotations`; or "I don't know."."""
    asked = _question(body)
    base_url = str(request.base_url).rstrip("/")
    if body.stream:
        events = streamed(services, asked, access)
        await anext(events)  # the sources: errors until here still have a status
        return EventStream(_chunks(events, body, base_url))
    return await _completion(services, asked, access, body.model, base_url)


@router.post("/embeddings", operation_id="createEmbedding", summary="Embed texts", responses=FAILURES)
async def embeddings(access: Reader, services: FromApp, body: EmbeddingRequest) -> EmbeddingList:  # noqa: ARG001 - the role is checked
    """Vectors by the memory's own embedder, whatever `model` names; texts it cannot read whole are refused."""
    async with services.searches.hold():
        vectors = await services.memory.embed(body.texts)
    name, _ = services.memory.models
    return EmbeddingList(model=name, data=embedding_items(vectors, body.encoding_format), usage={"prompt_tokens": 0, "total_tokens": 0})


def _question(body: ChatRequest) -> Question:
    """Raises: NotFoundError for a model that is none of ours; InvalidInputError."""
    name, _, collection = body.model.partition("/")
    if name != MODEL:
        raise NotFoundError
    try:
        text, earlier = question_of(body.messages)
    except ValueError as error:
        raise InvalidInputError(str(error)) from error
    filters = Filters(collections=frozenset({collection} if collection else ()))
    return Question(text, filters, body.top_k, earlier=earlier)


async def _completion(services: Services, asked: Question, access: Access, model: str, base_url: str) -> Completion:
    started = time.perf_counter()
    async with services.searches.hold():
        answer = await services.memory.answer(asked, access=access)
    services.metrics.asked(answer, time.perf_counter() - started)
    content, annotations = marked(answer, base_url)
    message = AssistantMessage(content=content, annotations=annotations)
    identity = f"chatcmpl-{uuid4().hex}"
    return Completion(
        id=identity, created=int(time.time()), model=model, choices=[Choice(message=message)], usage=UsageCount.of(answer.usage)
    )


async def _chunks(events: Events, body: ChatRequest, base_url: str) -> Frames:
    """Sentences as they come; the markers of each follow it with its annotations."""
    head: dict[str, JsonValue] = {
        "id": f"chatcmpl-{uuid4().hex}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": body.model,
    }
    said = _Said(base_url)
    yield _chunk(head, {"role": "assistant", "content": ""})
    try:
        async with aclosing(events):
            async for event in events:
                for delta in said.deltas(event):
                    yield _chunk(head, delta)
                if isinstance(event, Done):
                    yield _chunk(head, {}, "stop")
                    if body.stream_options and body.stream_options.include_usage:
                        yield frame(None, {**head, "choices": [], "usage": UsageCount.of(event.answer.usage).model_dump()})
    except SemanticMemoryError as error:
        yield frame(None, {"error": {"message": (type(error).__doc__ or "").strip(), "type": "server_error", "code": error.code}})
    yield END


class _Said:
    """Puts markers behind sentences: their citations come after them, and those of earlier sentences are remembered."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._length = 0
        self._cited: dict[int, Citation] = {}
        self._open: tuple[int, ...] = ()

    def deltas(self, event: Event) -> Sequence[dict[str, JsonValue]]:
        match event:
            case Said():
                markers = self._markers()
                self._length += len(event.text)
                self._open = event.citations
                return [*markers, {"content": event.text}]
            case Cited():
                self._cited[event.citation.number] = event.citation
                return []
            case Done():
                return self._markers()
            case _:
                return []

    def _markers(self) -> list[dict[str, JsonValue]]:
        cited, self._open = [self._cited[number] for number in self._open], ()
        if not cited:
            return []
        text, annotations = markers_of(cited, self._length, self._base_url)
        self._length += len(text)
        return [{"content": text, "annotations": [annotation.model_dump() for annotation in annotations]}]


def _chunk(head: dict[str, JsonValue], delta: dict[str, JsonValue], finish: str | None = None) -> bytes:
    body: dict[str, JsonValue] = {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}
    return frame(None, body)
