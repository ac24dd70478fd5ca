"""The real application on offline adapters, asked through ASGI; a call that blocks the event loop is an error."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from blockbuster import blockbuster_ctx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from semantic_memory.api.app import create_app
from semantic_memory.api.bootstrap import new_user
from semantic_memory.api.services import Services
from semantic_memory.core.access import DEFAULT_TENANT, Role
from semantic_memory.core.model import User
from semantic_memory.core.settings import Settings

ONE_LOOP = pytest.mark.asyncio(loop_scope="module")

ROOT = "/api/v1/memory"

HANDBOOK = b"""# Handbook

## Reset a password

Open the account page, choose Reset password and follow the link in the message.

## Backups

Backups are kept for ninety days in the archive.
"""


@dataclass(frozen=True)
class Api:
    """The application, and a client that is nobody yet."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def services(self) -> Services:
        return self.app.state.services

    async def user(self, role: Role, *, tenant: str = DEFAULT_TENANT, password_hash: str = "") -> User:
        user = new_user(f"{role.label}@{tenant}", password_hash, role, tenant=tenant)
        known = await self.services.memory.users.by_name(user.username)
        if known is None:
            await self.services.memory.users.add(user)
        return known or user

    async def headers(self, role: Role, *, tenant: str = DEFAULT_TENANT) -> dict[str, str]:
        pair = self.services.tokens.issue(await self.user(role, tenant=tenant))
        return {"Authorization": f"Bearer {pair.access}"}

    async def upload(self, name: str = "handbook.md", content: bytes = HANDBOOK, **fields: str) -> httpx.Response:
        headers = await self.headers(Role.INGESTOR)
        return await self.http.post(f"{ROOT}/ingest", files={"file": (name, content)}, data=fields, headers=headers)

    async def ingested(self, name: str = "handbook.md", content: bytes = HANDBOOK, **fields: str) -> str:
        """Uploads, waits for the job and returns the document's id."""
        job = (await self.upload(name, content, **fields)).raise_for_status().json()
        done = await self.finished(job["id"])
        assert done["state"] == "done", done
        return done["result"]["document_id"]

    async def finished(self, job_id: str) -> dict[str, Any]:
        headers = await self.headers(Role.INGESTOR)
        async with asyncio.timeout(30):
            while True:
                job = (await self.http.get(f"{ROOT}/jobs/{job_id}", headers=headers)).raise_for_status().json()
                if job["state"] in {"done", "failed"}:
                    return job
                await asyncio.sleep(0.05)


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    app = create_app(settings)
    async with app.router.lifespan_context(app), client(app) as http:
        yield Api(app, http)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """One application for all tests of a module that leave nothing behind; they carry the mark `ONE_LOOP`."""
    with pytest.MonkeyPatch.context() as environment:
        for name in Settings.model_fields:
            environment.delenv(name.upper(), raising=False)
        settings = Settings(data_dir=tmp_path_factory.mktemp("shared"), embedder="hashing", extract_workers=1)
    app = create_app(settings)
    async with app.router.lifespan_context(app), client(app) as http:
        yield Api(app, http)


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=WatchedTransport(app=app), base_url="http://test")


class WatchedTransport(httpx.ASGITransport):
    """Fails a request during which our code blocks the event loop, here or in the background."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with blockbuster_ctx("semantic_memory") as blocking:
            blocking.functions["os.stat"].deactivate()  # quicker on a local file than handing it to a thread
            return await super().handle_async_request(request)


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Method and template of every route."""
    contexts = iter_route_contexts(app.routes)
    return [(method, str(context.path)) for context in contexts for method in sorted(context.methods or ())]


def filled(template: str, value: str = "00000000-0000-0000-0000-000000000000") -> str:
    """A path of the template."""
    for name in ("file_id", "document_id", "job_id", "session_id", "name"):
        template = template.replace(f"{{{name}}}", value)
    return template
