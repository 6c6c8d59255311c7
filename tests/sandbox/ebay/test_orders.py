import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.sandbox.ebay.stands import NOW, ORDERS, Asker, Json, asking, busiest
from worker.sandbox.ebay.orders import Refund
from worker.sandbox.ebay.times import written_time
from worker.sandbox.ebay.world import World, make_world


def between(name: str, start: datetime, end: datetime | None = None) -> str:
    return f"{name}:[{written_time(start)}..{'' if end is None else written_time(end)}]"


async def test_pages_follow_one_another_until_there_is_no_more(ask: Asker, world: World) -> None:
    seller = busiest(world)
    pages = [page async for page in ask.pages(seller, ORDERS, limit=20)]
    ids = [order["orderId"] for page in pages for order in page["orders"]]

    assert len(pages) > 2
    assert ids == [each.order_id for each in world.shop(seller).orders]
    assert {page["total"] for page in pages} == {len(ids)}
    assert [page["offset"] for page in pages] == list(range(0, len(ids), 20))
    assert "next" not in pages[-1]
    assert "prev" not in pages[0]
    assert pages[1]["prev"] == pages[0]["href"]


async def test_a_page_that_ends_with_the_last_order_leads_to_no_other(ask: Asker, world: World) -> None:
    seller = next(each.user_id for each in world.sellers if len(world.shop(each.user_id).orders) > 1)
    total = len(world.shop(seller).orders)

    assert "next" not in await ask.json(seller, ORDERS, limit=min(total, 200))
    assert "next" in await ask.json(seller, ORDERS, limit=total - 1)


async def test_a_seller_without_orders_has_an_empty_list(ask: Asker, world: World) -> None:
    seller = next(each.user_id for each in world.sellers if not world.shop(each.user_id).orders)
    page = await ask.json(seller, ORDERS)

    assert page["orders"] == []
    assert page["total"] == 0
    assert "next" not in page


async def test_orders_come_by_creation_even_if_asked_for_by_modification(ask: Asker, world: World) -> None:
    asked = between("lastmodifieddate", NOW - timedelta(days=60))
    orders = await ask.all(busiest(world), ORDERS, "orders", filter=asked, limit=10)
    created = [each["creationDate"] for each in orders]
    modified = [each["lastModifiedDate"] for each in orders]

    assert created == sorted(created, reverse=True)
    assert modified != sorted(modified, reverse=True)
    assert min(modified) >= written_time(NOW - timedelta(days=60))
    assert min(created) < written_time(NOW - timedelta(days=60))


async def test_both_ends_of_a_range_belong_to_it(ask: Asker, world: World) -> None:
    seller = busiest(world)
    order = world.shop(seller).orders[3]
    asked = between("lastmodifieddate", order.modified, order.modified)

    assert [each["orderId"] for each in await ask.all(seller, ORDERS, "orders", filter=asked)] == [
        order.order_id
    ]


async def test_creation_wins_over_modification_which_is_not_even_read(ask: Asker, world: World) -> None:
    seller = busiest(world)
    by_creation = between("creationdate", NOW - timedelta(days=40), NOW - timedelta(days=10))
    wanted = await ask.all(seller, ORDERS, "orders", filter=by_creation)

    assert wanted
    for other in (between("lastmodifieddate", NOW - timedelta(hours=1)), "lastmodifieddate:[..]"):
        found = await ask.all(seller, ORDERS, "orders", filter=f"{other},{by_creation}")
        assert found == wanted


async def test_without_dates_the_last_ninety_days_are_meant() -> None:
    world = make_world(seed=1, sellers=1, orders=200, now=NOW, older=0.5)
    seller = world.sellers[0].user_id
    async with asking(world, lambda: NOW) as ask:
        usual = await ask.all(seller, ORDERS, "orders")
        older = await ask.all(
            seller, ORDERS, "orders", filter=between("creationdate", NOW - timedelta(days=730))
        )

    assert len(usual) < len(older) == 200
    assert min(each["creationDate"] for each in usual) > written_time(NOW - timedelta(days=90))


async def test_states_of_fulfilment_are_filtered(ask: Asker, world: World) -> None:
    asked = "orderfulfillmentstatus:{NOT_STARTED|IN_PROGRESS}"
    orders = await ask.all(busiest(world), ORDERS, "orders", filter=asked)

    assert {each["orderFulfillmentStatus"] for each in orders} == {"NOT_STARTED", "IN_PROGRESS"}


async def test_a_change_while_paging_shifts_an_order_over_the_edge(ask: Asker, world: World) -> None:
    seller = busiest(world)
    asked = between("lastmodifieddate", NOW - timedelta(days=60), NOW - timedelta(days=1))
    first = await ask.json(seller, ORDERS, filter=asked, limit=10)
    seen = {each["orderId"] for each in first["orders"]}
    paid = next(
        each for each in map(world.order, sorted(seen)) if each and each.paid and each.refunded < each.total
    )
    world.modify_order(paid.order_id, Refund(part=Decimal("0.01")), at=NOW)
    rest = [each["orderId"] async for page in ask.pages(seller, first["next"]) for each in page["orders"]]

    # It left the window, so all behind it moved up: one order is on neither page.
    assert first["total"] - 1 == (await ask.json(seller, ORDERS, filter=asked))["total"]
    assert len(seen) + len(rest) == first["total"] - 1


async def test_orders_are_had_by_their_ids_whatever_else_is_asked(ask: Asker, world: World) -> None:
    seller = busiest(world)
    wanted = [each.order_id for each in world.shop(seller).orders[:50]]
    foreign = next(
        shop.orders[0].order_id
        for each in world.sellers
        if each.user_id != seller and (shop := world.shop(each.user_id)).orders
    )
    page = await ask.json(
        seller, ORDERS, orderIds=",".join([*wanted[:49], foreign]), limit="9999", filter="nonsense"
    )

    assert [each["orderId"] for each in page["orders"]] == wanted[:49]


async def test_a_cancelled_order_tells_its_requests_only_alone(large_world: World) -> None:
    seller, order = next(
        (each.user_id, order)
        for each in large_world.sellers
        for order in large_world.shop(each.user_id).orders
        if order.cancelled
    )
    async with asking(large_world, lambda: NOW) as ask:
        listed = (await ask.json(seller, ORDERS, orderIds=order.order_id))["orders"][0]
        alone = await ask.json(seller, f"{ORDERS}/{order.order_id}")

    assert listed["cancelStatus"]["cancelState"] == alone["cancelStatus"]["cancelState"] == "CANCELED"
    assert listed["cancelStatus"]["cancelRequests"] == []
    assert len(alone["cancelStatus"]["cancelRequests"]) == 1


async def test_another_sellers_order_is_not_found(ask: Asker, world: World) -> None:
    seller = busiest(world)
    other = next(each.user_id for each in world.sellers if each.user_id != seller)
    answer = await ask.get(other, f"{ORDERS}/{world.shop(seller).orders[0].order_id}")

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["errorId"] == 32100


async def told(world: World) -> list[Json]:
    async with asking(world, lambda: NOW) as ask:
        return [
            order
            for each in world.sellers
            for order in await ask.all(each.user_id, ORDERS, "orders", limit=200)
        ]


async def test_amounts_are_text_in_all_the_forms_that_ebay_gives_them(large_world: World) -> None:
    costs = [line["lineItemCost"] for order in await told(large_world) for line in order["lineItems"]]
    decimals = {(each["currency"], len(each["value"].partition(".")[2])) for each in costs}

    assert {("USD", 1), ("USD", 2), ("JPY", 0), ("JPY", 1)} <= decimals
    assert all(isinstance(each["value"], str) for each in costs)
    changed = [each for each in costs if "convertedFromValue" in each]
    assert {each["convertedFromCurrency"] for each in changed} == {"GBP", "EUR"}
    assert {each["currency"] for each in changed} == {"USD"}


async def test_what_may_be_absent_is_absent_somewhere(large_world: World) -> None:
    orders = await told(large_world)
    lines = [line for order in orders for line in order["lineItems"]]

    for name in ("sku", "discountedLineItemCost", "ebayCollectAndRemitTaxes"):
        assert 0 < sum(name in line for line in lines) < len(lines), name
    assert 0 < sum("shippingCost" in line["deliveryCost"] for line in lines) < len(lines)
    unpaid = [each for each in orders if each["orderPaymentStatus"] in {"PENDING", "FAILED"}]
    assert unpaid
    assert all("paymentDate" not in each["paymentSummary"]["payments"][0] for each in unpaid)
    assert {len(order["lineItems"]) for order in orders} == {1, 2, 3}
    assert any(line["properties"].get("fromBestOffer") for line in lines)


async def test_a_discounted_line_is_cheaper_and_the_order_tells_how_much(large_world: World) -> None:
    for order in await told(large_world):
        discount = sum(
            Decimal(line["discountedLineItemCost"]["value"]) - Decimal(line["lineItemCost"]["value"])
            for line in order["lineItems"]
            if "discountedLineItemCost" in line
        )
        assert discount <= 0
        if discount:
            assert Decimal(order["pricingSummary"]["priceDiscount"]["value"]) == discount


async def test_every_buyer_has_a_name_and_an_address_that_mean_nobody(large_world: World) -> None:
    for order in await told(large_world):
        contact = order["fulfillmentStartInstructions"][0]["shippingStep"]["shipTo"]
        assert contact["fullName"].startswith("Buyer ")
        assert contact["contactAddress"]["addressLine1"].endswith("Nowhere Street")
        assert contact["email"].endswith(".invalid")
        assert order["buyer"]["username"]


async def test_buyers_names_are_sometimes_opaque(large_world: World) -> None:
    names = [order["buyer"]["username"] for order in await told(large_world)]

    assert 0 < sum(not name.startswith("b_") for name in names) < len(names) / 5


async def test_an_order_that_was_just_sold_is_found_at_once(
    ask: Asker, world: World, hands: list[datetime]
) -> None:
    seller = busiest(world)
    hands[0] = NOW + timedelta(hours=2)
    sold = world.sell(seller, 3, at=hands[0])
    asked = between("lastmodifieddate", NOW + timedelta(hours=1), hands[0])
    found = await ask.all(seller, ORDERS, "orders", filter=asked)

    assert {each["orderId"] for each in found} == {each.order_id for each in sold}
    assert json.dumps(found).count('"FULLY_REFUNDED"') == 0


@pytest.mark.parametrize("size", [1, 7, 50, 200])
async def test_pages_of_any_size_add_up(ask: Asker, world: World, size: int) -> None:
    seller = world.sellers[0].user_id
    found = await ask.all(seller, ORDERS, "orders", limit=size)

    assert [each["orderId"] for each in found] == [each.order_id for each in world.shop(seller).orders]
