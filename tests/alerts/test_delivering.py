"""Every alert reaches every channel, whatever is down meanwhile, and no channel is flooded."""

from collections.abc import Sequence
from datetime import timedelta

import anyio
import pytest
from pydantic import SecretStr

from tests.alerts.receiver import Receiver
from tests.runs.scene import claim, end, until
from worker import observe
from worker.clients.forms import DISCORD, GENERIC, SLACK, Form
from worker.clients.notices import Channel
from worker.clients.webhooks import Webhook
from worker.db import Database
from worker.handlers.deliver_alerts import DeliverAlerts
from worker.queue.contract import Done, Ending, Job, Kind, Kinds, Retry, Snooze
from worker.queue.jobs import Jobs
from worker.runs.binding import bind

DAY = timedelta(days=1)


def hook(receiver: Receiver, form: Form, path: str | None = None) -> Channel:
    return Webhook(form, SecretStr(f"{receiver.url}/{path or form.name}"), allow_private=True)


async def deliverer(db: Database, channels: Sequence[Channel], *, per_hour: int = 20) -> Kind:
    kind = bind(DeliverAlerts(channels=channels, per_hour=per_hour), db, stopping=lambda: False)
    await Jobs(db).publish(Kinds({kind.name: kind}))
    return kind


async def raise_alerts(db: Database, count: int, *, message: str = "It failed.", first: int = 1) -> None:
    await db.execute(
        "select worker.raise_alert('run_failed', 'k' || n, $2 || ' ' || n)"
        " from generate_series($3::int, $3 + $1 - 1) n",
        count,
        message,
        first,
    )


async def deliver(db: Database, kind: Kind) -> Ending:
    """Work the job of delivery once, now; it is enqueued where there is none."""
    await db.execute("select worker.enqueue('deliver_alerts', dedupe_key => 'deliver_alerts')")
    await db.execute("update worker.jobs set state = 'pending', run_at = now() where state = 'scheduled'")
    job = await claim(db, "deliver_alerts", "alerts")
    ending = await kind.perform(job)
    await end(db, job)
    return ending


async def let_pass(db: Database, time: timedelta) -> None:
    """Move all that has happened so far back in time."""
    await db.execute("update worker.alerts set raised_at = raised_at - $1::interval", time)
    await db.execute("update worker.alert_messages set sent_at = sent_at - $1::interval", time)
    await db.execute(
        "update worker.alert_channels set failing_since = failing_since - $1::interval,"
        " next_try_at = next_try_at - $1::interval",
        time,
    )


async def standing(db: Database) -> tuple[int, int, int]:
    """How many alerts are delivered, were given up, and wait."""
    row = await db.fetchrow(
        "select count(delivered_at), count(given_up_at),"
        " count(*) filter (where delivered_at is null and given_up_at is null) from worker.alerts"
    )
    assert row is not None
    return tuple(row)


async def test_what_waits_goes_to_every_channel_in_one_message(db: Database, receiver: Receiver) -> None:
    kind = await deliverer(db, [hook(receiver, form) for form in (GENERIC, SLACK, DISCORD)])
    await raise_alerts(db, 3)

    assert await deliver(db, kind) == Done()

    assert {path: len(told) for path, told in receiver.told.items()} == {
        "webhook": 1,
        "slack": 1,
        "discord": 1,
    }
    assert receiver.ids() == [1, 2, 3]
    assert "It failed. 3" in receiver.told["discord"][0]["content"]
    assert await standing(db) == (3, 0, 0)


async def test_nothing_is_sent_twice_and_without_alerts_nothing_at_all(
    db: Database, receiver: Receiver
) -> None:
    kind = await deliverer(db, [hook(receiver, GENERIC)])
    assert await deliver(db, kind) == Done()
    assert receiver.told == {}
    await raise_alerts(db, 1)

    await deliver(db, kind)
    await deliver(db, kind)

    assert receiver.ids() == [1]


@pytest.mark.parametrize("form", [GENERIC, SLACK, DISCORD], ids=lambda form: form.name)
async def test_two_hundred_at_once_are_ten_messages_at_most_and_none_is_lost(
    db: Database, receiver: Receiver, form: Form
) -> None:
    kind = await deliverer(db, [hook(receiver, form)], per_hour=10)
    await raise_alerts(db, 200, message=f"It failed: {'x' * 250}")

    assert await deliver(db, kind) == Done()

    told = receiver.told[form.name]
    assert len(told) <= 10
    assert await standing(db) == (200, 0, 0)
    if form is GENERIC:
        assert receiver.ids() == list(range(1, 201))
    else:
        assert len(told) == 10
        texts = [str(one.get("text") or one["content"]).replace("\\", "") for one in told]
        in_full = sum(text.count("It failed") for text in texts)
        assert f"mintmark: {200 - in_full} alerts: {200 - in_full} run_failed" in texts[-1]
        assert f"numbers {in_full + 1} to 200," in texts[-1]


async def test_what_comes_after_the_last_message_of_the_hour_waits_for_the_next(
    db: Database, receiver: Receiver
) -> None:
    kind = await deliverer(db, [hook(receiver, GENERIC)], per_hour=2)
    for n in (1, 2):
        await raise_alerts(db, 1, first=n)
        assert await deliver(db, kind) == Done()
    await raise_alerts(db, 250, first=3)

    early = await deliver(db, kind)

    assert isinstance(early, Snooze)
    assert timedelta(minutes=59) < early.delay <= timedelta(hours=1)
    assert receiver.ids() == [1, 2]
    await let_pass(db, timedelta(hours=1))
    assert await deliver(db, kind) == Done()
    assert receiver.ids() == list(range(1, 253))
    assert [message["summary"] for message in receiver.told["webhook"]] == [False, False, False, True]


async def test_a_channel_that_is_down_has_nothing_repeated_at_the_others(
    db: Database, receiver: Receiver
) -> None:
    kind = await deliverer(db, [hook(receiver, SLACK), hook(receiver, GENERIC)])
    receiver.status = {"slack": 503}
    await raise_alerts(db, 2)

    first = await deliver(db, kind)
    again = await deliver(db, kind)

    assert isinstance(first, Retry)
    assert (first.code, first.delay) == ("source_down", timedelta(seconds=30))
    assert isinstance(again, Snooze)
    assert (receiver.ids(), len(receiver.told["slack"])) == ([1, 2], 1)
    assert await standing(db) == (0, 0, 2)

    receiver.status = {}
    await let_pass(db, timedelta(seconds=31))
    assert await deliver(db, kind) == Done()
    assert (receiver.ids(), len(receiver.told["slack"])) == ([1, 2], 2)
    assert await standing(db) == (2, 0, 0)


async def test_a_new_alert_reaches_the_others_while_one_is_down(db: Database, receiver: Receiver) -> None:
    kind = await deliverer(db, [hook(receiver, SLACK), hook(receiver, GENERIC)])
    receiver.status = {"slack": 500}
    await raise_alerts(db, 1)
    await deliver(db, kind)
    await raise_alerts(db, 1, first=2)

    assert isinstance(await deliver(db, kind), Snooze)

    assert (receiver.ids(), len(receiver.told["slack"])) == ([1, 2], 1)


async def test_a_channel_that_stays_down_is_tried_less_and_less_often(
    db: Database, receiver: Receiver
) -> None:
    kind = await deliverer(db, [hook(receiver, SLACK)], per_hour=100)
    receiver.status = {"slack": 503}
    await raise_alerts(db, 1)
    waits = []
    for _ in range(7):
        ending = await deliver(db, kind)
        assert isinstance(ending, Retry)
        assert ending.delay is not None
        waits.append(round(ending.delay.total_seconds()))
        await let_pass(db, ending.delay)

    assert waits == [30, 60, 120, 240, 480, 900, 900]


async def test_the_advice_of_a_channel_is_followed(db: Database, receiver: Receiver) -> None:
    kind = await deliverer(db, [hook(receiver, SLACK)])
    receiver.status, receiver.headers = {"slack": 429}, {"Retry-After": "200"}
    await raise_alerts(db, 1)

    ending = await deliver(db, kind)

    assert isinstance(ending, Retry)
    assert ending.delay == timedelta(seconds=200)


async def test_every_try_is_one_of_its_hour(db: Database, receiver: Receiver) -> None:
    kind = await deliverer(db, [hook(receiver, SLACK)], per_hour=3)
    receiver.status = {"slack": 503}
    await raise_alerts(db, 1)
    for _ in range(6):
        await deliver(db, kind)
        await let_pass(db, timedelta(minutes=5))

    assert len(receiver.told["slack"]) == 3


async def test_a_channel_that_says_no_again_and_again_is_told_the_count_alone(
    db: Database, receiver: Receiver
) -> None:
    kind = await deliverer(db, [hook(receiver, SLACK)])
    receiver.status = {"slack": 400}
    await raise_alerts(db, 2, message="a word")
    for _ in range(4):
        await deliver(db, kind)
        await let_pass(db, timedelta(minutes=10))

    texts = [told["text"] for told in receiver.told["slack"]]
    assert ["a word" in text for text in texts] == [True, True, True, False]


async def test_after_a_day_a_channel_is_given_up_for_what_is_as_old_and_not_for_what_is_new(
    db: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, object]] = []
    kind = await deliverer(db, [hook(receiver, SLACK)])
    receiver.status = {"slack": 404}
    await raise_alerts(db, 2)
    await deliver(db, kind)
    await let_pass(db, DAY)
    await raise_alerts(db, 1, first=3)
    monkeypatch.setattr(observe, "say", lambda event, **facts: said.append((event, facts.get("alerts"))))

    await deliver(db, kind)

    assert await standing(db) == (0, 2, 1)
    assert ("alerts_given_up", 2) in said
    assert receiver.told["slack"][-1]["text"].endswith("It failed. 3")


async def test_an_alert_that_waited_for_a_day_without_a_worker_is_not_given_up_untried(
    db: Database, receiver: Receiver
) -> None:
    kind = await deliverer(db, [hook(receiver, GENERIC)])
    await raise_alerts(db, 1)
    await let_pass(db, 3 * DAY)

    await deliver(db, kind)

    assert await standing(db) == (1, 0, 0)


async def test_what_one_took_and_another_never_did_is_both_delivered_and_given_up(
    db: Database, receiver: Receiver
) -> None:
    kind = await deliverer(db, [hook(receiver, SLACK), hook(receiver, GENERIC)])
    receiver.status = {"slack": 404}
    await raise_alerts(db, 1)
    await deliver(db, kind)
    await let_pass(db, DAY)

    assert await deliver(db, kind) == Done()

    assert await standing(db) == (1, 1, 0)


async def test_a_channel_that_was_taken_away_keeps_nothing_waiting(db: Database, receiver: Receiver) -> None:
    both = await deliverer(db, [hook(receiver, SLACK), hook(receiver, GENERIC)])
    receiver.status = {"slack": 503}
    await raise_alerts(db, 1)
    await deliver(db, both)

    await deliver(db, await deliverer(db, [hook(receiver, GENERIC)]))

    assert await standing(db) == (1, 0, 0)
    assert receiver.ids() == [1]


async def test_a_worker_that_lost_its_job_notes_nothing(db: Database, receiver: Receiver) -> None:
    kind = await deliverer(db, [hook(receiver, GENERIC)])
    await raise_alerts(db, 1)
    await db.execute("update worker.jobs set state = 'pending', run_at = now()")
    job = await claim(db, "deliver_alerts", "alerts")
    await db.execute("update worker.jobs set fence = fence + 1")

    with pytest.raises(Exception, match="no longer held"):
        await kind.perform(job)

    assert receiver.told == {}
    assert await standing(db) == (0, 0, 1)


async def test_two_deliveries_at_once_share_the_hour(db: Database, receiver: Receiver) -> None:
    kind = await deliverer(db, [hook(receiver, GENERIC)], per_hour=1)
    await raise_alerts(db, 1)
    await db.execute("select worker.enqueue('deliver_alerts') from generate_series(1, 4)")
    await db.execute("insert into worker.alert_channels (channel) values ('webhook')")
    jobs = [await claim(db, "deliver_alerts", "alerts") for _ in range(4)]
    receiver.answering.clear()

    async def told() -> bool:
        return bool(receiver.told)

    async def perform(job: Job) -> None:
        await kind.perform(job)

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(perform, job)
        await until(told)
        receiver.answering.set()

    assert len(receiver.told["webhook"]) == 1


async def test_the_url_stands_nowhere_in_the_database(db: Database, receiver: Receiver) -> None:
    kind = await deliverer(db, [hook(receiver, SLACK, "T0p-secret")])
    receiver.status = {"T0p-secret": 404}
    await raise_alerts(db, 1)

    ending = await deliver(db, kind)

    assert isinstance(ending, Retry)
    assert "T0p-secret" not in str(ending)
    kept = await db.fetch(
        "select k::text from worker.kinds k union all select c::text from worker.alert_channels c"
    )
    assert "T0p-secret" not in str(kept)
