"""A small model of the queue: two workers, a run with a budget, a job or two, and all that may happen.

The moves of states are the product's own tables. What the model adds are fences, leases and money, and what
each worker believes it holds. ``genuine`` is what the product cannot know: whether that belief is true.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from worker.queue.rescue import CRASH_LIMIT
from worker.queue.states import TERMINAL, JobEvent, JobState, move
from worker.runs.states import TERMINAL as RUN_TERMINAL
from worker.runs.states import RunEvent, RunState
from worker.runs.states import move as move_run

MAX_ATTEMPTS = 2
WAITING = (JobState.SCHEDULED, JobState.PENDING)
LIVE_RUN = (RunState.PENDING, RunState.RUNNING, RunState.PAUSED)


class Job(NamedTuple):
    """One row. ``done`` counts its batches; ``later``: it has to wait; ``orphan``: its lease ran out."""

    state: JobState = JobState.PENDING
    fence: int = 0
    attempt: int = 0
    crashes: int = 0
    done: int = 0
    unwanted: bool = False
    later: bool = False
    orphan: bool = False


class Worker(NamedTuple):
    """What one worker believes: the job it holds, and what it would show for it. ``told``: to stop."""

    held: int | None = None
    fence: int = 0
    attempt: int = 0
    genuine: bool = False
    told: bool = False
    lapsed: bool = False
    saw_room: bool = False


class World(NamedTuple):
    """All of it at one moment; money in units of what one batch costs."""

    jobs: tuple[Job, ...]
    workers: tuple[Worker, ...] = (Worker(), Worker())
    run: RunState = RunState.PENDING
    spent: int = 0
    cap: int = 1

    def job(self, at: int, **changes: object) -> "World":
        """The same world with one job changed."""
        changed = self.jobs[at]._replace(**changes)  # type: ignore[arg-type]
        return self._replace(jobs=(*self.jobs[:at], changed, *self.jobs[at + 1 :]))

    def worker(self, at: int, worker: Worker) -> "World":
        """The same world with another worker in one place."""
        return self._replace(workers=(*self.workers[:at], worker, *self.workers[at + 1 :]))


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in the product; a mutant breaks one of them.

    ``batches`` is how much work a job is; ``without`` leaves moves out, for a world of fewer cases.
    """

    batches: int = 1
    without: frozenset[str] = frozenset()
    fenced: bool = True
    fence_is_attempt: bool = False
    budget_in_transaction: bool = True


Move: TypeAlias = tuple[str, int]


class Broken(Exception):
    """A promise that a move broke."""

    move: Move


Act: TypeAlias = Callable[[World, int, Rules], World | None]


def claim(world: World, who: int, _: Rules) -> World | None:
    """Take the first pending job; the first of all starts the run."""
    worker = world.workers[who]
    at = next((n for n, job in enumerate(world.jobs) if job.state is JobState.PENDING), None)
    if at is None or worker.lapsed or worker.held is not None:
        return None
    job = world.jobs[at]
    changed = {"state": move(job.state, JobEvent.CLAIM), "fence": job.fence + 1, "attempt": job.attempt + 1}
    world = world.job(at, **changed, later=False)
    if world.run is RunState.PENDING:
        world = world._replace(run=move_run(world.run, RunEvent.START))
    return world.worker(who, Worker(at, world.jobs[at].fence, world.jobs[at].attempt, genuine=True))


def look(world: World, who: int, rules: Rules) -> World | None:
    """Only of the mutant: see that the budget has room, before the transaction that spends."""
    worker = world.workers[who]
    if rules.budget_in_transaction or worker.held is None or worker.saw_room or world.spent >= world.cap:
        return None
    return world.worker(who, worker._replace(saw_room=True))


def commit(world: World, who: int, rules: Rules) -> World | None:
    """One batch with its checkpoint and its spending, or none of it; learn whether to go on."""
    worker = world.workers[who]
    if worker.held is None or worker.told or worker.lapsed or world.jobs[worker.held].done >= rules.batches:
        return None
    if not _holds(world, worker, rules):
        return world.worker(who, Worker())
    room = world.spent < world.cap if rules.budget_in_transaction else worker.saw_room
    if not room:
        if world.run in (RunState.PENDING, RunState.RUNNING):
            world = pause(world, 0, rules) or world
        return world.worker(who, worker._replace(told=True))
    job = world.jobs[worker.held]
    world = world.job(worker.held, done=job.done + 1, crashes=0)._replace(spent=world.spent + 1)
    stop = job.unwanted or world.run is not RunState.RUNNING
    return world.worker(who, worker._replace(told=stop, saw_room=False))


def finish(world: World, who: int, rules: Rules) -> World | None:
    """All batches are done."""
    worker = world.workers[who]
    if worker.held is None or worker.told or world.jobs[worker.held].done < rules.batches:
        return None
    return _end(world, who, rules, JobEvent.COMPLETE)


def fail(world: World, who: int, rules: Rules) -> World | None:
    """An error: again later, or for good when no try is left."""
    worker = world.workers[who]
    if worker.held is None or worker.told:
        return None
    if world.jobs[worker.held].attempt >= MAX_ATTEMPTS:
        return _end(world, who, rules, JobEvent.FAIL)
    return _put_back(world, who, rules, JobEvent.POSTPONE, counted=True)


def hand_back(world: World, who: int, rules: Rules) -> World | None:
    """Not the job's fault; one that nobody wants any more ends instead."""
    if world.workers[who].held is None:
        return None
    return _put_back(world, who, rules, JobEvent.HAND_BACK, counted=False)


def beat(world: World, who: int, _: Rules) -> World | None:
    """Push the lease on; one that has run out stays so, and the worker registers anew."""
    worker = world.workers[who]
    return world.worker(who, worker._replace(lapsed=False)) if worker.lapsed else None


def expire(world: World, who: int, _: Rules) -> World | None:
    """The worker stands still until its lease has run out."""
    worker = world.workers[who]
    return None if worker.lapsed else _orphaned(world, worker).worker(who, worker._replace(lapsed=True))


def crash(world: World, who: int, _: Rules) -> World | None:
    """The worker dies, and another takes its place."""
    worker = world.workers[who]
    return None if worker.held is None else _orphaned(world, worker).worker(who, Worker())


def rescue(world: World, _: int, __: Rules) -> World | None:
    """Take from the dead what they held."""
    orphans = [n for n, job in enumerate(world.jobs) if job.orphan and job.state is JobState.RUNNING]
    for at in orphans:
        world = _rescued(world, at)
    return world if orphans else None


def fall_due(world: World, at: int, _: Rules) -> World | None:
    """The time of a scheduled job comes."""
    job = world.jobs[at]
    if job.state is not JobState.SCHEDULED:
        return None
    return world.job(at, state=move(job.state, JobEvent.FALL_DUE), later=False)


def pause(world: World, _: int, __: Rules) -> World | None:
    """Hold the run, and all of its jobs that wait."""
    if world.run not in (RunState.PENDING, RunState.RUNNING):
        return None
    for at, job in enumerate(world.jobs):
        if job.state in WAITING:
            world = world.job(at, state=move(job.state, JobEvent.PAUSE))
    return world._replace(run=move_run(world.run, RunEvent.PAUSE))


def resume(world: World, _: int, __: Rules) -> World | None:
    """Let the run go on."""
    if world.run is not RunState.PAUSED:
        return None
    for at, job in enumerate(world.jobs):
        if job.state is JobState.PAUSED:
            wakes = JobState.SCHEDULED if job.later else move(job.state, JobEvent.RESUME)
            world = world.job(at, state=wakes)
    return world._replace(run=move_run(world.run, RunEvent.RESUME))


def resume_with_more(world: World, _: int, rules: Rules) -> World | None:
    """Raise the cap, and let the run go on."""
    full = rules.batches * len(world.jobs)
    return resume(world._replace(cap=full), 0, rules) if world.cap < full else None


def cancel_run(world: World, _: int, __: Rules) -> World | None:
    """End the run; its jobs at work end at their next safe point."""
    if world.run not in LIVE_RUN:
        return None
    for at, job in enumerate(world.jobs):
        if job.state not in TERMINAL and job.state is not JobState.RUNNING:
            world = world.job(at, state=move(job.state, JobEvent.CANCEL))
    return world._replace(run=move_run(world.run, RunEvent.CANCEL))


def cancel_job(world: World, at: int, _: Rules) -> World | None:
    """End one job, at its next safe point if it is at work."""
    job = world.jobs[at]
    if job.state in TERMINAL or job.unwanted:
        return None
    if job.state is JobState.RUNNING:
        return world.job(at, unwanted=True)
    return world.job(at, state=move(job.state, JobEvent.CANCEL))


def close(world: World, _: int, __: Rules) -> World | None:
    """End a run whose jobs have all ended."""
    if world.run not in (RunState.PENDING, RunState.RUNNING) or not ended(world):
        return None
    states = {job.state for job in world.jobs}
    event = RunEvent.CANCEL if states == {JobState.CANCELLED} else RunEvent.COMPLETE
    return world._replace(run=move_run(world.run, RunEvent.FAIL if JobState.FAILED in states else event))


OF_WORKERS = (claim, look, commit, finish, fail, hand_back, beat, expire, crash)
OF_JOBS = (fall_due, cancel_job)
OF_ALL = (rescue, pause, resume, resume_with_more, cancel_run, close)
ACTS: Mapping[str, Act] = {act.__name__: act for act in (*OF_WORKERS, *OF_JOBS, *OF_ALL)}


def moves(world: World, rules: Rules) -> Iterator[tuple[Move, World]]:
    """Everything that can happen now, and the world after it. Raises ``Broken`` from within a move."""
    for acts, places in ((OF_WORKERS, len(world.workers)), (OF_JOBS, len(world.jobs)), (OF_ALL, 1)):
        for made in ((act.__name__, n) for act in acts for n in range(places)):
            after = None if made[0] in rules.without else step(world, made, rules)
            if after is not None:
                yield made, after


def step(world: World, made: Move, rules: Rules) -> World | None:
    """The world after one move, None where it cannot be made; raises ``Broken`` when it breaks a promise."""
    name, place = made
    try:
        after = ACTS[name](world, place, rules)
        if after is not None:
            _check(world, after, name)
    except Broken as broken:
        broken.move = made
        raise
    return after


def ended(world: World) -> bool:
    """Whether every job has."""
    return all(job.state in TERMINAL for job in world.jobs)


def _check(before: World, after: World, name: str) -> None:
    if after.spent > after.cap:
        raise Broken(f"{after.spent} spent of a cap of {after.cap}")
    if before.run in RUN_TERMINAL and after.run is not before.run:
        raise Broken(f"a {before.run} run became {after.run}")
    for old, new in zip(before.jobs, after.jobs, strict=True):
        if old.state in TERMINAL and new != old:
            raise Broken(f"a {old.state} job changed")
        taken = name in {"claim", "rescue"} and new.state is not old.state
        if new.fence < old.fence + (1 if taken else 0):
            raise Broken("the fence did not grow")
        if new.crashes >= CRASH_LIMIT and new.state not in TERMINAL:
            raise Broken(f"a job that killed {new.crashes} workers waits for another")


def _holds(world: World, worker: Worker, rules: Rules) -> bool:
    """What the database says of a write that shows this fence."""
    assert worker.held is not None
    job = world.jobs[worker.held]
    same = job.attempt == worker.attempt if rules.fence_is_attempt else job.fence == worker.fence
    accepted = job.state is JobState.RUNNING and (same or not rules.fenced)
    if accepted and not worker.genuine:
        raise Broken("a write of a worker that had lost its job was accepted")
    return accepted


def _end(world: World, who: int, rules: Rules, event: JobEvent) -> World:
    worker = world.workers[who]
    if worker.held is not None and _holds(world, worker, rules):
        job = world.jobs[worker.held]
        world = world.job(worker.held, state=move(job.state, event), orphan=False)
    return world.worker(who, Worker(lapsed=worker.lapsed))


def _put_back(world: World, who: int, rules: Rules, event: JobEvent, *, counted: bool) -> World:
    worker = world.workers[who]
    assert worker.held is not None
    job = world.jobs[worker.held]
    if job.unwanted or world.run in RUN_TERMINAL:
        return _end(world, who, rules, JobEvent.CANCEL)
    if _holds(world, worker, rules):
        state = move(job.state, JobEvent.PAUSE if world.run is RunState.PAUSED else event)
        attempt = job.attempt - (0 if counted else 1)
        world = world.job(worker.held, state=state, attempt=attempt, later=counted, orphan=False)
    return world.worker(who, Worker(lapsed=worker.lapsed))


def _orphaned(world: World, worker: Worker) -> World:
    return world.job(worker.held, orphan=True) if worker.held is not None and worker.genuine else world


def _rescued(world: World, at: int) -> World:
    job = world.jobs[at]
    event = JobEvent.PAUSE if world.run is RunState.PAUSED else JobEvent.HAND_BACK
    if job.unwanted or world.run is RunState.CANCELLED:
        event = JobEvent.CANCEL
    elif job.crashes + 1 >= CRASH_LIMIT:
        event = JobEvent.FAIL
    counts = {"fence": job.fence + 1, "crashes": job.crashes + 1, "attempt": max(job.attempt - 1, 0)}
    world = world.job(at, state=move(job.state, event), orphan=False, **counts)
    lost = [w._replace(genuine=False) if w.held == at else w for w in world.workers]
    return world._replace(workers=tuple(lost))
