"""Runs durable jobs: claim, keep the lease alive, do the work, record the outcome."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import uuid4

import structlog

from semantic_memory.core.errors import SemanticMemoryError
from semantic_memory.core.model import Job, JobState, Json
from semantic_memory.core.ports import JobQueue

log = structlog.get_logger()

Handler: TypeAlias = Callable[[Job], Awaitable[Json]]

MAX_ATTEMPTS = 3
"""A job that killed its worker this often is given up, so that one poisonous file cannot stop the others."""

POLL_S = 1.0
"""How soon jobs of other processes are noticed."""


def new_job(tenant: str, kind: str, payload: Json, *, content_hash: str | None = None) -> Job:
    now = datetime.now(UTC)
    return Job(
        id=uuid4(),
        tenant=tenant,
        kind=kind,
        payload=payload,
        content_hash=content_hash,
        state=JobState.WAITING,
        attempts=0,
        reason="waits for a free worker",
        result=None,
        created_at=now,
        updated_at=now,
    )


class JobWorker:
    """One claiming loop; several may run, in one process or in many. Jobs of kinds it has no handler for are left to newer workers."""

    def __init__(self, queue: JobQueue, handlers: Mapping[str, Handler], *, lease_s: float) -> None:
        self._queue = queue
        self._handlers = handlers
        self._lease_s = lease_s
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Says that a job was enqueued."""
        self._nudged.set()

    async def run(self) -> None:
        """Ends only by cancellation; the job at hand is then claimed again after its lease."""
        while True:
            self._nudged.clear()
            if not await self._guarded_step():
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):  # not wait_for, which can lose a cancellation before Python 3.12
                        await self._nudged.wait()

    async def step(self) -> bool:
        """Runs one job; False when none was waiting."""
        job = await self._queue.claim(self._name, kinds=self._handlers.keys(), lease_s=self._lease_s, max_attempts=MAX_ATTEMPTS)
        if job is None:
            return False
        beat = asyncio.create_task(self._keep_lease(job))
        try:
            await self._work(job)
        finally:
            beat.cancel()
        return True

    async def _guarded_step(self) -> bool:
        try:
            return await self.step()
        except SemanticMemoryError as error:
            log.warning("job queue failed", code=error.code, error=error.message)
            return False

    async def _work(self, job: Job) -> None:
        try:
            result = await self._handlers[job.kind](job)
        except SemanticMemoryError as error:
            retry = error.retryable and job.attempts < MAX_ATTEMPTS
            await self._queue.finish(job.id, self._name, error=f"{error.code}: {error.message}", retry=retry)
        except Exception as error:  # the worker loop outlives any job
            log.exception("job failed", job_id=str(job.id), kind=job.kind)
            await self._queue.finish(job.id, self._name, error=f"internal: {type(error).__name__}")
        else:
            await self._queue.finish(job.id, self._name, result=result)

    async def _keep_lease(self, job: Job) -> None:
        """Ends when the lease is lost or, as a rule, by cancellation once the work is done."""
        held = True
        while held:
            await asyncio.sleep(self._lease_s / 3)
            held = await self._queue.heartbeat(job.id, self._name, lease_s=self._lease_s)
