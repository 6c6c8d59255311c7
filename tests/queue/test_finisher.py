"""Endings are stored whatever is in them, and a slot is free only when its ending is committed."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Connect
from tests.queue.proxy import proxy
from tests.queue.scene import (
    alive,
    claimed,
    enqueue,
    errand,
    finishing,
    job,
    kinds,
    new_daemon,
    serving,
    states,
    until,
    waiting_for_a_lock,
)
from worker.db import Database, open_database
from worker.queue.contract import Cancel, Done, Ending, Fail, HandBack, Job, Retry, Snooze
from worker.queue.jobs import LONGEST_TEXT

pytestmark = pytest.mark.usefixtures("jobs")


FINISH = "%delete from worker.jobs j using%"  # Postgres shows the beginning of a statement.


def _endless() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


def _deep() -> dict[str, Any]:
    deep: dict[str, Any] = {}
    for _ in range(100_000):  # More than any Python writes.
        deep = {"": deep}
    return deep


UNSTORABLE: list[tuple[Any, str]] = [
    ({"text": "a\x00b"}, "unwritable"),
    ({"a\x00b": 1}, "unwritable"),
    ({"text": "\ud800"}, "unwritable"),
    ({"object": object()}, "bad_result"),
    ({"nan": float("nan")}, "bad_result"),
    ({"infinity": float("inf")}, "bad_result"),
    ({"bytes": b"a"}, "bad_result"),
    ({("a", "tuple"): 1}, "bad_result"),
    ({"huge": 10**5000}, "bad_result"),
    (_endless(), "bad_result"),
    (_deep(), "bad_result"),
]


async def test_a_result_that_cannot_be_stored_fails_its_own_job_and_the_others_of_the_batch_are_written(
    db: Database,
) -> None:
    for _ in range(len(UNSTORABLE) * 2):
        await enqueue(db)
    held = await claimed(db, await alive(db), limit=100)

    async with finishing(db) as desk:
        for place, one in enumerate(held):
            desk.put(one, Done(UNSTORABLE[place // 2][0] if place % 2 else {"fine": place}))
        assert all([await desk.verdict(one) for one in held])

    for place, one in enumerate(held):
        row = await job(db, one.id)
        if place % 2:
            assert (row["state"], row["error_code"]) == ("failed", UNSTORABLE[place // 2][1])
            assert len(row["error_message"]) > 20
        else:
            assert row["state"] == "completed"
            result = await db.fetchval("select result from worker.job_history where id = $1", one.id)
            assert json.loads(result) == {"fine": place}


@pytest.mark.parametrize(
    "ending",
    [
        Fail("code", "{}"),
        Retry("code", "{}"),
        Cancel("{}"),
        HandBack("{}"),
    ],
    ids=lambda ending: type(ending).__name__,
)
async def test_any_text_in_an_ending_is_scrubbed_and_cut_and_stored(ending: Ending, db: Database) -> None:
    texts = ["a\x00b", "a\ud800b\udfff", "\x00" * 5000, "x" * (1 << 20), "皮" * 20_000, "", "\x1b[31m\r\n"]
    for _ in texts:
        await enqueue(db)
    held = await claimed(db, await alive(db), limit=100)

    async with finishing(db) as desk:
        for one, text in zip(held, texts, strict=True):
            fields = {name: text if name != "code" else "co\x00de" for name in ending.__dataclass_fields__}
            fields.pop("delay", None)
            desk.put(one, type(ending)(**fields))  # type: ignore[arg-type]
        assert all([await desk.verdict(one) for one in held])

    for one, text in zip(held, texts, strict=True):
        row = await job(db, one.id)
        stored = row["error_message"] if isinstance(ending, Fail | Retry) else row["reason"]
        assert len(stored) <= LONGEST_TEXT
        assert "\x00" not in stored
        assert stored[:1] == (text[:1] if text[:1] != "\x00" else "\\")
    assert LONGEST_TEXT <= 8192


async def test_a_delay_beyond_every_calendar_fails_its_own_job(db: Database) -> None:
    ids = [await enqueue(db) for _ in range(3)]
    held = await claimed(db, await alive(db), limit=3)

    async with finishing(db) as desk:
        desk.put(held[0], Done())
        desk.put(held[1], Snooze(timedelta.max, "never"))
        desk.put(held[2], HandBack("stopping"))
        assert all([await desk.verdict(one) for one in held])

    assert [(await job(db, id_))["state"] for id_ in ids] == ["completed", "failed", "pending"]
    assert (await job(db, ids[1]))["error_code"] == "unwritable"


async def test_after_finish_hears_of_what_ended_for_good_and_has_a_run(db: Database) -> None:
    run = await db.fetchval("select worker.start_run('demo')")
    ended = await enqueue(db, run_id=run)
    waits = await enqueue(db, run_id=run)
    alone = await enqueue(db)
    held = {one.id: one for one in await claimed(db, await alive(db), limit=10)}

    async with finishing(db) as desk:
        for id_, ending in ((ended, Done()), (waits, HandBack("h")), (alone, Done())):
            assert await desk.write(held[id_], ending)

        async def told() -> bool:
            return ended in desk.told

        await until(told)

    assert waits not in desk.told


async def test_an_ending_waits_for_the_database_to_come_back(db: Database, connect: Connect) -> None:
    id_ = await enqueue(db)
    (held,) = await claimed(db, await alive(db))
    other, watcher = await connect(), await connect()
    transaction = other.transaction()
    await transaction.start()
    await other.execute("select from worker.jobs where id = $1 for update", id_)

    async with finishing(db) as desk:
        writing = asyncio.create_task(desk.write(held, Done()))
        await until(lambda: waiting_for_a_lock(watcher, FINISH))
        await watcher.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = 'mintmark'"
        )
        await transaction.rollback()
        assert await writing

    assert (await job(db, id_))["state"] == "completed"


async def test_an_ending_whose_answer_got_lost_is_stored_once_and_the_next_is_written(
    db: Database, database_url: str
) -> None:
    ids = [await enqueue(db) for _ in range(3)]
    first, second, third = await claimed(db, await alive(db), limit=3)
    async with (
        proxy(database_url) as stand,
        open_database(stand.url, size=1) as shaky,
        finishing(shaky) as desk,
    ):
        assert await desk.write(first, Done())
        stand.down.clear()
        desk.put(second, Done())
        await until(lambda: db.fetchval("select count(*) = 2 from worker.job_history"))
        stand.cut()
        stand.down.set()

        await desk.verdict(second)
        assert await desk.write(third, Done())

    assert await db.fetchval("select array_agg(id order by id) from worker.job_history") == ids
    assert await states(db) == {"completed": 3}


async def test_a_slot_is_free_only_when_its_ending_is_committed(
    db: Database, database_url: str, connect: Connect
) -> None:
    begun: list[int] = []

    async def perform(one: Job) -> Ending:
        begun.append(one.id)
        return Done()

    first = await enqueue(db)
    other = await connect()
    lock = other.transaction()
    await lock.start()
    await other.execute("lock table worker.job_history in share mode")  # Nothing can be added to it.
    async with serving(new_daemon(db, database_url, kinds(errand(perform)), concurrency=1)) as daemon:
        await until(lambda: waiting_for_a_lock(db, FINISH))
        assert begun == [first]
        await db.execute("select worker.enqueue_many('errand', array_fill('{}'::jsonb, array[100]))")
        for _ in range(3):  # Rounds of claiming: a poll each.
            seen = daemon._vitals.claimed

            async def another_round(seen: float = seen) -> bool:
                return daemon._vitals.claimed > seen

            await until(another_round)
        at_once = len(begun)
        assert (await states(db))["pending"] >= 90, "what cannot be finished is not claimed"
        await lock.rollback()
        await until(lambda: db.fetchval("select not exists (select from worker.jobs)"))

    assert at_once <= 3
    assert len(begun) == 101
