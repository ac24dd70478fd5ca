"""Pinecone as far as we use it, for tests: its REST API of 2026-07 over a socket, with its limits, its error shapes and its delays.

Written after the client's own models and https://docs.pinecone.io/reference/api/2026-07. Searches see a write only a moment after it was
taken, as there; each namespace has a log whose positions come back in headers.
"""

import operator
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from typing import Any

import numpy as np
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

KEY = "pckey_double"
SEEN_AFTER_S, READY_AFTER_S = 0.05, 0.05
MOST_REQUEST_BYTES, MOST_ANSWER_BYTES, MOST_METADATA_BYTES = 2 * 2**20, 4 * 2**20, 40 * 2**10
MOST_ROWS, MOST_FOUND, MOST_IN_PAGE = 1_000, 10_000, 100

NOT_FOUND, INVALID = 5, 3
"""gRPC's codes, which the data plane answers with."""


class RefusedError(Exception):
    def __init__(self, status: int, message: str, *, code: int = INVALID) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass
class Namespace:
    """`rows` is what searches see; `log` holds what they do not see yet: when they will, and how the rows change."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: deque[tuple[float, Callable[[dict[str, dict[str, Any]]], None]]] = field(default_factory=deque)
    written: int = 0

    def write(self, change: Callable[[dict[str, dict[str, Any]]], None], after_s: float) -> int:
        self.log.append((time.monotonic() + after_s, change))
        self.written += 1
        return self.written

    def read(self) -> dict[str, dict[str, Any]]:
        while self.log and self.log[0][0] <= time.monotonic():
            self.log.popleft()[1](self.rows)
        return self.rows

    @property
    def seen(self) -> int:
        self.read()
        return self.written - len(self.log)


@dataclass
class Index:
    name: str
    dimension: int
    metric: str
    deployment: dict[str, Any]
    host: str
    ready_at: float
    state: str = "Ready"
    namespaces: dict[str, Namespace] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        return self.state == "Ready" and time.monotonic() >= self.ready_at

    def described(self) -> dict[str, Any]:
        state = self.state if time.monotonic() >= self.ready_at else "Initializing"
        vectors = {"type": "dense_vector", "dimension": self.dimension, "metric": self.metric}
        return {
            "name": self.name,
            "host": self.host if self.is_ready else None,
            "status": {"ready": self.is_ready, "state": state},
            "schema": {"fields": {"_values": vectors}},
            "deployment": self.deployment,
            "deletion_protection": "disabled",
            "read_capacity": {"mode": "OnDemand", "status": {"state": "Ready"}},
            "tags": None,
        }

    def listed(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Namespaces of which anything was seen yet."""
        return {name: namespace.read() for name, namespace in sorted(self.namespaces.items()) if namespace.seen}


class PineconeDouble:
    """Both planes on one port. `faults` are answered first, one per request; `requests` lists path and body of those that came."""

    def __init__(self) -> None:
        self.indexes: dict[str, Index] = {}
        self.faults: deque[Response] = deque()
        self.requests: list[tuple[str, bytes]] = []
        self.seen_after_s, self.ready_after_s = SEEN_AFTER_S, READY_AFTER_S
        self._created = count(1)
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """On the port it had before, if any; whatever it held is still there."""
        config = uvicorn.Config(self._app(), port=self._port, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]

    def kill(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Every row of an index as it is kept, to be looked at or forged."""
        for namespace in self.indexes[name].namespaces.values():
            yield from namespace.read().values()

    def _app(self) -> Starlette:
        control: list[tuple[str, str, Callable[[Request, Any], Any]]] = [
            ("GET", "/indexes", self._list_indexes),
            ("POST", "/indexes", self._create_index),
            ("GET", "/indexes/{name}", lambda request, _: self._index(request.path_params["name"]).described()),
            ("DELETE", "/indexes/{name}", self._delete_index),
        ]
        data: list[tuple[str, str, Callable[[Index, Request, Any], Any]]] = [
            ("POST", "/vectors/upsert", self._upsert),
            ("POST", "/query", self._query),
            ("GET", "/vectors/fetch", self._fetch),
            ("POST", "/vectors/delete", self._delete),
            ("GET", "/vectors/list", self._list),
            ("GET", "/namespaces", self._list_namespaces),
            ("POST", "/describe_index_stats", self._stats),
        ]
        at_hosts = [(method, f"/at/{{host}}{path}", self._at_host(answer)) for method, path, answer in data]
        return Starlette(routes=[Route(path, self._answering(answer), methods=[method]) for method, path, answer in control + at_hosts])

    def _at_host(self, answer: Callable[[Index, Request, Any], Any]) -> Callable[[Request, Any], Any]:
        def answered(request: Request, body: Any) -> Any:
            index = next((index for index in self.indexes.values() if index.host.endswith(f"/at/{request.path_params['host']}")), None)
            if index is None or not index.is_ready:
                raise RefusedError(404, "Index not found", code=NOT_FOUND)
            return answer(index, request, body)

        return answered

    def _answering(self, answer: Callable[[Request, Any], Any]) -> Callable[[Request], Any]:
        async def answering(request: Request) -> Response:
            body = await request.body()
            self.requests.append((request.url.path, body))
            if self.faults:
                return self.faults.popleft()
            try:
                if request.headers.get("api-key") != KEY:
                    raise RefusedError(401, "Invalid API Key")
                if len(body) > MOST_REQUEST_BYTES:
                    raise RefusedError(413, f"Request size {len(body)} exceeds the limit of {MOST_REQUEST_BYTES} bytes", code=11)
                answered = answer(request, orjson.loads(body) if body else {})
            except RefusedError as error:
                return refusal(error, is_control="host" not in request.path_params)
            content, headers = answered if isinstance(answered, tuple) else (answered, {})
            return Response(orjson.dumps(content), media_type="application/json", headers=headers)

        return answering

    # ── control plane ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _index(self, name: str) -> Index:
        if name not in self.indexes:
            raise RefusedError(404, f"Resource {name} not found")
        return self.indexes[name]

    def _list_indexes(self, request: Request, body: Any) -> Any:
        return {"indexes": [index.described() for index in self.indexes.values()]}

    def _create_index(self, request: Request, body: Any) -> Any:
        name, vectors = body["name"], body["schema"]["fields"]["_values"]
        if name in self.indexes:
            raise RefusedError(409, "Resource already exists")
        if not (1 <= len(name) <= 45 and 1 <= vectors["dimension"] <= 20_000):
            raise RefusedError(400, "Bad request: name or dimension")
        host = f"{self.url}/at/{name}-{next(self._created)}"
        ready_at = time.monotonic() + self.ready_after_s
        self.indexes[name] = Index(name, vectors["dimension"], vectors["metric"], body["deployment"], host, ready_at)
        return self.indexes[name].described()

    def _delete_index(self, request: Request, body: Any) -> Any:
        del self.indexes[self._index(request.path_params["name"]).name]
        return {}

    # ── data plane ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _upsert(self, index: Index, request: Request, body: Any) -> Any:
        rows = body["vectors"]
        if not 0 < len(rows) <= MOST_ROWS:
            raise RefusedError(400, f"{len(rows)} vectors; the limit is {MOST_ROWS}")
        for row in rows:
            check_row(row, index.dimension)
        namespace = index.namespaces.setdefault(body.get("namespace", ""), Namespace())
        written = namespace.write(lambda kept: kept.update({row["id"]: row for row in rows}), self.seen_after_s)
        return {"upsertedCount": len(rows)}, {"x-pinecone-request-lsn": str(written)}

    def _delete(self, index: Index, request: Request, body: Any) -> Any:
        namespace = index.namespaces.get(body.get("namespace", ""))
        if namespace is None:
            raise RefusedError(404, "Namespace not found", code=NOT_FOUND)
        ids, everything = body.get("ids", []), body.get("deleteAll", False)
        if len(ids) > MOST_ROWS or everything == bool(ids):
            raise RefusedError(400, "one selector, and at most 1,000 ids")

        def change(kept: dict[str, dict[str, Any]]) -> None:
            for one in list(kept) if everything else ids:
                kept.pop(one, None)

        return {}, {"x-pinecone-request-lsn": str(namespace.write(change, self.seen_after_s))}

    def _query(self, index: Index, request: Request, body: Any) -> Any:
        vector = np.asarray(body["vector"], dtype=np.float32)
        if len(vector) != index.dimension:
            raise RefusedError(400, f"Vector dimension {len(vector)} does not match the dimension of the index {index.dimension}")
        if not 1 <= body["topK"] <= MOST_FOUND:
            raise RefusedError(400, f"top_k must be between 1 and {MOST_FOUND}")
        name = body.get("namespace", "")
        namespace = index.namespaces.get(name, Namespace())
        kept = [row for row in namespace.read().values() if fits(body.get("filter") or {}, row.get("metadata", {}))]
        found = [match(row, score, body) for row, score in nearest(kept, vector, body["topK"])]
        if len(orjson.dumps(found)) > MOST_ANSWER_BYTES:
            raise RefusedError(400, "Query result exceeds 4MB: choose a lower top_k or leave out metadata or values")
        answer = {"matches": found, "namespace": name, "usage": {"readUnits": 1}}
        return answer, {"x-pinecone-max-indexed-lsn": str(namespace.seen)}

    def _fetch(self, index: Index, request: Request, body: Any) -> Any:
        ids, name = request.query_params.getlist("ids"), request.query_params.get("namespace", "")
        if len(ids) > MOST_ROWS:
            raise RefusedError(400, f"{len(ids)} ids; the limit is {MOST_ROWS}")
        rows = index.namespaces.get(name, Namespace()).read()
        return {"vectors": {one: rows[one] for one in ids if one in rows}, "namespace": name}

    def _list(self, index: Index, request: Request, body: Any) -> Any:
        name, prefix = request.query_params.get("namespace", ""), request.query_params.get("prefix", "")
        if name not in index.namespaces:
            raise RefusedError(404, "Namespace not found", code=NOT_FOUND)
        ids = sorted(one for one in index.namespaces[name].read() if one.startswith(prefix))
        return paged("vectors", [{"id": one} for one in ids], request) | {"namespace": name}

    def _list_namespaces(self, index: Index, request: Request, body: Any) -> Any:
        prefix = request.query_params.get("prefix", "")
        counts = {name: len(rows) for name, rows in index.listed().items() if name.startswith(prefix)}
        found = [{"name": name, "record_count": str(rows)} for name, rows in counts.items()]
        return paged("namespaces", found, request) | {"total_count": len(found)}

    def _stats(self, index: Index, request: Request, body: Any) -> Any:
        counts = {name: {"vectorCount": len(rows)} for name, rows in index.listed().items()}
        total = sum(one["vectorCount"] for one in counts.values())
        return {"namespaces": counts, "dimension": index.dimension, "indexFullness": 0, "totalVectorCount": total, "metric": index.metric}


def refusal(error: RefusedError, *, is_control: bool) -> Response:
    """The two planes word their errors differently; a wrong key is answered in plain text."""
    if error.status == 401:
        return Response(error.message, 401, media_type="text/plain")
    name = HTTPStatus(error.status).phrase.upper().replace(" ", "_")
    control = {"error": {"code": name, "message": error.message}, "status": error.status}
    data = {"code": error.code, "message": error.message, "details": []}
    return Response(orjson.dumps(control if is_control else data), error.status, media_type="application/json")


def check_row(row: dict[str, Any], dimension: int) -> None:
    metadata = row.get("metadata", {})
    if len(row["values"]) != dimension:
        raise RefusedError(400, f"Vector dimension {len(row['values'])} does not match the dimension of the index {dimension}")
    if not any(row["values"]):
        raise RefusedError(400, "Dense vectors must contain at least one non-zero value")
    if len(orjson.dumps(metadata)) > MOST_METADATA_BYTES:
        raise RefusedError(400, f"Metadata size exceeds the limit of {MOST_METADATA_BYTES} bytes per vector")
    for value in metadata.values():
        if not isinstance(value, str | bool | int | float) and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
            raise RefusedError(400, "Metadata value must be a string, number, boolean or list of strings")


def nearest(rows: list[dict[str, Any]], vector: np.ndarray, limit: int) -> list[tuple[dict[str, Any], float]]:
    if not rows:
        return []
    matrix = np.asarray([row["values"] for row in rows], dtype=np.float32)
    cosines = matrix @ vector / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(vector))
    best = np.argsort(-cosines, kind="stable")[:limit]
    return [(rows[at], float(cosines[at])) for at in best]


def match(row: dict[str, Any], score: float, body: dict[str, Any]) -> dict[str, Any]:
    """What a query was asked to tell of a row."""
    found = {"id": row["id"], "score": score}
    if body.get("includeValues"):
        found["values"] = row["values"]
    if body.get("includeMetadata"):
        found["metadata"] = row.get("metadata", {})
    return found


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": operator.eq,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$in": lambda value, wanted: value in wanted,
}


def fits(condition: dict[str, Any], metadata: dict[str, Any]) -> bool:
    """Pinecone's filters; a list of strings fits when one of them does. Numbers are compared as float64."""
    return all(_term_fits(name, wanted, metadata) for name, wanted in condition.items())


def _term_fits(name: str, wanted: Any, metadata: dict[str, Any]) -> bool:
    if name == "$and":
        return all(fits(one, metadata) for one in wanted)
    if name == "$or":
        return any(fits(one, metadata) for one in wanted)
    if name not in metadata:
        return False
    held = metadata[name]
    values = [_plain(value) for value in (held if isinstance(held, list) else [held])]
    terms = wanted if isinstance(wanted, dict) else {"$eq": wanted}
    return all(any(COMPARE[how](value, _plain(what)) for value in values) for how, what in terms.items())


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def paged(name: str, found: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    limit, start = int(request.query_params.get("limit", MOST_IN_PAGE)), int(request.query_params.get("paginationToken", 0))
    if not 1 <= limit <= MOST_IN_PAGE:
        raise RefusedError(400, f"limit must be between 1 and {MOST_IN_PAGE}")
    page: dict[str, Any] = {name: found[start : start + limit]}
    return page | {"pagination": {"next": str(start + limit)}} if start + limit < len(found) else page
