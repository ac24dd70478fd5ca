"""What both ways to Chroma, its server and its files, do for the engine."""

from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol, TypeAlias

Call: TypeAlias = Literal[
    "list_databases",
    "create_database",
    "delete_database",
    "list_collections",
    "create_collection",
    "get_collection",
    "modify_collection",
    "delete_collection",
    "count",
    "upsert",
    "delete",
    "get",
    "query",
]
"""Operations of Chroma's HTTP API, version 2; their arguments have the API's names."""


class MissingError(Exception):
    """There is no such collection or database."""


class ExistsError(Exception):
    """Somebody else made it first."""


class Chroma(Protocol):
    def errors(self) -> AbstractContextManager[None]:
        """Raises the `BackendError` for what the driver raises in `ask`."""
        ...

    async def ask(self, call: Call, *, database: str = "", collection: str = "", **body: object) -> Any:
        """The answer, as Chroma's HTTP API gives it. `collection` is an id, or a name to get and delete a collection.

        Raises: MissingError, ExistsError; BackendError for what Chroma refuses.
        """
        ...

    async def close(self) -> None: ...
