"""The moves of an operator."""

from tests.model.world import HIGHEST, Outcome, Rules, Step, World
from worker.queue.states import TERMINAL, JobEvent, JobState, move
from worker.runs.states import TERMINAL as RUN_TERMINAL
from worker.runs.states import RunEvent, RunState
from worker.runs.states import move as move_run

WAITING = (JobState.SCHEDULED, JobState.PENDING)
LIVE_RUN = (RunState.PENDING, RunState.RUNNING, RunState.PAUSED)


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


def enough(world: World) -> int:
    """A cap for every call, and for one that is lost."""
    return HIGHEST * (1 + sum(len(job.steps) for job in world.jobs))


def resume_with_more(world: World, _: int, rules: Rules) -> World | None:
    """Raise the cap, and let the run go on."""
    cap = enough(world)
    return resume(world._replace(cap=cap), 0, rules) if world.cap < cap else None


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


def retry_failed(world: World, _: int, __: Rules) -> World | None:
    """Once: the failed items of jobs that have ended wait again with their jobs, and so do failed jobs."""
    wanted = [
        at for at, job in enumerate(world.jobs) if job.state is JobState.FAILED or _has_failed(job.steps)
    ]
    wanted = [at for at in wanted if world.jobs[at].state in TERMINAL]
    if world.retried or not wanted:
        return None
    if world.run in RUN_TERMINAL:
        world = world._replace(run=move_run(world.run, RunEvent.RETRY))
    rests = world.run is RunState.PAUSED
    for at in wanted:
        job = world.jobs[at]
        items = sum(step.item is Outcome.FAILED for step in job.steps)
        world = world.job(
            at,
            steps=tuple(_allowed(step) for step in job.steps),
            state=JobState.PAUSED if rests else JobState.PENDING,
            attempt=0,
            crashes=0,
            unwanted=False,
            later=False,
        )._replace(processed=world.processed - items, failed=world.failed - items)
    return world._replace(retried=True)


def _has_failed(steps: tuple[Step, ...]) -> bool:
    return any(step.item is Outcome.FAILED for step in steps)


def _allowed(step: Step) -> Step:
    if step.item is not Outcome.FAILED:
        return step
    return step._replace(item=Outcome.AGAIN, unknown=False, allowed=step.allowed + 1)
