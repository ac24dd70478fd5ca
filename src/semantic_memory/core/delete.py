"""Removes documents: the files within them first, their bytes last."""

from functools import partial
from uuid import UUID

from semantic_memory.core.access import Access
from semantic_memory.core.errors import NotFoundError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Document
from semantic_memory.core.ports import BlobStore, DocumentStore

PAGE = 1000


class Delete:
    """The delete use case. Cut short, it leaves a document that can be deleted again, and never a member without its parent."""

    def __init__(self, documents: DocumentStore, blobs: BlobStore) -> None:
        self._documents = documents
        self._blobs = blobs

    async def __call__(self, document_id: UUID, *, access: Access) -> tuple[Document, int]:
        """What was there, and the change-log position at which no search finds it any more. Raises: NotFoundError."""
        document = await self._documents.get(document_id, access=access)
        if document is None:
            raise NotFoundError
        await self.members(document, access=access)
        deleted = await self._documents.delete(document_id, access=access)
        if deleted is None:
            raise NotFoundError
        await self.release(document)
        return deleted

    async def members(self, parent: Document, *, access: Access, keep: frozenset[UUID] = frozenset()) -> None:
        """Removes the documents made of the files within `parent`, except those in `keep`."""
        for member in await members(self._documents, parent, access=access):
            if member.id not in keep:
                await self(member.id, access=access)

    async def release(self, document: Document) -> None:
        """Removes the document's bytes unless something else needs them."""
        remove = partial(self._blobs.remove, document.content_hash, tenant=document.tenant)
        await self._documents.release_blob(document.tenant, document.content_hash, remove)


async def members(documents: DocumentStore, parent: Document, *, access: Access) -> list[Document]:
    """The documents made of the files right within `parent`."""
    below = Filters(
        collections=frozenset({parent.collection}),
        sources=frozenset({parent.source}),
        path_prefix=f"{parent.path}/",
        metadata={"parent": str(parent.id)},
    )
    found: list[Document] = []
    while page := await documents.find(below, access=access, after=found[-1].id if found else None, limit=PAGE):
        found += page
    return found
