"""Search, questions and the state of the memory."""

import time
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from semantic_memory.api.answers import AnswerBody, SearchBody, StatusBody
from semantic_memory.api.problems import GUARDED, WITH_BODY, WITH_ID, problems
from semantic_memory.api.schemas import QueryRequest, SearchRequest, SessionId
from semantic_memory.api.security import Reader
from semantic_memory.api.services import FromApp
from semantic_memory.api.streams import EVENTS, MEDIA_TYPE, EventStream, frames, streamed
from semantic_memory.core.access import Role

PREFIX = "/api/v1/memory"

router = APIRouter(prefix=PREFIX, tags=["memory"])


@router.post("/search", operation_id="search", summary="Find passages", responses=GUARDED | WITH_BODY, response_model_exclude_unset=True)
async def search(access: Reader, services: FromApp, body: SearchRequest, request: Request, response: Response) -> SearchBody:
    """The passages that answer best, by meaning and by words, best first, each with its exact places."""
    started = time.perf_counter()
    async with services.searches.hold():
        result = await services.memory.search(
            body.query, filters=body.filters.filters(), top_k=body.top_k, explain=body.explain, access=access
        )
    _tell(request, response, result.cache, otherwise="l2", started=started)
    return SearchBody.of(result)


@router.post(
    "/query",
    operation_id="query",
    summary="Ask a question",
    response_model=AnswerBody,
    response_model_exclude_unset=True,
    responses=GUARDED
    | WITH_BODY
    | problems(429)
    | {200: {"description": "An answer; with `Accept: text/event-stream` its events", "content": {MEDIA_TYPE: {"schema": EVENTS}}}},
)
async def query(access: Reader, services: FromApp, body: QueryRequest, request: Request, response: Response) -> AnswerBody | EventStream:
    """An answer from the documents with checked citations, or "I don't know.".

    With `Accept: text/event-stream` it comes as it is made: the event `sources`, then for each checked sentence `token` and its new
    `citation`s, and at the end `done` with the whole answer, or `error` with a problem document.
    """
    if body.temperature is not None:
        access.require(Role.ADMIN)
    if MEDIA_TYPE in request.headers.get("accept", ""):
        events = streamed(services, body.question(), access)
        return EventStream(frames(events, await anext(events)))
    started = time.perf_counter()
    async with services.searches.hold():
        answer = await services.memory.answer(body.question(), access=access)
    services.metrics.asked(answer, time.perf_counter() - started)
    _tell(request, response, answer.cache, otherwise="l3", started=started)
    return AnswerBody.of(answer)


@router.delete(
    "/sessions/{session_id}",
    operation_id="endConversation",
    summary="Forget a conversation",
    status_code=HTTPStatus.NO_CONTENT,
    responses=GUARDED | WITH_ID,
)
async def end_conversation(access: Reader, services: FromApp, session_id: SessionId) -> Response:
    """Removes its turns; they are also forgotten some time after the last one."""
    await services.memory.end_conversation(session_id, access=access)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _tell(request: Request, response: Response, cache: str | None, *, otherwise: str, started: float) -> None:
    """Which tier had the result, to the caller and to the log: l0 and l1 are caches, l2 the indexes, l3 the documents and a model."""
    level = request.state.cache = cache or otherwise
    response.headers["X-Cache"] = f"HIT; {cache}" if cache else "MISS"
    response.headers["Server-Timing"] = f'memory;dur={1000 * (time.perf_counter() - started):.2f};desc="{level}"'


@router.get("/status", operation_id="getStatus", summary="What is in the memory", responses=GUARDED)
async def status(access: Reader, services: FromApp) -> StatusBody:
    """Counts of what the caller's tenant keeps, and how far the indexes are behind."""
    return StatusBody.of(await services.memory.status(access=access))
