"""The moves of money: a call is reserved, made, and settled together with the work it paid for."""

from tests.model.promises import holds
from tests.model.steering import pause
from tests.model.world import HIGHEST, TRUE, Broken, Outcome, Paying, Rules, Worker, World
from worker.queue.states import TERMINAL
from worker.runs.prices import Repeat
from worker.runs.states import RunState


def look(world: World, who: int, rules: Rules) -> World | None:
    """Only of the mutant: see that the budget has room, before the transaction that reserves."""
    worker = world.workers[who]
    if rules.budget_in_transaction or worker.held is None or worker.saw_room or worker.pays:
        return None
    return world.worker(who, worker._replace(saw_room=True)) if _has_room(world) else None


def reserve(world: World, who: int, rules: Rules) -> World | None:
    """Hold the highest price of the next step's call, or learn why not."""
    worker = world.workers[who]
    if worker.held is None or worker.told or worker.lapsed or worker.pays:
        return None
    job = world.jobs[worker.held]
    if (at := job.next_step()) is None:
        return None
    if not holds(world, worker, rules) or job.orphan:
        return world.worker(who, Worker())
    if job.unwanted or (rules.looks_at_the_run and world.run is not RunState.RUNNING):
        return world.worker(who, worker._replace(told=True))
    return _granted(world, who, worker._replace(step=at), rules)


def _granted(world: World, who: int, worker: Worker, rules: Rules) -> World | None:
    assert worker.held is not None
    step = world.jobs[worker.held].steps[worker.step]
    if step.unknown:
        return world.worker(who, worker._replace(pays=Paying.SKIPS))
    if step.held is not None and rules.repeat is Repeat.SAME_KEY:
        bumped = 0 if rules.taken_step_is_free else HIGHEST
        world = world.step(worker.held, worker.step, held=worker.fence)
        world = world._replace(reserved=world.reserved + bumped)
        return world.worker(who, worker._replace(pays=Paying.RESERVED, adopted=True))
    if step.held is not None:
        if step.held == worker.fence:
            raise Broken("an attempt met a reservation of its own that it had not answered for")
        world = lose(world, worker.held, worker.step, rules)
        if rules.repeat is Repeat.NEVER and rules.never_is_never:
            return world.worker(who, worker._replace(pays=Paying.SKIPS))
    if not (_has_room(world) if rules.budget_in_transaction else worker.saw_room):
        paused = pause(world, 0, rules) or world
        return paused.worker(who, worker._replace(told=True, step=0))
    world = world.step(worker.held, worker.step, held=worker.fence)
    world = world._replace(reserved=world.reserved + HIGHEST)
    return world.worker(who, worker._replace(pays=Paying.RESERVED, saw_room=False))


def _has_room(world: World) -> bool:
    return world.spent + world.reserved + HIGHEST <= world.cap


def lose(world: World, job: int, at: int, rules: Rules) -> World:
    """Nobody knows what came of a call: it stays spent; where it may do harm, its item has failed."""
    gone = HIGHEST if rules.loss_is_spent else 0
    never = rules.repeat is Repeat.NEVER and rules.never_is_never
    world = world.step(job, at, held=None, unknown=never)._replace(
        reserved=world.reserved - HIGHEST, spent=world.spent + gone, gone=world.gone + HIGHEST
    )
    return fail_item(world, job, at) if never else world


def fail_item(world: World, job: int, at: int) -> World:
    """The item of a step failed, one that was to be worked again or one not heard of before."""
    if world.jobs[job].steps[at].item in (Outcome.COMPLETED, Outcome.FAILED):
        raise Broken("an item that had ended failed once more")
    world = world.step(job, at, item=Outcome.FAILED)
    return world._replace(processed=world.processed + 1, failed=world.failed + 1)


def call(world: World, who: int, rules: Rules) -> World | None:
    """The provider does what it is asked, whoever asks, and the answer arrives."""
    worker = world.workers[who]
    if worker.pays is not Paying.RESERVED or worker.lapsed:
        return None
    return _charge(world, worker, TRUE, rules).worker(who, worker._replace(pays=Paying.ANSWERED))


def time_out(world: World, who: int, rules: Rules) -> World | None:
    """The provider does what it is asked, and the answer is lost."""
    worker = world.workers[who]
    if worker.pays is not Paying.RESERVED or worker.lapsed:
        return None
    assert worker.held is not None
    world = _charge(world, worker, HIGHEST, rules)
    pays = Paying.SKIPS if rules.repeat is Repeat.NEVER else Paying.NOTHING
    step = worker.step if pays else 0
    world = world.worker(who, worker._replace(pays=pays, step=step, adopted=False))
    if rules.repeat is Repeat.SAME_KEY or not holds(world, worker, rules, fenced=rules.settle_fenced):
        return world
    return lose(world, worker.held, worker.step, rules)


def unsent(world: World, who: int, rules: Rules) -> World | None:
    """The call provably never leaves: its money is released, unless it may have left before."""
    worker = world.workers[who]
    if worker.pays is not Paying.RESERVED or worker.lapsed:
        return None
    assert worker.held is not None
    world = world.worker(who, worker._replace(pays=Paying.NOTHING, step=0, adopted=False))
    kept = worker.adopted and rules.adopted_is_kept
    if kept or not holds(world, worker, rules, fenced=rules.settle_fenced):
        return world
    return world.step(worker.held, worker.step, held=None)._replace(reserved=world.reserved - HIGHEST)


def _charge(world: World, worker: Worker, price: int, rules: Rules) -> World:
    assert worker.held is not None
    step = world.jobs[worker.held].steps[worker.step]
    if rules.repeat is Repeat.SAME_KEY and step.calls:
        return world  # It knows the key, and answers what it answered before.
    charged = {"calls": step.calls + 1, "charged": step.charged + price}
    return world.step(worker.held, worker.step, **charged)


def commit(world: World, who: int, rules: Rules) -> World | None:
    """One item with its checkpoint and what it cost, or none of it; learn whether to go on."""
    worker = world.workers[who]
    if worker.lapsed or worker.pays not in (Paying.ANSWERED, Paying.SKIPS):
        return None
    assert worker.held is not None
    if not holds(world, worker, rules, fenced=rules.settle_fenced):
        return world.worker(who, Worker())
    if worker.pays is Paying.ANSWERED:
        world = _settled(world, worker, rules)
    job = world.jobs[worker.held]
    world = world.job(worker.held, done=max(job.done, worker.step + 1), crashes=0)
    stop = job.unwanted or world.run is not RunState.RUNNING
    return world.worker(who, worker._replace(told=stop, pays=Paying.NOTHING, step=0, adopted=False))


def _settled(world: World, worker: Worker, rules: Rules) -> World:
    assert worker.held is not None
    step = world.jobs[worker.held].steps[worker.step]
    price = step.charged if rules.repeat is Repeat.SAME_KEY else TRUE
    world = world.step(worker.held, worker.step, held=None, item=Outcome.COMPLETED)
    return world._replace(
        reserved=world.reserved - HIGHEST,
        spent=world.spent + price,
        gone=world.gone + price,
        processed=world.processed + 1,
    )


def lose_orphans(world: World, _: int, rules: Rules) -> World | None:
    """What jobs that have ended still hold is lost."""
    before = world
    for number, job in enumerate(world.jobs):
        for at, step in enumerate(job.steps):
            if job.state in TERMINAL and step.held is not None:
                world = lose(world, number, at, rules)
    return None if world == before else world
