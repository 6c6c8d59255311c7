"""Hostile payloads, by every door: refused with a stable code and a sentence, or kept as they were sent."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import asyncpg
import psycopg
import pytest

from tests.chaos.hostile import KEPT, Hostile, corpus
from tests.commands.conftest import Cli, bare, cli
from tests.queue.scene import alive, claimed, enqueue, errand, kinds, new_daemon, serving, states, until
from worker.db import Database
from worker.errors import Refused
from worker.queue.contract import Done, Ending, Job
from worker.queue.jobs import Jobs
from worker.runs.work import Work

pytestmark = pytest.mark.scorecard(21)
__all__ = ["bare", "cli"]  # Fixtures, which are known by being imported.

Record = Callable[[str, object], None]
LONGEST_SENTENCE = 600


@pytest.fixture
async def jobs(db: Database) -> Jobs:
    queue = Jobs(db)
    await queue.publish(kinds(errand()))
    return queue


async def by_sql(db: Database, one: Hostile) -> str:
    try:
        id_ = await db.fetchval("select worker.enqueue('errand', $1::text::jsonb)", one.text)
    except Refused as refused:
        return refused.code if len(str(refused)) < LONGEST_SENTENCE else f"too many words: {refused}"
    except asyncpg.PostgresError as error:
        return error.sqlstate or "none"
    same = "select payload = $2::text::jsonb from worker.jobs where id = $1"
    return KEPT if await db.fetchval(same, id_, one.text) else "changed"


@pytest.mark.usefixtures("jobs")
async def test_by_sql_each_is_kept_or_refused_with_its_code_and_no_worker_minds(
    db: Database, database_url: str, record_property: Record
) -> None:
    sent = [one for one in corpus() if one.sql is not None]
    answers = {one.name: await by_sql(db, one) for one in sent}
    assert answers == {one.name: one.sql for one in sent}
    seen = []

    async def perform(one: Job) -> Ending:
        seen.append(json.loads(one.payload, parse_int=Decimal))
        return Done({"payload": "read"})

    async with serving(new_daemon(db, database_url, kinds(errand(perform)))):
        await until(lambda: db.fetchval("select not exists (select from worker.jobs)"))

    kept = sum(answer == KEPT for answer in answers.values())
    assert (len(seen), await states(db)) == (kept, {"completed": kept})
    assert await db.fetchval("select max(attempt) from worker.job_history") == 1
    record_property("figures", f"SQL: {len(sent)} sent, {kept} kept, {len(sent) - kept} refused")


def test_by_the_command_line_each_is_kept_or_refused_in_a_sentence(
    cli: Cli,
    database_url: str,
    record_property: Record,
) -> None:
    publish = "insert into worker.kinds values ('errand', 'default', '{\"type\": \"object\"}', 5, false)"
    with psycopg.connect(database_url, autocommit=True) as sql:
        sql.execute(publish)
        for one in corpus():
            said = cli("enqueue", "errand", "-", stdin=one.text)

            if one.cli != KEPT:
                assert (said.code, said.out) == (2, ""), one.name
                assert one.cli in said.err, one.name
                assert len(said.err) < LONGEST_SENTENCE, one.name
                continue
            assert (said.code, said.err) == (0, ""), one.name
            same = "select payload = %s::jsonb from worker.jobs where id = %s"
            text = one.text.removeprefix("\ufeff")
            assert sql.execute(same, (text, int(said.out))).fetchone() == (True,), one.name
    record_property("figures", f"command line: {len(corpus())} sent")


def endless() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = [loop]
    return loop


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"": value}
    return value


PYTHON: list[tuple[Any, str]] = [
    ({"v": float("nan")}, "cannot be written as JSON"),
    ({"v": [float("-inf")]}, "cannot be written as JSON"),
    ({"v": b"bytes"}, "cannot be written as JSON"),
    ({"v": {1, 2}}, "cannot be written as JSON"),
    ({"v": Decimal(1)}, "cannot be written as JSON"),
    ({("a", "tuple"): 1}, "cannot be written as JSON"),
    ({"v": 10**5000}, "cannot be written as JSON"),
    (endless(), "cannot be written as JSON"),
    (nested(100_000), "cannot be written as JSON"),
    (nested(65), "nested more than 64 deep"),
    ({"v": "a\0b"}, "holds NUL or half a surrogate pair"),
    ({"v": ("a", {"b": "\ud800"})}, "holds NUL or half a surrogate pair"),
    ({"a\0": 1}, "holds NUL or half a surrogate pair"),
    ({1: "a", "1": "b"}, "a key that is a int"),
    ({"v": {None: 1}}, "a key that is a NoneType"),
    ({"v": "x" * 262_144}, "bytes; at most 262144 fit"),
    (["a", "list"], "must be a JSON object, not array"),
]


@pytest.mark.usefixtures("jobs")
async def test_by_python_each_is_refused_once_and_for_all_and_what_is_sound_is_kept(
    db: Database, record_property: Record
) -> None:
    await enqueue(db)
    [held] = await claimed(db, await alive(db))
    work = Work(db, held, stopping=lambda: False)

    async def hand_over(payload: Any) -> int:
        async with work.commit() as batch:
            return await batch.enqueue("errand", payload)

    for payload, words in PYTHON:
        with pytest.raises(Refused, match=words) as refused:
            await hand_over(payload)

        assert refused.value.code == "MM002"
        assert len(str(refused.value)) < LONGEST_SENTENCE
    sound = [json.loads(one.text) for one in corpus() if one.sql == one.cli == KEPT]
    for payload in [*sound, nested(64)]:
        id_ = await hand_over(payload)
        kept = await db.fetchval("select payload from worker.jobs where id = $1", id_)
        assert json.loads(kept) == payload
    record_property("figures", f"Python: {len(PYTHON)} refused, {len(sound) + 1} kept")


PACKED = """
create table public.packed as
select v.name, jsonb_build_object('v', v.value) as payload
  from (values ('large', to_jsonb(repeat('x', 300000))),
               ('deep', (repeat('[', 500) || repeat(']', 500))::jsonb)) v(name, value)
"""


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize(("name", "words"), [("large", "at most 262144 fit"), ("deep", "more than 64 deep")])
@pytest.mark.parametrize("door", ["enqueue('errand', payload)", "enqueue_many('errand', array[payload])"])
async def test_a_payload_that_comes_packed_from_a_table_is_measured_unpacked(
    name: str, words: str, door: str, db: Database
) -> None:
    await db.execute(PACKED)
    packed = "select max(pg_column_size(payload)) from public.packed"
    assert await db.fetchval(packed) < 10_000

    with pytest.raises(Refused, match=words):
        await db.execute(f"select worker.{door} from public.packed where name = $1", name)

    assert await states(db) == {}
