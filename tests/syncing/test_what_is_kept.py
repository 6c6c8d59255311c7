"""What changes without saying so is read again; of other people no more is kept than was asked for."""

import json
from uuid import UUID

import anyio
import pytest

from tests.selling.market import Market
from tests.syncing.telling import ALL, DISPUTES, MESSAGES, TRANSACTIONS, Telling, kept, sync, told
from worker.db import Database

pytestmark = pytest.mark.usefixtures("accounts")

BODIES = "select count(*) filter (where body is not null) as some, count(*) as all_ from public.ebay_messages"


async def bodies(db: Database) -> tuple[int, int]:
    row = await db.fetchrow(BODIES)
    assert row is not None
    return row["some"], row["all_"]


async def test_the_words_of_messages_are_kept_only_where_they_are_asked_for_and_then_stay(
    db: Database, database_url: str, small_market: Market
) -> None:
    await sync(db, database_url, small_market, "messages")
    some, all_ = await bodies(db)
    assert (some, all_ > 0) == (0, True)
    await db.execute("delete from public.ebay_cursors")

    await sync(db, database_url, small_market, "messages", message_bodies=True)
    assert await bodies(db) == (all_, all_)
    rows = await db.fetch("select conversation_id, body, xmin::text from public.ebay_messages order by 1")

    await db.execute("delete from public.ebay_cursors")
    await sync(db, database_url, small_market, "messages")
    again = await db.fetch("select conversation_id, body, xmin::text from public.ebay_messages order by 1")
    assert again == rows


async def test_the_words_of_an_older_message_do_not_stay_beside_a_newer_one(
    db: Database, database_url: str, small_market: Market
) -> None:
    await sync(db, database_url, small_market, "messages", message_bodies=True)
    await db.execute("delete from public.ebay_cursors")
    await db.execute("update public.ebay_messages set message_id = 'older', content_hash = ''")

    await sync(db, database_url, small_market, "messages")

    assert (await bodies(db))[0] == 0


async def test_of_a_buyer_transactions_keep_nothing(
    db: Database, database_url: str, small_market: Market
) -> None:
    await sync(db, database_url, small_market, "transactions", "disputes")
    buyers = await db.fetch("select distinct buyer_username from public.ebay_disputes")

    rows = await db.fetch("select raw::text as raw from public.ebay_transactions")
    told = " ".join(row["raw"] for row in rows)

    assert rows
    assert '"buyer' not in told
    assert [one["buyer_username"] for one in buyers if one["buyer_username"] in told] == []


@pytest.mark.parametrize("telling", [TRANSACTIONS, DISPUTES], ids=str)
async def test_what_was_read_weeks_ago_is_read_again_since_its_status_changes(
    telling: Telling, db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    await sync(db, database_url, small_market, telling.name)
    at = {"transactions": "transaction_at", "disputes": "opened_at"}[telling.name]
    stale = (
        f"update {telling.table} set status = 'STALE', content_hash = '' "
        f"where {at} between now() - interval '30 days' and now() - interval '2 days'"
    )
    assert not (await db.execute(stale)).endswith(" 0")

    await sync(db, database_url, small_market, telling.name)

    assert await kept(db, telling) == await told(small_market, list(accounts), telling)


async def test_a_refund_that_comes_later_is_another_transaction_and_a_renewed_one_no_second(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    await sync(db, database_url, small_market, "transactions")
    lines = [line for book in (await small_market.books()).values() for line in book["lines"]]
    touched = {line["order_id"] for line in lines if line["status"] != "sold"}
    sold = next(line for line in lines if line["order_id"] not in touched)
    await small_market.post("/_sandbox/world", {"refund": {"order_id": sold["order_id"]}})

    had = await kept(db, TRANSACTIONS)
    with anyio.fail_after(60):  # What happened in the last seconds is left for later, here and there.
        while len(wanted := await told(small_market, list(accounts), TRANSACTIONS)) == len(had):
            pass
        assert len(wanted) == len(had) + 1
        while await kept(db, TRANSACTIONS) != wanted:
            await sync(db, database_url, small_market, "transactions")


async def test_who_is_erased_at_ebay_is_erased_from_messages_and_disputes(
    db: Database, database_url: str, small_market: Market
) -> None:
    await sync(db, database_url, small_market, *(one.name for one in ALL))
    for table, column in (("ebay_messages", "other_username"), ("ebay_disputes", "buyer_username")):
        name = await db.fetchval(f"select min({column}) from public.{table} where {column} <> 'eBay'")
        assert name is not None

        await db.fetchval("select worker.erase_ebay_user($1, '', $1)", name)

        assert await db.fetchval(f"select count(*) from public.{table} where {column} = $1", name) == 0
    assert await told_names(db) == []


async def test_the_seller_is_never_taken_for_the_other_side_of_a_message(
    db: Database, database_url: str, small_market: Market
) -> None:
    await sync(db, database_url, small_market, "messages")

    own = "select a.ebay_username from public.ebay_accounts a"
    assert await kept(db, MESSAGES)
    assert (
        await db.fetchval(f"select count(*) from public.ebay_messages where other_username in ({own})") == 0
    )


async def told_names(db: Database) -> list[str]:
    """Names of erased people that are still told anywhere in what is kept as it came."""
    rows = await db.fetch("select raw::text as raw from public.ebay_transactions")
    return [row["raw"] for row in rows if "buyer" in json.loads(row["raw"])]
