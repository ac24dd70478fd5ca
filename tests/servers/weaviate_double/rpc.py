"""The gRPC interface."""

import struct
from collections.abc import Callable
from typing import Any
from uuid import UUID

import grpc
import numpy as np
from weaviate.proto.v1 import batch_delete_pb2, batch_pb2, weaviate_pb2_grpc

from tests.servers.weaviate_double.engine import Engine
from tests.servers.weaviate_double.model import RefusedError, Stored
from tests.servers.weaviate_double.rows import matching
from tests.servers.weaviate_double.search import MAXIMUM_RESULTS, reply, search


class Service(weaviate_pb2_grpc.WeaviateServicer):
    """Errors have the status UNKNOWN, as a Go server's without one."""

    def __init__(self, engine: Engine, key: str) -> None:
        self._engine, self._key = engine, key

    def Search(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answered(context, lambda: self._search(request))

    def BatchObjects(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answered(context, lambda: self._put(request))

    def BatchDelete(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answered(context, lambda: self._remove(request))

    def _answered(self, context: Any, answer: Callable[[], Any]) -> Any:
        headers = dict(context.invocation_metadata())
        if self._key and headers.get("authorization") != f"Bearer {self._key}":
            context.abort(grpc.StatusCode.UNKNOWN, "extract auth: unauthorized: invalid api key")
        try:
            with self._engine.lock:
                return answer()
        except RefusedError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    def _search(self, request: Any) -> Any:
        class_ = self._engine.get(request.collection)
        return reply(class_, request, search(class_, request))

    def _put(self, request: Any) -> Any:
        refused = self._engine.put([(one.collection, one.tenant, _stored(one)) for one in request.objects])
        return batch_pb2.BatchObjectsReply(
            errors=[batch_pb2.BatchObjectsReply.BatchError(index=i, error=why) for i, why in refused.items()]
        )

    def _remove(self, request: Any) -> Any:
        if not request.HasField("filters"):
            raise RefusedError(422, "batch delete params: no filters in batch delete request")
        class_ = self._engine.get(request.collection)
        found = matching(class_, class_.shard(request.tenant), request)[:MAXIMUM_RESULTS]
        if self._engine.is_read_only:
            return batch_delete_pb2.BatchDeleteReply(matches=len(found), failed=len(found))
        self._engine.remove(class_.name, request.tenant, [stored.id for stored in found])
        return batch_delete_pb2.BatchDeleteReply(matches=len(found), successful=len(found))


def _stored(sent: Any) -> Stored:
    properties: dict[str, Any] = {
        name: value.string_value if value.HasField("string_value") else value.number_value
        for name, value in sent.properties.non_ref_properties.fields.items()
    }
    properties |= {texts.prop_name: list(texts.values) for texts in sent.properties.text_array_properties}
    properties |= {name: [] for name in sent.properties.empty_list_props}
    return Stored(UUID(sent.uuid), properties, {vector.name: _normalised(vector.vector_bytes) for vector in sent.vectors})


def _normalised(packed: bytes) -> np.ndarray:
    """As Weaviate keeps vectors that it compares by cosine."""
    vector = np.array(struct.unpack(f"<{len(packed) // 4}f", packed), np.float32)
    return vector / (np.linalg.norm(vector) or 1)
