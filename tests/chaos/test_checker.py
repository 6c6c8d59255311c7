"""The judge sees what it is there for: each promise, broken on purpose, is named."""

import pytest

from tests.chaos.checker import check
from tests.chaos.stage import Stage
from tests.chaos.trial import WRITE

ENDED = """
insert into worker.job_history (id, fence, run_at, created_at, priority, max_attempts, attempt, crashes,
                                state, queue, kind, payload)
values ($1, $2, now(), now(), 0, 5, 1, 0, 'completed', 'default', 'trial', '{}')
"""


async def worked(stage: Stage, id_: int, *, fence: int = 1) -> None:
    """Let a job have been worked as it should be: one step under one fence, seen to its end."""
    stage.journal.write("acknowledged", id_)
    await stage.db.execute(WRITE, id_, fence, 0)
    stage.journal.write("commit", id_, fence=fence, step=0)
    stage.journal.write("end", id_, fence=fence)
    await stage.db.execute(ENDED, id_, fence)


async def test_work_that_went_well_has_no_faults(stage: Stage) -> None:
    await worked(stage, 1, fence=3)

    found = await check(stage.db, stage.journal)

    assert found.faults() == []
    assert (found.acknowledged, found.tries_used, found.states) == (1, 0, {"completed": 1})


@pytest.mark.parametrize(
    ("promise", "harm"),
    [
        ("lost", "delete from worker.job_history"),
        ("stale", "insert into public.trial_writes (job, fence, step) values (1, 2, 1)"),
        ("stale", "insert into public.trial_writes (job, fence, step) values (1, 4, 1)"),
        ("repeated", "insert into public.trial_writes (job, fence, step) values (1, 3, 0)"),
        ("vanished", "delete from public.trial_writes"),
        ("unheld", "update worker.job_history set fence = 4"),
    ],
)
async def test_a_broken_promise_is_named(stage: Stage, promise: str, harm: str) -> None:
    await worked(stage, 1, fence=3)

    await stage.db.execute(harm)

    assert [fault.partition(":")[0] for fault in (await check(stage.db, stage.journal)).faults()] == [promise]


async def test_a_job_that_has_ended_and_lives_on_is_named(stage: Stage) -> None:
    await worked(stage, await stage.enqueue())

    found = await check(stage.db, stage.journal)

    assert (len(found.twice), len(found.unended)) == (1, 1)
