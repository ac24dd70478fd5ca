"""Documents, their blocks and their original bytes."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from semantic_memory.api.answers import BlockBody, DocumentBody, DocumentPage, JobBody
from semantic_memory.api.attachments import OPAQUE_TYPE, attachment
from semantic_memory.api.problems import GUARDED, WITH_ID, problems
from semantic_memory.api.routes.memory import PREFIX
from semantic_memory.api.schemas import Label
from semantic_memory.api.security import Ingestor, Reader
from semantic_memory.api.services import FromApp
from semantic_memory.core.errors import NotFoundError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Document

router = APIRouter(prefix=PREFIX, tags=["documents"])

MAX_PAGE = 200


@router.get(
    "/file/{file_id}",
    operation_id="getFile",
    summary="A block, or a document's original file",
    response_model=BlockBody,
    responses=GUARDED
    | WITH_ID
    | problems(416)
    | {
        200: {
            "description": "A block as JSON, or the bytes of a document as an attachment",
            "content": {OPAQUE_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        },
        206: {
            "description": "The part of the document that the Range header asked for",
            "content": {OPAQUE_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def file(access: Reader, services: FromApp, file_id: UUID) -> BlockBody | FileResponse:
    """With a block's id its JSON, with a document's id the bytes that were ingested."""
    try:
        return BlockBody.of(await services.memory.block(file_id, access=access))
    except NotFoundError:
        document, path = await services.memory.original(file_id, access=access)
    return await attachment(document, path)


@router.get("/documents", operation_id="listDocuments", summary="List documents", responses=GUARDED | problems(422))
async def documents(
    access: Reader,
    services: FromApp,
    collection: Annotated[Label | None, Query()] = None,
    language: Annotated[Label | None, Query()] = None,
    source: Annotated[Label | None, Query()] = None,
    path_prefix: Annotated[Label | None, Query()] = None,
    after: Annotated[UUID | None, Query(description="`next_after` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> DocumentPage:
    """Documents in order of id, a page at a time."""
    filters = Filters(collections=_choice(collection), languages=_choice(language), sources=_choice(source), path_prefix=path_prefix or "")
    found = await services.memory.documents(filters=filters, after=after, limit=limit, access=access)
    return DocumentPage(documents=[DocumentBody.of(document) for document in found], next_after=_next(found, limit))


@router.get("/documents/{document_id}", operation_id="getDocument", summary="One document", responses=GUARDED | WITH_ID)
async def document(access: Reader, services: FromApp, document_id: UUID) -> DocumentBody:
    """What is known of it, and the error if it could not be read."""
    return DocumentBody.of(await services.memory.document(document_id, access=access))


@router.delete(
    "/documents/{document_id}",
    operation_id="deleteDocument",
    summary="Delete a document",
    status_code=HTTPStatus.NO_CONTENT,
    responses=GUARDED | WITH_ID,
)
async def delete(access: Ingestor, services: FromApp, document_id: UUID) -> Response:
    """Removes it and the files within it from every store; no search, answer or file route returns it afterwards."""
    await services.memory.delete(document_id, access=access)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post(
    "/documents/{document_id}/reprocess",
    operation_id="reprocessDocument",
    summary="Read a document again",
    status_code=HTTPStatus.ACCEPTED,
    responses=GUARDED | WITH_ID,
)
async def reprocess(access: Ingestor, services: FromApp, document_id: UUID, response: Response) -> JobBody:
    """From its stored bytes, as after a failure, an upgrade or a new OCR engine; the job at `Location` tells when it is done."""
    job = await services.memory.submit_reprocess(document_id, access=access)
    response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
    return JobBody.of(job)


def _choice(value: str | None) -> frozenset[str]:
    return frozenset() if value is None else frozenset({value})


def _next(found: list[Document], limit: int) -> UUID | None:
    return found[-1].id if len(found) == limit else None
