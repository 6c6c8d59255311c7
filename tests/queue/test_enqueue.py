"""The doors in SQL: what they take, and what they refuse in a sentence with a code of its own."""

import json
from datetime import UTC, datetime
from typing import Any, Literal

import asyncpg
import pytest
from pydantic import BaseModel

from tests.conftest import Connect
from tests.queue.scene import alive, claimed, enqueue, errand, job, kinds, states
from worker.db import Connection, Database
from worker.queue.contract import Kind
from worker.queue.jobs import Jobs
from worker.runs.handler import JobPayload

ENQUEUE_MANY = "select array(select worker.enqueue_many($1, $2::jsonb[]))"


class Place(BaseModel):
    city: str


class Parcel(JobPayload):
    name: str
    count: int = 1
    weight: float = 0
    mood: Literal["glad", "sad"] = "glad"
    note: str | None = None
    fragile: bool = False
    tags: tuple[str, ...] = ()
    place: Place | None = None


@pytest.fixture
async def producer(db: Database, connect: Connect) -> Connection:
    """A plain connection to a database that knows the kinds ``parcel`` and ``errand``."""
    parcel = Kind("parcel", errand().perform, Parcel.model_json_schema(), queue="post")
    await Jobs(db).publish(kinds(parcel, errand()))
    return await connect()


GOOD: list[dict[str, Any]] = [
    {"name": "a"},
    {"name": "", "count": -3, "weight": 0.5, "mood": "sad", "note": None, "fragile": True},
    {"name": "Pokémon 皮卡丘 \u200b\u202e", "count": 2**63, "weight": 1e20, "tags": ["x", "y"]},
    {"name": "a", "count": 1.0, "weight": 2, "place": {"city": "Kanto"}},
    {"name": "a", "place": None, "tags": []},
]
BAD: list[tuple[Any, str]] = [
    ({}, 'parcel: the payload misses the key "name" (string)'),
    ({"name": 7}, 'parcel: the key "name" must be string, not number'),
    ({"name": None}, 'parcel: the key "name" must be string, not null'),
    ({"name": ["a"]}, 'parcel: the key "name" must be string, not array'),
    ({"name": "a", "nmae": 1}, 'parcel: the payload has an unknown key "nmae"; known are: count, fragile,'),
    ({"name": "a", "count": 1.5}, 'parcel: the key "count" must be integer, not number'),
    ({"name": "a", "count": "1"}, 'parcel: the key "count" must be integer, not string'),
    ({"name": "a", "count": True}, 'parcel: the key "count" must be integer, not boolean'),
    ({"name": "a", "weight": "heavy"}, 'parcel: the key "weight" must be number, not string'),
    ({"name": "a", "mood": "angry"}, 'parcel: the key "mood" must be one of "glad", "sad", not "angry"'),
    ({"name": "a", "mood": ["glad"]}, 'parcel: the key "mood" must be one of "glad", "sad", not ["glad"]'),
    ({"name": "a", "mood": []}, 'parcel: the key "mood" must be one of "glad", "sad", not []'),
    ({"name": "a", "note": 7}, 'parcel: the key "note" must be string or null, not number'),
    ({"name": "a", "fragile": "yes"}, 'parcel: the key "fragile" must be boolean, not string'),
    ({"name": "a", "place": "Kanto"}, 'parcel: the key "place" must be object or null, not string'),
    ([], "parcel: the payload must be a JSON object, not array"),
    ("name", "parcel: the payload must be a JSON object, not string"),
    (7, "parcel: the payload must be a JSON object, not number"),
    (True, "parcel: the payload must be a JSON object, not boolean"),
]


async def test_what_fits_the_schema_is_taken_and_comes_back_as_it_went_in(producer: Connection) -> None:
    for payload in GOOD:
        id_ = await enqueue(producer, "parcel", payload)

        kept = await producer.fetchval("select payload from worker.jobs where id = $1", id_)
        assert json.loads(kept) == payload
        assert (await job(producer, id_))["queue"] == "post"


async def test_a_payload_that_does_not_fit_is_refused_in_a_sentence_that_names_the_key(
    producer: Connection,
) -> None:
    for payload, sentence in BAD:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await enqueue(producer, "parcel", payload)

        assert refused.value.sqlstate == "MM002", payload
        assert str(refused.value).startswith(sentence)
    assert await states(producer) == {}


async def test_a_payload_that_is_null_is_refused(producer: Connection) -> None:
    for call in ("worker.enqueue('parcel', null)", "worker.enqueue('parcel', 'null')"):
        with pytest.raises(asyncpg.PostgresError, match="must be a JSON object, not null") as refused:
            await producer.fetchval(f"select {call}")

        assert refused.value.sqlstate == "MM002"


@pytest.mark.parametrize("kind", ["parcle", "", None])
async def test_an_unknown_kind_is_refused_with_the_names_of_those_that_are_known(
    kind: str | None, producer: Connection
) -> None:
    known = await producer.fetchval("select string_agg(kind, ', ' order by kind) from worker.kinds")
    assert "parcel" in known
    for call in ("worker.enqueue($1)", "worker.enqueue_many($1, '{}')", "worker.start_run($1)"):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await producer.fetch(f"select {call}", kind)

        assert refused.value.sqlstate == "MM001"
        assert str(refused.value).splitlines()[0] == (f'unknown kind "{kind or ""}"; known are: {known}')


@pytest.mark.parametrize(
    "arguments",
    [
        {"queue": ""},
        {"queue": "q" * 9000},
        {"max_attempts": 0},
        {"max_attempts": -1},
        {"dedupe_key": "k" * 5000},
        {"concurrency_key": "k" * 5000},
    ],
    ids=lambda given: next(iter(given)),
)
async def test_an_argument_that_makes_no_sense_is_refused(
    arguments: dict[str, Any], producer: Connection
) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await enqueue(producer, **arguments)

    assert refused.value.sqlstate == "MM005"
    assert len(str(refused.value)) < 500
    assert await states(producer) == {}


@pytest.mark.parametrize("when", ["infinity", "-infinity", "12000-01-01", "0044-03-15 BC"])
async def test_a_time_that_no_calendar_has_is_refused_before_it_can_upset_a_worker(
    when: str, producer: Connection
) -> None:
    with pytest.raises(asyncpg.PostgresError, match="run_at") as refused:
        await producer.fetchval(f"select worker.enqueue('errand', run_at => '{when}')")

    assert refused.value.sqlstate == "MM005"


async def test_an_unknown_queue_name_of_enqueue_many_is_checked_like_that_of_enqueue(
    producer: Connection,
) -> None:
    for queue in ("", "q" * 9000):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await producer.fetch("select worker.enqueue_many('errand', '{}', queue => $1)", queue)

        assert refused.value.sqlstate == "MM005"


async def test_an_enqueue_that_is_rolled_back_leaves_nothing_behind(producer: Connection) -> None:
    queues = await producer.fetch("select queue from worker.queues order by 1")
    transaction = producer.transaction()
    await transaction.start()
    await enqueue(producer, queue="brand new", dedupe_key="once")
    await producer.fetchval(ENQUEUE_MANY, "errand", ["{}", "{}"])
    await producer.fetchval("select worker.start_run('demo', name => 'mine')")

    await transaction.rollback()

    assert await states(producer) == {}
    assert await producer.fetchval("select count(*) from worker.runs") == 0
    assert await producer.fetch("select queue from worker.queues order by 1") == queues


async def test_a_job_is_seen_by_nobody_before_its_transaction_has_committed(
    db: Database, producer: Connection
) -> None:
    worker = await alive(db)
    transaction = producer.transaction()
    await transaction.start()
    id_ = await enqueue(producer)

    assert await claimed(db, worker) == []
    await transaction.commit()

    assert [one.id for one in await claimed(db, worker)] == [id_]


async def test_many_are_enqueued_in_one_statement_in_the_order_they_were_given(
    db: Database, producer: Connection
) -> None:
    payloads = [json.dumps({"name": str(place)}) for place in range(1200)]

    ids = await producer.fetchval(ENQUEUE_MANY, "parcel", payloads)

    assert ids == sorted(set(ids))
    rows = await producer.fetch("select payload ->> 'name' as name from worker.jobs order by id")
    assert [row["name"] for row in rows] == [str(place) for place in range(1200)]
    first = await claimed(db, await alive(db), "parcel", "post", 500)
    assert [one.id for one in first] == ids[:500]


async def test_of_many_all_are_taken_or_none_and_the_first_bad_one_is_named_by_its_place(
    producer: Connection,
) -> None:
    payloads = [json.dumps({"name": "a"})] * 300
    payloads[41] = json.dumps({"name": 7})
    payloads[200] = json.dumps({})

    with pytest.raises(asyncpg.PostgresError) as refused:
        await producer.fetchval(ENQUEUE_MANY, "parcel", payloads)

    assert refused.value.sqlstate == "MM002"
    assert str(refused.value) == 'parcel, payload 42: the key "name" must be string, not number'
    assert await states(producer) == {}


async def test_many_of_a_kind_that_starts_runs_get_a_run_each(producer: Connection) -> None:
    payload = json.dumps({"source": "dump"})

    ids = await producer.fetchval(ENQUEUE_MANY, "normalize_batch", [payload] * 3)

    runs = await producer.fetch("select id from worker.runs")
    jobs_of_runs = await producer.fetch("select run_id from worker.jobs where id = any($1)", ids)
    assert len(ids) == 3
    assert {row["id"] for row in runs} == {row["run_id"] for row in jobs_of_runs}
    assert len(runs) == 3


@pytest.mark.parametrize("place", [0, 2])
async def test_a_null_among_many_is_named_by_its_place(place: int, producer: Connection) -> None:
    payloads: list[str | None] = [json.dumps({"name": "a"})] * 3
    payloads[place] = None

    with pytest.raises(asyncpg.PostgresError, match=f"parcel, payload {place + 1}: the payload must be"):
        await producer.fetchval(ENQUEUE_MANY, "parcel", payloads)


async def test_a_payload_of_nearly_256_kib_is_taken_and_a_larger_one_is_refused(producer: Connection) -> None:
    fits = {"name": "x" * (262_144 - 100)}
    too_large = {"name": "x" * 262_144}

    assert await enqueue(producer, "parcel", fits)
    with pytest.raises(asyncpg.PostgresError, match="bytes; at most 262144 fit") as refused:
        await enqueue(producer, "parcel", too_large)
    with pytest.raises(asyncpg.PostgresError, match=r"payload 2: .*at most 262144 fit") as refused_many:
        await producer.fetchval(ENQUEUE_MANY, "parcel", [json.dumps(fits), json.dumps(too_large)])

    assert refused.value.sqlstate == refused_many.value.sqlstate == "MM002"
    assert await states(producer) == {"pending": 1}


@pytest.mark.parametrize("text", ['{"name": "\\u0000"}', '{"name": "\\ud800"}', '{"name": NaN}', "{", ""])
async def test_what_is_no_json_at_all_is_refused_by_postgres_and_harms_nothing(
    text: str, producer: Connection
) -> None:
    with pytest.raises(asyncpg.DataError):
        await producer.fetchval("select worker.enqueue('parcel', $1::text::jsonb)", text)

    assert await states(producer) == {}


async def test_a_larger_priority_goes_first_and_equals_go_in_order(
    db: Database, producer: Connection
) -> None:
    low, first, second, high = [await enqueue(producer, priority=p) for p in (-5, 0, 0, 7)]

    got = await claimed(db, await alive(db), limit=10)

    assert [one.id for one in got] == [high, first, second, low]


async def test_a_job_of_the_future_is_scheduled_and_one_of_the_past_is_pending(producer: Connection) -> None:
    later = await enqueue(producer, run_at=datetime(2999, 1, 1, tzinfo=UTC))
    earlier = await enqueue(producer, run_at=datetime(2001, 1, 1, tzinfo=UTC))

    assert (await job(producer, later))["state"] == "scheduled"
    assert (await job(producer, later))["run_at"] == datetime(2999, 1, 1, tzinfo=UTC)
    assert (await job(producer, earlier))["state"] == "pending"


async def test_nothing_in_the_schema_is_executable_by_everybody(producer: Connection) -> None:
    open_doors = await producer.fetch(
        """
        select p.oid::regprocedure::text as door
          from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
         where p.pronamespace = 'worker'::regnamespace and a.grantee = 0 and a.privilege_type = 'EXECUTE'
        """
    )

    assert open_doors == []


async def test_every_function_that_runs_with_its_owners_rights_has_an_empty_search_path(
    producer: Connection,
) -> None:
    wanted = ['search_path=""']
    loose = await producer.fetch(
        """
        select p.oid::regprocedure::text as door, p.prosecdef from pg_proc p
         where p.pronamespace = 'worker'::regnamespace and p.prosecdef
           and not coalesce(p.proconfig, '{}') @> $1::text[]
        """,
        wanted,
    )
    definers = await producer.fetchval(
        "select count(*) from pg_proc where pronamespace = 'worker'::regnamespace and prosecdef"
    )

    assert loose == []
    assert definers >= 11
