"""Original files as downloads that no browser opens in our name."""

import asyncio
from pathlib import Path

from fastapi.responses import FileResponse

from semantic_memory.core.errors import NotFoundError
from semantic_memory.core.model import Document

INERT_TYPES = frozenset(
    {
        "application/json",
        "application/pdf",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "text/markdown",
        "text/plain",
    }
)
"""Types no browser runs scripts from; every other file is sent as bytes."""

OPAQUE_TYPE = "application/octet-stream"


async def attachment(document: Document, path: Path) -> FileResponse:
    """The document's bytes under its own name. Raises: NotFoundError when a deletion was faster."""
    try:
        found = await asyncio.to_thread(path.stat)
    except FileNotFoundError as error:
        raise NotFoundError from error
    return FileResponse(
        path,
        media_type=document.media_type if document.media_type in INERT_TYPES else OPAQUE_TYPE,
        filename=document.path.rsplit("/", 1)[-1] or str(document.id),
        content_disposition_type="attachment",
        headers={"Content-Security-Policy": "default-src 'none'; sandbox"},
        stat_result=found,
    )
