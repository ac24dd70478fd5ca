"""Runs the application on this machine until it is told to stop."""

import asyncio
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi import FastAPI

from semantic_memory.api.app import create_app
from semantic_memory.api.logs import configure_logging
from semantic_memory.core.settings import Settings

log = structlog.get_logger()

GRACE_S = 20
"""Time for requests under way after a signal: below the 30 s Kubernetes waits before it kills."""

SWITCH_S = 0.0005
"""How long a thread keeps the interpreter while another one wants it; with Python's 0.005 a search that hands over a hundred times waits
half a second beside a thread that packs a large document into passages."""

KEEP_ALIVE_S = 5
BACKLOG = 512


def serve(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM, then lets requests finish and closes the memory. One process, no reloading.

    Raises: ConfigurationError; OSError when the port is taken.
    """
    configure_logging(settings)
    sys.setswitchinterval(SWITCH_S)
    app = create_app(settings, announce=print_first_password)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        lifespan="off",  # opened here, so that its errors reach the caller instead of the log
        log_config=None,
        access_log=False,
        proxy_headers=False,  # X-Forwarded-For would let anyone choose the address that logins are counted by
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        backlog=BACKLOG,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(app, config))


def print_first_password(username: str, password: str) -> None:
    """Shown once; only its hash is kept."""
    sys.stderr.write(f"First start: made the account {username!r} with the password {password}\nIt is not shown again.\n")
    sys.stderr.flush()


class _Server(uvicorn.Server):
    """Leaves signals to `_serve`: uvicorn raises them again before the memory could be closed."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def _serve(app: FastAPI, config: uvicorn.Config) -> None:
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, server.handle_exit, signum, None)
    async with app.router.lifespan_context(app):
        log.info("serving", host=config.host, port=config.port, docs="/docs")
        await server.serve()
    log.info("stopped")
