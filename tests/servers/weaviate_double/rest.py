"""The REST interface."""

import json
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.servers.weaviate_double.engine import Engine
from tests.servers.weaviate_double.model import RefusedError


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: Engine
    key: str
    version: str

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Nothing is logged."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            with self.engine.lock:
                self._send(200, self._result(body))
        except RefusedError as error:
            plain = {"code": error.status, "message": str(error)}
            self._send(error.status, plain if error.status == 401 else {"error": [{"message": str(error)}]})

    def _result(self, body: bytes) -> Any:
        path = self.path.split("?")[0].removeprefix("/v1")
        if path in {"/.well-known/live", "/.well-known/ready"}:
            return {}
        if self.key and self.headers.get("authorization") != f"Bearer {self.key}":
            raise RefusedError(401, "unauthorized: invalid api key")
        if path == "/meta":
            return {"hostname": "http://[::]:8080", "modules": {}, "version": self.version, "grpcMaxMessageSize": 104_858_000}
        parts = path.strip("/").split("/")
        if parts[0] != "schema":
            raise RefusedError(404, f"path {path} was not found")
        return self._schema(parts[1:], json.loads(body) if body else None)

    def _schema(self, names: Sequence[str], body: Any) -> Any:
        match self.command, *names:
            case "GET", name:
                return self.engine.get(name).schema
            case ("POST",):
                return self.engine.create(body)
            case "PUT", name:
                return self.engine.update(name, body)
            case "DELETE", name:
                return self.engine.delete(name)
            case "GET", name, "tenants", tenant if tenant in self.engine.get(name).shards:
                return {"name": tenant, "activityStatus": "HOT"}
        raise RefusedError(404, f"path {self.path} was not found")

    def _send(self, status: int, answer: Any) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
