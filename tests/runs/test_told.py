"""Handlers hear of a pause at once where they wait, and are cut off where they neither wait nor commit."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import anyio
import pytest

from tests.runs.books import balanced
from tests.runs.errands import ERRAND, Doing, publish
from tests.runs.scene import drain, ended, events, job_states, run_row, start, until, working
from worker.db import Database
from worker.errors import CredentialRevoked, SourceRefused
from worker.queue.contract import Done, Ending
from worker.runs.work import Work

PAUSE, CANCEL = "select worker.pause_run($1)", "select worker.cancel_run($1)"
CANCEL_JOB = "select worker.cancel_job(id) from worker.jobs where run_id = $1"
LONG = 3600.0


class Scene:
    """One handler at work in a real worker, and how its attempts ended."""

    def __init__(self, db: Database, url: str) -> None:
        self.db, self.url = db, url
        self.begun = anyio.Event()
        self.ends: list[str] = []

    async def steered(
        self, do: Callable[[Work], Awaitable[Ending]], steer: str, *, grace: float = 10
    ) -> UUID:
        """Start a run of it, wait until it is at work, steer it, and wait until it has let go."""

        async def watched(work: Work) -> Ending:
            try:
                return await do(work)
            except BaseException as error:
                self.ends.append(type(error).__name__)
                raise

        handler = Doing(watched)
        await publish(self.db, handler)
        run = await start(self.db, "doing", {})
        async with working(self.db, self.url, handler, grace_seconds=grace):
            with anyio.fail_after(20):
                await self.begun.wait()
                assert await self.db.fetchval(steer, run) in (1, "cancelling")
                await until(lambda: self._has_let_go(run))
        return run

    async def _has_let_go(self, run: UUID) -> bool:
        return "running" not in await job_states(self.db, run)


@pytest.fixture
def scene(db: Database, database_url: str) -> Scene:
    return Scene(db, database_url)


@pytest.mark.parametrize(
    ("steer", "left"), [(PAUSE, "paused"), (CANCEL, "cancelled"), (CANCEL_JOB, "cancelled")]
)
async def test_a_handler_that_waits_is_woken_at_once(scene: Scene, steer: str, left: str) -> None:
    async def wait(work: Work) -> Ending:
        scene.begun.set()
        await work.sleep(LONG)
        return Done()

    began = anyio.current_time()
    run = await scene.steered(wait, steer, grace=LONG)

    assert scene.ends == ["ToldToStop"]
    assert await job_states(scene.db, run) == {left: 1}
    assert anyio.current_time() - began < 10


@pytest.mark.parametrize(
    ("steer", "left"), [(PAUSE, "paused"), (CANCEL, "cancelled"), (CANCEL_JOB, "cancelled")]
)
async def test_a_handler_without_a_safe_point_is_cut_off_after_the_grace(
    scene: Scene, steer: str, left: str
) -> None:
    async def go_on(work: Work) -> Ending:
        del work
        scene.begun.set()
        await anyio.sleep(LONG)
        return Done()

    run = await scene.steered(go_on, steer, grace=0.3)

    assert scene.ends == ["CancelledError"]
    assert await job_states(scene.db, run) == {left: 1}
    attempts = await scene.db.fetchval("select max(attempt) from worker.jobs")
    assert attempts in (0, None), "the try was given back"


async def test_a_run_that_is_resumed_right_after_its_pause_goes_on_at_once(scene: Scene) -> None:
    async def wait(work: Work) -> Ending:
        scene.begun.set()
        await work.sleep(LONG)
        return Done()

    run = await scene.steered(wait, PAUSE)
    await scene.db.execute("select worker.resume_run($1)", run)

    assert await job_states(scene.db, run) == {"pending": 1}


async def test_a_call_that_is_paid_for_is_waited_for_and_settles_though_the_grace_is_over(
    scene: Scene,
) -> None:
    async def call(work: Work) -> Ending:
        async def is_told() -> bool:
            return work.told.why is not None

        async def is_overdue() -> bool:
            return time.monotonic() > grace_ends

        async with work.spend(ERRAND, "one", at_most=Decimal(9)) as charge:
            scene.begun.set()
            await until(is_told)
            grace_ends = work.told._cut_after
            await until(is_overdue)
            charge.cost(Decimal(4))
        async with work.commit() as batch:
            batch.checkpoint = {"done": 1}
        return Done()

    run = await scene.steered(call, PAUSE, grace=0.5)

    assert scene.ends == ["ToldToStop"]
    row = await run_row(scene.db, run)
    assert (row["reserved_cents"], row["spent_cents"]) == (0, 4)
    assert await scene.db.fetchval("select (checkpoint ->> 'done')::int from worker.jobs") == 1
    assert await balanced(scene.db)


async def test_a_run_whose_credential_is_revoked_is_paused_with_one_alert_and_goes_on_when_it_is_renewed(
    db: Database, database_url: str
) -> None:
    revoked = True

    async def ask(work: Work) -> Ending:
        del work
        if revoked:
            raise CredentialRevoked("the shop has revoked our credential: connect the account again")
        return Done()

    handler = Doing(ask)
    await publish(db, handler)
    run = await start(db, "doing", {})
    for _ in range(2):
        await db.execute("select worker.enqueue('doing', run_id => $1)", run)
    await drain(database_url, handler)
    row = await run_row(db, run)
    assert (row["state"], row["reason"]) == ("paused", "credential_revoked")
    assert await job_states(db, run) == {"paused": 3}
    assert await db.fetchval("select max(attempt) from worker.jobs") == 0
    assert await db.fetchval("select count(*) from worker.alerts where alert = 'credential_revoked'") == 1

    revoked = False
    await db.execute("select worker.resume_run($1)", run)
    await drain(database_url, handler)

    assert (await run_row(db, run))["state"] == "completed"


async def test_a_checkpoint_of_another_version_pauses_the_run_and_is_read_by_the_version_that_wrote_it(
    db: Database, database_url: str
) -> None:
    async def write(work: Work) -> Ending:
        if work.checkpoint is None:
            async with work.commit() as batch:
                batch.checkpoint = {"page": 7}
            raise SourceRefused("not today")
        assert work.checkpoint["page"] == 7
        return Done()

    newer, older = Doing(write, checkpoint_version=2), Doing(write)
    await publish(db, newer)
    run = await start(db, "doing", {})
    await drain(database_url, newer)
    await db.execute("select worker.retry_failed($1)", run)

    await drain(database_url, older)
    row = await run_row(db, run)
    assert (row["state"], row["reason"]) == ("paused", "checkpoint_version")

    await db.execute("select worker.resume_run($1)", run)
    await drain(database_url, newer)
    assert (await run_row(db, run))["state"] == "completed"


async def test_an_estimate_is_made_before_the_first_call_and_says_when_it_is_over_the_cap(
    db: Database, database_url: str
) -> None:
    over = await start(db, "demo", {"items": 10, "cost_cents": 2}, cap=Decimal(12))
    within = await start(db, "demo", {"items": 3, "cost_cents": 2}, cap=Decimal(12))
    await drain(database_url)

    assert (await run_row(db, over))["estimated_cents"] == 20
    assert (await run_row(db, within))["estimated_cents"] == 6
    assert (await events(db, over))[:3] == ["created", "started", "estimate_over_cap"]
    assert (await events(db, within))[:3] == ["created", "started", "estimated"]


async def test_a_child_shares_its_parents_budget_and_pause(db: Database, database_url: str) -> None:
    async def spread(work: Work) -> Ending:
        if work.checkpoint is None:
            async with work.commit() as batch:
                batch.checkpoint = {"spread": True}
                for _ in range(3):
                    await batch.enqueue("demo", {"items": 4, "cost_cents": 1})
        return Done()

    handler = Doing(spread)
    await publish(db, handler)
    run = await start(db, "doing", {}, cap=Decimal(7))
    await drain(database_url, handler)
    assert await job_states(db, run) == {"completed": 1, "pending": 3}
    await drain(database_url)
    row = await run_row(db, run)
    assert (row["state"], row["reason"], row["spent_cents"]) == ("paused", "budget", 7)

    await db.execute("select worker.resume_run($1, 12)", run)
    await drain(database_url)

    row = await run_row(db, run)
    assert (row["state"], row["spent_cents"], row["processed_items"]) == ("completed", 12, 12)
    assert await ended(db, run)
    assert await balanced(db)


async def test_a_provider_whose_day_is_used_up_puts_its_jobs_off_uncounted(
    db: Database, database_url: str
) -> None:
    async def ask(work: Work) -> Ending:
        async with work.spend(ERRAND, "one", at_most=Decimal(1)):
            pass
        return Done()

    handler = Doing(ask)
    await publish(db, handler)
    await db.execute("select worker.set_quota('shop', 1, resets_at => now() + interval '3 hours')")
    runs = [await start(db, "doing", {}) for _ in range(2)]
    await drain(database_url, handler, concurrency=1)

    assert [(await run_row(db, run))["state"] for run in runs] == ["completed", "running"]
    job = await db.fetchrow("select state::text, attempt, reason, run_at - now() as wait from worker.jobs")
    assert job is not None
    assert (job["state"], job["attempt"], job["reason"]) == ("scheduled", 0, "the quota of shop is used up")
    assert timedelta(minutes=170) < job["wait"] <= timedelta(hours=3)
