"""Taking jobs and giving them back: nobody gets another's job, and nobody writes without the fence."""

import asyncio
import json
from datetime import timedelta

import pytest

from tests.conftest import Connect
from tests.queue.scene import alive, claimed, enqueue, finishing, job, let_die, states
from worker.db import Database, open_database
from worker.errors import LeaseLost
from worker.queue.contract import Cancel, Done, Ending, Fail, HandBack, Job, Retry, Snooze
from worker.queue.jobs import Finished, Jobs, PutBack
from worker.queue.rescue import BATCH, CRASH_LIMIT, rescue
from worker.queue.states import JobState
from worker.runs.work import Work

pytestmark = pytest.mark.usefixtures("jobs")
MANY = "select worker.enqueue_many('errand', array_fill('{}'::jsonb, array[$1::int]))"


async def test_sixteen_claimers_at_once_never_get_the_same_job_and_leave_none(
    db: Database, database_url: str
) -> None:
    await db.execute(MANY, 500)
    worker = await alive(db)

    async def claim_all(place: int) -> list[int]:
        mine: list[int] = []
        async with open_database(database_url, size=1) as alone:
            while got := await claimed(alone, worker, limit=1 + place % 7):
                mine += [each.id for each in got]
        return mine

    shares = await asyncio.gather(*(claim_all(place) for place in range(16)))

    ids = [id_ for share in shares for id_ in share]
    assert len(ids) == len(set(ids)) == 500
    assert await states(db) == {"running": 500}
    assert await db.fetchval("select array_agg(distinct (fence, attempt)::text) from worker.jobs") == [
        "(1,1)"
    ]


async def test_nothing_is_claimed_by_a_worker_whose_lease_has_run_out_or_who_never_registered(
    db: Database,
) -> None:
    await enqueue(db)
    worker = await alive(db)
    await let_die(db, worker)

    assert await claimed(db, worker) == []
    await rescue(db)
    assert await claimed(db, worker) == [], "a job that it took now would be nobody's"
    assert await states(db) == {"pending": 1}


async def test_a_rescued_job_cannot_be_finished_put_back_or_sealed_by_its_first_worker(db: Database) -> None:
    id_ = await enqueue(db)
    first, second = await alive(db), await alive(db)
    (zombie,) = await claimed(db, first)
    await let_die(db, first)
    await rescue(db)

    async def commit_as(one: Job) -> None:
        async with Work(db, one, stopping=lambda: False).commit() as batch:
            await batch.connection.execute("insert into public.orgs (name) values ('stolen')")
            batch.checkpoint = {"stolen": True}

    async def try_all() -> None:
        ended = Finished(zombie, JobState.COMPLETED, result='"stolen"')
        back = PutBack(zombie, timedelta(0), counted=True, reason="stolen")
        assert await Jobs(db).finish([ended]) == set()
        assert await Jobs(db).put_back([back]) == set()
        with pytest.raises(LeaseLost):
            await commit_as(zombie)

    await try_all()  # While it waits again,
    (holder,) = await claimed(db, second)
    assert holder.fence > zombie.fence
    await try_all()  # and while another holds it.

    assert (await job(db, id_))["state"] == "running"
    assert await db.fetchval("select checkpoint from worker.jobs where id = $1", id_) is None
    assert not await db.fetchval("select exists (select from public.orgs where name = 'stolen')")
    assert await Jobs(db).finish([Finished(holder, JobState.COMPLETED, result='"mine"')]) == {id_}
    assert await db.fetchval("select result from worker.job_history where id = $1", id_) == '"mine"'
    assert await Jobs(db).finish([Finished(zombie, JobState.FAILED)]) == set()
    assert await states(db) == {"completed": 1}


async def test_a_retried_job_cannot_be_touched_by_who_held_it_before_it_failed(db: Database) -> None:
    id_ = await enqueue(db)
    worker = await alive(db)
    (old,) = await claimed(db, worker)
    await Jobs(db).finish([Finished(old, JobState.FAILED, "failed", "code", "text")])
    await db.execute("select worker.retry_job($1)", id_)
    (new,) = await claimed(db, worker)

    assert (new.id, new.attempt) == (id_, 1)
    assert new.fence > old.fence
    assert await Jobs(db).finish([Finished(old, JobState.COMPLETED)]) == set()
    assert await Jobs(db).finish([Finished(new, JobState.COMPLETED)]) == {id_}


@pytest.mark.parametrize(
    ("ending", "state", "attempt", "told"),
    [
        (Done({"n": 1}), "completed", 1, (None, None, None)),
        (Cancel("listing is gone"), "cancelled", 1, ("listing is gone", None, None)),
        (Fail("bad", "It is bad."), "failed", 1, ("failed", "bad", "It is bad.")),
        (Snooze(timedelta(hours=1), "quota"), "scheduled", 0, ("quota", None, None)),
        (Retry("down", "It is down.", timedelta(hours=1)), "scheduled", 1, ("retry", "down", "It is down.")),
        (HandBack("worker stopping"), "pending", 0, ("worker stopping", None, None)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Ending) else "",
)
async def test_an_ending_leads_to_its_state_and_counts_the_try_or_gives_it_back(
    ending: Ending, state: str, attempt: int, told: tuple[str | None, ...], db: Database
) -> None:
    id_ = await enqueue(db)
    (held,) = await claimed(db, await alive(db))

    async with finishing(db) as desk:
        assert await desk.write(held, ending)

    row = await job(db, id_)
    assert (row["state"], row["attempt"], row["crashes"]) == (state, attempt, 0)
    assert (row["reason"], row["error_code"], row["error_message"]) == told
    due = await db.fetchval("select run_at - now() from worker.job_status where id = $1", id_)
    assert (due > timedelta(minutes=59)) is (state == "scheduled")


async def test_many_endings_of_all_sorts_are_written_together(db: Database) -> None:
    await db.execute(MANY, 300)
    held = await claimed(db, await alive(db), limit=300)
    endings: list[Ending] = [
        Done(),
        Cancel("c"),
        Fail("f", "f"),
        Snooze(timedelta(hours=1), "s"),
        HandBack("h"),
    ]

    async with finishing(db) as desk:
        for place, one in enumerate(held):
            desk.put(one, endings[place % 5])
        assert all([await desk.verdict(one) for one in held])

    assert await states(db) == dict.fromkeys(("completed", "cancelled", "failed", "scheduled", "pending"), 60)


async def test_among_many_endings_the_lost_ones_are_told_apart_from_those_that_are_stored(
    db: Database,
) -> None:
    await db.execute(MANY, 40)
    ours, theirs = await alive(db), await alive(db)
    held, lost = await claimed(db, ours, limit=20), await claimed(db, theirs, limit=20)
    await let_die(db, theirs)
    await rescue(db)

    async with finishing(db) as desk:
        for one in (*lost, *held):
            desk.put(one, Done() if one.id % 2 else HandBack("h"))
        assert all([await desk.verdict(one) for one in held])
        assert not any([await desk.verdict(one) for one in lost])

    assert await states(db) == {"completed": 10, "pending": 30}


@pytest.mark.parametrize("ending", [HandBack("h"), Snooze(timedelta(1), "s"), Retry("r", "r", timedelta(1))])
async def test_a_job_that_was_asked_to_be_cancelled_at_work_ends_when_it_would_be_put_back(
    ending: Ending, db: Database
) -> None:
    id_ = await enqueue(db)
    (held,) = await claimed(db, await alive(db))
    assert await db.fetchval("select worker.cancel_job($1)", id_) == "cancelling"
    assert (await job(db, id_))["state"] == "running"

    async with finishing(db) as desk:
        assert await desk.write(held, ending)

    assert (await job(db, id_))["state"] == "cancelled"


async def test_a_job_that_was_asked_to_be_cancelled_and_is_done_all_the_same_is_completed(
    db: Database,
) -> None:
    id_ = await enqueue(db)
    (held,) = await claimed(db, await alive(db))
    await db.execute("select worker.cancel_job($1)", id_)

    async with finishing(db) as desk:
        assert await desk.write(held, Done())

    assert (await job(db, id_))["state"] == "completed"


async def test_a_paused_queue_gives_nothing_and_a_resume_wakes_who_sleeps(
    db: Database, connect: Connect
) -> None:
    await enqueue(db)
    worker, listener = await alive(db), await connect()
    await Jobs(db).fall_asleep("default", worker)
    heard: asyncio.Queue[object] = asyncio.Queue()
    await listener.add_listener("mintmark_jobs", lambda *news: heard.put_nowait(news[3]))
    await db.execute("select worker.pause_queue('default')")
    await db.execute("select worker.pause_queue('default')")

    assert await claimed(db, worker) == []
    assert heard.empty()
    await db.execute("select worker.resume_queue('default')")

    async with asyncio.timeout(5):
        assert await heard.get() == "default"
    assert len(await claimed(db, worker)) == 1


async def test_only_what_is_of_a_known_kind_and_of_the_queue_is_claimed(db: Database) -> None:
    other = await enqueue(db, queue="other")
    id_ = await enqueue(db)
    worker = await alive(db)

    assert await claimed(db, worker, kind="nonsense") == []
    assert [one.id for one in await claimed(db, worker, limit=10)] == [id_]
    assert (await job(db, other))["state"] == "pending"


async def test_a_finished_job_is_in_the_history_with_all_that_is_known_of_it(db: Database) -> None:
    id_ = await enqueue(db, payload={"card": "Pikachu"}, dedupe_key="d", concurrency_key="c", priority=3)
    worker = await alive(db)
    (held,) = await claimed(db, worker)
    async with Work(db, held, stopping=lambda: False).commit() as batch:
        batch.checkpoint = {"version": 1, "done": 7}
    ended = Finished(held, JobState.FAILED, "failed", "bad_card", "No such card.", '{"seen": 7}')

    await Jobs(db).finish([ended])

    row = await db.fetchrow("select * from worker.job_history where id = $1", id_)
    assert row is not None
    kept = {
        "worker_id": worker, "state": "failed", "reason": "failed", "error_code": "bad_card",
        "error_message": "No such card.", "dedupe_key": "d", "concurrency_key": "c", "priority": 3,
        "attempt": 1, "crashes": 0, "fence": held.fence, "queue": "default", "kind": "errand",
    }  # fmt: skip
    assert {key: row[key] for key in kept} == kept
    assert json.loads(row["payload"]) == {"card": "Pikachu"}
    assert json.loads(row["checkpoint"]) == {"version": 1, "done": 7}
    assert json.loads(row["result"]) == {"seen": 7}
    assert row["created_at"] <= row["started_at"] <= row["finished_at"]
    assert not await db.fetchval("select exists (select from worker.jobs)")


async def test_a_rescue_counts_the_crash_and_not_the_try_and_keeps_the_checkpoint(db: Database) -> None:
    id_ = await enqueue(db)
    worker = await alive(db)
    (held,) = await claimed(db, worker)
    async with Work(db, held, stopping=lambda: False).commit() as batch:
        batch.checkpoint = {"done": 1}
    assert (await rescue(db)).all() == [], "it lives"
    await let_die(db, worker)

    rescued = await rescue(db)

    assert [one.id for one in rescued.waiting] == [id_]
    row = await job(db, id_)
    assert (row["state"], row["attempt"], row["crashes"], row["reason"]) == ("pending", 0, 1, "worker died")
    (again,) = await claimed(db, await alive(db))
    assert again.checkpoint == '{"done": 1, "version": 1}'


async def test_two_rescuers_at_once_count_a_crash_once(db: Database) -> None:
    await db.execute(MANY, 200)
    worker = await alive(db)
    await claimed(db, worker, limit=200)
    await let_die(db, worker)

    rounds = await asyncio.gather(*(rescue(db) for _ in range(8)))

    assert sum(len(one.waiting) for one in rounds) == 200
    assert await db.fetchval("select array_agg(distinct crashes) from worker.jobs") == [1]


async def test_a_dead_workers_row_outlives_its_jobs_however_many_they_are(db: Database) -> None:
    await db.execute(MANY, BATCH + 1)
    worker = await alive(db)
    while await claimed(db, worker, limit=500):
        pass
    await let_die(db, worker)

    assert len((await rescue(db)).waiting) == BATCH
    assert await db.fetchval("select exists (select from worker.workers where id = $1)", worker)

    assert len((await rescue(db)).waiting) == 1
    assert await states(db) == {"pending": BATCH + 1}


async def test_a_worker_that_has_been_dead_for_long_is_forgotten(db: Database) -> None:
    worker = await alive(db)
    await db.execute("update worker.workers set lease_until = now() - interval '1 h'")

    await rescue(db)

    assert not await db.fetchval("select exists (select from worker.workers where id = $1)", worker)


async def test_a_job_that_was_there_at_three_deaths_is_set_aside_and_a_retry_brings_it_back(
    db: Database,
) -> None:
    id_ = await enqueue(db)
    for death in range(1, CRASH_LIMIT + 1):
        worker = await alive(db)
        assert len(await claimed(db, worker)) == 1
        await let_die(db, worker)
        rescued = await rescue(db)
        assert (await job(db, id_))["crashes"] == death
        assert len(rescued.quarantined) == (death == CRASH_LIMIT)

    row = await job(db, id_)
    assert (row["state"], row["reason"], row["error_code"]) == ("failed", "quarantined", "crashed")
    assert "mintmark job retry" in row["error_message"]
    await db.execute("select worker.retry_job($1)", id_)

    row = await job(db, id_)
    assert (row["state"], row["crashes"], row["attempt"], row["error_code"]) == ("pending", 0, 0, None)


async def test_a_dead_workers_job_that_was_to_be_cancelled_is_not_worked_again(db: Database) -> None:
    id_ = await enqueue(db)
    worker = await alive(db)
    await claimed(db, worker)
    await db.execute("select worker.cancel_job($1)", id_)
    await let_die(db, worker)

    rescued = await rescue(db)

    assert [one.id for one in rescued.cancelled] == [id_]
    assert (await job(db, id_))["state"] == "cancelled"


async def test_falling_asleep_after_the_lease_was_lost_harms_nobody(db: Database) -> None:
    worker = await alive(db)
    await db.execute("delete from worker.workers where id = $1", worker)

    await Jobs(db).fall_asleep("default", worker)

    assert await db.fetchval("select count(*) from worker.sleepers") == 0


async def test_the_history_of_a_day_without_a_partition_moves_into_it_when_it_is_made(db: Database) -> None:
    today = await db.fetchval("select 'job_history_' || to_char(now() at time zone 'UTC', 'YYYYMMDD')")
    await db.execute(f"drop table worker.{today}")
    id_ = await enqueue(db)
    (held,) = await claimed(db, await alive(db))
    await Jobs(db).finish([Finished(held, JobState.COMPLETED)])
    assert await db.fetchval("select count(*) from worker.job_history_default") == 1

    await db.execute("select worker.keep_history(30)")

    assert await db.fetchval(f"select id from worker.{today}") == id_
    assert await db.fetchval("select count(*) from worker.job_history_default") == 0
    assert await states(db) == {"completed": 1}


async def test_days_older_than_retention_are_dropped_whole_and_no_others(db: Database) -> None:
    await db.execute("create table worker.job_history_20200101 (like worker.job_history including all)")
    await db.execute(
        "alter table worker.job_history attach partition worker.job_history_20200101"
        " for values from ('2020-01-01Z') to ('2020-01-02Z')"
    )

    assert await db.fetchval("select worker.keep_history(30)") == 1
    assert await db.fetchval("select worker.keep_history(30)") == 0
    assert await db.fetchval("select to_regclass('worker.job_history_20200101')") is None
