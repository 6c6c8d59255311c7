"""The product, played move by move as the model's traces say."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from tests.model.actor import Actor
from tests.model.looks import LOOKS
from tests.model.provider import Provider
from tests.model.steering import enough
from tests.model.world import MAX_ATTEMPTS, Job, Move, Outcome, Rules, World
from tests.queue.scene import Desk, alive, let_die
from worker.db import Database
from worker.queue.contract import Done, Ending, Fail, HandBack, Retry
from worker.queue.jobs import Jobs
from worker.queue.rescue import rescue
from worker.queue.states import TERMINAL
from worker.runs.closing import SQL as CLOSING
from worker.runs.closing import Closer
from worker.runs.work import Work

KIND = "errand"
MUST_BE_EMPTY = ("sums", "sums_of_days", "items", "beyond_cap", "without_worker", "in_both")
Picture: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class Stage:
    """A run and its jobs in Postgres, the two workers, and the provider they pay."""

    db: Database
    desk: Desk
    run: UUID
    jobs: list[int]
    cap: int
    provider: Provider
    workers: list[Actor] = field(default_factory=list)

    async def play(self, made: Move) -> None:
        """Make one move as the product makes it."""
        name, place = made
        if name in OF_WORKERS:
            await OF_WORKERS[name](self, self.workers[place])
        else:
            await OF_THE_REST[name](self, place)

    async def picture(self) -> Picture:
        """What can be seen of the jobs, the run, its money and items, and what the workers were told."""
        jobs = [tuple(row)[1:] for row in await self.db.fetch(LOOKS["jobs"])]
        [run] = await self.db.fetch(LOOKS["run"], self.run)
        steps = [
            (self.jobs.index(row["job_id"]), *tuple(row)[1:])
            for row in await self.db.fetch(LOOKS["steps"], self.run)
        ]
        workers = ((one.work is not None, one.told) for one in self.workers)
        return (*jobs, tuple(run), tuple(steps), self._provided(), *workers)

    def _provided(self) -> Picture:
        calls, charged = self.provider.calls, self.provider.charged
        return tuple(
            (self.jobs.index(job), at, n, charged[job, at]) for (job, at), n in sorted(calls.items())
        )

    async def check(self) -> None:
        """Look at what holds whatever the model says."""
        for look in MUST_BE_EMPTY:
            assert await self.db.fetch(LOOKS[look]) == [], look
        [run] = await self.db.fetch(LOOKS["run"], self.run)
        assert sum(self.provider.charged.values()) <= run["spent_cents"] + run["reserved_cents"]

    async def close(self) -> None:
        """Send the workers home without a word."""
        for actor in self.workers:
            await actor.die()


def picture_of(world: World) -> Picture:
    """The same of the model."""
    run = (str(world.run), world.spent, world.reserved, world.cap, world.processed, world.failed)
    steps = tuple(line for number, job in enumerate(world.jobs) for line in _steps_of(number, job))
    provided = tuple(
        (number, at, step.calls, Decimal(step.charged))
        for number, job in enumerate(world.jobs)
        for at, step in enumerate(job.steps)
        if step.calls
    )
    held = ((worker.held is not None, worker.told) for worker in world.workers)
    return (*map(_job_of, world.jobs), run, steps, provided, *held)


def _job_of(job: Job) -> Picture:
    over = job.state in TERMINAL
    crashes, unwanted = (0, False) if over else (job.crashes, job.unwanted)
    return (str(job.state), job.fence, job.attempt, crashes, job.done, unwanted)


def _steps_of(number: int, job: Job) -> list[Picture]:
    lines = [(number, at, step.held, step.unknown, str(step.item)) for at, step in enumerate(job.steps)]
    return [line for line in lines if line[2:] != (None, False, str(Outcome.NONE))]


async def set_stage(db: Database, desk: Desk, world: World, rules: Rules) -> Stage:
    """Put the first world of the model into an empty database."""
    run = await db.fetchval("select worker.start_run($1, budget_cap_cents => $2)", KIND, world.cap)
    for _ in world.jobs[1:]:
        await db.execute("select worker.enqueue($1, run_id => $2)", KIND, run)
    ids = [row["id"] for row in await db.fetch("select id from worker.jobs order by id")]
    provider = Provider(rules.repeat)
    workers = [Actor(await alive(db), db, provider) for _ in world.workers]
    return Stage(db, desk, run, ids, enough(world), provider, workers)


async def _claim(stage: Stage, actor: Actor) -> None:
    [job] = await Jobs(stage.db).claim("default", [KIND], 1, actor.id)
    await actor.begin(job)


def _ends(how: Callable[[Work], Ending]) -> Callable[[Stage, Actor], Awaitable[None]]:
    async def end(stage: Stage, actor: Actor) -> None:
        assert actor.work is not None
        await stage.desk.write(actor.work.job, how(actor.work))
        actor.let_go()

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
    await actor.die()
    actor.id = await alive(stage.db)


async def _fall_due(stage: Stage, at: int) -> None:
    come = "update worker.jobs set run_at = now() - interval '1 s' where id = $1"
    await stage.db.execute(come, stage.jobs[at])
    await Jobs(stage.db).fall_due(10)


async def _cancel_job(stage: Stage, at: int) -> None:
    await stage.db.execute("select worker.cancel_job($1)", stage.jobs[at])


async def _rescue(stage: Stage, _: int) -> None:
    await rescue(stage.db)


async def _resume_with_more(stage: Stage, _: int) -> None:
    await stage.db.execute("select worker.resume_run($1, $2)", stage.run, Decimal(stage.cap))


async def _close(stage: Stage, _: int) -> None:
    await Closer(stage.db, {}).close([stage.run])


def _asks(statement: str) -> Callable[[Stage, int], Awaitable[None]]:
    async def ask(stage: Stage, _: int) -> None:
        await stage.db.execute(statement, stage.run)

    return ask


OF_WORKERS: Mapping[str, Callable[[Stage, Actor], Awaitable[None]]] = {
    "claim": _claim,
    "reserve": lambda _, actor: actor.reserve(),
    "call": lambda _, actor: actor.call(),
    "time_out": lambda _, actor: actor.time_out(),
    "unsent": lambda _, actor: actor.unsent(),
    "commit": lambda _, actor: actor.commit(),
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
    "pause": _asks("select worker.pause_run($1)"),
    "resume": _asks("select worker.resume_run($1)"),
    "resume_with_more": _resume_with_more,
    "cancel_run": _asks("select worker.cancel_run($1)"),
    "retry_failed": _asks("select worker.retry_failed($1)"),
    "lose_orphans": _asks(CLOSING["lose_orphans"]),
    "close": _close,
}
