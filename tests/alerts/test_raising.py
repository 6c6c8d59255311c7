"""An alert is written where it happened, once, and whoever raises one waits for nobody."""

import json
from uuid import UUID

import anyio
import pytest

from tests.conftest import Connect
from tests.queue.scene import alive, claimed, errand, kinds, let_die
from tests.runs.scene import Asked, claim, closer, end, start
from worker import observe
from worker.db import Connection, Database, Record
from worker.handlers.deliver_alerts import DeliverAlerts
from worker.queue.contract import Kinds
from worker.queue.jobs import Jobs
from worker.queue.rescue import CRASH_LIMIT, rescue
from worker.queue.states import JobState
from worker.runs.alerts import Attention
from worker.runs.binding import bind
from worker.runs.retention import Keep, retain

RAISE = "select worker.raise_alert('budget_warning', $1, 'Half of it is spent.')"


@pytest.fixture
async def heard(db: Database) -> None:
    """Somebody listens: the kind is known."""
    await publish(db)


async def publish(db: Database) -> None:
    handler = DeliverAlerts(channels=[], per_hour=1)
    await Jobs(db).publish(Kinds({handler.kind: bind(handler, db, stopping=lambda: False)}))


async def raised(db: Asked) -> list[Record]:
    return await db.fetch(
        "select id, key, alert::text, message, org_id, run_id, job_id, data::text"
        " from worker.alerts order by id"
    )


async def deliveries(db: Asked) -> list[Record]:
    return await db.fetch(
        "select id, state::text, run_at - now() as due from worker.jobs where kind = 'deliver_alerts'"
    )


@pytest.mark.usefixtures("heard")
async def test_one_key_raised_by_many_at_once_is_one_alert_and_one_job(
    db: Database, connect: Connect
) -> None:
    connections = [await connect() for _ in range(8)]

    async def keep_raising(connection: Connection) -> None:
        for _ in range(100):
            await connection.execute(RAISE, "the same")

    async with anyio.create_task_group() as group:
        for connection in connections:
            group.start_soon(keep_raising, connection)

    assert [row["key"] for row in await raised(db)] == ["the same"]
    assert len(await deliveries(db)) == 1


@pytest.mark.usefixtures("heard")
async def test_an_alert_that_is_rolled_back_was_never_raised(db: Database) -> None:
    connection: Connection
    async with db.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(RAISE, "k")
        await transaction.rollback()

    assert (await raised(db), await deliveries(db)) == ([], [])


async def test_where_nobody_listens_an_alert_waits_to_be_read(db: Database) -> None:
    await db.execute(RAISE, "k")

    assert len(await raised(db)) == 1
    assert await deliveries(db) == []


@pytest.mark.usefixtures("heard")
async def test_a_transaction_that_has_raised_and_stays_open_holds_nobody_up(
    db: Database, connect: Connect
) -> None:
    first, second = await connect(), await connect()
    async with first.transaction():
        await first.execute(RAISE, "one")
        with anyio.fail_after(5):
            await second.execute(RAISE, "two")

        assert [row["key"] for row in await raised(db)] == ["two"]
        assert len(await deliveries(db)) == 1
    assert len(await deliveries(db)) == 1


@pytest.mark.usefixtures("heard")
async def test_two_that_raise_in_the_order_that_is_not_the_others_both_get_through(
    db: Database, connect: Connect
) -> None:
    """The job of delivery is everybody's: were it locked when raising, these two would wait in a circle."""
    run = await start(db, "demo", {})
    first, second = await connect(), await connect()
    with anyio.fail_after(10):
        async with first.transaction():
            await first.execute(RAISE, "one")
            async with second.transaction():
                await second.execute("select worker.lock_run($1)", run)
                await second.execute(RAISE, "two")
            await first.execute("select worker.lock_run($1)", run)

    assert len(await raised(db)) == 2


@pytest.mark.usefixtures("heard")
async def test_whatever_keeps_the_delivery_from_being_enqueued_undoes_nothing(db: Database) -> None:
    await db.execute('update worker.kinds set schema = \'{"required": ["x"]}\', gate = null')

    await db.execute(RAISE, "k")

    assert len(await raised(db)) == 1


@pytest.mark.usefixtures("heard")
async def test_a_delivery_that_was_put_off_comes_forward(db: Database) -> None:
    await db.execute(RAISE, "one")
    await db.execute("update worker.jobs set run_at = now() + interval '15 minutes'")

    await db.execute(RAISE, "two")

    [job] = await deliveries(db)
    assert job["due"].total_seconds() <= 1


async def test_a_run_that_fails_says_so_once_and_again_when_it_fails_again(db: Database) -> None:
    run = await start(db, "demo", {})
    await end(db, await claim(db), JobState.FAILED)
    await closer(db).sweep()
    once = await raised(db)
    await db.execute("select worker.retry_failed($1)", run)
    await end(db, await claim(db), JobState.FAILED)

    assert [(row["alert"], row["run_id"]) for row in once] == [("run_failed", run)]
    assert "demo" in once[0]["message"]
    assert str(run)[:8] in once[0]["message"]
    assert json.loads(once[0]["data"])["failed_jobs"] == 1
    assert once[0]["org_id"] == UUID(int=1)
    assert len(await raised(db)) == 2


@pytest.mark.parametrize("how", [JobState.COMPLETED, JobState.CANCELLED])
async def test_a_run_that_ends_otherwise_raises_nothing(db: Database, how: JobState) -> None:
    await start(db, "demo", {})
    await end(db, await claim(db), how)

    assert await raised(db) == []


async def test_a_job_that_is_set_aside_is_told_of_and_one_that_waits_again_is_not(db: Database) -> None:
    await Jobs(db).publish(kinds(errand()))
    job = await db.fetchval("select worker.enqueue('errand', '{}')")
    for crash in range(CRASH_LIMIT):
        assert await raised(db) == [], crash
        worker = await alive(db)
        [one] = await claimed(db, worker)
        assert one.id == job
        await let_die(db, worker)
        await rescue(db)

    [alert] = await raised(db)
    assert (alert["alert"], alert["job_id"], alert["run_id"]) == ("job_quarantined", job, None)
    assert json.loads(alert["data"]) == {"kind": "errand", "queue": "default", "crashes": CRASH_LIMIT}
    assert f"Job {job} (errand) is set aside" in alert["message"]


@pytest.mark.usefixtures("heard")
async def test_an_alert_raised_while_the_delivery_ends_is_not_forgotten(db: Database) -> None:
    """The job that answers for it has looked for the last time already."""
    await db.execute(RAISE, "one")
    await db.execute("update worker.jobs set state = 'pending', run_at = now()")
    job = await claim(db, "deliver_alerts", "alerts")
    await db.execute(RAISE, "two")
    assert [row["id"] for row in await deliveries(db)] == [job.id]
    await end(db, job)
    assert await deliveries(db) == []

    await Attention(db, has_channel=True).look()
    await Attention(db, has_channel=True).look()

    assert len(await deliveries(db)) == 1


@pytest.mark.usefixtures("heard")
async def test_a_delivery_that_was_put_off_is_left_alone_by_those_who_look(db: Database) -> None:
    await db.execute(RAISE, "one")
    await db.execute("update worker.jobs set run_at = now() + interval '15 minutes'")

    await Attention(db, has_channel=True).look()

    [job] = await deliveries(db)
    assert job["due"].total_seconds() > 800


async def test_a_worker_with_a_channel_looks_also_where_its_kind_is_not_known_yet(db: Database) -> None:
    await db.execute(RAISE, "one")

    await Attention(db, has_channel=True).look()

    assert await deliveries(db) == []


@pytest.mark.usefixtures("heard")
async def test_a_worker_without_a_channel_enqueues_nothing_and_says_once_that_a_job_waits(
    db: Database,
) -> None:
    said: list[str] = []
    await db.execute(RAISE, "one")
    attention = Attention(db, has_channel=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observe, "say", lambda event, **_: said.append(event))
        await attention.look()
        assert said == []
        await db.execute(
            "update worker.jobs set state = 'pending', run_at = now() - interval '2 minutes',"
            " created_at = now() - interval '2 minutes'"
        )
        await attention.look()
        await attention.look()

    assert said == ["alerts_unheard"]
    assert len(await deliveries(db)) == 1
    assert observe.REGISTRY.get_sample_value("mintmark_alerts_waiting") == 1


async def test_old_alerts_go_delivered_or_not_and_young_ones_stay(db: Database) -> None:
    for key in ("old", "young"):
        await db.execute(RAISE, key)
    await db.execute("update worker.alerts set raised_at = now() - interval '91 days' where key = 'old'")
    await db.execute("insert into worker.alert_deliveries select id, 'slack', true from worker.alerts")

    await retain(db, Keep())

    assert [row["key"] for row in await raised(db)] == ["young"]


async def test_messages_are_counted_for_as_long_as_they_count(db: Database) -> None:
    await db.execute(
        "insert into worker.alert_messages (channel, sent_at)"
        " values ('slack', now() - interval '59 minutes'), ('slack', now() - interval '25 hours')"
    )

    await retain(db, Keep())

    assert await db.fetchval("select count(*) from worker.alert_messages") == 1
