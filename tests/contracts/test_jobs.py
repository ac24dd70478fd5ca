"""What every job queue keeps: one worker per job, leases that run out, attempts that end."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from semantic_memory.core.model import Job, JobState
from semantic_memory.core.ports import JobQueue
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue.making import NOON, Clock, access, job

ACME = access()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def queue(database_url: str, clock: Clock) -> AsyncIterator[JobQueue]:
    catalogue = build(Settings(database_url=database_url), clock=clock)
    yield catalogue.jobs
    await catalogue.close()


async def claim(queue: JobQueue, worker: str = "w") -> Job | None:
    return await queue.claim(worker, kinds=("ingest",), lease_s=30, max_attempts=3)


async def test_a_job_is_read_back_unchanged(queue: JobQueue) -> None:
    stored = replace(job(content_hash="ab"), reason="waits for a free worker")

    assert await queue.enqueue(stored) == stored
    assert await queue.get(stored.id, access=ACME) == stored


async def test_enqueuing_the_same_job_again_changes_nothing(queue: JobQueue) -> None:
    stored = await queue.enqueue(job())
    await claim(queue)

    again = await queue.enqueue(stored)
    assert (again.state, again.attempts) == (JobState.RUNNING, 1)
    assert await queue.pending(access=ACME) == 1


async def test_the_oldest_waiting_job_is_claimed_first(queue: JobQueue) -> None:
    newer = await queue.enqueue(job(at=NOON + timedelta(microseconds=1)))
    older = await queue.enqueue(job(at=NOON))

    claimed = [await claim(queue), await claim(queue), await claim(queue)]
    assert [each and each.id for each in claimed] == [older.id, newer.id, None]


async def test_a_claim_counts_the_attempt_before_the_work(queue: JobQueue) -> None:
    waiting = await queue.enqueue(replace(job(), reason="waits for a free worker"))
    claimed = await claim(queue)

    assert claimed == replace(waiting, state=JobState.RUNNING, attempts=1, reason=None, updated_at=NOON)
    assert await queue.get(waiting.id, access=ACME) == claimed


async def test_a_running_job_is_not_claimed_before_its_lease_ends(queue: JobQueue, clock: Clock) -> None:
    await queue.enqueue(job())
    await claim(queue, "first")
    clock.advance(30)

    assert await claim(queue, "second") is None


async def test_a_job_whose_lease_ended_is_claimed_again(queue: JobQueue, clock: Clock) -> None:
    waiting = await queue.enqueue(job())
    await claim(queue, "dead")
    clock.advance(31)
    claimed = await claim(queue, "second")

    assert claimed is not None
    assert (claimed.id, claimed.attempts) == (waiting.id, 2)


async def test_a_heartbeat_prolongs_the_lease(queue: JobQueue, clock: Clock) -> None:
    waiting = await queue.enqueue(job())
    await claim(queue, "alive")
    clock.advance(29)
    assert await queue.heartbeat(waiting.id, "alive", lease_s=30) is True
    clock.advance(29)

    assert await claim(queue, "second") is None


async def test_a_worker_that_lost_its_lease_is_told_and_cannot_finish(queue: JobQueue, clock: Clock) -> None:
    waiting = await queue.enqueue(job())
    await claim(queue, "slow")
    clock.advance(31)
    await claim(queue, "second")
    await queue.finish(waiting.id, "slow", result={"by": "slow"})

    assert await queue.heartbeat(waiting.id, "slow", lease_s=30) is False
    found = await queue.get(waiting.id, access=ACME)
    assert found is not None
    assert (found.state, found.result) == (JobState.RUNNING, None)


async def test_a_finished_job_is_done_with_its_result(queue: JobQueue, clock: Clock) -> None:
    waiting = await queue.enqueue(job())
    await claim(queue)
    clock.advance(5)
    await queue.finish(waiting.id, "w", result={"blocks": 3})

    found = await queue.get(waiting.id, access=ACME)
    assert found is not None
    assert (found.state, found.result, found.reason, found.updated_at) == (JobState.DONE, {"blocks": 3}, None, clock.moment)
    assert await claim(queue) is None
    assert await queue.heartbeat(waiting.id, "w", lease_s=30) is False


async def test_an_error_without_retry_fails_the_job(queue: JobQueue) -> None:
    waiting = await queue.enqueue(job())
    await claim(queue)
    await queue.finish(waiting.id, "w", error="corrupt_file: damaged")

    found = await queue.get(waiting.id, access=ACME)
    assert found is not None
    assert (found.state, found.reason) == (JobState.FAILED, "corrupt_file: damaged")
    assert await claim(queue) is None


async def test_an_error_with_retry_waits_again_and_says_why(queue: JobQueue) -> None:
    waiting = await queue.enqueue(job())
    await claim(queue)
    await queue.finish(waiting.id, "w", error="backend_timeout: slow", retry=True)

    found = await queue.get(waiting.id, access=ACME)
    assert found is not None
    assert (found.state, found.reason) == (JobState.WAITING, "backend_timeout: slow")
    again = await claim(queue)
    assert again is not None
    assert again.attempts == 2


async def test_a_job_that_kills_its_workers_fails_after_its_attempts(queue: JobQueue, clock: Clock) -> None:
    poison = await queue.enqueue(job())
    for _ in range(3):
        assert await claim(queue) is not None
        clock.advance(31)

    assert await claim(queue) is None
    found = await queue.get(poison.id, access=ACME)
    assert found is not None
    assert (found.state, found.attempts, found.reason) == (JobState.FAILED, 3, "its worker stopped answering")


async def test_a_job_that_fails_too_often_keeps_its_last_reason(queue: JobQueue) -> None:
    failing = await queue.enqueue(job())
    for _ in range(3):
        await claim(queue)
        await queue.finish(failing.id, "w", error="backend: down", retry=True)

    assert await claim(queue) is None
    found = await queue.get(failing.id, access=ACME)
    assert found is not None
    assert (found.state, found.reason) == (JobState.FAILED, "backend: down")


async def test_a_poisonous_job_does_not_hold_up_the_others(queue: JobQueue, clock: Clock) -> None:
    await queue.enqueue(job(at=NOON))
    for _ in range(3):
        await claim(queue)
        clock.advance(31)
    healthy = await queue.enqueue(job(at=clock.moment))

    claimed = await claim(queue)
    assert claimed is not None
    assert claimed.id == healthy.id


async def test_a_job_of_another_tenant_is_not_there(queue: JobQueue) -> None:
    stored = await queue.enqueue(job(content_hash="ab"))

    assert await queue.get(stored.id, access=access("other")) is None
    assert await queue.get(uuid4(), access=ACME) is None
    assert await queue.pending(access=access("other")) == 0
    assert await queue.content_hashes(access=access("other")) == frozenset()


async def test_waiting_and_running_jobs_are_pending_and_need_their_bytes(queue: JobQueue) -> None:
    done = await queue.enqueue(job(at=NOON, content_hash="done"))
    await claim(queue)
    await queue.finish(done.id, "w")
    for content_hash in ("running", "waiting", None):
        await queue.enqueue(job(at=NOON + timedelta(seconds=1), content_hash=content_hash))
    await claim(queue)

    assert await queue.pending(access=ACME) == 3
    assert await queue.content_hashes(access=ACME) == {"running", "waiting"}


async def test_two_queues_on_one_database_never_claim_the_same_job(database_url: str) -> None:
    first, second = (build(Settings(database_url=database_url)) for _ in range(2))
    enqueued = {(await first.jobs.enqueue(job())).id for _ in range(10)}
    claimed = [each for _ in range(5) for each in (await claim(first.jobs, "a"), await claim(second.jobs, "b")) if each]

    assert len(claimed) == 10
    assert {each.id for each in claimed} == enqueued
    await first.close()
    await second.close()


async def test_a_job_of_a_kind_nobody_asked_for_is_left_as_it_was(queue: JobQueue) -> None:
    stored = await queue.enqueue(replace(job(), kind="from-the-future"))

    assert await claim(queue) is None
    assert await queue.get(stored.id, access=ACME) == stored
