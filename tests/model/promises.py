"""What no move may break, whoever makes it."""

from tests.model.world import HIGHEST, Broken, Job, Outcome, Paying, Rules, Worker, World
from worker.queue.rescue import CRASH_LIMIT
from worker.queue.states import TERMINAL, JobState
from worker.runs.prices import Repeat
from worker.runs.states import TERMINAL as RUN_TERMINAL
from worker.runs.states import RunState


def check(before: World, after: World, name: str, rules: Rules) -> None:
    """Raise ``Broken`` when a move of this name must not lead from the one world to the other."""
    _money(after, rules)
    _items(after)
    _grants(before, after)
    if before.run in RUN_TERMINAL and after.run is not before.run and name != "retry_failed":
        raise Broken(f"a {before.run} run became {after.run}")
    for old, new in zip(before.jobs, after.jobs, strict=True):
        _job(old, new, name)


def _money(world: World, rules: Rules) -> None:
    steps = [step for job in world.jobs for step in job.steps]
    if world.spent + world.reserved > world.cap:
        raise Broken(f"{world.spent} spent and {world.reserved} reserved of a cap of {world.cap}")
    held = HIGHEST * sum(step.held is not None for step in steps)
    if (world.reserved, world.spent) != (held, world.gone):
        raise Broken(f"counters {world.reserved}, {world.spent} of a ledger of {held}, {world.gone}")
    if (charged := sum(step.charged for step in steps)) > world.spent + world.reserved:
        raise Broken(f"the provider charged {charged}, of {world.spent + world.reserved} known")
    if rules.repeat is Repeat.NEVER and any(step.calls > step.allowed for step in steps):
        raise Broken("a call that may do harm was made again")


def _items(world: World) -> None:
    items = [step.item for job in world.jobs for step in job.steps]
    failed = items.count(Outcome.FAILED)
    if (world.processed, world.failed) != (failed + items.count(Outcome.COMPLETED), failed):
        raise Broken(f"{world.processed} processed and {world.failed} failed of {items}")


def _grants(before: World, after: World) -> None:
    granted = any(
        new.pays is Paying.RESERVED and old.pays is not Paying.RESERVED
        for old, new in zip(before.workers, after.workers, strict=True)
    )
    if granted and before.run is not RunState.RUNNING:
        raise Broken(f"money was reserved of a {before.run} run")


def _job(old: Job, new: Job, name: str) -> None:
    if old.state in TERMINAL and name != "retry_failed" and new._replace(steps=old.steps) != old:
        raise Broken(f"a {old.state} job changed")
    taken = name in {"claim", "rescue"} and new.state is not old.state
    if new.fence < old.fence + (1 if taken else 0):
        raise Broken("the fence did not grow")
    if new.done < old.done:
        raise Broken("the checkpoint went back")
    if new.crashes >= CRASH_LIMIT and new.state not in TERMINAL:
        raise Broken(f"a job that killed {new.crashes} workers waits for another")


def holds(world: World, worker: Worker, rules: Rules, *, fenced: bool = True) -> bool:
    """What the database says of a write that shows this fence; ``fenced``: whether this write looks at it."""
    assert worker.held is not None
    job = world.jobs[worker.held]
    same = job.attempt == worker.attempt if rules.fence_is_attempt else job.fence == worker.fence
    accepted = job.state is JobState.RUNNING and (same or not (rules.fenced and fenced))
    if accepted and not worker.genuine:
        raise Broken("a write of a worker that had lost its job was accepted")
    return accepted
