"""The drill: our rules in a real Prometheus, two real workers, a stand-in for eBay, and what is heard of it.

Prometheus' clock is ``HURRY`` times quicker than in operation: scrapes, ``for:``, ranges and lookback are so
much shorter, and no expression is changed. A second here is a minute there.
"""

import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest

from tests.monitoring.prometheus import Prometheus, program, prometheus
from tests.monitoring.rules import ROOT, RULES, hurried
from tests.queue.processes import WorkerProcess
from tests.runs.scene import enqueue, run_row, start, until
from tests.selling.market import Market, connect_sellers, market
from worker.catalog.importing import DUMP_SOURCE, import_dump
from worker.catalog.sample import sample_path
from worker.db import Database

HURRY = 60
QUIET_SECONDS = 6
"""Longer, with this clock, than five minutes: what most alarms wait for."""
ASKED = re.compile(r"^<!-- asks: prometheus -->\n```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HOLDER = """
select w.pid from worker.jobs j join worker.workers w on w.id = j.worker_id
 where j.id = $1 and j.state = 'running'
"""


@dataclass
class Fleet:
    """Two workers, each with an ops port that stays its own when it is started anew."""

    hire: Callable[[int], WorkerProcess]
    workers: dict[str, WorkerProcess]
    """By their address, as Prometheus knows them."""

    def holder(self, pid: int) -> str:
        """The address of the worker with this process."""
        return next(address for address, worker in self.workers.items() if worker.process.pid == pid)

    async def replace(self, address: str) -> None:
        """Start a worker in the place of one that is dead."""
        self.workers[address] = await self.hire(int(address.rpartition(":")[2])).ready()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Market]:
    with market(tmp_path, sellers=3, orders=90) as running:
        yield running


@pytest.fixture
async def fleet(database_url: str, tmp_path: Path, shop: Market) -> AsyncIterator[Fleet]:
    with ExitStack() as stack:

        def hire(port: int = 0) -> WorkerProcess:
            given = {**shop.variables(), "WORKER_OPS__SAMPLE_SECONDS": "0.1", "WORKER_OPS__PORT": str(port)}
            worker = WorkerProcess(database_url, tmp_path, environment=given, lease_seconds=1.5)
            stack.callback(worker.end)
            return worker

        hired = [await worker.ready() for worker in [hire(), hire()]]
        yield Fleet(hire, {address(worker): worker for worker in hired})


def address(worker: WorkerProcess) -> str:
    return str(worker.said("ops_port")[0]["url"]).removeprefix("http://")


@pytest.fixture
async def watched(fleet: Fleet, tmp_path: Path) -> AsyncIterator[Prometheus]:
    """Prometheus, once it has scraped both; it takes its targets over some five seconds after its start."""
    with prometheus(tmp_path, sorted(fleet.workers), factor=HURRY) as running:

        async def sees_all() -> bool:
            return len(await running.query("up == 1")) == len(fleet.workers)

        await until(sees_all)
        yield running


@pytest.fixture(autouse=True)
def _only_with_prometheus() -> None:
    """Skip before anything else is started."""
    program("prometheus")


async def ended(db: Database, run: UUID, *, state: str, reason: str | None = None) -> None:
    """Wait until a run is in a state, and nobody at work on it any more."""

    async def has() -> bool:
        row = await run_row(db, run)
        at_work = await db.fetchval(
            "select exists (select from worker.jobs where run_id = $1 and state = 'running')", run
        )
        return (row["state"], row["reason"]) == (state, reason) and not at_work

    await until(has, seconds=40)


async def the_demo_s_work(db: Database, accounts: dict[str, UUID]) -> None:
    """A catalogue is imported and read, runs pay and end, sales are fetched, and a few tries fail."""
    await import_dump(db, sample_path())
    runs = [
        await start(db, "normalize_batch", {"source": DUMP_SOURCE, "jobs": 2}),
        await start(db, "demo", {"items": 50, "cost_cents": 1}, cap=100),
        await start(db, "seller_sync", {}),
        *[await start(db, "account_sync", {"account_id": str(one)}) for one in accounts.values()],
    ]
    for _ in range(30):
        await enqueue(db, "demo", {"items": 2})
    for _ in range(2):
        await enqueue(db, "demo", {"fail": 1})
    for run in runs:
        await ended(db, run, state="completed")


async def held(db: Database, job: int) -> int:
    """The process of the worker that is at work on the job."""
    return await until(lambda: db.fetchval(HOLDER, job))


@pytest.mark.timeout(150)
async def test_exactly_the_alarms_that_should_fire_do_and_they_end_when_the_trouble_does(
    db: Database, shop: Market, fleet: Fleet, watched: Prometheus
) -> None:
    accounts = await connect_sellers(db, shop, sorted(await shop.books()))
    await the_demo_s_work(db, accounts)
    for question in questions():
        await until(partial(watched.query, hurried(question, HURRY)), seconds=5)
    await anyio.sleep(QUIET_SECONDS)
    assert await watched.ever_fired() == set(), "nothing is wrong yet"

    dead, gone = await kill_a_worker(db, fleet), min(accounts)
    await shop.post("/_sandbox/tokens", {"revoke": {"seller": gone}})
    refused = await start(db, "account_sync", {"account_id": str(accounts[gone])})
    poor = await start(db, "demo", {"items": 50, "cost_cents": 1}, cap=20)
    await ended(db, refused, state="paused", reason="credential_revoked")
    await ended(db, poor, state="paused", reason="budget")

    expected = {
        "MintmarkWorkerDown": {"instance": dead, "severity": "warning"},
        "MintmarkJobsRescued": {"kind": "demo", "severity": "warning"},
        "MintmarkCredentialRevoked": {"severity": "warning"},
        "MintmarkRunsPausedByBudget": {"reason": "budget", "severity": "warning"},
    }
    await until(lambda: fire(watched, set(expected)))
    await anyio.sleep(QUIET_SECONDS)
    firing = await watched.firing()
    assert {name: told(labels) for name, labels in firing.items()} == {
        name: [labels] for name, labels in expected.items()
    }

    await fleet.replace(dead)
    await db.execute("select worker.resume_run($1, $2)", poor, 100)
    await connect_sellers(db, shop, [gone])
    await db.execute("select worker.resume_run($1)", refused)
    for run in (poor, refused):
        await ended(db, run, state="completed")
    await until(lambda: fire(watched, set()), seconds=40)
    assert await watched.ever_fired() == set(expected)


def questions() -> list[str]:
    """What the page about operating asks of Prometheus."""
    [shown] = ASKED.findall((ROOT / "docs" / "operating.md").read_text("utf-8"))
    return [line for line in shown.splitlines() if not line.startswith("#")]


async def kill_a_worker(db: Database, fleet: Fleet) -> str:
    """Kill the worker that is at work on a job; answers its address."""
    job = await enqueue(db, "demo", {"seconds": 4, "items": 40})
    dead = fleet.holder(await held(db, job))
    fleet.workers[dead].signal(signal.SIGKILL)
    return dead


async def fire(watched: Prometheus, names: set[str]) -> bool:
    """Tell whether these alarms fire, and no other."""
    return set(await watched.firing()) == names


def told(alerts: list[dict[str, str]]) -> list[dict[str, str]]:
    """Labels without those that all have."""
    return [{name: labels[name] for name in labels if name not in {"alertname", "job"}} for labels in alerts]


async def test_the_rules_are_read_here_as_prometheus_reads_them(tmp_path: Path) -> None:
    with prometheus(tmp_path, [], factor=1) as running:
        groups = (await running.ask("rules"))["groups"]

    loaded = {rule["name"]: facts(rule) for group in groups for rule in group["rules"]}
    assert loaded == {
        rule.name: (
            " ".join(rule.expression.split()),
            rule.fields.get("severity"),
            rule.fields.get("summary"),
            rule.fields.get("description"),
            rule.fields.get("runbook"),
        )
        for rule in RULES
    }


def facts(rule: dict[str, Any]) -> tuple[str | None, ...]:
    notes = rule.get("annotations", {})
    texts = (notes.get(name) for name in ("summary", "description", "runbook"))
    return " ".join(rule["query"].split()), rule.get("labels", {}).get("severity"), *texts
