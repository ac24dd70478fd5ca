"""The job worker on the real queue."""

from semantic_memory.core.access import local_access
from semantic_memory.core.errors import BackendUnavailableError, CorruptFileError
from semantic_memory.core.jobs import MAX_ATTEMPTS, JobWorker, new_job
from semantic_memory.core.model import Job, JobState, Json
from semantic_memory.core.ports import JobQueue
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter

TENANT = local_access().tenant


def _queue(settings: Settings) -> JobQueue:
    settings.data_dir.mkdir()
    queue: JobQueue = adapter("store.catalogue", "sql")(settings).jobs
    return queue


async def _double(job: Job) -> Json:
    return {"doubled": 2 * int(str(job.payload["number"]))}


async def _unreachable(job: Job) -> Json:
    raise BackendUnavailableError(f"attempt {job.attempts}")


async def _corrupt(job: Job) -> Json:
    raise CorruptFileError(f"{job.kind} is damaged")


async def _buggy(job: Job) -> Json:
    raise ZeroDivisionError(job.kind)


async def _run(queue: JobQueue, handler: object, *, steps: int = 1) -> Job:
    job = await queue.enqueue(new_job(TENANT, "work", {"number": 21}))
    worker = JobWorker(queue, {"work": handler}, lease_s=5)  # type: ignore[dict-item]
    for _ in range(steps):
        await worker.step()
    found = await queue.get(job.id, access=local_access())
    assert found is not None
    return found


async def test_a_job_is_done_with_its_result(settings: Settings) -> None:
    job = await _run(_queue(settings), _double)

    assert (job.state, job.result) == (JobState.DONE, {"doubled": 42})


async def test_a_retryable_failure_is_tried_again_until_the_attempts_are_spent(settings: Settings) -> None:
    queue = _queue(settings)
    once = await _run(queue, _unreachable)
    spent = await _run(queue, _unreachable, steps=3 * MAX_ATTEMPTS)

    assert once.state is JobState.WAITING
    assert (spent.state, spent.attempts) == (JobState.FAILED, MAX_ATTEMPTS)


async def test_a_final_failure_says_why(settings: Settings) -> None:
    job = await _run(_queue(settings), _corrupt, steps=2)

    assert job.state is JobState.FAILED
    assert job.reason == "corrupt_file: work is damaged"


async def test_a_bug_fails_its_job_and_not_the_worker(settings: Settings) -> None:
    queue = _queue(settings)
    failed = await _run(queue, _buggy)
    done = await _run(queue, _double)

    assert (failed.state, failed.reason) == (JobState.FAILED, "internal: ZeroDivisionError")
    assert done.state is JobState.DONE


async def test_a_job_of_an_unknown_kind_is_left_for_newer_workers(settings: Settings) -> None:
    queue = _queue(settings)
    job = await queue.enqueue(new_job(TENANT, "from-the-future", {}))

    await JobWorker(queue, {}, lease_s=5).step()

    found = await queue.get(job.id, access=local_access())
    assert found is not None
    assert found.state is JobState.WAITING


async def test_an_empty_queue_gives_nothing_to_do(settings: Settings) -> None:
    assert not await JobWorker(_queue(settings), {}, lease_s=5).step()
