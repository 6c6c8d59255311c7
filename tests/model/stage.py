"""The product, played move by move as the model's traces say."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from tests.model.world import MAX_ATTEMPTS, Move, Rules, World
from tests.queue.scene import Desk, alive, let_die
from worker.db import Database
from worker.errors import LeaseLost, StopWork
from worker.queue.contract import Done, Ending, Fail, HandBack, Retry
from worker.queue.jobs import Jobs
from worker.queue.rescue import rescue
from worker.queue.states import TERMINAL
from worker.runs.closing import Closer
from worker.runs.items import Item, ItemRef
from worker.runs.prices import PaidCall, Repeat
from worker.runs.work import Work

KIND = "errand"
ROWS = """
select id, state::text, fence, attempt, crashes_in_a_row, (checkpoint ->> 'done')::int as done,
       cancel_requested
  from worker.jobs
union all
select id, state::text, fence, attempt, 0, (checkpoint ->> 'done')::int, false from worker.job_history
 order by id
"""
CALL = PaidCall("model", "batch", Repeat.SAME_KEY)
RUN = "select state::text, spent_cents, budget_cap_cents from worker.runs where id = $1"
Picture: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class Actor:
    """A worker that is nothing but its row, and the work it believes it holds."""

    id: UUID
    work: Work | None = None
    told: bool = False


@dataclass(slots=True)
class Stage:
    """A run and its jobs in Postgres, and the two workers."""

    db: Database
    desk: Desk
    rules: Rules
    run: UUID
    jobs: list[int]
    workers: list[Actor] = field(default_factory=list)

    async def play(self, made: Move) -> None:
        """Make one move as the product makes it."""
        name, place = made
        if name in OF_WORKERS:
            await OF_WORKERS[name](self, self.workers[place])
        else:
            await OF_THE_REST[name](self, place)

    async def picture(self) -> Picture:
        """What can be seen of the jobs, the run and what the workers were told."""
        rows = await self.db.fetch(ROWS)
        run = await self.db.fetchrow(RUN, self.run)
        jobs = [(*tuple(row)[1:5], row["done"] or 0, row["cancel_requested"]) for row in rows]
        assert run is not None
        return (*jobs, *run.values(), *((one.work is not None, one.told) for one in self.workers))


def picture_of(world: World) -> Picture:
    """The same of the model."""
    jobs = []
    for job in world.jobs:
        over = job.state in TERMINAL
        crashes, unwanted = (0, False) if over else (job.crashes, job.unwanted)
        jobs.append((str(job.state), job.fence, job.attempt, crashes, job.done, unwanted))
    held = ((worker.held is not None, worker.told) for worker in world.workers)
    return (*jobs, str(world.run), Decimal(world.spent), Decimal(world.cap), *held)


async def set_stage(db: Database, desk: Desk, world: World, rules: Rules) -> Stage:
    """Put the first world of the model into an empty database."""
    run = await db.fetchval("select worker.start_run($1, budget_cap_cents => $2)", KIND, world.cap)
    for _ in world.jobs[1:]:
        await db.execute("select worker.enqueue($1, run_id => $2)", KIND, run)
    ids = [row["id"] for row in await db.fetch("select id from worker.jobs order by id")]
    return Stage(db, desk, rules, run, ids, [Actor(await alive(db)) for _ in world.workers])


async def _claim(stage: Stage, actor: Actor) -> None:
    [job] = await Jobs(stage.db).claim("default", [KIND], 1, actor.id)
    actor.work, actor.told = Work(stage.db, job, stopping=lambda: False), False
    assert await actor.work.enter() is None


async def _commit(stage: Stage, actor: Actor) -> None:
    work = actor.work
    assert work is not None
    done = await stage.db.fetchval(
        "select (checkpoint ->> 'done')::int from worker.jobs where id = $1", work.job.id
    )
    try:
        item = ItemRef("demo", str(done or 0))
        async with work.spend(CALL, f"batch {done or 0}", item=item, at_most=Decimal(1)):
            pass
        async with work.commit() as batch:
            batch.items.append(Item(*item, "completed"))
            batch.checkpoint = {"done": (done or 0) + 1}
    except LeaseLost:
        actor.work = None
    except StopWork:
        actor.told = True


def _ends(how: Callable[[Work], Ending]) -> Callable[[Stage, Actor], Awaitable[None]]:
    async def end(stage: Stage, actor: Actor) -> None:
        assert actor.work is not None
        await stage.desk.write(actor.work.job, how(actor.work))
        actor.work, actor.told = None, False

    return end


def _failure(work: Work) -> Ending:
    if work.job.attempt >= MAX_ATTEMPTS:
        return Fail("model", "no try is left")
    return Retry("model", "try again", timedelta(hours=1))


async def _beat(stage: Stage, actor: Actor) -> None:
    actor.id = await alive(stage.db)


async def _expire(stage: Stage, actor: Actor) -> None:
    await let_die(stage.db, actor.id)


async def _crash(stage: Stage, actor: Actor) -> None:
    await let_die(stage.db, actor.id)
    actor.id, actor.work, actor.told = await alive(stage.db), None, False


async def _fall_due(stage: Stage, at: int) -> None:
    come = "update worker.jobs set run_at = now() - interval '1 s' where id = $1"
    await stage.db.execute(come, stage.jobs[at])
    await Jobs(stage.db).fall_due(10)


async def _cancel_job(stage: Stage, at: int) -> None:
    await stage.db.execute("select worker.cancel_job($1)", stage.jobs[at])


async def _rescue(stage: Stage, _: int) -> None:
    await rescue(stage.db)


async def _pause(stage: Stage, _: int) -> None:
    await stage.db.execute("select worker.pause_run($1)", stage.run)


async def _resume(stage: Stage, _: int) -> None:
    await stage.db.execute("select worker.resume_run($1)", stage.run)


async def _resume_with_more(stage: Stage, _: int) -> None:
    full = stage.rules.batches * len(stage.jobs)
    await stage.db.execute("select worker.resume_run($1, $2)", stage.run, Decimal(full))


async def _cancel_run(stage: Stage, _: int) -> None:
    await stage.db.execute("select worker.cancel_run($1)", stage.run)


async def _close(stage: Stage, _: int) -> None:
    await Closer(stage.db, {}).close([stage.run])


OF_WORKERS: Mapping[str, Callable[[Stage, Actor], Awaitable[None]]] = {
    "claim": _claim,
    "commit": _commit,
    "finish": _ends(lambda _: Done()),
    "fail": _ends(_failure),
    "hand_back": _ends(lambda _: HandBack("the model says so")),
    "beat": _beat,
    "expire": _expire,
    "crash": _crash,
}
OF_THE_REST: Mapping[str, Callable[[Stage, int], Awaitable[None]]] = {
    "fall_due": _fall_due,
    "cancel_job": _cancel_job,
    "rescue": _rescue,
    "pause": _pause,
    "resume": _resume,
    "resume_with_more": _resume_with_more,
    "cancel_run": _cancel_run,
    "close": _close,
}
