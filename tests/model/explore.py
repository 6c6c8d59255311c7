"""Every world that can come of one, breadth first, so that what is found first is what is shortest."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.model.world import Broken, Job, Move, Rules, Worker, World, ended, moves


@dataclass(slots=True)
class Found:
    """All worlds by number, with the move that first led to each; what broke, if anything did."""

    worlds: list[World] = field(default_factory=list)
    came_by: list[tuple[int, Move] | None] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
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
                world = _with_small_fences(after)
                one = world._replace(workers=tuple(sorted(world.workers, key=_order)))
                if (known := numbers.get(one)) is None:
                    known = numbers[one] = len(found.worlds)
                    found.worlds.append(world)
                    found.came_by.append((number, move))
                found.edges.append((number, known))
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


def _with_small_fences(world: World) -> World:
    """One world for all that differ only in how large their fences are."""
    jobs, workers = list(world.jobs), list(world.workers)
    for at, job in enumerate(jobs):
        shown = sorted({job.fence, *(w.fence for w in workers if w.held == at)})
        jobs[at] = job._replace(fence=shown.index(job.fence))
        workers = [w._replace(fence=shown.index(w.fence)) if w.held == at else w for w in workers]
    return world._replace(jobs=tuple(jobs), workers=tuple(workers))


def _order(worker: Worker) -> tuple[int, ...]:
    held = -1 if worker.held is None else worker.held
    return (held, *map(int, worker[1:]))


def start(jobs: int) -> World:
    """Jobs that wait, workers with nothing to do, a budget for one batch."""
    return World(tuple(Job() for _ in range(jobs)))
