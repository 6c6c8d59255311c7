"""The coins that the stand-in offers and sold: of every sort, and found as cards are."""

from collections import Counter

from tests.sandbox.scene import BASE_SCOPE, NOON, Scene, fits
from worker.sandbox.ebay.coins import COINS_US, make_coins

SEARCH = "/buy/browse/v1/item_summary/search"
SOLD = "/buy/marketplace_insights/v1_beta/item_sales/search"
INSIGHTS = f"{BASE_SCOPE}/buy.marketplace.insights"


def test_the_same_seed_makes_the_same_coins_and_none_has_the_id_of_another() -> None:
    coins = make_coins(seed=1, now=NOON)

    assert coins == make_coins(seed=1, now=NOON)
    assert coins != make_coins(seed=2, now=NOON)
    assert [n for n in Counter(each.item_id for each in coins).values() if n > 1] == []
    assert {each.category for each in coins} == {COINS_US}


def test_among_them_are_slabs_replicas_rolls_and_cleaned_ones() -> None:
    titles = [each.title for seed in range(4) for each in make_coins(seed=seed, now=NOON)]

    for word in ("PCGS", "NGC", "Replica", "Roll", "Cleaned", "Holed", "Lot", "Details"):
        assert 1 <= sum(word in title for title in titles) < len(titles) / 4, word


async def test_a_coin_is_found_in_its_category_and_is_of_ebays_form(scene: Scene) -> None:
    headers = await scene.application_token()
    asked = {"q": "1921 S Morgan Dollar", "category_ids": COINS_US}

    answer = await scene.web.get(SEARCH, params=asked, headers=headers)

    fits(answer, "browse", "SearchPagedCollection")
    found = answer.json()["itemSummaries"]
    assert len(found) > 5
    assert {each["categories"][0]["categoryName"] for each in found} == {"Coins: US"}
    item = await scene.web.get(
        f"/buy/browse/v1/item/{found[0]['itemId'].replace('|', '%7C')}", headers=headers
    )
    fits(item, "browse", "Item")
    assert {each["name"] for each in item.json()["localizedAspects"]} == {"Year", "Mint Mark", "Denomination"}


async def test_cards_are_still_found_among_cards_only(scene: Scene) -> None:
    headers = await scene.application_token()

    answer = await scene.web.get(SEARCH, params={"q": "dollar", "category_ids": "183454"}, headers=headers)

    assert answer.json()["total"] == 0
