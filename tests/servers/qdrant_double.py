"""A double of Qdrant's server: its REST API, as the models of its client describe it, over Qdrant's own engine for embedded devices.

`python -m tests.servers.qdrant_double --folder DATA --port PORT`. Like a server in strict mode it refuses to filter by a field without an
index. It never makes graphs: searches are exact.
"""

import argparse
import json
import re
import shutil
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

import qdrant_edge as edge
from pydantic import BaseModel, ValidationError
from qdrant_client import models

ITEM = r"/([^/]+)"
COLLECTION = f"/collections{ITEM}"
NO_VECTORS = {"-": edge.EdgeSparseVectorParams()}
"""The engine makes no shard without a vector; a server makes such collections."""


UNTOLD = {
    "hnsw_config": {"m": 0, "ef_construct": 0, "full_scan_threshold": 0},
    "optimizer_config": {"deleted_threshold": 0, "vacuum_min_vector_number": 0, "default_segment_number": 0, "flush_interval_sec": 0},
}
"""Fields that an answer must have and that nobody here reads."""


class RefusedError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Engine:
    """A shard of the engine for each collection, beside a file of its dense vectors' sizes. A write returns when it is in the log."""

    def __init__(self, folder: Path, version: str, write_status: str) -> None:
        self._folder = folder
        self._version = version
        self._write_status = models.UpdateStatus(write_status)
        self._lock = Lock()
        self._shards = {path.stem: edge.EdgeShard.load(str(path.with_suffix(""))) for path in folder.glob("*.json")}

    def answer(self, method: str, path: str, body: Any) -> Any:
        for wanted, pattern, act in self._routes():
            match = re.fullmatch(pattern, path)
            if wanted == method and match:
                with self._lock:
                    return self._checked(act, [*map(unquote, match.groups()), *([] if body is None else [body])])
        raise RefusedError(404, "")

    def root(self) -> dict[str, str]:
        return {"title": "qdrant - vector search engine", "version": self._version}

    def _checked(self, act: Callable[..., Any], arguments: list[Any]) -> Any:
        """Errors of the engine have no type of their own."""
        try:
            return act(*arguments)
        except RefusedError:
            raise
        except ValidationError as error:
            raise RefusedError(400, f"Format error in JSON body: {error.errors()[0]['msg']}") from error
        except Exception as error:
            raise RefusedError(400, f"Wrong input: {error}") from error

    def _routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("GET", COLLECTION, self._info),
            ("PUT", COLLECTION, self._create),
            ("DELETE", COLLECTION, self._drop),
            ("GET", f"{COLLECTION}/exists", lambda name: {"exists": name in self._shards}),
            ("PUT", f"{COLLECTION}/index", self._index),
            ("DELETE", f"{COLLECTION}/index{ITEM}", self._drop_index),
            ("PUT", f"{COLLECTION}/vectors{ITEM}", self._add_vector),
            ("PUT", f"{COLLECTION}/points", self._upsert),
            ("POST", f"{COLLECTION}/points", self._retrieve),
            ("POST", f"{COLLECTION}/points/delete", self._delete),
            ("POST", f"{COLLECTION}/points/scroll", self._scroll),
            ("POST", f"{COLLECTION}/points/query", self._query),
        ]

    def _shard(self, name: str) -> edge.EdgeShard:
        if name not in self._shards:
            raise RefusedError(404, f"Not found: Collection `{name}` doesn't exist!")
        return self._shards[name]

    def _sizes(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _info(self, name: str) -> dict[str, Any]:
        info = self._shard(name).info()
        sizes = json.loads(self._sizes(name).read_text())
        vectors = {vector: {"size": size, "distance": "Dot"} for vector, size in sizes.items()}
        return {
            "status": "green",
            "optimizer_status": "ok",
            "segments_count": info.segments_count,
            "points_count": info.points_count,
            "payload_schema": {field: index_info(index) for field, index in info.payload_schema.items()},
            "config": UNTOLD | {"params": {"vectors": vectors}},
        }

    def _create(self, name: str, body: Any) -> bool:
        wanted = models.CreateCollection.model_validate(body)
        if name in self._shards:
            raise RefusedError(409, f"Wrong input: Collection `{name}` already exists!")
        dense = wanted.vectors if isinstance(wanted.vectors, dict) else {}
        vectors = {key: edge.EdgeVectorParams(size=params.size, distance=edge.Distance.Dot) for key, params in dense.items()}
        sparse = {key: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf) for key in wanted.sparse_vectors or {}}
        config = edge.EdgeConfig(vectors=vectors or None, sparse_vectors=sparse or NO_VECTORS)
        self._shards[name] = edge.EdgeShard.create(str(self._folder / name), config)
        self._sizes(name).write_text(json.dumps({key: params.size for key, params in dense.items()}))
        return True

    def _drop(self, name: str) -> bool:
        shard = self._shards.pop(name, None)
        if shard is not None:
            self._sizes(name).unlink()
            shard.close()
            shutil.rmtree(self._folder / name)
        return shard is not None

    def _index(self, name: str, body: Any) -> models.UpdateResult:
        wanted = models.CreateFieldIndex.model_validate(body)
        match wanted.field_schema:
            case models.KeywordIndexParams() as given:
                schema = edge.KeywordIndexParams(is_tenant=given.is_tenant, enable_hnsw=given.enable_hnsw)
            case models.IntegerIndexParams() as given:
                schema = edge.IntegerIndexParams(lookup=given.lookup, range=given.range, enable_hnsw=given.enable_hnsw)
            case other:
                raise NotImplementedError(other)
        return self._update(name, edge.UpdateOperation.create_field_index(wanted.field_name, schema))

    def _drop_index(self, name: str, field: str) -> models.UpdateResult:
        return self._update(name, edge.UpdateOperation.delete_field_index(field))

    def _add_vector(self, name: str, vector: str, body: Any) -> models.UpdateResult:
        wanted = models.DenseVectorNameConfig.model_validate(body).dense
        sizes = json.loads(self._sizes(name).read_text())
        done = self._update(name, edge.UpdateOperation.create_dense_vector(vector, wanted.size, edge.Distance.Dot))
        self._sizes(name).write_text(json.dumps(sizes | {vector: wanted.size}))
        return done

    def _upsert(self, name: str, body: Any) -> models.UpdateResult:
        points = [
            edge.Point(str(point.id), {key: vector_of(value) for key, value in point.vector.items()}, point.payload)
            for point in models.PointsList.model_validate(body).points
        ]
        return self._update(name, edge.UpdateOperation.upsert_points(points)).model_copy(update={"status": self._write_status})

    def _delete(self, name: str, body: Any) -> models.UpdateResult:
        wanted = models.PointIdsList.model_validate(body)
        return self._update(name, edge.UpdateOperation.delete_points([str(key) for key in wanted.points]))

    def _update(self, name: str, operation: edge.UpdateOperation) -> models.UpdateResult:
        self._shard(name).update(operation)
        return models.UpdateResult(operation_id=0, status=models.UpdateStatus.COMPLETED)

    def _retrieve(self, name: str, body: Any) -> list[dict[str, Any]]:
        wanted = models.PointRequest.model_validate(body)
        found = self._shard(name).retrieve([str(key) for key in wanted.ids], wanted.with_payload, wanted.with_vector)
        return list(map(record, found))

    def _scroll(self, name: str, body: Any) -> dict[str, Any]:
        wanted = models.ScrollRequest.model_validate(body)
        self._refuse_unindexed(name, wanted.filter)
        request = edge.ScrollRequest(
            None if wanted.offset is None else str(wanted.offset),
            wanted.limit,
            filter_of(wanted.filter),
            wanted.with_payload,
            wanted.with_vector,
        )
        points, following = self._shard(name).scroll(request)
        return {"points": list(map(record, points)), "next_page_offset": following and str(following)}

    def _query(self, name: str, body: Any) -> dict[str, Any]:
        wanted = models.QueryRequest.model_validate(body)
        self._refuse_unindexed(name, wanted.filter)
        request = edge.QueryRequest(
            wanted.limit or 10,
            query=edge.Query.Nearest(vector_of(wanted.query.nearest), using=wanted.using),
            with_payload=wanted.with_payload,
            filter=filter_of(wanted.filter),
            params=params_of(wanted.params or models.SearchParams()),
        )
        return {"points": [record(point) | {"version": point.version, "score": point.score} for point in self._shard(name).query(request)]}

    def _refuse_unindexed(self, name: str, asked: models.Filter | None) -> None:
        indexed = self._shard(name).info().payload_schema
        for condition in asked.must if asked and isinstance(asked.must, list) else []:
            if isinstance(condition, models.FieldCondition) and condition.key not in indexed:
                raise RefusedError(400, f'Bad request: Index required but not found for "{condition.key}"')


def vector_of(given: Any) -> Any:
    return edge.SparseVector(given.indices, given.values) if isinstance(given, models.SparseVector) else given


def params_of(given: models.SearchParams) -> edge.SearchParams:
    acorn = edge.AcornSearchParams(given.acorn.enable or False, given.acorn.max_selectivity) if given.acorn else None
    idf = edge.IdfParams(filter_of(given.idf.corpus)) if isinstance(given.idf, models.IdfCorpusParams) else None
    return edge.SearchParams(hnsw_ef=given.hnsw_ef, acorn=acorn, idf=idf)


def filter_of(given: models.Filter | None) -> edge.Filter | None:
    if given is None:
        return None
    must, must_not = ([condition(one) for one in some] if isinstance(some, list) else None for some in (given.must, given.must_not))
    return edge.Filter(must=must, must_not=must_not)


def condition(given: Any) -> Any:
    match given:
        case models.Filter():
            return filter_of(given)
        case models.HasIdCondition(has_id=ids):
            return edge.HasIdCondition({str(key) for key in ids})
        case models.HasVectorCondition(has_vector=name):
            return edge.HasVectorCondition(name)
        case models.FieldCondition(key=key, match=models.MatchValue(value=value)):
            return edge.FieldCondition(key, match=edge.MatchValue(value))
        case models.FieldCondition(key=key, match=models.MatchAny(any=values)):
            return edge.FieldCondition(key, match=edge.MatchAny(values))
        case models.FieldCondition(key=key, range=models.Range() as bounds):
            return edge.FieldCondition(key, range=edge.RangeFloat(gte=bounds.gte, lt=bounds.lt))
        case _:
            raise NotImplementedError(given)


def index_info(index: Any) -> dict[str, Any]:
    kind = "keyword" if isinstance(index.params, edge.KeywordIndexParams) else "integer"
    params = {"type": kind, "is_tenant": index.params.is_tenant} if kind == "keyword" else {"type": kind}
    return {"data_type": kind, "params": params, "points": index.points}


def record(found: Any) -> dict[str, Any]:
    vectors = {
        name: given if isinstance(given, list) else {"indices": given.indices, "values": given.values}
        for name, given in (found.vector or {}).items()
    }
    return {"id": str(found.id), "payload": found.payload, "vector": vectors or None}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: Engine
    api_key: str
    read_key: str

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            self._send(200, self.engine.root())  # open without a key
        elif self.api_key and self.headers["api-key"] not in (self.api_key, self.read_key):
            self._send(401, "Must provide an API key or an Authorization bearer token")
        elif self.api_key and self.headers["api-key"] == self.read_key and self.command in ("PUT", "DELETE"):
            self._send(403, "Forbidden: Global manage access is required")
        else:
            self._act(path)

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - names of the base class

    def _act(self, path: str) -> None:
        length = int(self.headers["content-length"] or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        try:
            result = self.engine.answer(self.command, path, body)
        except RefusedError as error:
            self._send(error.status, {"time": 0.0, "status": {"error": str(error)}})
        else:
            self._send(200, {"time": 0.0, "status": "ok", "result": result})

    def _send(self, status: int, answer: Any) -> None:
        content = json.dumps(answer, default=jsonable).encode() if not isinstance(answer, str) else answer.encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Says nothing."""


def jsonable(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    raise TypeError(type(value))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api-key", default="")
    parser.add_argument("--read-key", default="", help="may search, but make and put nothing")
    parser.add_argument("--server-version", default="1.20.0")
    parser.add_argument("--write-status", default="completed", help="what upserts are answered with")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    Handler.engine = Engine(options.folder, options.server_version, options.write_status)
    Handler.api_key, Handler.read_key = options.api_key, options.read_key
    Server(("127.0.0.1", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
