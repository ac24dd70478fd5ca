"""The process that has Chroma's files open: `python -P -m semantic_memory.store.vectors.chroma.files_process FOLDER`.

It holds a lock on the folder: of two processes on one, each keeps an index of its own and misses rows of the other's (550 of 3,000,
1.5.9). A request is `{"number", "call", "arguments"}`, its answer `{"number", "value"}` or `{"number", "error"}`, in JSON behind its
length.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import orjson
from filelock import FileLock, Timeout

from semantic_memory.store.vectors.chroma.files import HEADER, LOCKED

LOCK = "owner.lock"


def main() -> None:
    requests, answers = _take_over_stdio()
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        sys.exit(LOCKED)
    calls = _opened(folder)
    for request in _frames(requests):
        _send(answers, {"number": request["number"]} | _answer(calls, request["call"], request["arguments"]))


def _take_over_stdio() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent under new numbers; what a library prints goes to stderr."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return requests, answers


def _opened(folder: Path) -> "Calls":
    from chromadb.api.rust import RustBindingsAPI
    from chromadb.config import Settings, System

    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own argument, not a field
        is_persistent=True,
        persist_directory=str(folder),
        anonymized_telemetry=False,
    )
    system = System(settings)
    api = system.instance(RustBindingsAPI)
    system.start()
    return Calls(api)


def _frames(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    while header := stream.read(HEADER.size):
        yield orjson.loads(stream.read(HEADER.unpack(header)[0]))


def _send(stream: BinaryIO, answer: Mapping[str, object]) -> None:
    payload = orjson.dumps(answer, default=str, option=orjson.OPT_SERIALIZE_NUMPY)
    stream.write(HEADER.pack(len(payload)) + payload)
    stream.flush()


def _answer(calls: "Calls", call: str, arguments: dict[str, Any]) -> dict[str, object]:
    try:
        return {"value": getattr(calls, call)(**arguments)}
    except Exception as error:  # noqa: BLE001 - whatever the library raises, this process goes on
        return {"error": _word(error)}


def _word(error: Exception) -> str:
    """Chroma's messages may quote what was sent, so only the kind of an unknown error is told."""
    kind, message = type(error).__name__, str(error)
    if kind == "NotFoundError" or (kind == "InvalidArgumentError" and message.endswith("does not exist")):
        return "missing"
    if message.endswith("already exists"):
        return "exists"
    return "full" if "disk is full" in message else kind


class Calls:
    """Chroma's API under the names and with the arguments of its HTTP API.

    What works on one collection has an underscore before its name there; the public methods check and convert everything once more.
    """

    def __init__(self, api: Any) -> None:
        self._api = api
        for name in ("count", "upsert", "delete", "get", "query"):
            setattr(self, name, partial(self._in_collection, getattr(api, f"_{name}")))

    def list_databases(self) -> object:
        return self._api.list_databases()

    def create_database(self, name: str) -> object:
        return self._api.create_database(name)

    def delete_database(self, database: str) -> object:
        return self._api.delete_database(database)

    def list_collections(self, database: str) -> list[object]:
        return [_described(one) for one in self._api.list_collections(database=database)]

    def create_collection(self, **arguments: object) -> object:
        return _described(self._api.create_collection(**arguments))

    def get_collection(self, database: str, collection: str) -> object:
        return _described(self._api.get_collection(collection, database=database))

    def modify_collection(self, database: str, collection: str, **arguments: object) -> object:
        return self._api._modify(UUID(collection), database=database, **arguments)  # noqa: SLF001 - no other way to it by id

    def delete_collection(self, database: str, collection: str) -> object:
        return self._api.delete_collection(collection, database=database)

    def _in_collection(self, method: Callable[..., object], *, collection: str, **arguments: object) -> object:
        return method(UUID(collection), **arguments)


def _described(model: Any) -> dict[str, object]:
    return {"id": model.id, "name": model.name, "metadata": model.metadata}


if __name__ == "__main__":
    main()
