"""A sync's calls, with those for tokens, are in the log of calls as often as eBay counts them."""

from collections import Counter
from typing import Any
from uuid import UUID

import anyio
import pytest

from tests.rig import as_worker
from tests.runs.scene import start
from tests.selling.market import Market
from worker.app import Service, Urls, run_worker
from worker.db import Database

EXPIRED = "update public.ebay_accounts set access_token_expires_at = now()"


async def sync(db: Database, url: str, market: Market) -> UUID:
    """Sync all sellers whose tokens have just run out; answers the run."""
    await db.execute(EXPIRED)
    run = await start(db, "seller_sync", {})
    urls = Urls(as_worker(url), as_worker(url), embedded=False)
    with anyio.fail_after(120):
        await run_worker(market.settings(), urls, Service(drain=True))
    return run


async def told(market: Market, since: int) -> Counter[tuple[str, int]]:
    calls = (await market.get("/_sandbox/journal", since=since))["calls"]
    return Counter((call["operation"], call["status"]) for call in calls)


async def rows(db: Database) -> list[Any]:
    return await db.fetch("select l.* from worker.api_log l order by l.id")


def counted(rows: list[Any]) -> Counter[tuple[str, int]]:
    return Counter((f"{row['api']}.{row['operation']}", row["status"]) for row in rows)


@pytest.fixture
async def since(accounts: dict[str, UUID], small_market: Market) -> int:
    """How many calls eBay had when all were connected."""
    assert accounts
    return int((await small_market.get("/_sandbox/journal", operation="none"))["count"])


async def test_a_sync_with_refreshes_has_a_row_for_each_call_and_names_its_account_and_job(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID], since: int
) -> None:
    run = await sync(db, database_url, small_market)

    found = await rows(db)
    assert counted(found) == await told(small_market, since)
    refreshes = [row for row in found if row["operation"] == "refresh_token"]
    assert {row["account_id"] for row in refreshes} == set(accounts.values())
    assert {(row["org_id"], row["run_id"]) for row in refreshes} == {(UUID(int=1), run)}
    assert all(row["job_id"] for row in refreshes)
    assert all(row["error_id"] is None and 0 <= row["milliseconds"] < 60_000 for row in found)


async def test_a_refused_refresh_is_logged_with_its_error(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID], since: int
) -> None:
    gone = min(accounts)
    await small_market.post("/_sandbox/tokens", {"revoke": {"seller": gone}})

    await sync(db, database_url, small_market)

    found = await rows(db)
    assert counted(found) == await told(small_market, since)
    [refused] = [row for row in found if row["status"] != 200]
    assert (refused["account_id"], refused["status"], refused["error_id"]) == (
        accounts[gone],
        400,
        "invalid_grant",
    )
