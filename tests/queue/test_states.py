"""The states of a job: the table in the code is total, and the database obeys it pair by pair."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import pytest

from tests.queue.scene import alive, claimed, enqueue, errand, kinds, let_die
from worker.db import Database
from worker.errors import Refused, UnlawfulMove
from worker.queue.contract import Job
from worker.queue.jobs import Finished, Jobs, PutBack
from worker.queue.rescue import rescue
from worker.queue.states import LAWFUL, TERMINAL, JobEvent, JobState, move

PAIRS = [(state, event) for state in JobState for event in JobEvent]
LATER = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_pair_leads_to_a_state_or_to_an_error_that_names_both(state: JobState, event: JobEvent) -> None:
    if (state, event) in LAWFUL:
        assert move(state, event) is LAWFUL[state, event]
        return
    with pytest.raises(UnlawfulMove) as refused:
        move(state, event)
    assert str(refused.value) == f"a {state} job cannot {event}"
    assert (refused.value.state, refused.value.event) == (state, event)


def test_what_has_ended_stays_as_it_is_except_by_an_explicit_retry() -> None:
    ways_out = {(state, event) for state, event in LAWFUL if state in TERMINAL}

    assert ways_out == {(JobState.FAILED, JobEvent.RETRY), (JobState.CANCELLED, JobEvent.RETRY)}


def test_every_state_can_be_reached_and_every_event_moves_something() -> None:
    assert set(LAWFUL.values()) == set(JobState)
    assert {event for _, event in LAWFUL} == set(JobEvent)


async def test_the_database_knows_the_same_states(db: Database) -> None:
    assert await db.fetchval("select enum_range(null::worker.job_state)::text[]") == list(JobState)


@dataclass(frozen=True, slots=True)
class Case:
    """One job in a run of its own, in some state; ``job`` is how a worker would hold it."""

    db: Database
    job: Job
    run: UUID
    worker: UUID

    async def state(self) -> JobState:
        return JobState(
            await self.db.fetchval("select state::text from worker.job_status where id = $1", self.job.id)
        )


async def job_in(state: JobState, db: Database) -> Case:
    worker, run = await alive(db), await db.fetchval("select gen_random_uuid()")
    await db.execute("select worker.put_run('errand', '{}', null, null, null, $1)", run)
    id_ = await enqueue(db, run_id=run, run_at=LATER if state is JobState.SCHEDULED else None)
    held = Job(id_, 0, "errand", "default", "{}", 1, 5, 0, run, None, None, 0.0)
    if state in {JobState.RUNNING, *TERMINAL}:
        (held,) = await claimed(db, worker)
    if state in TERMINAL:
        await Jobs(db).finish([Finished(held, state)])
    if state is JobState.PAUSED:
        await db.execute("select worker.pause_run($1)", run)
    case = Case(db, held, run, worker)
    assert await case.state() is state
    return case


async def fall_due(case: Case) -> None:
    await case.db.execute("update worker.jobs set run_at = now() - interval '1 s' where id = $1", case.job.id)
    await Jobs(case.db).fall_due(10)


async def claim(case: Case) -> None:
    await claimed(case.db, case.worker)


async def complete(case: Case) -> None:
    await Jobs(case.db).finish([Finished(case.job, JobState.COMPLETED)])


async def fail(case: Case) -> None:
    await Jobs(case.db).finish([Finished(case.job, JobState.FAILED, "failed", "code", "text")])


async def postpone(case: Case) -> None:
    await Jobs(case.db).put_back([PutBack(case.job, timedelta(hours=1), counted=True, reason="retry")])


async def hand_back(case: Case) -> None:
    await Jobs(case.db).put_back([PutBack(case.job, timedelta(0), counted=False, reason="stopping")])


async def die(case: Case) -> None:
    await let_die(case.db, case.worker)
    await rescue(case.db)


async def pause(case: Case) -> None:
    await case.db.execute("select worker.pause_run($1)", case.run)
    await hand_back(case)  # The next safe point of a job that is at work.


async def resume(case: Case) -> None:
    await case.db.execute("select worker.resume_run($1)", case.run)


async def cancel(case: Case) -> None:
    if await case.db.fetchval("select worker.cancel_job($1)", case.job.id) == "cancelling":
        back = PutBack(case.job, timedelta(0), counted=False, reason="stopping")
        assert await Jobs(case.db).put_back([back]) == set(), "it must end instead"
        await Jobs(case.db).finish([Finished(case.job, JobState.CANCELLED, "cancelled")])


async def cancel_the_run(case: Case) -> None:
    await case.db.execute("select worker.cancel_run($1)", case.run)
    if await case.state() is JobState.RUNNING:
        back = PutBack(case.job, timedelta(0), counted=False, reason="stopping")
        assert await Jobs(case.db).put_back([back]) == set(), "it must end instead"
        await Jobs(case.db).finish([Finished(case.job, JobState.CANCELLED, "cancelled")])


async def retry(case: Case) -> None:
    await case.db.execute("select worker.retry_job($1)", case.job.id)


Act: TypeAlias = Callable[[Case], Awaitable[None]]
ACTS: list[tuple[JobEvent, Act]] = [
    (JobEvent.FALL_DUE, fall_due),
    (JobEvent.CLAIM, claim),
    (JobEvent.COMPLETE, complete),
    (JobEvent.FAIL, fail),
    (JobEvent.POSTPONE, postpone),
    (JobEvent.HAND_BACK, hand_back),
    (JobEvent.HAND_BACK, die),
    (JobEvent.PAUSE, pause),
    (JobEvent.RESUME, resume),
    (JobEvent.CANCEL, cancel),
    (JobEvent.CANCEL, cancel_the_run),
    (JobEvent.RETRY, retry),
]


@pytest.mark.parametrize(("event", "act"), ACTS, ids=[act.__name__ for _, act in ACTS])
async def test_the_database_moves_a_job_as_the_table_says(event: JobEvent, act: Act, db: Database) -> None:
    await Jobs(db).publish(kinds(errand()))
    for state in JobState:
        case = await job_in(state, db)
        refused = await _refusal(act, case)
        assert refused in {None, "MM003", "MM004"}
        assert refused is None or (state, event) not in LAWFUL

        assert await case.state() is LAWFUL.get((state, event), state), (state, event)
        await _clear(db)


async def _refusal(act: Act, case: Case) -> str | None:
    try:
        await act(case)
    except Refused as refused:
        return refused.code
    return None


async def _clear(db: Database) -> None:
    await db.execute("delete from worker.jobs")
    await db.execute("delete from worker.workers")


async def test_a_refused_move_names_both_ends(db: Database) -> None:
    await Jobs(db).publish(kinds(errand()))
    for state, act, sentence in (
        (JobState.COMPLETED, retry, "a completed job cannot retry"),
        (JobState.COMPLETED, cancel, "a completed job cannot cancel"),
        (JobState.FAILED, cancel, "a failed job cannot cancel"),
        (JobState.CANCELLED, cancel, "a cancelled job cannot cancel"),
        (JobState.RUNNING, retry, "a running job cannot retry"),
        (JobState.PENDING, retry, "a pending job cannot retry"),
        (JobState.SCHEDULED, retry, "a scheduled job cannot retry"),
    ):
        case = await job_in(state, db)

        with pytest.raises(Refused) as refused:
            await act(case)

        assert (refused.value.code, str(refused.value)) == ("MM003", sentence)
        await _clear(db)


async def test_a_job_that_never_was_is_not_found(db: Database) -> None:
    for door in ("cancel_job", "retry_job"):
        with pytest.raises(Refused, match="there is no job 4711") as refused:
            await db.execute(f"select worker.{door}(4711)")

        assert refused.value.code == "MM004"


async def test_a_paused_job_whose_time_has_not_come_is_scheduled_again_by_the_resume(db: Database) -> None:
    await Jobs(db).publish(kinds(errand()))
    case = await job_in(JobState.SCHEDULED, db)
    await pause(case)
    assert await case.state() is JobState.PAUSED

    await resume(case)

    assert await case.state() is JobState.SCHEDULED
