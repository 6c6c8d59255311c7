"""Items that were to be worked again: what becomes of them when a reservation is lost."""

from decimal import Decimal
from uuid import UUID

from tests.runs.scene import claim, closer, end, enqueue, run_row, start, work
from worker.db import Database
from worker.queue.contract import Job
from worker.queue.states import JobState
from worker.runs.items import Item, ItemRef
from worker.runs.prices import PaidCall, Repeat
from worker.runs.work import Work

ORDER = PaidCall("shop", "order", Repeat.NEVER)


async def begun(db: Database, job: Job) -> Work:
    own = work(db, job)
    await own.enter()
    return own


async def with_failed_items(db: Database, jobs: int) -> tuple[UUID, list[Work]]:
    """A run whose jobs each have a failed item that is being worked again."""
    run = await start(db, "demo", {})
    for _ in range(jobs - 1):
        await enqueue(db, "demo", {}, run)
    for job in [await claim(db) for _ in range(jobs)]:
        own = await begun(db, job)
        async with own.commit() as batch:
            batch.items.append(Item("card", "a", "failed", "no", "no"))
        await end(db, job)
    assert await db.fetchval("select worker.retry_failed($1)", run) == jobs
    return run, [await begun(db, await claim(db)) for _ in range(jobs)]


async def order(own: Work) -> None:
    async with own.spend(ORDER, "a", item=ItemRef("card", "a"), at_most=Decimal(2)):
        pass


async def items(db: Database, run: UUID) -> list[tuple[str, str | None]]:
    rows = await db.fetch(
        "select state::text, error_code from worker.items where run_id = $1 order by job_id", run
    )
    return [(row["state"], row["error_code"]) for row in rows]


async def test_what_one_job_leaves_does_not_fail_the_items_of_another_that_works_them(db: Database) -> None:
    run, [first, second] = await with_failed_items(db, 2)
    await order(first)
    await end(db, first.job, JobState.FAILED)

    await closer(db).sweep()

    assert await items(db, run) == [("failed", "outcome_unknown"), ("processing", None)]
    async with second.commit() as batch:
        batch.items.append(Item("card", "a", "completed"))
    row = await run_row(db, run)
    assert (row["processed_items"], row["failed_items"]) == (2, 1)


async def test_an_item_of_an_unknown_outcome_fails_once_when_its_run_ends(db: Database) -> None:
    run, [own] = await with_failed_items(db, 1)
    await order(own)
    await db.execute("select worker.cancel_run($1)", run)

    await end(db, own.job, JobState.CANCELLED)

    assert await items(db, run) == [("failed", "outcome_unknown")]
    row = await run_row(db, run)
    assert (row["processed_items"], row["failed_items"]) == (1, 1)
