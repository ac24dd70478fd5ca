"""The process that forks servers."""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from pathlib import Path

import grpc
from weaviate.proto.v1 import weaviate_pb2_grpc

from tests.servers.weaviate_double.engine import Engine
from tests.servers.weaviate_double.rest import Handler
from tests.servers.weaviate_double.rpc import Service


class RestServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Clients may go away when they like."""


def serve(folder: str, port: int, grpc_port: int, key: str, version: str) -> None:
    """Until killed, or orphaned."""
    parent, engine = os.getppid(), Engine(Path(folder))
    rpc = grpc.server(ThreadPoolExecutor(8))
    weaviate_pb2_grpc.add_WeaviateServicer_to_server(Service(engine, key), rpc)
    rpc.add_insecure_port(f"127.0.0.1:{grpc_port}")
    rpc.start()
    rest = RestServer(("127.0.0.1", port), type("Handler", (Handler,), {"engine": engine, "key": key, "version": version}))
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    while os.getppid() == parent:
        time.sleep(0.2)


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            serve(**json.loads(line))
            os._exit(0)
        print(child, flush=True)
        threading.Thread(target=os.waitpid, args=(child, 0), daemon=True).start()


if __name__ == "__main__":
    main()
