"""Every way in which two workers and an operator can meet over a run, and what holds in all of them."""

import random

import pytest

from tests.chaos.conftest import LANE
from tests.model.explore import explore, start
from tests.model.stage import picture_of, set_stage
from tests.model.world import ACTS, Move, Rules, World, moves, step
from tests.queue.scene import errand, finishing, kinds
from worker.db import Database
from worker.queue.jobs import Jobs
from worker.queue.states import JobState
from worker.runs.states import RunState

# Two jobs add what two workers do to one budget; all that time does is in the world of one.
FEWER = frozenset({"beat", "expire", "fail", "fall_due"})
LONG = LANE == "long"
WORLDS = [
    (1, Rules(batches=2 if LONG else 1)),
    (2, Rules(without=FEWER if LONG else FEWER | {"cancel_job"})),
]
MUTANTS = {
    "nobody looks at the fence": Rules(fenced=False),
    "the attempt serves as the fence": Rules(fence_is_attempt=True),
    "the budget is looked at before the transaction": Rules(budget_in_transaction=False),
}
WALKS, STEPS = (500, 80) if LONG else (25, 20)
LIKELY = {
    "claim": 8,
    "commit": 12,
    "finish": 6,
    "rescue": 4,
    "resume_with_more": 4,
    "cancel_run": 0.3,
    "cancel_job": 0.3,
}
"""How often a walk takes a move, beside the others: left to themselves, most walks soon come to a cancel."""


@pytest.mark.parametrize(("jobs", "rules"), WORLDS, ids=["one job", "two jobs"])
def test_whatever_happens_no_promise_is_broken_and_every_job_can_still_end(jobs: int, rules: Rules) -> None:
    found = explore(start(jobs), rules)

    assert found.broken is None, (found.broken, found.counterexample)
    assert found.stuck() == []
    assert {job.state for world in found.worlds for job in world.jobs} >= set(JobState) - {JobState.SCHEDULED}
    assert {world.run for world in found.worlds} == set(RunState)
    used = {one[1][0] for one in found.came_by if one is not None}
    assert used >= ACTS.keys() - rules.without - {"look", "beat", "close", "resume_with_more"}
    assert max(job.crashes for world in found.worlds for job in world.jobs) == 3
    print(f"{len(found.worlds)} worlds, {len(found.edges)} moves")  # noqa: T201 - shown by pytest -s.


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught_and_its_shortest_way_to_harm_is_told(mutant: str) -> None:
    found = explore(start(2), MUTANTS[mutant])
    print(mutant, "->", found.broken, found.counterexample)  # noqa: T201 - shown by pytest -s.

    assert found.broken is not None
    assert len(found.counterexample) <= 6
    world = start(2)
    for made in found.counterexample:  # By the product's rules nothing comes of it, or step() would raise.
        world = step(world, made, Rules()) or world


def walk(chance: random.Random, rules: Rules) -> list[tuple[Move, World]]:
    """A random way through the model, with the world after each move."""
    world, way = start(2), []
    for _ in range(STEPS):
        choices = list(moves(world, rules))
        if not choices:
            break
        likely = [LIKELY.get(name, 1) for (name, _), _ in choices]
        [(made, world)] = chance.choices(choices, likely)
        way.append((made, world))
    return way


@pytest.mark.timeout(600)
async def test_postgres_goes_where_the_model_goes_step_by_step(db: Database, seed: int) -> None:
    await Jobs(db).publish(kinds(errand()))
    chance, rules = random.Random(seed), Rules(batches=2)
    made: set[str] = set()
    async with finishing(db) as desk:
        for _ in range(WALKS):
            stage, so_far = await set_stage(db, desk, start(2), rules), []
            assert await stage.picture() == picture_of(start(2))
            for move, world in walk(chance, rules):
                so_far.append(move)
                await stage.play(move)
                assert await stage.picture() == picture_of(world), so_far
            made |= {name for name, _ in so_far}
            await db.execute("truncate worker.jobs, worker.job_history, worker.runs, worker.workers cascade")
    assert made >= {"claim", "commit", "finish", "hand_back", "rescue", "crash", "expire", "pause"}
