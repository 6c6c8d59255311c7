"""Everything that can happen: the moves of workers and of the keeper, and the list of all."""

from collections.abc import Iterator, Mapping

from tests.model.paying import call, commit, fail_item, look, lose_orphans, reserve, time_out, unsent
from tests.model.promises import check, holds
from tests.model.steering import cancel_job, cancel_run, pause, resume, resume_with_more, retry_failed
from tests.model.world import MAX_ATTEMPTS, Act, Broken, Move, Outcome, Paying, Rules, Worker, World, ended
from worker.queue.rescue import CRASH_LIMIT
from worker.queue.states import JobEvent, JobState, move
from worker.runs.states import TERMINAL as RUN_TERMINAL
from worker.runs.states import RunEvent, RunState
from worker.runs.states import move as move_run


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


def finish(world: World, who: int, rules: Rules) -> World | None:
    """All steps are done."""
    worker = world.workers[who]
    if worker.held is None or worker.told or worker.pays or world.jobs[worker.held].next_step() is not None:
        return None
    return _end(world, who, rules, JobEvent.COMPLETE)


def fail(world: World, who: int, rules: Rules) -> World | None:
    """An error: again later, or for good when no try is left."""
    worker = world.workers[who]
    if worker.held is None or worker.told or worker.pays is Paying.RESERVED:
        return None
    if world.jobs[worker.held].attempt >= MAX_ATTEMPTS:
        return _end(world, who, rules, JobEvent.FAIL)
    return _put_back(world, who, rules, JobEvent.POSTPONE, counted=True)


def hand_back(world: World, who: int, rules: Rules) -> World | None:
    """Not the job's fault; one that nobody wants any more ends instead."""
    worker = world.workers[who]
    if worker.held is None or worker.pays is Paying.RESERVED:
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


def rescue(world: World, _: int, rules: Rules) -> World | None:
    """Take from the dead what they held."""
    orphans = [n for n, job in enumerate(world.jobs) if job.orphan and job.state is JobState.RUNNING]
    for at in orphans:
        world = _rescued(world, at, rules)
    return world if orphans else None


def fall_due(world: World, at: int, _: Rules) -> World | None:
    """The time of a scheduled job comes."""
    job = world.jobs[at]
    if job.state is not JobState.SCHEDULED:
        return None
    return world.job(at, state=move(job.state, JobEvent.FALL_DUE), later=False)


def close(world: World, _: int, rules: Rules) -> World | None:
    """End a run whose jobs have all ended; what they hold is lost, what they left unworked has failed."""
    live = world.run in (RunState.PENDING, RunState.RUNNING)
    if not ended(world) or not (live or world.run is RunState.CANCELLED):
        return None
    closed = lose_orphans(world, 0, rules) or world
    for number, job in enumerate(closed.jobs):
        for at, step in enumerate(job.steps):
            if step.item is Outcome.AGAIN and closed.jobs[number].steps[at].item is Outcome.AGAIN:
                closed = fail_item(closed, number, at)
    if not live:
        return None if closed == world else closed
    states = {job.state for job in world.jobs}
    event = RunEvent.CANCEL if states == {JobState.CANCELLED} else RunEvent.COMPLETE
    return closed._replace(run=move_run(world.run, RunEvent.FAIL if JobState.FAILED in states else event))


OF_WORKERS = (
    claim,
    look,
    reserve,
    call,
    time_out,
    unsent,
    commit,
    finish,
    fail,
    hand_back,
    beat,
    expire,
    crash,
)
OF_JOBS = (fall_due, cancel_job)
OF_ALL = (rescue, pause, resume, resume_with_more, cancel_run, close, lose_orphans, retry_failed)
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
            check(world, after, name, rules)
    except Broken as broken:
        broken.move = made
        raise
    return after


def _end(world: World, who: int, rules: Rules, event: JobEvent) -> World:
    worker = world.workers[who]
    if worker.held is not None and holds(world, worker, rules):
        job = world.jobs[worker.held]
        world = world.job(worker.held, state=move(job.state, event), orphan=False)
    return world.worker(who, Worker(lapsed=worker.lapsed))


def _put_back(world: World, who: int, rules: Rules, event: JobEvent, *, counted: bool) -> World:
    worker = world.workers[who]
    assert worker.held is not None
    job = world.jobs[worker.held]
    if job.unwanted or world.run in RUN_TERMINAL:
        return _end(world, who, rules, JobEvent.CANCEL)
    if holds(world, worker, rules):
        state = move(job.state, JobEvent.PAUSE if world.run is RunState.PAUSED else event)
        attempt = job.attempt - (0 if counted else 1)
        world = world.job(worker.held, state=state, attempt=attempt, later=counted, orphan=False)
    return world.worker(who, Worker(lapsed=worker.lapsed))


def _orphaned(world: World, worker: Worker) -> World:
    return world.job(worker.held, orphan=True) if worker.held is not None and worker.genuine else world


def _rescued(world: World, at: int, rules: Rules) -> World:
    job = world.jobs[at]
    event = JobEvent.PAUSE if world.run is RunState.PAUSED else JobEvent.HAND_BACK
    if job.unwanted or world.run is RunState.CANCELLED:
        event = JobEvent.CANCEL
    elif rules.quarantines and job.crashes + 1 >= CRASH_LIMIT:
        event = JobEvent.FAIL
    crashes = job.crashes + (1 if rules.quarantines else 0)
    counts = {"fence": job.fence + 1, "crashes": crashes, "attempt": max(job.attempt - 1, 0)}
    world = world.job(at, state=move(job.state, event), orphan=False, **counts)
    lost = [w._replace(genuine=False) if w.held == at else w for w in world.workers]
    return world._replace(workers=tuple(lost))
