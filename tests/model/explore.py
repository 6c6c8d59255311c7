"""Every world that can come of one, breadth first, so that what is found first is what is shortest."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.model.moves import moves
from tests.model.world import Broken, Job, Move, Rules, Step, Worker, World, ended


@dataclass(slots=True)
class Found:
    """All worlds by number, with the move that first led to each; what broke, if anything did."""

    worlds: list[World] = field(default_factory=list)
    came_by: list[tuple[int, Move] | None] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    broken: str | None = None
    counterexample: list[Move] = field(default_factory=list)

    def trace(self, number: int) -> list[Move]:
        """The shortest way to a world."""
        way: list[Move] = []
        while (step := self.came_by[number]) is not None:
            number, move = step
            way.append(move)
        return way[::-1]

    def stuck(self) -> list[World]:
        """Worlds from which no end of all jobs can be reached."""
        before: dict[int, list[int]] = {}
        for start, end in self.edges:
            before.setdefault(end, []).append(start)
        safe = {number for number, world in enumerate(self.worlds) if ended(world)}
        look_at = deque(safe)
        while look_at:
            fresh = {start for start in before.get(look_at.popleft(), ()) if start not in safe}
            safe |= fresh
            look_at.extend(fresh)
        return [world for number, world in enumerate(self.worlds) if number not in safe]


def explore(first: World, rules: Rules) -> Found:
    """Walk through everything that can happen, until it is done or a promise is broken.

    Worlds in which only the workers have changed places count as one.
    """
    found = Found([first], [None])
    numbers = {first: 0}
    for number in _growing(found.worlds):
        try:
            for move, after in moves(found.worlds[number], rules):
                world = _one_of_many(after, rules)
                one = world._replace(workers=tuple(sorted(world.workers, key=_order)))
                if (known := numbers.get(one)) is None:
                    known = numbers[one] = len(found.worlds)
                    found.worlds.append(world)
                    found.came_by.append((number, move))
                found.edges.append((number, known))
                found.made.add(move[0])
        except Broken as broken:
            found.broken = str(broken)
            found.counterexample = [*found.trace(number), broken.move]
            return found
    return found


def _growing(worlds: list[World]) -> Iterable[int]:
    number = 0
    while number < len(worlds):
        yield number
        number += 1


def _one_of_many(world: World, rules: Rules) -> World:
    """One world for all that differ in what nobody asks for: of a fence, only whether it is the job's own."""
    workers = tuple(_plain(worker, world, rules) for worker in world.workers)
    jobs = tuple(_plain_job(job, rules) for job in world.jobs)
    return world._replace(jobs=jobs, workers=workers)


def _plain(worker: Worker, world: World, rules: Rules) -> Worker:
    if worker.held is None:
        return worker
    own = worker.fence == world.jobs[worker.held].fence
    if rules.fence_is_attempt:
        return worker._replace(fence=int(own))
    if worker.genuine:
        return worker._replace(fence=int(own), attempt=0)
    # What it was told changes nothing but that it does less: nobody listens to it.
    return worker._replace(fence=int(own), attempt=0, told=False)


def _plain_job(job: Job, rules: Rules) -> Job:
    steps = tuple(_plain_step(step, job) for step in job.steps)
    attempt = 0 if "fail" in rules.without else job.attempt
    return job._replace(fence=1, attempt=attempt, steps=steps)


def _plain_step(step: Step, job: Job) -> Step:
    return step if step.held is None else step._replace(held=int(step.held == job.fence))


def _order(worker: Worker) -> tuple[int, ...]:
    held = -1 if worker.held is None else worker.held
    return (held, *map(int, worker[1:]))
