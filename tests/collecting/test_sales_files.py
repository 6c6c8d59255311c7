"""Sales out of files: as spreadsheets write them, each row once, and a bad row fails alone."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.collecting.gathering import listed
from worker.collecting.amounts import BadCell, read_moment, read_money
from worker.collecting.importing import import_finding, import_sales
from worker.collecting.sales_file import Row, decoded, read_sales
from worker.collecting.source import BadOffer
from worker.collecting.sources import find_source
from worker.db import Database
from worker.errors import SourceGarbled, UserError

HEADER = "title,price,currency,sold_at,item_id\n"
SALES = HEADER + (
    'Charizard 4/102 Base Set NM,"$1,234.50",,2026-11-01,A1\n'
    "Blastoise 2/102 Base Set LP,80,USD,2026-11-02T10:00:00Z,A2\n"
    "Something unknown,5.00,EUR,1 Nov 2026,A3\n"
)


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("1,234.50", "1234.50", None),
        ("$1,234.50", "1234.50", "USD"),
        ("12,50 €", "12.50", "EUR"),
        ("1.234,50 €", "1234.50", "EUR"),
        ("€ 12", "12", "EUR"),
        ("12,50\N{NO-BREAK SPACE}EUR", "12.50", "EUR"),
        ("USD 5", "5", "USD"),
        ("£0.99", "0.99", "GBP"),
        ("1,234", "1234", None),
        ("1.5", "1.5", None),
        ("1 234,5", "1234.5", None),
        ("1'234.50", "1234.50", None),
        ("1,234,567.89", "1234567.89", None),
        ("C$7", "7", "CAD"),
        ("0", "0", None),
        (".99", "0.99", None),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, value: str, currency: str | None) -> None:
    assert read_money(text) == (Decimal(value), currency)


@pytest.mark.parametrize(
    "text", ["20%", "", "free", "-5", "5 to 6", "1,2,3", "12 moons", "1e9", "NaN", "9" * 30, "5$5"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        read_money(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01 08:30", "2026-11-01"),
        ("2026-11-01T23:30:00-05:00", "2026-11-01"),
        ("1 Nov 2026", "2026-11-01"),
        ("November 1, 2026", "2026-11-01"),
        ("2026/11/01", "2026-11-01"),
        ("01.11.2026", "2026-11-01"),
        ("13/04/2026", "2026-04-13"),
        ("04/13/2026", "2026-04-13"),
        ("04/04/2026", "2026-04-04"),
    ],
)
def test_a_day_is_read_as_people_write_it(text: str, day: str) -> None:
    assert read_moment(text).date().isoformat() == day


@pytest.mark.parametrize(
    "text", ["03/04/2026", "yesterday", "31/31/2026", "02/30/2026", "0001-01-01", "1/1/26", ""]
)
def test_a_day_that_may_be_another_is_refused(text: str) -> None:
    with pytest.raises(BadCell) as refused:
        read_moment(text)

    assert refused.value.code == "bad_date"


@pytest.mark.parametrize(
    "content",
    [
        SALES.encode(),
        b"\xef\xbb\xbf" + SALES.encode(),
        SALES.replace("\n", "\r\n").encode(),
        SALES.encode("utf-16"),
        SALES.encode("cp1252"),
        SALES.replace('"$1,234.50"', "$1234.50").replace(",", ";").encode(),
        SALES.replace('"$1,234.50"', "$1234.50").replace(",", "\t").encode(),
        SALES.replace("\n", "\n,,,,\n").encode(),
    ],
)
def test_a_file_is_read_however_it_was_saved(content: bytes) -> None:
    rows = list(read_sales(decoded(content), currency="USD"))

    assert all(isinstance(row, Row) for row in rows)
    assert [(row.offer.item_id, row.offer.currency) for row in rows if isinstance(row, Row)] == [
        ("A1", "USD"),
        ("A2", "USD"),
        ("A3", "EUR"),
    ]


def test_an_accent_of_windows_is_the_same_accent() -> None:
    content = (HEADER + "Pokémon Center Pikachu 58/102,5,USD,2026-11-01,1\n").encode("cp1252")

    [row] = read_sales(decoded(content), currency="USD")

    assert isinstance(row, Row)
    assert row.offer.title == "Pokémon Center Pikachu 58/102"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Charizard,20%,USD,2026-11-01,1", "bad_price"),
        ("Charizard,,USD,2026-11-01,1", "no_price"),
        ("Charizard,5,USD,,1", "no_date"),
        ("Charizard,5,USD,03/04/2026,1", "bad_date"),
        (",5,USD,2026-11-01,1", "no_title"),
        ("=HYPERLINK(1),5,USD,2026-11-01,1", "formula"),
        ("@SUM(A1),5,USD,2026-11-01,1", "formula"),
        ("+cmd|x,5,USD,2026-11-01,1", "formula"),
        ("Charizard,=1+1,USD,2026-11-01,1", "formula"),
        ("Charizard,€5,USD,2026-11-01,1", "bad_currency"),
        ("Charizard,5,moons,2026-11-01,1", "bad_currency"),
        ("x" * 2000 + ",5,USD,2026-11-01,1", "too_long"),
    ],
)
def test_a_bad_row_has_a_code_and_a_sentence(line: str, code: str) -> None:
    first, second = read_sales(f"{HEADER}{line}\nCharizard 4/102,5,USD,2026-11-01,2\n", currency="USD")

    assert isinstance(first, BadOffer)
    assert (first.code, first.item_id) == (code, "line 2")
    assert first.sentence
    assert isinstance(second, Row)


@pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3\n", "title;price\nx;1\n"])
def test_a_file_that_is_no_table_of_sales_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(UserError, match="column"):
        list(read_sales(text, currency="USD"))


async def bring(db: Database, text: str, *, dry_run: bool = False) -> Any:
    row = await find_source(db, "sales_csv", "sales_csv")
    return await import_sales(db, row, text, dry_run=dry_run)


async def test_a_file_comes_in_once_and_its_sales_are_mapped_and_judged(
    db: Database, prints: dict[str, int]
) -> None:
    report = await bring(db, SALES)
    before = await listed(db)

    again = await bring(db, SALES + SALES.partition("\n")[2])

    assert (report.rows, report.new, report.unmapped, report.bad) == (3, 3, 1, [])
    assert (again.rows, again.new, again.changed, again.unchanged, again.duplicates) == (6, 0, 0, 3, 3)
    assert await listed(db) == before
    assert [
        (row["basis"], row["card_print_id"], str(row["unit_price"]), bool(row["judged_by"])) for row in before
    ] == [
        ("sold", prints["base1-4"], "1234.50", True),
        ("sold", prints["base1-2"], "80.00", True),
        ("sold", None, "5.00", False),
    ]


async def test_rows_without_an_id_are_known_by_what_they_say(db: Database, prints: dict[str, int]) -> None:
    text = "title,price,date,print\n,5,2026-11-01,base1-4\nx,5,2026-11-01,base1-4\n,5,2026-11-01,base9-9\n"

    first, second = await bring(db, text), await bring(db, text)

    assert (first.new, second.new, second.unchanged) == (2, 0, 2)
    assert [(one.item_id, one.code) for one in first.bad] == [("line 4", "no_such_print")]
    assert {row["card_print_id"] for row in await listed(db)} == {prints["base1-4"]}


@pytest.mark.usefixtures("prints")
async def test_a_dry_run_counts_and_writes_nothing(db: Database) -> None:
    report = await bring(db, SALES, dry_run=True)

    assert (report.new, report.unmapped) == (3, 1)
    assert await listed(db) == []


@pytest.mark.usefixtures("prints")
async def test_a_sale_of_another_source_is_refused_with_those_there_are(db: Database) -> None:
    with pytest.raises(UserError, match="there is sales_csv"):
        await find_source(db, "tcgplayer", "sales_csv")


SOLD: dict[str, Any] = {
    "itemId": ["1"],
    "title": ["Charizard 4/102 Base Set NM"],
    "sellerInfo": [{"sellerUserName": ["anna"]}],
    "sellingStatus": [
        {"currentPrice": [{"@currencyId": "USD", "__value__": "63.0"}], "sellingState": ["EndedWithSales"]}
    ],
    "listingInfo": [{"listingType": ["Auction"], "endTime": ["2016-02-10T03:28:18.000Z"]}],
    "shippingInfo": [{"shippingServiceCost": [{"@currencyId": "USD", "__value__": "3.5"}]}],
    "condition": [{"conditionId": ["3000"], "conditionDisplayName": ["Used"]}],
}


async def finding(db: Database, stored: object) -> Any:
    return await import_finding(
        db, await find_source(db, "ebay_finding", "ebay_finding"), stored, dry_run=False
    )


async def test_kept_rows_of_the_retired_api_come_in_as_sales(db: Database, prints: dict[str, int]) -> None:
    unsold = {**SOLD, "itemId": ["2"], "sellingStatus": [{"sellingState": ["EndedWithoutSales"]}]}
    no_end = {**SOLD, "itemId": ["3"], "listingInfo": [{}]}
    answer = {"findCompletedItemsResponse": [{"searchResult": [{"item": [SOLD, unsold, no_end]}]}]}

    report = await finding(db, answer)

    [row] = await listed(db)
    assert (row["card_print_id"], str(row["unit_price"]), str(row["shipping"]), row["seller"]) == (
        prints["base1-4"],
        "63.00",
        "3.50",
        "anna",
    )
    assert {(one.item_id, one.code) for one in report.bad} == {("2", "not_sold"), ("3", "bad_record")}


@pytest.mark.parametrize("stored", [{}, 3, "x", {"findItemsResponse": []}])
async def test_what_is_none_of_it_is_refused(db: Database, stored: object) -> None:
    with pytest.raises(SourceGarbled):
        await finding(db, stored)


async def test_a_real_answer_of_the_retired_api_is_read_whole(db: Database, shared_data: Path) -> None:
    stored = json.loads((shared_data / "ebay" / "finding_findCompletedItems_2016.json").read_text("utf-8"))

    report = await finding(db, stored)

    assert (report.rows, report.new, report.bad) == (100, 100, [])
    types: Sequence[str] = sorted({row["listing_type"] for row in await listed(db)})
    assert types == ["AUCTION", "FIXED_PRICE"]
    assert "REDACTED" not in "".join(row["raw"] for row in await listed(db))
