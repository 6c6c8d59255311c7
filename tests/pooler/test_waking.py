"""How a worker learns of new work: over a direct URL, over none, and when the ear is silently lost."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from tests.conftest import Connect, NewDatabase
from tests.pooler.bouncer import Bouncer
from tests.queue.proxy import proxy
from tests.queue.scene import enqueue, errand, job, kinds, new_daemon, serving, until
from worker import observe
from worker.db import Database
from worker.queue import wakeup
from worker.queue.jobs import Jobs

SLOW_POLL = 30.0


@pytest.fixture(autouse=True)
async def _known(db: Database) -> None:
    await Jobs(db).publish(kinds(errand()))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every wake-up mode that is said, and why."""
    heard: list[tuple[str, str]] = []
    say = observe.wakeup_mode

    def listening_in(mode: str, *, why: str) -> None:
        heard.append((mode, why))
        say(mode, why=why)

    monkeypatch.setattr(observe, "wakeup_mode", listening_in)
    return heard


def mode() -> dict[str, float]:
    """What the metric says."""
    return {name: observe.WAKEUP_MODE.labels(name)._value.get() for name in ("listen", "poll")}


def is_completed(db: Database, id_: int) -> Callable[[], Awaitable[bool]]:
    async def completed() -> bool:
        return bool((await job(db, id_))["state"] == "completed")

    return completed


def has_said(said: list[tuple[str, str]], count: int) -> Callable[[], Awaitable[bool]]:
    async def enough() -> bool:
        return len(said) >= count

    return enough


async def test_work_through_a_pooler_wakes_a_worker_that_listens_on_the_direct_url(
    db: Database, pooled: Database, database_url: str, said: list[tuple[str, str]]
) -> None:
    async with serving(new_daemon(pooled, database_url, kinds(errand()), poll_seconds=SLOW_POLL)):
        await until(has_said(said, 1))
        await until(lambda: db.fetchval("select exists (select from worker.sleepers)"))
        id_ = await enqueue(pooled)
        await until(is_completed(db, id_), seconds=SLOW_POLL / 3)

    assert [how for how, _ in said] == ["listen"]
    assert mode() == {"listen": 1, "poll": 0}


async def test_where_both_urls_are_pooled_it_polls_and_says_so_once_and_leaves_no_listen_behind(
    db: Database,
    pooled: Database,
    bouncer: Bouncer,
    said: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wakeup, "DEAF_SECONDS", 0.05)
    async with serving(new_daemon(pooled, bouncer.url, kinds(errand()), poll_seconds=0.1)):
        for _ in range(5):
            id_ = await enqueue(pooled)
            await until(is_completed(db, id_))

    assert said == [("poll", wakeup.POOLED)]
    assert mode() == {"listen": 0, "poll": 1}
    assert await db.fetchval(
        "select not exists (select from pg_stat_activity where datname = current_database()"
        " and query ilike 'listen%')"
    )


async def test_urls_of_two_databases_are_found_out_by_the_call_that_does_not_come(
    db: Database, new_database: NewDatabase, said: list[tuple[str, str]]
) -> None:
    with new_database("migrated") as another:
        async with serving(new_daemon(db, another, kinds(errand()))):
            await until(has_said(said, 1))

    assert said == [("poll", wakeup.UNHEARD)]


@pytest.mark.parametrize("channel", [wakeup.CHANNEL, "mintmark_echo"])
async def test_an_ear_that_lost_a_channel_without_a_word_is_found_out_and_listens_again(
    db: Database,
    database_url: str,
    said: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    channel: str,
) -> None:
    ears: list[asyncpg.Connection[asyncpg.Record]] = []
    real = asyncpg.connect

    async def noted(*given: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
        connection: asyncpg.Connection[asyncpg.Record] = await real(*given, **options)
        if options.get("server_settings") == {"application_name": "mintmark listen"}:
            ears.append(connection)
        return connection

    monkeypatch.setattr(asyncpg, "connect", noted)
    monkeypatch.setattr(wakeup, "PROBE_SECONDS", 0.2)
    monkeypatch.setattr(wakeup, "ANSWER_SECONDS", 0.2)
    async with serving(new_daemon(db, database_url, kinds(errand()), poll_seconds=SLOW_POLL)):
        await until(has_said(said, 1))

        async def lost() -> bool:
            with suppress(asyncpg.InterfaceError):  # It is just then calling itself.
                listening = await ears[0].fetch("select pg_listening_channels() as channel")
                (whole,) = (row["channel"] for row in listening if row["channel"].startswith(channel))
                await ears[0].execute(f"unlisten {whole}")
                return True
            return False

        await until(lost)
        await until(has_said(said, 3))
        id_ = await enqueue(db)
        await until(is_completed(db, id_), seconds=SLOW_POLL / 3)

    assert [how for how, _ in said] == ["listen", "poll", "listen"]


async def test_an_ear_behind_a_line_that_swallows_everything_is_found_out_by_its_own_call(
    db: Database, database_url: str, said: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeup, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(wakeup, "ANSWER_SECONDS", 0.3)
    async with (
        proxy(database_url) as stand,
        serving(new_daemon(db, stand.url, kinds(errand()), lease_seconds=60)),
    ):
        await until(has_said(said, 1))
        stand.down.clear()
        await until(has_said(said, 2))
        stand.cut()
        stand.down.set()
        await until(has_said(said, 3))

    assert [how for how, _ in said] == ["listen", "poll", "listen"]


async def test_the_heartbeat_goes_on_through_a_pooler(
    pooled: Database, bouncer: Bouncer, connect: Connect
) -> None:
    watcher = await connect()
    async with serving(
        new_daemon(pooled, bouncer.url, kinds(errand()), heartbeat_seconds=0.05, lease_seconds=5)
    ):

        async def until_when() -> float:
            row = await watcher.fetchval(
                "select extract(epoch from max(lease_until))::float8 from worker.workers"
            )
            return float(row or 0)

        for _ in range(3):
            first = await until(until_when)

            async def later(first: float = first) -> bool:
                return await until_when() > first

            await until(later)
    assert await watcher.fetchval("select count(*) from worker.workers") == 0, "it said goodbye"


async def test_a_connection_that_dies_while_it_is_tried_is_an_outage_and_not_taken_for_a_deaf_one(
    db: Database, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeup, "HEAR_SECONDS", 0.3)
    listening = await connect()
    ear = wakeup._Ear(listening)
    await ear.open(wakeup.Ears(lambda _: None))
    await db.execute("select pg_terminate_backend($1)", listening.get_server_pid())
    await until(lambda: _is_set(ear))

    with pytest.raises(ConnectionResetError):
        await ear.require_hearing(db)


async def _is_set(ear: wakeup._Ear) -> bool:
    return ear._closed.is_set()
