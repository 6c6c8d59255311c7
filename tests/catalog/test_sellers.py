"""Sellers are there once, however often and by whomever they are seen."""

from decimal import Decimal
from uuid import UUID

import anyio
import pytest

from tests.catalog.vendors import HOUSE, other_org
from worker.catalog.sellers import SellerSeen, keys_of_names, normalize_name, see, seller_key
from worker.db import Database, Record

RUNS = [UUID(int=100 + n) for n in range(20)]
WALLET = "0x" + "aB" * 20


async def look(db: Database, *seen: SellerSeen, run: UUID | None = None, org: UUID = HOUSE) -> dict[str, int]:
    async with db.transaction() as connection:
        return await see(connection, org, "ebay", seen, run)


async def row(db: Database, name: str) -> Record:
    found = await db.fetchrow(
        "select s.*, s.xmin::text as version from sellers s where platform_seller_id = $1", name
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("told", "normal"),
    [
        (" Anna ", "anna"),
        (WALLET, WALLET.lower()),
        ("\N{KELVIN SIGN}ai", "kai"),
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
    ],
)
def test_names_are_compared_in_small_letters_and_without_blanks_around_them(told: str, normal: str) -> None:
    assert normalize_name(told) == normal


def test_an_id_keeps_its_case_but_for_a_wallets() -> None:
    assert [seller_key(one) for one in (" aBc ", WALLET, "0xAB")] == ["aBc", WALLET.lower(), "0xAB"]


async def test_a_run_counts_once_on_however_many_of_its_pages_and_beside_others(db: Database) -> None:
    for run in (RUNS[0], RUNS[0], RUNS[1], RUNS[0], RUNS[1], None):
        await look(db, SellerSeen("anna", "Anna"), run=run)

    found = await row(db, "anna")
    assert (found["times_seen"], found["first_seen_run"], found["last_seen_run"]) == (2, RUNS[0], RUNS[1])
    for run in RUNS:
        await look(db, SellerSeen("anna", "Anna"), run=run)
    assert (await row(db, "anna"))["times_seen"] == 20
    assert len((await row(db, "anna"))["recent_runs"]) == 10


async def test_what_was_rolled_back_was_not_seen(db: Database) -> None:
    await look(db, SellerSeen("anna"), run=RUNS[0])
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - what rolls back is the transaction.
        async with db.transaction() as connection:
            await see(connection, HOUSE, "ebay", [SellerSeen("anna")], RUNS[1])
            raise ZeroDivisionError
    await look(db, SellerSeen("anna"), run=RUNS[1])

    assert (await row(db, "anna"))["times_seen"] == 2


async def test_the_last_word_counts_and_what_is_not_said_overwrites_nothing(db: Database) -> None:
    first = SellerSeen("anna", "Anna", 10, Decimal("99.5"), {"site": "a"}, {"shop": True})
    await look(db, first, run=RUNS[0])
    await look(db, SellerSeen("anna", " ANNA 2 ", external_identifiers={"other": "b"}), run=RUNS[0])
    before = (await row(db, "anna"))["version"]
    await look(db, SellerSeen("anna"), SellerSeen("anna", feedback_score=10), run=RUNS[0])

    found = await row(db, "anna")
    assert found["version"] == before
    assert (found["display_name"], found["normalized_name"]) == ("ANNA 2", "anna 2")
    assert (found["feedback_score"], found["feedback_percentage"]) == (10, Decimal("99.5"))
    assert found["external_identifiers"] == '{"site": "a", "other": "b"}'


async def test_every_seller_is_answered_by_the_id_that_was_told(db: Database) -> None:
    found = await look(db, SellerSeen(" anna "), SellerSeen(WALLET), SellerSeen(" "))

    assert list(found) == [" anna ", WALLET]
    assert await look(db, SellerSeen("anna"), SellerSeen(WALLET.lower())) == {
        "anna": found[" anna "],
        WALLET.lower(): found[WALLET],
    }
    assert await look(db) == {}


async def test_a_seller_is_each_orgs_own(db: Database) -> None:
    other = await other_org(db)

    ours, theirs = await look(db, SellerSeen("anna")), await look(db, SellerSeen("anna"), org=other)

    assert ours != theirs


async def test_a_name_leads_to_who_is_known_by_an_id_that_does_not_change(db: Database) -> None:
    await look(db, SellerSeen("anna", "Anna"), SellerSeen("u-1", "ANNA"))

    async with db.connection() as connection:
        keys = await keys_of_names(connection, HOUSE, "ebay", ["Anna ", "Ben"])

    assert keys == {"Anna ": "u-1", "Ben": "ben"}


async def test_workers_that_see_the_same_sellers_the_other_way_round_do_not_block_each_other(
    db: Database,
) -> None:
    names = [f"s{n}" for n in range(200)]

    async def see_all(run: UUID, order: list[str]) -> None:
        for _ in range(5):
            await look(db, *map(SellerSeen, order), run=run)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for number, run in enumerate(RUNS[:6]):
                group.start_soon(see_all, run, names[::-1] if number % 2 else names)

    assert await db.fetchval("select array_agg(distinct times_seen) from sellers") == [6]
