import json
import re
import time
from collections import Counter
from datetime import timedelta

import pytest

from tests.sandbox.ebay.stands import NOW, ORDERS, asking, busiest
from worker.sandbox.ebay.orders import NotPossible
from worker.sandbox.ebay.sample import sample_cards
from worker.sandbox.ebay.world import World, make_world


def lines(world: World) -> list[dict[str, object]]:
    return [line for shop in world.books().values() for line in shop["lines"]]  # type: ignore[attr-defined]


async def test_the_same_arguments_make_the_same_bytes() -> None:
    answers = []
    for _ in range(2):
        world = make_world(seed=5, sellers=12, orders=150, now=NOW)
        async with asking(world, lambda: NOW) as ask:
            page = await ask.get(busiest(world), ORDERS, limit=200)
        answers.append((json.dumps(world.books()), page.content))

    assert answers[0] == answers[1]
    other = make_world(seed=6, sellers=12, orders=150, now=NOW)
    assert json.dumps(other.books()) != answers[0][0]


def test_a_large_world_is_made_quickly() -> None:
    start = time.process_time()
    world = make_world(seed=1, sellers=500, orders=20_000, now=NOW)

    assert time.process_time() - start < 3
    assert len(world.sellers) == 500
    assert sum(len(world.shop(each.user_id).orders) for each in world.sellers) == 20_000


def test_every_order_lies_in_the_last_weeks_and_none_ahead(world: World) -> None:
    orders = [order for each in world.sellers for order in world.shop(each.user_id).orders]

    assert len(orders) == 600
    assert all(NOW - timedelta(days=85) <= each.created <= each.modified <= NOW for each in orders)
    assert all(each.created <= each.paid for each in orders if each.paid)


def test_a_share_of_orders_is_older_if_asked_for() -> None:
    world = make_world(seed=2, sellers=5, orders=1_000, now=NOW, days=30, older=0.3)
    ages = [NOW - order.created for each in world.sellers for order in world.shop(each.user_id).orders]
    old = [age for age in ages if age > timedelta(days=30)]

    assert 200 < len(old) < 400
    assert timedelta(days=365) < max(ages) < timedelta(days=730)


def test_ids_are_of_ebays_form_and_unique(large_world: World) -> None:
    orders = [order for each in large_world.sellers for order in large_world.shop(each.user_id).orders]
    told = lines(large_world)

    assert all(re.fullmatch(r"\d\d-\d{5}-\d{5}", each.order_id) for each in orders)
    assert len({each.order_id for each in orders}) == len(orders)
    assert len({each["line_item_id"] for each in told}) == len(told)
    assert all(re.fullmatch(r"\d{12}", str(each["legacy_item_id"])) for each in told)


def test_the_dirt_of_a_marketplace_is_in_it(large_world: World) -> None:
    told = lines(large_world)
    count = Counter(str(each["status"]) for each in told)
    kinds = Counter(str(each["kind"]) for each in told)
    titles = [str(each["title"]) for each in told]

    assert set(count) == {"sold", "unpaid", "cancelled", "refunded", "partially_refunded"}
    assert min(count.values()) > 40
    assert min(kinds[kind] for kind in ("single", "graded", "junk", "foreign")) > 100
    assert {each["currency"] for each in told} == {"USD", "GBP", "EUR", "JPY"}
    assert any(each["quantity"] == 12 for each in told)
    assert any(each["sku"] is None for each in told)
    assert any(each["sku"] == each["card_id"] is not None for each in told)
    assert any(title.isdigit() for title in titles)
    assert all(0 < len(title) <= 80 for title in titles)
    assert {each.card_id for each in sample_cards()} > {each["card_id"] for each in told} - {None}


def test_only_a_single_card_has_a_print_in_a_slab_or_not(large_world: World) -> None:
    for line in lines(large_world):
        assert (line["card_id"] is not None) == (line["kind"] in {"single", "graded"}), line


def test_a_title_names_its_card(large_world: World) -> None:
    numbers = {each.card_id: each.number for each in sample_cards()}
    for line in lines(large_world):
        title = str(line["title"])
        if line["kind"] == "single" and not title.isdigit() and len(title) < 60:
            number = numbers[str(line["card_id"])]
            assert re.search(rf"(?<![1-9])0*{number}(?!\d)", title, re.IGNORECASE), line


def test_sellers_differ_as_they_do(large_world: World) -> None:
    sellers = large_world.sellers
    marketplaces = Counter(each.marketplace for each in sellers)

    assert marketplaces["EBAY_US"] > marketplaces["EBAY_GB"] + marketplaces["EBAY_DE"] > 0
    assert {each.account_type for each in sellers} == {"INDIVIDUAL", "BUSINESS"}
    assert any(each.username == each.user_id for each in sellers)
    assert any(not large_world.shop(each.user_id).orders for each in sellers)
    assert (
        len({each.user_id for each in sellers}) == len({each.username.casefold() for each in sellers}) == 200
    )


def test_a_seller_is_found_by_the_name_of_today_or_of_before(world: World) -> None:
    renamed = next(each for each in world.sellers if each.former_usernames)

    assert world.by_username(renamed.username.upper()) == renamed
    assert world.by_username(renamed.former_usernames[0]) == renamed
    assert world.by_username("nobody") is None
    assert world.seller("nobody") is None


def test_a_name_in_use_is_not_given_twice(world: World) -> None:
    first, second = world.sellers[:2]

    with pytest.raises(NotPossible, match="taken"):
        world.rename(second.user_id, first.username.upper())
    assert world.rename(second.user_id, "brand_new").former_usernames == (second.username,)


def test_a_small_world_needs_no_more_than_one_seller() -> None:
    world = make_world(seed=1, sellers=1, orders=3, now=NOW, cards=sample_cards()[:1])

    assert len(lines(world)) >= 3
