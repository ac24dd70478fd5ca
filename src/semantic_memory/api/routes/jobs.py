"""Uploads and what becomes of them."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from semantic_memory.api.answers import JobBody
from semantic_memory.api.problems import GUARDED, WITH_BODY, WITH_ID, problems
from semantic_memory.api.routes.memory import PREFIX
from semantic_memory.api.security import Ingestor
from semantic_memory.api.services import FromApp
from semantic_memory.api.uploads import received

INGEST_PATH = f"{PREFIX}/ingest"
UPLOAD_FOLDER = "uploads"

router = APIRouter(prefix=PREFIX, tags=["ingest"])

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The file; its name becomes the document's path."},
                        "collection": {"type": "string", "default": "default", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"},
                        "metadata": {"type": "string", "description": "A JSON object.", "example": '{"department": "finance"}'},
                    },
                }
            }
        },
    }
}
"""Described by hand because the form is streamed to disk instead of being parsed by the framework."""


@router.post(
    "/ingest",
    operation_id="ingest",
    summary="Add a file",
    status_code=HTTPStatus.ACCEPTED,
    responses=GUARDED | WITH_BODY | problems(415),
    openapi_extra=_FORM,
)
async def ingest(access: Ingestor, services: FromApp, request: Request, response: Response) -> JobBody:
    """Answers as soon as file and job are durable; the job at `Location` tells when it can be found, or why not."""
    folder = services.settings.data_dir / UPLOAD_FOLDER
    async with services.uploads.hold(), received(request, folder, max_bytes=services.settings.max_upload_bytes) as upload:
        fields = upload.fields
        job = await services.memory.submit(
            upload.file, name=upload.name, collection=fields.collection, metadata=fields.metadata, access=access
        )
    services.metrics.uploads.inc()
    services.metrics.upload_bytes.inc(upload.size_bytes)
    response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
    return JobBody.of(job)


@router.get("/jobs/{job_id}", operation_id="getJob", summary="How a job is doing", responses=GUARDED | WITH_ID)
async def job(access: Ingestor, services: FromApp, job_id: UUID) -> JobBody:
    """State, attempts and outcome."""
    return JobBody.of(await services.memory.job(job_id, access=access))
