"""Whole workers deliver: what is raised arrives, also when one of them is killed at the worst moment."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.receiver import Postbox, Receiver
from tests.queue.processes import WorkerProcess
from tests.queue.scene import until
from worker.db import Database

RAISE = "select worker.raise_alert('budget_warning', $1, 'Half of it is spent.')"


@pytest.fixture
def hired() -> Iterator[list[WorkerProcess]]:
    workers: list[WorkerProcess] = []
    yield workers
    for worker in workers:
        worker.end()


def hire(
    hired: list[WorkerProcess], url: str, folder: Path, environment: dict[str, str], **queue: Any
) -> WorkerProcess:
    hired.append(WorkerProcess(url, folder, environment=environment, **queue))
    return hired[-1]


def told_at(receiver: Receiver) -> dict[str, str]:
    return {
        "WORKER_ALERTS__WEBHOOK_URL": f"{receiver.url}/webhook",
        "WORKER_ALERTS__ALLOW_PRIVATE": "true",
    }


async def test_a_failed_run_is_told_by_webhook_and_by_mail(
    db: Database,
    database_url: str,
    tmp_path: Path,
    receiver: Receiver,
    box: Postbox,
    hired: list[WorkerProcess],
) -> None:
    mail = {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": str(box.port), "MAIL_SECURITY": "none"}
    mail |= {"MAIL_FROM": "mintmark@example.org", "MAIL_TO": "ops@example.com"}
    environment = told_at(receiver) | {f"WORKER_ALERTS__{name}": value for name, value in mail.items()}
    worker = await hire(hired, database_url, tmp_path, environment).ready()
    await db.execute(
        "with r as materialized (select worker.start_run('demo', '{}', name => 'cards') as id)"
        " select worker.enqueue('demo', '{\"fail\": 9}', max_attempts => 1, run_id => r.id) from r"
    )

    async def both() -> bool:
        return bool(receiver.told and box.mails)

    async def delivered() -> bool:
        return bool(
            await db.fetchval("select exists (select from worker.alerts where delivered_at is not null)")
        )

    await until(both)
    await until(delivered)

    [alert] = receiver.told["webhook"][0]["alerts"]
    assert alert["alert"] == "run_failed"
    assert alert["data"] == {
        "name": "cards",
        "kind": "demo",
        "failed_jobs": 1,
        "error_code": "demo_failure",
    }
    assert b"run_failed" in box.mails[0]
    assert worker.said("alerts_delivered")
    assert receiver.url not in str(worker.said("alerts_delivered") + worker.said("job_finished"))


async def test_a_worker_killed_between_sending_and_noting_has_it_sent_again_and_loses_no_other(
    db: Database, database_url: str, tmp_path: Path, receiver: Receiver, hired: list[WorkerProcess]
) -> None:
    pace = {"lease_seconds": "1.5", "heartbeat_seconds": "0.4"}
    receiver.answering.clear()
    first = await hire(hired, database_url, tmp_path, told_at(receiver), **pace).ready()
    await db.execute(RAISE, "one")

    async def arrived() -> bool:
        return bool(receiver.ids())

    await until(arrived)
    await db.execute(RAISE, "two")
    first.signal(signal.SIGKILL)
    receiver.answering.set()
    second = await hire(hired, database_url, tmp_path, told_at(receiver), **pace).ready()

    async def all_delivered() -> bool:
        return bool(await db.fetchval("select bool_and(delivered_at is not null) from worker.alerts"))

    await until(all_delivered)
    assert sorted(set(receiver.ids())) == [1, 2]
    assert receiver.ids().count(1) == 2
    second.signal(signal.SIGTERM)
    assert await second.exit_code() == 0


async def test_an_alert_that_no_job_answers_for_is_found_by_a_worker_that_looks(
    db: Database, database_url: str, tmp_path: Path, receiver: Receiver, hired: list[WorkerProcess]
) -> None:
    await db.execute(RAISE, "before anybody listened")
    assert await db.fetchval("select count(*) from worker.jobs") == 0
    await hire(hired, database_url, tmp_path, told_at(receiver)).ready()

    async def arrived() -> bool:
        return bool(receiver.ids())

    await until(arrived)


async def test_a_worker_that_stops_while_it_tells_leaves_what_it_has_not_told(
    db: Database, database_url: str, tmp_path: Path, receiver: Receiver, hired: list[WorkerProcess]
) -> None:
    receiver.answering.clear()
    worker = await hire(hired, database_url, tmp_path, told_at(receiver)).ready()
    await db.execute(RAISE, "one")

    async def arrived() -> bool:
        return bool(receiver.ids())

    await until(arrived)
    worker.signal(signal.SIGTERM)
    assert await worker.exit_code() == 0
    receiver.answering.set()

    assert await db.fetchval("select count(*) from worker.jobs where state in ('pending', 'scheduled')") == 1
    assert await db.fetchval("select count(*) from worker.alerts where delivered_at is null") == 1
