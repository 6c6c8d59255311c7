"""Row 32: access tokens end while eight workers use them, and then the consent is taken back."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.chaos.conftest import Times
from tests.chaos.fleet import Worker
from tests.chaos.stage import Stage
from tests.queue.scene import until
from tests.runs.scene import run_row, start
from tests.selling.market import Market, connect_sellers, market

WORKERS = 8
JOBS = 12
"""So many runs of each account at once: two workers at least are at work on each."""
ORDERS, REFRESH = "ebay_fulfillment.get_orders", "ebay_oauth.refresh_token"
SLOWLY = {"operation": ORDERS, "kind": "delay", "seconds": 0.5, "times": None}
ALERTS = "select count(*) from worker.alerts where alert = 'credential_revoked'"
AT_WORK = """
select count(*) from worker.jobs j where j.state = 'running' and j.payload ->> 'account_id' = $1
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Market]:
    """Two sellers, who answer slowly."""
    with market(tmp_path, sellers=2, orders=40) as running:
        yield running


@pytest.fixture
async def workers(stage: Stage, shop: Market) -> list[Worker]:
    """Eight processes of four slots."""
    await stage.db.execute("select worker.set_org(max_concurrent_runs => 1000)")
    await shop.post("/_sandbox/scenario", {"faults": [SLOWLY]})
    return await stage.ready(WORKERS, environment=shop.variables(), queues=["sync"])


class Office:
    """Two accounts, their runs, and what the stand-in's journal says of them."""

    def __init__(self, stage: Stage, shop: Market, accounts: dict[str, UUID]) -> None:
        self.stage, self.shop, self.accounts = stage, shop, accounts

    async def start(self, seller: str) -> list[UUID]:
        """Start runs about one account alone, all at the same time."""
        params = {"account_id": str(self.accounts[seller]), "alone": True, "dry_run": True}
        return [await start(self.stage.db, "account_sync", params) for _ in range(JOBS)]

    async def calls(self, operation: str, seller: str) -> list[dict[str, Any]]:
        """The calls of one operation in one seller's name."""
        return [call for call in await self.shop.calls(operation) if call["account"] == seller]

    async def are_asked(self, seller: str, count: int) -> None:
        """Wait until so many questions have come in a seller's name."""

        async def have_come() -> bool:
            return len(await self.calls(ORDERS, seller)) >= count

        await until(have_come, seconds=60)

    async def have_ended(self, runs: list[UUID], *states: str) -> list[UUID]:
        """Wait until runs are all in one of these states; answers those in the first."""

        async def are_there() -> bool:
            found = {(await run_row(self.stage.db, run))["state"] for run in runs}
            assert found <= {"pending", "running", *states}, found
            return found <= {*states}

        await until(are_there, seconds=90)
        return [run for run in runs if (await run_row(self.stage.db, run))["state"] == states[0]]

    async def version(self, seller: str) -> int:
        """How often tokens of an account were stored."""
        statement = "select token_version from public.ebay_accounts where id = $1"
        version: int = await self.stage.db.fetchval(statement, self.accounts[seller])
        return version


@pytest.fixture
async def office(stage: Stage, shop: Market) -> Office:
    return Office(stage, shop, await connect_sellers(stage.db, shop, sorted(await shop.books())))


@pytest.mark.timeout(600)
@pytest.mark.scorecard(32)
async def test_one_refresh_an_end_whoever_notices_it_and_no_more_questions_once_the_consent_is_gone(
    office: Office,
    workers: list[Worker],
    times: Times,
    record_property: Callable[[str, object], None],
) -> None:
    rounds = times(3, 20)
    first = {seller: await office.version(seller) for seller in office.accounts}
    for number in range(1, rounds + 1):
        await one_end(office, number)
    questions, gone = 0, min(office.accounts)
    for seller in office.accounts:
        refreshes = await office.calls(REFRESH, seller)
        assert [call["status"] for call in refreshes] == [200] * rounds
        assert await office.version(seller) - first[seller] == rounds
        questions += len(await office.calls(ORDERS, seller))

    in_flight, after, paused = await taken_back(office, gone)
    assert await office.stage.db.fetchval(ALERTS) == 1
    assert [call["status"] for call in await office.calls(REFRESH, gone)][rounds:] == [400]

    assert not any(worker.said("job_crashed_handler") for worker in workers)
    record_property(
        "figures",
        f"{WORKERS} processes of 4 slots, {2 * JOBS} jobs at once on 2 accounts, {rounds} ends:"
        f" {rounds} refreshes of each account, none refused, {questions} questions;"
        f" taken back with {in_flight} jobs at work: {after} questions more, {paused} runs paused, 1 alert",
    )


async def one_end(office: Office, number: int) -> None:
    """Let all access tokens end while jobs ask with them and others are about to; wait for the jobs."""
    before = {seller: len(await office.calls(ORDERS, seller)) for seller in office.accounts}
    runs = [run for seller in office.accounts for run in await office.start(seller)]
    for seller, count in before.items():
        await office.are_asked(seller, count + JOBS // 2)
    await office.shop.post("/_sandbox/tokens", {"expire": {}})
    runs += [run for seller in office.accounts for run in await office.start(seller)]
    await office.have_ended(runs, "completed")
    for seller in office.accounts:
        assert len(await office.calls(REFRESH, seller)) == number


async def taken_back(office: Office, gone: str) -> tuple[int, int, int]:
    """Take one consent back while both accounts are read; answers jobs at work then, questions after, pauses.

    Whoever had its answer before may still complete.
    """
    other = max(office.accounts)
    before = len(await office.calls(ORDERS, gone))
    await office.shop.post("/_sandbox/scenario", {"faults": [SLOWLY | {"account": gone, "seconds": 3}]})
    runs, unharmed = await office.start(gone), await office.start(other)
    await office.are_asked(gone, before + JOBS // 2)
    last = max(call["number"] for call in await office.shop.calls(ORDERS))
    in_flight = await office.stage.db.fetchval(AT_WORK, str(office.accounts[gone]))
    await office.shop.post("/_sandbox/tokens", {"revoke": {"seller": gone}})

    paused = await office.have_ended(runs, "paused", "completed")
    await office.have_ended(unharmed, "completed")
    assert len(paused) >= JOBS // 2
    assert {(await run_row(office.stage.db, run))["reason"] for run in paused} == {"credential_revoked"}
    after = len([call for call in await office.calls(ORDERS, gone) if call["number"] > last])
    assert after <= JOBS

    assert (await connect_sellers(office.stage.db, office.shop, [gone]))[gone] == office.accounts[gone]
    for run in paused:
        await office.stage.db.execute("select worker.resume_run($1)", run)
    await office.have_ended(paused, "completed")
    return in_flight, after, len(paused)
