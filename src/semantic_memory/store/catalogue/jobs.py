"""The job queue: rows with leases."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from semantic_memory.core.access import Access
from semantic_memory.core.model import Job, JobState, Json
from semantic_memory.store.catalogue import dialect
from semantic_memory.store.catalogue.database import Database
from semantic_memory.store.catalogue.queries import one
from semantic_memory.store.catalogue.rows import JOB, NewRow, job_of, job_row
from semantic_memory.store.catalogue.tables import JOBS

WAITING, RUNNING, DONE, FAILED = (state.value for state in (JobState.WAITING, JobState.RUNNING, JobState.DONE, JobState.FAILED))
FREE: NewRow = {"worker": None, "lease_until": None}
ABANDONED = "its worker stopped answering"

OLDEST = dialect.skip_locked(select(*JOB).where(JOBS.c.state == WAITING).order_by(JOBS.c.created_at, JOBS.c.id).limit(1))


@dataclass(frozen=True, slots=True)
class Jobs:
    """`JobQueue` over the database. Leases are compared with one clock, the database's, whatever the workers' clocks say."""

    database: Database
    clock: dialect.Clock = dialect.now

    async def enqueue(self, job: Job) -> Job:
        """The stored job; one that is there already under this id stays as it is."""
        return await self.database.write(lambda connection: _enqueue(connection, job))

    async def claim(self, worker: str, *, kinds: Collection[str], lease_s: float, max_attempts: int) -> Job | None:
        if not await self.database.read(lambda connection: _is_claimable(connection, self.clock(connection), kinds)):
            return None  # a worker that finds nothing to do never takes the write lock
        lease = timedelta(seconds=lease_s)
        return await self.database.write(
            lambda connection: _claim(connection, self.clock(connection), worker, kinds, lease, max_attempts), ordered=False
        )

    async def heartbeat(self, job_id: UUID, worker: str, *, lease_s: float) -> bool:
        lease = timedelta(seconds=lease_s)
        return await self._change(_held(job_id, worker), lambda moment: {"lease_until": moment + lease})

    async def finish(self, job_id: UUID, worker: str, *, result: Json | None = None, error: str | None = None, retry: bool = False) -> None:
        state = DONE if error is None else WAITING if retry else FAILED
        values = FREE | {"state": state, "reason": error, "result": None if result is None else dict(result)}
        await self._change(_held(job_id, worker), lambda _moment: values)

    async def get(self, job_id: UUID, *, access: Access) -> Job | None:
        query = select(*JOB).where(JOBS.c.id == job_id, JOBS.c.tenant == access.tenant)
        return await self.database.read(lambda connection: one(connection, query, job_of))

    async def content_hashes(self, *, access: Access) -> frozenset[str]:
        needed = and_(_unfinished(access), JOBS.c.content_hash.is_not(None))
        query = select(JOBS.c.content_hash).where(needed).distinct()
        return await self.database.read(lambda connection: frozenset(connection.execute(query).scalars()))

    async def pending(self, *, access: Access) -> int:
        query = select(func.count()).select_from(JOBS).where(_unfinished(access))
        return await self.database.read(lambda connection: connection.execute(query).scalar_one())

    async def _change(self, which: ColumnElement[bool], values: Callable[[datetime], NewRow]) -> bool:
        def change(connection: Connection) -> bool:
            moment = self.clock(connection)
            return _change(connection, which, values(moment) | {"updated_at": moment})

        return await self.database.write(change, ordered=False)


def _unfinished(access: Access) -> ColumnElement[bool]:
    return and_(JOBS.c.tenant == access.tenant, JOBS.c.state.in_((WAITING, RUNNING)))


def _enqueue(connection: Connection, job: Job) -> Job:
    stored = one(connection, select(*JOB).where(JOBS.c.id == job.id, JOBS.c.tenant == job.tenant), job_of)
    if stored is not None:
        return stored
    connection.execute(insert(JOBS), job_row(job))
    return job


def _expired(moment: datetime) -> ColumnElement[bool]:
    return and_(JOBS.c.state == RUNNING, JOBS.c.lease_until < moment)


def _is_claimable(connection: Connection, moment: datetime, kinds: Collection[str]) -> bool:
    free = and_(or_(JOBS.c.state == WAITING, _expired(moment)), JOBS.c.kind.in_(kinds))
    return connection.execute(select(JOBS.c.id).where(free).limit(1)).first() is not None


def _claim(
    connection: Connection, moment: datetime, worker: str, kinds: Collection[str], lease: timedelta, max_attempts: int
) -> Job | None:
    abandoned = FREE | {"state": WAITING, "reason": ABANDONED, "updated_at": moment}
    expired = dialect.skip_locked(select(JOBS.c.id).where(_expired(moment)))
    connection.execute(update(JOBS).where(JOBS.c.id.in_(expired)).values(abandoned))
    while (oldest := one(connection, OLDEST.where(JOBS.c.kind.in_(kinds)), job_of)) is not None:
        if oldest.attempts < max_attempts:
            return _start(connection, oldest, moment, worker, lease)
        _change(connection, JOBS.c.id == oldest.id, {"state": FAILED, "updated_at": moment})
    return None


def _start(connection: Connection, job: Job, moment: datetime, worker: str, lease: timedelta) -> Job:
    started = replace(job, state=JobState.RUNNING, reason=None, attempts=job.attempts + 1, updated_at=moment)
    _change(connection, JOBS.c.id == job.id, job_row(started) | {"worker": worker, "lease_until": moment + lease})
    return started


def _held(job_id: UUID, worker: str) -> ColumnElement[bool]:
    return and_(JOBS.c.id == job_id, JOBS.c.worker == worker, JOBS.c.state == RUNNING)


def _change(connection: Connection, which: ColumnElement[bool], values: NewRow) -> bool:
    """True when there was such a row."""
    return connection.execute(update(JOBS).where(which).values(values)).rowcount > 0
