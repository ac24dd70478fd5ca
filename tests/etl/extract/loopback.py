"""A server that really listens: what a hostile file makes a parser fetch arrives here."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Listener:
    """`hits` are the first bytes of each connection."""

    port: int
    hits: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/evil"


@contextmanager
def listening() -> Generator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server.getsockname()[1])
        thread = threading.Thread(target=_accept, args=(server, listener), daemon=True)
        thread.start()
        yield listener
        with socket.create_connection(("127.0.0.1", listener.port)) as end:
            end.sendall(b"end")
        thread.join()


def _accept(server: socket.socket, listener: Listener) -> None:
    """Every connection until the one that says it is the end: so whatever came before has been counted."""
    while True:
        connection, _ = server.accept()
        with connection:
            data = connection.recv(100)
        if data == b"end":
            return
        listener.hits.append(data)
