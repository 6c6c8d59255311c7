"""Which crashes are held against a job: those in a row, without its getting on."""

from tests.runs.scene import claim, enqueue, work
from worker.db import Database
from worker.queue.contract import Job
from worker.queue.rescue import CRASH_LIMIT, Rescued, rescue

DEAD = "update worker.workers set lease_until = now() - interval '1 s'"


async def crashed(db: Database, *, gets_on: bool) -> tuple[Job, Rescued]:
    """Claim the job, perhaps let it commit a checkpoint, and let its worker die."""
    job = await claim(db)
    if gets_on:
        async with work(db, job).commit() as batch:
            batch.checkpoint = {"done": job.fence}
    await db.execute(DEAD)
    return job, await rescue(db)


async def test_a_job_that_gets_on_is_not_set_aside_however_often_its_workers_die(db: Database) -> None:
    await enqueue(db, "demo", {})

    for _ in range(CRASH_LIMIT + 2):
        job, rescued = await crashed(db, gets_on=True)
        assert [one.id for one in rescued.waiting] == [job.id]

    assert await db.fetchval("select crashes from worker.job_status") == CRASH_LIMIT + 2


async def test_a_job_that_does_not_get_on_is_set_aside_at_the_third_crash(db: Database) -> None:
    await enqueue(db, "demo", {})
    await crashed(db, gets_on=True)

    endings = [await crashed(db, gets_on=False) for _ in range(CRASH_LIMIT - 1)]

    assert [len(rescued.quarantined) for _, rescued in endings] == [0, 1]
