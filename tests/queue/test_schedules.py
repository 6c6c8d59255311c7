"""Schedules: each due time fires once, whoever looks, whoever dies, whatever was missed.

The database's clock is one that the tests set: a function ``now`` that is found before Postgres' own.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import asyncpg
import pytest
import structlog
from structlog.testing import capture_logs

from tests.conftest import Connect
from tests.queue.scene import enqueue, errand, kinds, until, waiting_for_a_lock
from worker import observe
from worker.cron import Cron
from worker.db import Database, is_outage, open_database
from worker.queue.jobs import Jobs
from worker.queue.schedules import FORGOTTEN, LATE, MOST_AT_A_LOOK, UNCONFIRMED, Missed, Schedule, Schedules

CLOCK = """
create schema clock;
create table clock.hand (at timestamptz not null);
create function clock.now() returns timestamptz language sql stable as 'select at from clock.hand';
insert into clock.hand values ('2025-07-01 00:00Z');
"""
MINUTE = timedelta(minutes=1)
HELD = 4711


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nightly(name: str = "nightly", cron: str = "15 3 * * *", zone: str = "UTC", **given: Any) -> Schedule:
    return Schedule(name, Cron(cron, zone), given.pop("kind", "errand"), **given)


class Clock:
    """What the database takes for the time."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def shows(self, moment: str) -> None:
        await self._db.execute("update clock.hand set at = $1", utc(moment))

    async def passes(self, time: timedelta) -> None:
        await self._db.execute("update clock.hand set at = at + $1::interval", time)


@pytest.fixture
async def clocked_url(database_url: str, connect: Connect) -> str:
    connection = await connect()
    await connection.execute(CLOCK)
    name = await connection.fetchval("select current_database()")
    await connection.execute(f'alter database "{name}" set search_path = clock, pg_catalog, public')
    return database_url


@pytest.fixture
async def db(clocked_url: str) -> AsyncIterator[Database]:
    async with open_database(clocked_url, size=4) as database:
        await Jobs(database).publish(kinds(errand()))
        yield database


@pytest.fixture
def clock(db: Database) -> Clock:
    return Clock(db)


async def fires(db: Database, kind: str = "errand") -> list[str]:
    """For which times jobs were enqueued, in the order in which they were."""
    rows = await db.fetch("select run_at from worker.job_status where kind = $1 order by id", kind)
    return [f"{row['run_at'].astimezone(UTC):%m-%d %H:%M}" for row in rows]


async def row(db: Database, name: str = "nightly") -> Any:
    return await db.fetchrow(
        "select cron, payload::text, next_at, last_at, last_job, problem"
        " from worker.schedules where name = $1",
        name,
    )


@asynccontextmanager
async def held_at_the_end(connect: Connect) -> AsyncIterator[None]:
    """Let nobody get past the step that moves a schedule on, for as long as the block lasts."""
    connection = await connect()
    await connection.execute(f"select pg_advisory_lock({HELD})")
    await connection.execute(
        f"""
        create function clock.hold() returns trigger language plpgsql as
            $$ begin perform pg_advisory_xact_lock({HELD}); return new; end $$;
        create trigger hold before update of next_at on worker.schedules for each row
            when (old.next_at <> new.next_at) execute function clock.hold();
        """
    )
    try:
        yield
    finally:
        await connection.execute(f"select pg_advisory_unlock({HELD})")


async def held(db: Database) -> Any:
    """The backend that holds a schedule and waits before moving it on."""
    return await db.fetchval(
        "select pid from pg_stat_activity"
        " where datname = current_database() and wait_event = 'advisory' and query like '%worker.schedules%'"
    )


async def test_a_new_schedule_begins_when_it_is_first_seen(db: Database, clock: Clock) -> None:
    await clock.shows("2025-07-01 03:20")
    worker = Schedules(db, [nightly()])

    await worker.look()

    assert await fires(db) == []
    assert (await row(db))["next_at"] == utc("2025-07-02 03:15")


async def test_a_schedule_fires_when_the_clock_of_the_database_says_so_and_once(
    db: Database, clock: Clock
) -> None:
    worker = Schedules(db, [nightly()])
    await worker.look()
    await clock.shows("2025-07-01 03:14:59")
    await worker.look()
    early = await fires(db)
    await clock.shows("2025-07-01 03:15")
    await worker.look()
    await worker.look()

    found = await row(db)
    assert (early, await fires(db)) == ([], ["07-01 03:15"])
    assert (found["next_at"], found["last_at"]) == (utc("2025-07-02 03:15"), utc("2025-07-01 03:15"))
    assert found["last_job"] == await db.fetchval("select max(id) from worker.jobs")


@pytest.mark.parametrize(
    ("missed", "expected"),
    [
        (Missed.SKIP, []),
        (Missed.ONCE, ["07-01 03:15"]),
        (Missed.ALL, ["07-01 03:15", "07-02 03:15", "07-03 03:15"]),
    ],
)
async def test_what_was_missed_while_nobody_was_there(
    db: Database, clock: Clock, missed: Missed, expected: list[str]
) -> None:
    schedule = nightly(missed=missed)
    await Schedules(db, [schedule]).look()
    await clock.shows("2025-07-03 12:00")

    worker = Schedules(db, [schedule])
    await worker.look()
    await worker.look()
    caught_up = await fires(db)
    await clock.shows("2025-07-04 03:15")
    await worker.look()

    assert caught_up == expected
    assert await fires(db) == [*expected, "07-04 03:15"]


async def test_a_schedule_that_skips_lets_go_what_is_later_than_its_tolerance(
    db: Database, clock: Clock
) -> None:
    worker = Schedules(db, [nightly(missed=Missed.SKIP)], late=LATE)
    await worker.look()

    await clock.shows("2025-07-01 03:15:30")
    await worker.look()
    in_time = await fires(db)
    await clock.shows("2025-07-02 03:15:31")
    await worker.look()

    assert in_time == await fires(db) == ["07-01 03:15"]
    assert (await row(db))["next_at"] == utc("2025-07-03 03:15")


async def test_a_schedule_that_skips_fires_for_the_time_that_has_just_come_after_a_long_absence(
    db: Database, clock: Clock
) -> None:
    schedule = nightly(cron="* * * * *", missed=Missed.SKIP)
    await Schedules(db, [schedule]).look()

    await clock.shows("2025-07-02 10:00:10")
    await Schedules(db, [schedule]).look()

    assert await fires(db) == ["07-02 10:00"]


async def test_a_long_absence_is_caught_up_in_bounded_bites_and_nothing_is_lost(
    db: Database, clock: Clock
) -> None:
    worker = Schedules(db, [nightly(cron="* * * * *", missed=Missed.ALL)])
    await worker.look()
    await clock.passes(MINUTE * (MOST_AT_A_LOOK + 3))

    await worker.look()
    first = len(await fires(db))
    await worker.look()
    await worker.look()

    found = await fires(db)
    assert (first, len(found), len(set(found))) == (MOST_AT_A_LOOK, MOST_AT_A_LOOK + 3, MOST_AT_A_LOOK + 3)


async def test_many_workers_that_look_at_once_fire_once_for_each_time(
    clocked_url: str, db: Database, clock: Clock
) -> None:
    schedules = [nightly(name, "* * * * *") for name in ("a", "b", "c")]
    async with AsyncExitStack() as stack:
        pools = [await stack.enter_async_context(open_database(clocked_url, size=1)) for _ in range(6)]
        workers = [Schedules(pool, schedules) for pool in pools]
        for _ in range(5):
            async with anyio.create_task_group() as group:
                for worker in workers:
                    group.start_soon(worker.look)
            await clock.passes(MINUTE)
        # Whoever met a schedule that was held left it; so one more look, by one.
        await workers[0].look()

    found = await fires(db)
    assert sorted(found) == sorted([f"07-01 00:0{minute}" for minute in range(1, 6)] * len(schedules))


async def test_a_schedule_that_another_worker_is_at_is_left_to_it(
    db: Database, clock: Clock, connect: Connect
) -> None:
    first, second = (Schedules(db, [nightly(), nightly("other", "16 3 * * *")]) for _ in range(2))
    await first.look()
    await second.look()
    await clock.shows("2025-07-01 03:15")

    async with anyio.create_task_group() as group, held_at_the_end(connect):
        group.start_soon(first.look)
        await until(lambda: held(db))
        with anyio.fail_after(5):
            await second.look()
        meanwhile = await fires(db)

    assert (meanwhile, await fires(db)) == ([], ["07-01 03:15"])


async def test_a_worker_that_dies_between_enqueueing_and_moving_on_leaves_nothing_and_the_next_fires(
    db: Database, clock: Clock, connect: Connect
) -> None:
    dying, other = Schedules(db, [nightly()]), Schedules(db, [nightly()])
    await dying.look()
    await clock.shows("2025-07-01 03:15")
    errors: list[Exception] = []

    async with anyio.create_task_group() as group, held_at_the_end(connect):
        group.start_soon(fail, dying, errors)
        await db.execute("select pg_terminate_backend($1)", await until(lambda: held(db)))
        await until(lambda: _gone(errors))
        left = await fires(db)

    await other.look()
    await other.look()

    assert (left, await fires(db)) == ([], ["07-01 03:15"])
    assert [is_outage(error) for error in errors] == [True], "a worker waits for the database to come back"


async def test_a_job_that_could_not_be_enqueued_just_now_is_an_outage_and_no_problem_of_the_schedule(
    db: Database, clock: Clock, connect: Connect
) -> None:
    worker, other, errors = Schedules(db, [nightly()]), await connect(), list[Exception]()
    await worker.look()
    await clock.shows("2025-07-01 03:15")

    async with anyio.create_task_group() as group, other.transaction():
        await other.execute("lock table worker.jobs in share mode")
        group.start_soon(fail, worker, errors)
        await until(lambda: waiting_for_a_lock(db, "%worker.enqueue%"))
        await db.execute(
            "select pg_cancel_backend(pid) from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
        )
        await until(lambda: _gone(errors))

    assert [is_outage(error) for error in errors] == [True]
    assert (await row(db))["problem"] is None
    await worker.look()
    assert await fires(db) == ["07-01 03:15"]


async def fail(worker: Schedules, errors: list[Exception]) -> None:
    """Look, and keep what is raised."""
    try:
        await worker.look()
    except Exception as error:  # noqa: BLE001 - which one it is, is for the test to say.
        errors.append(error)


async def _gone(errors: Sequence[Exception]) -> bool:
    return bool(errors)


def test_a_transaction_that_was_held_too_long_is_an_outage_and_no_fault() -> None:
    assert is_outage(asyncpg.IdleInTransactionSessionTimeoutError())


async def test_a_time_that_the_clocks_skip_fires_when_the_skip_ends(db: Database, clock: Clock) -> None:
    await clock.shows("2025-03-29 12:00")
    worker = Schedules(db, [nightly(cron="30 2 * * *", zone="Europe/Berlin")])
    await worker.look()

    for moment in ("2025-03-30 00:59:59", "2025-03-30 01:00", "2025-03-30 01:30", "2025-03-31 00:29"):
        await clock.shows(moment)
        await worker.look()

    assert await fires(db) == ["03-30 01:00"]
    assert (await row(db))["next_at"] == utc("2025-03-31 00:30")


async def test_a_time_that_comes_twice_fires_at_its_first_coming(db: Database, clock: Clock) -> None:
    await clock.shows("2025-10-25 12:00")
    worker = Schedules(db, [nightly(cron="30 2 * * *", zone="Europe/Berlin")])
    await worker.look()

    for moment in ("2025-10-26 00:30", "2025-10-26 01:30", "2025-10-27 01:29"):
        await clock.shows(moment)
        await worker.look()

    assert await fires(db) == ["10-26 00:30"]
    assert (await row(db))["next_at"] == utc("2025-10-27 01:30")


@pytest.mark.parametrize("changed", [Cron("0 6 * * *"), Cron("15 3 * * *", "Asia/Tokyo")])
async def test_a_schedule_whose_time_was_changed_goes_on_from_now(
    db: Database, clock: Clock, changed: Cron
) -> None:
    await Schedules(db, [nightly(missed=Missed.ALL)]).look()
    await clock.shows("2025-07-03 12:00")

    await Schedules(db, [replace(nightly(missed=Missed.ALL), cron=changed)]).look()

    assert await fires(db) == []
    assert (await row(db))["next_at"] == changed.after(utc("2025-07-03 12:00"))


async def test_a_schedule_whose_job_was_changed_keeps_its_time_and_what_it_missed(
    db: Database, clock: Clock
) -> None:
    await Schedules(db, [nightly(payload='{"a": 1}')]).look()
    await clock.shows("2025-07-01 03:20")

    await Schedules(db, [nightly(payload='{"a": 2}', queue="night", priority=7)]).look()

    job = await db.fetchrow("select queue, priority, payload::text, run_at from worker.jobs")
    assert job is not None
    assert tuple(job) == ("night", 7, '{"a": 2}', utc("2025-07-01 03:15"))


async def test_a_schedule_that_no_settings_have_any_more_stops(db: Database, clock: Clock) -> None:
    await Schedules(db, [nightly(), nightly("other")]).look()
    await clock.shows("2025-07-02 12:00")
    without = Schedules(db, [nightly("other")])

    await without.look()
    await without.let_rest()

    assert await fires(db) == ["07-01 03:15"]
    assert (await row(db))["last_job"] is None


@pytest.mark.parametrize(
    ("away", "expected"), [(FORGOTTEN - MINUTE, ["07-01 03:15"]), (FORGOTTEN + MINUTE, [])]
)
async def test_a_schedule_that_comes_back_soon_has_missed_fires_and_later_it_is_new(
    db: Database, clock: Clock, away: timedelta, expected: list[str]
) -> None:
    worker, without = Schedules(db, [nightly()]), Schedules(db, [])
    await clock.shows("2025-07-01 03:00")
    await worker.look()
    await clock.passes(UNCONFIRMED + timedelta(seconds=1))
    await without.look()
    await without.let_rest()

    await clock.passes(away)
    await without.let_rest()
    await worker.look()

    assert await fires(db) == expected


async def test_a_worker_without_the_schedule_that_comes_back_first_forgets_nothing(
    db: Database, clock: Clock
) -> None:
    await Schedules(db, [nightly()]).look()
    await clock.shows("2025-07-31 12:00")

    await Schedules(db, []).let_rest()
    await clock.passes(MINUTE)
    await Schedules(db, [nightly()]).look()

    assert await fires(db) == ["07-01 03:15"]


async def test_a_schedule_that_came_back_begins_to_rest_anew(db: Database, clock: Clock) -> None:
    worker, without = Schedules(db, [nightly()]), Schedules(db, [])
    await worker.look()
    await clock.passes(UNCONFIRMED + MINUTE)
    await without.let_rest()
    await worker.look()

    await clock.shows("2025-07-31 12:00")
    await without.let_rest()
    await worker.look()

    assert await fires(db) == ["07-01 03:15"]


async def test_a_worker_that_started_earlier_leaves_a_schedule_as_a_later_one_has_it(
    db: Database, clock: Clock
) -> None:
    old, new = Schedules(db, [nightly()]), Schedules(db, [nightly(cron="0 6 * * *", payload='{"new": 1}')])
    await old.look()
    await new.look()

    for moment in ("03:14:20", "05:59:20"):  # Shortly before the time of each; then a little past it.
        await clock.shows(f"2025-07-01 {moment}")
        for worker in (new, old):
            await worker.look()
        await clock.passes(timedelta(seconds=50))
        for worker in (old, new):
            await worker.look()

    found = await row(db)
    assert await fires(db) == ["07-01 06:00"]
    assert (found["cron"], found["payload"]) == ("0 6 * * *", '{"new": 1}')


async def test_an_earlier_worker_takes_over_when_no_later_one_is_there_any_more(
    db: Database, clock: Clock
) -> None:
    old, new = Schedules(db, [nightly()]), Schedules(db, [nightly(cron="0 6 * * *")])
    await old.look()
    await new.look()

    await clock.passes(UNCONFIRMED)
    await old.look()
    still_new = (await row(db))["cron"]
    await clock.passes(timedelta(seconds=1))
    await old.look()
    again = (await row(db))["cron"]
    await Schedules(db, [nightly(cron="0 6 * * *")]).look()

    assert (still_new, again, (await row(db))["cron"]) == ("0 6 * * *", "15 3 * * *", "0 6 * * *")


async def test_the_last_start_decides_also_where_it_is_that_of_an_old_worker(
    db: Database, clock: Clock
) -> None:
    old, new, old_again = (Schedules(db, [nightly(cron=f"{minute} 3 * * *")]) for minute in (15, 20, 15))
    for worker in (old, new, old_again, new, old, new):
        await worker.look()
    await clock.shows("2025-07-01 03:20")
    for worker in (old_again, new, old):
        await worker.look()

    assert await fires(db) == ["07-01 03:15"]
    assert (await row(db))["next_at"] == utc("2025-07-02 03:15")


async def test_workers_that_agree_hold_a_schedule_against_an_earlier_one_together(
    db: Database, clock: Clock
) -> None:
    old = Schedules(db, [nightly()])
    await old.look()
    first, second = (Schedules(db, [nightly(cron="0 6 * * *")]) for _ in range(2))
    await first.look()
    await second.look()

    for _ in range(3):  # The one that wrote it is gone, the other goes on.
        await clock.passes(UNCONFIRMED)
        await second.look()
        await old.look()

    assert (await row(db))["cron"] == "0 6 * * *"


@pytest.fixture
def info_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log anew: a logger that a command has set up in this process stays as it was set up."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("info"), cache_logger_on_first_use=False
    )
    monkeypatch.setattr(observe, "_log", structlog.get_logger())


@pytest.mark.usefixtures("info_is_said")
async def test_a_job_that_would_be_refused_is_said_once_and_fires_when_it_is_mended(
    db: Database, clock: Clock
) -> None:
    schedules = [nightly("bad", kind="nonsense"), nightly()]
    workers = [Schedules(db, schedules), Schedules(db, schedules)]
    with capture_logs() as said:
        for moment in ("2025-07-01 03:00", "2025-07-01 03:15", "2025-07-01 03:16", "2025-07-01 03:17"):
            await clock.shows(moment)
            for worker in workers:
                await worker.look()
    shown = (await row(db, "bad"))["problem"]
    others = await fires(db)
    known = await db.fetchval("select string_agg(kind, ', ' order by kind) from worker.kinds")
    await Jobs(db).publish(kinds(errand(), errand(name="nonsense")))
    await clock.passes(MINUTE)
    await workers[1].look()

    assert [(one["schedule"], one["why"]) for one in said if one["event"] == "schedule_refused"] == [
        ("bad", f'unknown kind "nonsense"; known are: {known}')
    ]
    assert shown.startswith('unknown kind "nonsense"')
    assert others == ["07-01 03:15"]
    assert await fires(db, "nonsense") == ["07-01 03:15"], "its time was kept for it"
    assert (await row(db, "bad"))["problem"] is None


async def test_a_payload_that_does_not_fit_is_known_before_it_is_due_and_nothing_is_left_of_trying(
    db: Database,
) -> None:
    worker = Schedules(
        db,
        [
            nightly("bad", kind="demo", payload='{"itms": 1}'),
            nightly("good", kind="demo", payload='{"items": 1}'),
        ],
    )

    await worker.look()

    assert "unknown key" in (await row(db, "bad"))["problem"]
    assert (await row(db, "good"))["problem"] is None
    assert await db.fetchval("select count(*) from worker.job_status") == 0
    assert await db.fetchval("select count(*) from worker.runs") == 0


@pytest.mark.usefixtures("info_is_said")
async def test_a_fire_is_said_with_its_job_and_how_late_it_was(db: Database, clock: Clock) -> None:
    worker = Schedules(db, [nightly(missed=Missed.ALL)])
    await worker.look()
    await clock.shows("2025-07-02 03:15:05")

    with capture_logs() as said:
        await worker.look()

    last = await db.fetchval("select max(id) from worker.jobs")
    assert said == [
        {
            "event": "schedule_fired",
            "log_level": "info",
            "schedule": "nightly",
            "kind": "errand",
            "job": last,
            "count": 2,
            "late_seconds": 86405.0,
        }
    ]


async def test_a_kind_that_starts_runs_gets_one_for_each_fire(db: Database, clock: Clock) -> None:
    payload = json.dumps({"source": "pokemonapi"})
    worker = Schedules(db, [nightly(kind="normalize_batch", payload=payload, missed=Missed.ALL)])
    await worker.look()
    await clock.shows("2025-07-02 03:15")
    await worker.look()

    rows = await db.fetch("select run_id from worker.jobs")
    assert len({one["run_id"] for one in rows}) == 2
    assert await db.fetchval("select count(*) from worker.runs") == 2


async def test_a_fire_does_not_mind_a_job_that_was_enqueued_by_hand(db: Database, clock: Clock) -> None:
    worker = Schedules(db, [nightly()])
    await worker.look()
    await enqueue(db)
    await clock.shows("2025-07-01 03:15")
    await worker.look()

    assert await db.fetchval("select count(*) from worker.jobs") == 2


async def test_schedules_that_want_nothing_cost_no_write(db: Database, clock: Clock) -> None:
    worker = Schedules(db, [nightly(), nightly("bad", kind="nonsense", missed=Missed.ALL)])
    await worker.look()
    await clock.shows("2025-07-01 03:15")
    await worker.look()
    before = await db.fetch("select xmin::text from worker.schedules")

    await clock.passes(timedelta(seconds=9))
    await worker.look()

    assert await db.fetch("select xmin::text from worker.schedules") == before
