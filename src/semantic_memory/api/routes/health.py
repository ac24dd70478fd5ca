"""For probes and Prometheus; public."""

import asyncio

from fastapi import APIRouter, Response

from semantic_memory.api.answers import HealthBody
from semantic_memory.api.metrics import CONTENT_TYPE
from semantic_memory.api.services import FromApp

router = APIRouter(tags=["operations"])


@router.get(
    "/health",
    operation_id="getHealth",
    summary="Is it working",
    responses={503: {"model": HealthBody, "description": "Nothing can be served"}},
)
async def health(services: FromApp, response: Response) -> HealthBody:
    """Each component's state and round trip; 503 only when nothing can be served."""
    body = HealthBody.of(await services.memory.health())
    response.status_code = body.http_status
    return body


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"description": "Text exposition format", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(services: FromApp) -> Response:
    """Counters and histograms of this process."""
    return Response(await asyncio.to_thread(services.metrics.render), headers={"Content-Type": CONTENT_TYPE})
