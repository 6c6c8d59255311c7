"""Reading what eBay shows of listings and sales: what is odd of one is its own, and is never guessed at."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from worker.clients import ebay_browse, ebay_finding, ebay_insights
from worker.clients.ebay_browse import Found, Search, get_item, read_item, read_search
from worker.clients.ebay_listings import cheapest
from worker.errors import SourceGarbled, SourceRetired

LISTING: dict[str, Any] = {
    "itemId": "v1|1|0",
    "title": "Charizard",
    "price": {"value": "1.5", "currency": "USD"},
}


def found(**given: Any) -> Found:
    answer = {"total": 1, "itemSummaries": [{**LISTING, **given}]}
    [one] = read_search(answer, offset=0).records
    return one


def test_a_price_that_was_converted_is_the_sellers_own() -> None:
    price = {
        "value": "7.00",
        "currency": "USD",
        "convertedFromValue": "10.50",
        "convertedFromCurrency": "AUD",
    }

    item = found(price=price).item

    assert item.price
    assert item.price.said == (Decimal("10.50"), "AUD")


@pytest.mark.parametrize(
    "price",
    [None, {}, [], 3, 3.5, "3", {"value": 3, "currency": "USD"}, {"value": "20%", "currency": "USD"}]
    + [{"value": value, "currency": "USD"} for value in ("", "-1", "NaN", "Infinity", "1e400", "99999999999")]
    + [{"value": "1", "currency": currency} for currency in ("", "usd", "US$", "EURO", None, 4)],
)
def test_what_is_no_price_is_none_and_the_listing_stays(price: object) -> None:
    assert found(price=price).item.price is None


@pytest.mark.parametrize(
    ("options", "cost"),
    [
        ([], None),
        ([{"shippingCostType": "CALCULATED"}], None),
        ([{"shippingCostType": "FIXED", "shippingCost": {"value": "0.00", "currency": "USD"}}], "0.00"),
        (
            [
                {"shippingCostType": "FIXED", "shippingCost": {"value": "5", "currency": "USD"}},
                {"shippingCostType": "FIXED", "shippingCost": {"value": "3", "currency": "USD"}},
                {"shippingCostType": "FIXED", "shippingCost": {"value": "1", "currency": "EUR"}},
            ],
            "3",
        ),
        ("post", None),
    ],
)
def test_shipping_is_the_least_that_is_said_in_the_currency_of_the_price(
    options: object, cost: str | None
) -> None:
    item = found(shippingOptions=options).item

    assert cheapest(item.shipping or (), "USD") == (Decimal(cost) if cost else None)


@pytest.mark.parametrize(
    ("given", "group"),
    [
        ({}, None),
        ({"itemId": "v1|7|55"}, "7"),
        ({"itemId": "v1|7|0", "itemGroupType": "SELLER_DEFINED_VARIATIONS"}, "7"),
        ({"itemId": "v1|7|0", "itemGroupHref": "https://x/?item_group_id=7"}, "7"),
        ({"itemId": "7"}, None),
    ],
)
def test_one_of_many_variations_is_known(given: dict[str, Any], group: str | None) -> None:
    assert found(**given).item.group == group


def test_a_listing_that_comes_twice_on_a_page_is_one() -> None:
    answer = {"total": 3, "itemSummaries": [LISTING, {**LISTING, "title": "Later"}, {"title": "no id"}]}

    read = read_search(answer, offset=0)

    assert [one.item.title for one in read.records] == ["Later"]
    assert [one.code for one in read.bad] == ["bad_record"]


@pytest.mark.parametrize(
    ("next_", "offset"),
    [
        (None, None),
        ("https://elsewhere.example/?offset=200&limit=200", 200),
        ("https://api.ebay.com/?limit=200&offset=10000", None),
    ],
)
def test_the_next_page_is_where_the_answer_says_as_far_as_may_be_asked(
    next_: str | None, offset: int | None
) -> None:
    answer = {"total": 500, **({"next": next_} if next_ else {})}

    assert read_search(answer, offset=0).offset == offset


@pytest.mark.parametrize(
    "answer", [None, [], {"itemSummaries": {}}, {"itemSummaries": []}, {"total": "many"}]
)
def test_what_is_no_page_is_garbled(answer: object) -> None:
    with pytest.raises(SourceGarbled):
        read_search(answer, offset=0)


def test_no_search_asks_for_what_was_sold() -> None:
    question = ebay_browse.search(Search("Charizard 4/102", "183454", country="US"), limit=200, offset=0)

    assert "sold" not in json.dumps(dict(question.params)).lower()
    assert question.params["filter"] == "buyingOptions:{FIXED_PRICE|AUCTION},itemLocationCountry:US"


def test_the_pipes_of_an_id_are_encoded() -> None:
    assert get_item("v1|1|0", site="EBAY_US").path == "/buy/browse/v1/item/v1%7C1%7C0"


@pytest.mark.parametrize("answer", [None, [], {}, {"itemId": ""}])
def test_what_is_no_item_is_garbled(answer: object) -> None:
    with pytest.raises(SourceGarbled):
        read_item(answer)


def test_of_sales_of_one_listing_the_last_counts() -> None:
    sale = {"itemId": "1", "lastSoldPrice": {"value": "3", "currency": "USD"}}
    answer = {
        "total": 3,
        "itemSales": [
            {**sale, "lastSoldDate": "2026-10-02T00:00:00.000Z", "title": "later"},
            {**sale, "lastSoldDate": "2026-10-01T00:00:00.000Z", "title": "earlier"},
            {**sale, "itemId": "2"},
        ],
    }

    read = ebay_insights.read_search(answer, offset=0)

    assert [one.sale.title for one in read.records] == ["later"]
    assert [one.id for one in read.bad] == ["2"]


def test_the_retired_api_says_what_takes_its_place_and_sends_nothing() -> None:
    with pytest.raises(SourceRetired, match=r"ebay_browse .* ebay_insights") as retired:
        ebay_finding.ask()

    assert (retired.value.code, retired.value.request) == ("retired", "unsent")


def test_real_answers_are_read_whole(shared_data: Path) -> None:
    phones = json.loads(
        (shared_data / "ebay" / "browse_search_iphone_best_match_100.json").read_text("utf-8")
    )
    boxes = json.loads(
        (shared_data / "ebay" / "browse_itemsummaries_pokemon_sealed_au_2025.json").read_text("utf-8")
    )

    read = read_search(phones, offset=0)
    australian = read_search({"total": 3, "itemSummaries": boxes}, offset=0)

    assert (len(read.records), read.bad, read.offset) == (100, [], 100)
    assert sum(one.item.group is not None for one in read.records) >= 94
    assert all(one.item.price and one.item.title and one.item.seller for one in read.records)
    assert [one.item.price.said.currency for one in australian.records if one.item.price] == ["AUD"] * 3
    assert "seller_" not in json.dumps([dict(one.kept) for one in read.records])
