"""Browse and Insights: what is for sale, what was sold, and every gap that real listings have."""

import http.client
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread
import httpx
import pytest

from tests.sandbox.conftest import CARDS, SETS
from tests.sandbox.scene import BASE_SCOPE, NOON, Scene, error_of, fits
from worker.sandbox.cards import CardRecords
from worker.sandbox.ebay.listings import Listing, make_listings
from worker.sandbox.ebay.money import converted
from worker.sandbox.ebay.shelf import Shelf, read_filters
from worker.sandbox.serve import served

SEARCH = "/buy/browse/v1/item_summary/search"
SOLD = "/buy/marketplace_insights/v1_beta/item_sales/search"
INSIGHTS = f"{BASE_SCOPE}/buy.marketplace.insights"
ALL = "buyingOptions:{FIXED_PRICE|AUCTION}"
MANY = CardRecords(SETS, {name: cards * 60 for name, cards in CARDS.items()})


class Shop:
    """Browse, asked with the application's token."""

    def __init__(self, scene: Scene, headers: dict[str, str]) -> None:
        self._scene, self._headers = scene, headers

    async def search(self, **asked: str | int) -> httpx.Response:
        return await self._scene.web.get(SEARCH, params=asked, headers=self._headers)

    async def in_australia(self) -> httpx.Response:
        headers = self._headers | {"X-EBAY-C-MARKETPLACE-ID": "EBAY_AU"}
        return await self._scene.web.get(SEARCH, params={"q": "pokemon"}, headers=headers)

    async def found(self, **asked: str | int) -> list[dict[str, Any]]:
        usual: dict[str, str | int] = {"limit": 200, "q": "pokemon"}
        answer = (await self.search(**(usual | asked))).json()
        items: list[dict[str, Any]] = answer.get("itemSummaries", [])
        return items

    async def item(self, path: str, **asked: str) -> httpx.Response:
        return await self._scene.web.get(f"/buy/browse/v1/item/{path}", params=asked, headers=self._headers)


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return Shop(scene, await scene.application_token())


def many() -> tuple[Listing, ...]:
    return make_listings(MANY, seed=1, now=NOON)


def test_the_same_seed_makes_the_same_listings() -> None:
    assert many() == many()
    assert many() != make_listings(MANY, seed=2, now=NOON)


def test_among_many_listings_there_is_every_sort_and_every_gap() -> None:
    listings = many()

    assert len(listings) > 600
    assert {each.condition_id for each in listings} == {"4000", "2750", None}
    assert {each.currency for each in listings} == {"USD", "AUD", "CAD"}
    for what in (
        [each for each in listings if each.price is None and each.bid is not None and each.ends],
        [each for each in listings if each.variation != "0" and "Choose" in each.title],
        [each for each in listings if each.shipping is None],
        [each for each in listings if not each.says_shipping],
        [each for each in listings if each.was],
        [each for each in listings if any(word in each.title for word in ("Proxy", "Lot", "Playset"))],
        [each for each in listings if "PSA" in each.title],
    ):
        assert 5 < len(what) < len(listings) / 2
    assert all(NOON - timedelta(days=80) <= each.created < NOON for each in listings)
    assert [n for n in Counter(each.item_id for each in listings).values() if n > 1] == []


async def test_a_search_is_of_ebays_form_whatever_stands_in_it(shop: Shop) -> None:
    for asked in ({"q": "pokemon"}, {"q": "pokemon", "filter": ALL}, {"q": "nosuchthing"}):
        fits(await shop.search(limit=200, **asked), "browse", "SearchPagedCollection")


async def test_words_must_all_be_there_and_some_may_not(shop: Shop) -> None:
    both = {"filter": ALL}
    for item in await shop.found(q="charizard ex", **both):
        assert {"charizard", "ex"} <= set(item["title"].lower().replace("-", " ").split())
    everything = await shop.found(q="(charizard,energy)", **both)
    charizards = await shop.found(q="Charizard", **both)
    rest = await shop.found(q="(charizard,energy) -charizard", **both)

    assert len(charizards) > 0
    assert len(charizards) + len(rest) == len(everything)
    assert (await shop.search(q="nosuchthing")).json()["total"] == 0


def test_a_number_is_found_whole_and_in_parts_and_accents_do_not_matter() -> None:
    [one, *_] = many()
    shelf = Shelf([one])
    title = one.title

    assert shelf.find(title.replace("Pokemon", "Pok\u00e9mon").upper()) == [one]
    assert [shelf.find(word) for word in title.split() if "/" in word] == [[one]] * ("/" in title)


@pytest.mark.parametrize(
    ("asked", "error_id"),
    [
        ({}, 12001),
        ({"q": ""}, 12001),
        ({"q": "x", "limit": "many"}, 12006),
        ({"q": "x", "limit": 0}, 12007),
        ({"q": "x", "limit": 201}, 12007),
        ({"q": "x", "offset": -1}, 12004),
        ({"q": "x", "limit": 50, "offset": 25}, 12005),
        ({"q": "x", "offset": 10_000}, 12029),
        ({"q": "x", "filter": "sellers:{" + "|".join(map(str, range(251))) + "}"}, 12032),
    ],
)
async def test_a_search_that_cannot_be_is_refused_with_its_number(
    shop: Shop, asked: dict[str, str | int], error_id: int
) -> None:
    assert error_of(await shop.search(**asked)) == (400, error_id, "API_BROWSE")


async def test_pages_follow_each_other_to_the_last_and_an_empty_one_has_no_list(
    shop: Shop, scene: Scene
) -> None:
    whole = [item["itemId"] for item in await shop.found()]
    url, seen = f"{SEARCH}?q=pokemon&limit=2", list[str]()
    headers = await scene.application_token()
    while url:
        page = (await scene.web.get(url, headers=headers)).json()
        seen += [item["itemId"] for item in page["itemSummaries"]]
        url = page.get("next", "")

    assert seen == whole
    assert "itemSummaries" not in (await shop.search(q="nosuchthing")).json()
    assert "itemSummaries" not in (await shop.search(q="pokemon", limit=200, offset=200)).json()


async def test_what_was_sold_is_not_here_however_one_asks(shop: Shop) -> None:
    plain = await shop.found()

    assert await shop.found(filter="soldDate:[2026-01-01T00:00:00Z..2026-02-01T00:00:00Z]") == plain
    assert await shop.found(filter="soldItemsOnly:true") == plain


async def test_a_price_without_its_currency_is_left_out_with_a_warning(shop: Shop) -> None:
    plain = (await shop.search(q="pokemon", limit=200)).json()
    warned = (await shop.search(q="pokemon", limit=200, filter="price:[0.01..0.02]")).json()
    narrowed = (await shop.search(q="pokemon", filter="price:[0.01..0.02],priceCurrency:USD")).json()

    assert [warning["errorId"] for warning in warned["warnings"]] == [12012]
    assert warned["itemSummaries"] == plain["itemSummaries"]
    assert narrowed["total"] == 0
    assert "warnings" not in narrowed


@pytest.mark.parametrize(
    ("asked", "warning"),
    [
        ({"filter": "price:cheap,priceCurrency:USD"}, 12002),
        ({"filter": "itemStartDate:[yesterday..]"}, 12002),
        ({"filter": "maxDeliveryCost:little"}, 12002),
        ({"sort": "nicest"}, 12008),
        ({"category_ids": "cards"}, 12009),
    ],
)
async def test_what_cannot_be_read_is_left_out_with_a_warning(
    shop: Shop, asked: dict[str, str], warning: int
) -> None:
    answer = (await shop.search(q="pokemon", limit=200, **asked)).json()

    assert [each["errorId"] for each in answer["warnings"]] == [warning]
    assert answer["total"] == (await shop.search(q="pokemon")).json()["total"]


async def test_auctions_come_only_when_asked_for_and_have_no_price(shop: Shop) -> None:
    usual, auctions = (
        await shop.found(),
        await shop.found(filter="buyingOptions:{AUCTION}", q="(pokemon,card)"),
    )

    assert usual
    assert all("FIXED_PRICE" in item["buyingOptions"] for item in usual)
    assert all(item["buyingOptions"] == ["AUCTION"] for item in auctions)
    assert not any("price" in item for item in auctions)


def test_without_buying_options_only_what_has_a_price_to_buy_at_is_found() -> None:
    usual = [each for each in many() if all(keeps(each) for keeps in read_filters("", "USD").keeps)]

    assert usual == [each for each in many() if each.bid is None]


def test_a_filter_finds_all_that_fit_and_nothing_else() -> None:
    listings = many()
    wanted = {
        "sellers:{s_1|s_2}": [each for each in listings if each.seller in {"s_1", "s_2"}],
        "bidCount:[3..5]": [each for each in listings if each.bid is not None and 3 <= each.bids <= 5],
        "itemStartDate:[2026-11-01T00:00:00Z..]": [
            each for each in listings if each.created.isoformat() >= "2026-11-01"
        ],
        "maxDeliveryCost:0": [each for each in listings if each.shipping == 0],
        "excludeSellers:{s_1}": [each for each in listings if each.seller != "s_1"],
        "price:[..2],priceCurrency:USD": [
            each for each in listings if each.price and converted(each.price, each.currency, "USD") <= 2
        ],
        "conditionIds:{2750},itemLocationCountry:AU": [
            each for each in listings if each.condition_id == "2750" and each.country == "AU"
        ],
    }
    for text, those in wanted.items():
        filters = read_filters(f"{text},{ALL}", "USD")
        assert [each for each in listings if all(keeps(each) for keeps in filters.keeps)] == those
        assert those


async def test_a_sort_by_price_counts_the_delivery(shop: Shop) -> None:
    def whole(item: dict[str, Any]) -> Decimal:
        costs = [
            option.get("shippingCost", {}).get("value", "0") for option in item.get("shippingOptions", [])
        ]
        return Decimal(item["price"]["value"]) + sum(map(Decimal, costs))

    up, down = await shop.found(sort="price"), await shop.found(sort="-price")
    said = [whole(item) for item in up if "shippingOptions" in item]

    assert said == sorted(said)
    assert {item["itemId"] for item in up} == {item["itemId"] for item in down}
    newest = [item["itemCreationDate"] for item in await shop.found(sort="newlyListed")]
    assert newest == sorted(newest, reverse=True)


async def test_a_foreign_price_is_converted_and_says_from_what(shop: Shop) -> None:
    items = {item["itemId"]: item for item in await shop.found(filter=ALL, q="(charizard,energy,pokemon)")}
    there = (await shop.in_australia()).json()

    for item in items.values():
        price = item.get("price") or item["currentBidPrice"]
        assert price["currency"] == "USD"
        assert ("convertedFromCurrency" in price) == (item["itemLocation"]["country"] != "US")
    assert {item["price"]["currency"] for item in there["itemSummaries"]} == {"AUD"}
    assert {item["listingMarketplaceId"] for item in there["itemSummaries"]} == {"EBAY_AU"}


async def test_an_item_says_what_a_search_does_not(shop: Shop) -> None:
    for item in await shop.found(filter=ALL):
        answer = await shop.item(item["itemId"].replace("|", "%7C"))
        fits(answer, "browse", "Item")
        one = answer.json()
        assert (one["title"], one.get("price")) == (item["title"], item.get("price"))
        assert "conditionDescriptors" not in item
        named = {each["name"] for each in one.get("conditionDescriptors", [])}
        assert ("Card Condition" in named) == (one.get("conditionId") == "4000")
        assert ("Grade" in named) == (one.get("conditionId") == "2750")
        assert "userId" not in one["seller"]


async def test_an_item_is_found_by_its_address_and_an_unknown_one_is_a_404(shop: Shop, scene: Scene) -> None:
    [first, *_] = await shop.found()
    headers = await scene.application_token()
    followed = await scene.web.get(first["itemHref"], headers=headers)
    more = await shop.item(first["itemId"].replace("|", "%7C"), fieldgroups="ADDITIONAL_SELLER_DETAILS")

    assert followed.json()["itemId"] == first["itemId"]
    assert more.json()["seller"]["userId"]
    assert error_of(await shop.item("v1%7C1%7C0")) == (404, 11001, "API_BROWSE")
    assert (await shop.item("286000000001")).status_code == 400


async def test_pipes_have_to_be_encoded(shop: Shop, scene: Scene) -> None:
    [first, *_] = await shop.found()
    headers = await scene.application_token()

    # httpx encodes them by itself.
    with served(scene.stand.app) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("GET", f"/buy/browse/v1/item/{first['itemId']}", headers=headers)
        status = await anyio.to_thread.run_sync(lambda: connection.getresponse().status)
        connection.close()

    assert status == 400


async def test_sold_rows_are_for_applications_that_were_let_in(scene: Scene) -> None:
    site = {"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"}
    ask = {"q": "pokemon", "limit": "200"}
    outside = await scene.web.get(SOLD, params=ask, headers=await scene.application_token() | site)
    keys = {"client_id": "in", "client_secret": "o", "ru_name": "In-Ru", "accepted_url": "http://x"}
    await scene.order("applications", keys | {"scopes": [BASE_SCOPE, INSIGHTS]})
    granted = await scene.token(("in", "o"), grant_type="client_credentials", scope=INSIGHTS)
    headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}

    inside = await scene.web.get(SOLD, params=ask, headers=headers | site)
    nowhere = await scene.web.get(SOLD, params=ask, headers=headers)
    since = {"filter": "lastSoldDate:[2026-11-01T00:00:00.000Z..2026-11-11T00:00:00.000Z]"}
    lately = await scene.web.get(SOLD, params=ask | since, headers=headers | site)

    assert error_of(outside) == (403, 100017, "API_MARKETPLACE_INSIGHTS")
    assert nowhere.status_code == 400
    dates = [row["lastSoldDate"] for row in inside.json()["itemSales"]]
    assert [row["lastSoldDate"] for row in lately.json().get("itemSales", [])] == [
        date for date in dates if "2026-11-01" <= date < "2026-11-11"
    ]
    assert all(row["totalSoldQuantity"] >= 1 and row["lastSoldPrice"] for row in inside.json()["itemSales"])
    fits(inside, "marketplace-insights", "SalesHistoryPagedCollection")
