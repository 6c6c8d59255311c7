"""Quotas are reconciled with what eBay itself has counted, by whichever worker it is."""

import anyio
import pytest

from tests.runs.scene import enqueue, until
from tests.selling.market import Market
from tests.syncing.telling import INVENTORY, TRANSACTIONS, pages_of, sync, work
from worker.db import Database, Record
from worker.selling import selling_schedules
from worker.settings_ebay import Sync
from worker.settings_model import Settings

pytestmark = pytest.mark.usefixtures("accounts")

FINANCES = 15_000
KNOWN = {"ebay_analytics", "ebay_browse", "ebay_finances", "ebay_fulfillment", "ebay_inventory"}


async def quota(db: Database, api: str) -> Record:
    row = await db.fetchrow(
        "select api, calls, used_calls + elsewhere_calls as used, resets_at from worker.api_quotas "
        "where api = $1",
        api,
    )
    assert row is not None, f"nothing is known of {api}"
    return row


async def reconcile(db: Database, url: str, market: Market) -> None:
    await enqueue(db, "ebay_limits", {})
    await work(url, market)
    assert (
        await db.fetchval("select error_message from worker.job_history where kind = 'ebay_limits'") is None
    )


async def test_what_others_ask_with_our_application_is_taken_into_account(
    db: Database, database_url: str, small_market: Market
) -> None:
    await sync(db, database_url, small_market, "transactions", "inventory")
    for user in await small_market.books():
        await pages_of(small_market, user, TRANSACTIONS)
        await pages_of(small_market, user, INVENTORY)
    theirs = await journal_of(small_market)
    assert (await quota(db, "ebay_finances"))["used"] < theirs["ebay_finances"]

    await reconcile(db, database_url, small_market)

    for api in ("ebay_finances", "ebay_inventory"):
        assert (await quota(db, api))["used"] == theirs[api]
    assert (await quota(db, "ebay_finances"))["calls"] == FINANCES


async def journal_of(market: Market) -> dict[str, int]:
    """How many calls of each API the market's journal has."""
    calls = (await market.get("/_sandbox/journal"))["calls"]
    apis = [call["api"] for call in calls]
    return {api: apis.count(api) for api in set(apis)}


async def test_asking_is_counted_once_itself(db: Database, database_url: str, small_market: Market) -> None:
    for _ in range(3):
        await reconcile(db, database_url, small_market)

    assert (await quota(db, "ebay_analytics"))["used"] == 3
    assert (await journal_of(small_market))["ebay_analytics"] == 3


async def test_what_we_counted_and_ebay_has_not_stays_counted(
    db: Database, database_url: str, small_market: Market
) -> None:
    await reconcile(db, database_url, small_market)
    await db.execute("update worker.api_quotas set used_calls = 7 where api = 'ebay_finances'")

    await reconcile(db, database_url, small_market)

    assert (await quota(db, "ebay_finances"))["used"] == 7


async def test_calls_that_are_reserved_while_ebays_answer_is_under_way_are_not_lost(
    db: Database, database_url: str, small_market: Market
) -> None:
    for user in await small_market.books():  # Somebody else's.
        await pages_of(small_market, user, TRANSACTIONS)
    theirs = (await journal_of(small_market))["ebay_finances"]
    dripping = {"operation": "ebay_analytics.get_rate_limits", "kind": "drip", "seconds": 0.001}
    await small_market.post("/_sandbox/scenario", {"faults": [dripping]})
    await db.execute("select worker.set_quota('ebay_finances', 15000)")
    await enqueue(db, "ebay_limits", {})

    async def is_asked() -> bool:
        return bool(await small_market.calls("ebay_analytics.get_rate_limits"))

    async with anyio.create_task_group() as group:
        group.start_soon(work, database_url, small_market)
        await until(is_asked)
        await db.execute(
            "update worker.api_quotas set used_calls = used_calls + 3 where api = 'ebay_finances'"
        )
        assert await db.fetchval("select count(*) from worker.jobs where kind = 'ebay_limits'") == 1

    assert (await quota(db, "ebay_finances"))["used"] == theirs + 3


async def test_a_limit_of_the_settings_is_kept_where_it_is_less_than_ebays(
    db: Database, database_url: str, small_market: Market
) -> None:
    [user, *_] = await small_market.books()
    await pages_of(small_market, user, TRANSACTIONS)
    settings = small_market.settings().model_copy(update={"quotas": {"ebay_finances": 40}})
    await enqueue(db, "ebay_limits", {})

    await work(database_url, small_market, settings)

    row = await quota(db, "ebay_finances")
    assert (row["calls"], row["used"]) == (40, (await journal_of(small_market))["ebay_finances"])


async def test_of_what_ebay_does_not_limit_nothing_is_known_and_the_call_is_logged(
    db: Database, database_url: str, small_market: Market
) -> None:
    await reconcile(db, database_url, small_market)

    apis = {row["api"] for row in await db.fetch("select api from worker.api_quotas")}
    assert apis >= KNOWN
    assert not apis & {"ebay_message", "ebay_identity"}
    rows = await db.fetch("select api, operation, status, account_id, run_id from worker.api_log order by id")
    assert [tuple(row) for row in rows] == [
        ("ebay_oauth", "client_credentials", 200, None, None),
        ("ebay_analytics", "get_rate_limits", 200, None, None),
    ]


async def test_an_application_token_that_was_rejected_is_got_anew(
    db: Database, database_url: str, small_market: Market
) -> None:
    expired = {"operation": "ebay_analytics.get_rate_limits", "kind": "status", "status": 401}
    await small_market.post("/_sandbox/scenario", {"faults": [expired]})

    await reconcile(db, database_url, small_market)

    assert len(await small_market.calls("ebay_oauth.client_credentials")) == 2


def test_limits_are_asked_for_by_the_clock_unless_that_is_switched_off(small_market: Market) -> None:
    def names(settings: Settings) -> list[str]:
        return [one.name for one in selling_schedules(settings)]

    usual = small_market.settings().model_copy(update={"sync": Sync()})
    never = usual.model_copy(update={"sync": Sync(limits_cron="never")})

    assert names(usual) == ["seller-sync", "ebay-limits"]
    assert names(never) == ["seller-sync"]
    assert names(usual.model_copy(update={"schedules": {"ebay-limits": None}})) == ["seller-sync"]
    assert names(Settings()) == []
