"""Search, questions and the state of the memory."""

import time

from fastapi import APIRouter, Request, Response

from semantic_memory.api.answers import AnswerBody, SearchBody, StatusBody
from semantic_memory.api.problems import GUARDED, WITH_BODY
from semantic_memory.api.schemas import QueryRequest, SearchRequest
from semantic_memory.api.security import Reader
from semantic_memory.api.services import FromApp

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


@router.post("/query", operation_id="query", summary="Ask a question", responses=GUARDED | WITH_BODY, response_model_exclude_unset=True)
async def query(access: Reader, services: FromApp, body: QueryRequest, request: Request, response: Response) -> AnswerBody:
    """An answer from the documents with checked citations, or "I don't know."."""
    started = time.perf_counter()
    async with services.searches.hold():
        with services.metrics.rag_latency.time():
            answer = await services.memory.ask(body.query, filters=body.filters.filters(), top_k=body.k, access=access)
    if not answer.answerable:
        services.metrics.rag_empty_context.inc()
    _tell(request, response, answer.cache, otherwise="l3", started=started)
    return AnswerBody.of(answer)


def _tell(request: Request, response: Response, cache: str | None, *, otherwise: str, started: float) -> None:
    """Which tier had the result, to the caller and to the log: l0 and l1 are caches, l2 the indexes, l3 the documents and a model."""
    level = request.state.cache = cache or otherwise
    response.headers["X-Cache"] = f"HIT; {cache}" if cache else "MISS"
    response.headers["Server-Timing"] = f'memory;dur={1000 * (time.perf_counter() - started):.2f};desc="{level}"'


@router.get("/status", operation_id="getStatus", summary="What is in the memory", responses=GUARDED)
async def status(access: Reader, services: FromApp) -> StatusBody:
    """Counts of what the caller's tenant keeps, and how far the indexes are behind."""
    return StatusBody.of(await services.memory.status(access=access))
