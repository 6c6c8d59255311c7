"""Every way in which two workers, an operator and a provider can meet over a run, and what holds in all."""

import random

import pytest

from tests.chaos.conftest import LANE
from tests.model.explore import explore
from tests.model.looks import LOOKS
from tests.model.moves import ACTS, moves, step
from tests.model.stage import picture_of, set_stage
from tests.model.world import Move, Rules, World, start
from tests.queue.scene import errand, finishing, kinds
from worker.db import Database
from worker.queue.jobs import Jobs
from worker.queue.states import JobState
from worker.runs.prices import Repeat
from worker.runs.states import RunState

# Each world has its own concern, and leaves out the moves of the others: together they would be too many.
LONG = LANE == "long"
LOSES = frozenset({"time_out", "unsent", "retry_failed"})
TIME = frozenset({"fail", "fall_due", "hand_back", "cancel_job"})
ZOMBIES = frozenset({"expire", "beat"})
WORLDS = {
    "what time does to one job": (1, Rules(without=LOSES if LONG else LOSES | {"cancel_job", "hand_back"})),
    "two jobs on one budget": (2, Rules(without=TIME | ZOMBIES | {"retry_failed"}, quarantines=False)),
    **{
        f"what is lost of {repeat}": (1, Rules(repeat, TIME | {"crash"}, quarantines=False))
        for repeat in Repeat
    },
}
MORE_WORLDS = {
    **{
        f"two jobs on one budget, {repeat}": (2, Rules(repeat, TIME | ZOMBIES, quarantines=False))
        for repeat in Repeat
    },
    **{
        f"what is lost of {repeat}, and handed back": (
            1,
            Rules(repeat, TIME - {"hand_back"}, quarantines=False),
        )
        for repeat in Repeat
    },
}
MUTANTS = {
    "nobody looks at the fence": Rules(fenced=False),
    "the attempt serves as the fence": Rules(fence_is_attempt=True),
    "the budget is looked at before the transaction": Rules(budget_in_transaction=False),
    "money is reserved without a look at the run": Rules(looks_at_the_run=False),
    "what is settled is not fenced": Rules(settle_fenced=False),
    "a step that is held already is reserved once more": Rules(taken_step_is_free=False),
    "what is lost is not counted as spent": Rules(Repeat.CHARGED_AGAIN, loss_is_spent=False),
    "a call that may do harm is made again": Rules(Repeat.NEVER, TIME, never_is_never=False),
    "what a try before may have spent is released": Rules(adopted_is_kept=False),
}
LONGEST_WAY = 10
WALKS, STEPS = (150, 120) if LONG else (5, 60)
LIKELY = {
    "claim": 8,
    "reserve": 10,
    "call": 8,
    "time_out": 3,
    "unsent": 2,
    "crash": 2,
    "commit": 12,
    "finish": 6,
    "rescue": 4,
    "resume_with_more": 4,
    "retry_failed": 4,
    "close": 4,
    "pause": 0.5,
    "cancel_run": 0.2,
    "cancel_job": 0.2,
}
"""How often a walk takes a move, beside the others: left to themselves, most walks soon come to a cancel."""


OFTEN = {"claim", "reserve", "call", "time_out", "unsent", "commit", "hand_back", "rescue", "crash", "pause"}
"""What the walks go on for until each has been there."""


def every_world(jobs: int, rules: Rules) -> None:
    """Explore, and expect every promise to hold, and the world to be as large as it is meant to be."""
    found = explore(start(jobs), rules)

    assert found.broken is None, (found.broken, found.counterexample)
    assert found.stuck() == []
    at_times = {"look"} if rules.repeat is Repeat.NEVER else {"look", "retry_failed"}
    assert found.made >= ACTS.keys() - rules.without - at_times
    assert {world.run for world in found.worlds} >= set(RunState) - {RunState.FAILED}
    if rules.quarantines:
        assert {job.state for world in found.worlds for job in world.jobs} >= set(JobState) - {
            JobState.SCHEDULED
        }
        assert max(job.crashes for world in found.worlds for job in world.jobs) == 3
    print(f"{len(found.worlds)} worlds, {len(found.edges)} moves")  # noqa: T201 - shown by pytest -s.


@pytest.mark.parametrize("concern", WORLDS)
def test_whatever_happens_no_promise_is_broken_and_every_job_can_still_end(concern: str) -> None:
    every_world(*WORLDS[concern])


@pytest.mark.skipif(not LONG, reason="in the long lane")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("concern", MORE_WORLDS)
def test_nor_is_one_broken_in_larger_worlds(concern: str) -> None:
    every_world(*MORE_WORLDS[concern])


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught_and_its_shortest_way_to_harm_is_told(mutant: str) -> None:
    found = explore(start(2), MUTANTS[mutant])
    print(mutant, "->", found.broken, found.counterexample)  # noqa: T201 - shown by pytest -s.

    assert found.broken is not None
    assert len(found.counterexample) <= LONGEST_WAY
    world = start(2)
    for made in found.counterexample:  # By the product's rules nothing comes of it, or step() would raise.
        world = step(world, made, Rules(MUTANTS[mutant].repeat)) or world


def walk(chance: random.Random, rules: Rules) -> list[tuple[Move, World]]:
    """A random way through the model, with the world after each move."""
    world, way = start(2, steps=2), []
    for _ in range(STEPS):
        choices = list(moves(world, rules))
        if not choices:
            break
        likely = [LIKELY.get(name, 1) for (name, _), _ in choices]
        [(made, world)] = chance.choices(choices, likely)
        way.append((made, world))
    return way


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("repeat", Repeat)
async def test_postgres_goes_where_the_model_goes_step_by_step(
    db: Database, seed: int, repeat: Repeat
) -> None:
    await Jobs(db).publish(kinds(errand()))
    chance, rules = random.Random(seed), Rules(repeat)
    made: set[str] = set()
    async with finishing(db) as desk:
        for number in range(WALKS * 10):
            if number >= WALKS and made >= OFTEN:
                break
            stage, so_far = await set_stage(db, desk, start(2, steps=2), rules), []
            assert await stage.picture() == picture_of(start(2, steps=2))
            try:
                for move, world in walk(chance, rules):
                    so_far.append(move)
                    await stage.play(move)
                    assert await stage.picture() == picture_of(world), so_far
                    await stage.check()
            finally:
                await stage.close()
            made |= {name for name, _ in so_far}
            await db.execute(LOOKS["empty"])
            await db.execute("insert into worker.queues (queue) values ('default')")
    assert made >= OFTEN
