from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest

from tests.sandbox.ebay.stands import (
    CONVERSATIONS,
    DISPUTES,
    NOW,
    ORDERS,
    TRANSACTIONS,
    Asker,
    Json,
    asking,
    busiest,
)
from worker.sandbox.ebay.times import written_time
from worker.sandbox.ebay.world import World

TWO_YEARS = f"creationdate:[{written_time(NOW - timedelta(days=730))}..]"


def status(order: Json, line: Json) -> str:
    """What became of a line, read from the answer alone."""
    refunded = sum(Decimal(each["amount"]["value"]) for each in line["refunds"])
    own = any(each["refunds"] for each in order["lineItems"])
    if order["cancelStatus"]["cancelState"] == "CANCELED":
        return "cancelled"
    if order["orderPaymentStatus"] in {"PENDING", "FAILED"}:
        return "unpaid"
    if order["orderPaymentStatus"] == "FULLY_REFUNDED" or refunded >= paid(line):
        return "refunded"
    if refunded or (order["orderPaymentStatus"] == "PARTIALLY_REFUNDED" and not own):
        return "partially_refunded"
    return "sold"


def paid(line: Json) -> Decimal:
    amount = line["discountedLineItemCost" if "discountedLineItemCost" in line else "lineItemCost"]
    return Decimal(amount["value"])


def cents(line: Json, name: str) -> str | None:
    return f"{Decimal(line[name]['value']):.2f}" if name in line else None


def entry(order: Json, line: Json) -> Json:
    unit = (paid(line) / line["quantity"]).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    return {
        "order_id": order["orderId"],
        "line_item_id": line["lineItemId"],
        "legacy_item_id": line["legacyItemId"],
        "sku": line.get("sku"),
        "title": line["title"],
        "quantity": line["quantity"],
        "line_item_cost": cents(line, "lineItemCost"),
        "discounted_line_item_cost": cents(line, "discountedLineItemCost"),
        "unit_price": str(unit),
        "currency": line["lineItemCost"]["currency"],
        "created": order["creationDate"],
        "paid": order["paymentSummary"]["payments"][0].get("paymentDate"),
        "last_modified": order["lastModifiedDate"],
        "status": status(order, line),
    }


async def read(ask: Asker, seller: str, **params: str) -> list[Json]:
    orders = await ask.all(seller, ORDERS, "orders", limit=100, **(params or {"filter": TWO_YEARS}))
    return [entry(order, line) for order in orders for line in order["lineItems"]]


def without_truth(lines: list[Json]) -> list[Json]:
    hidden = {"kind", "condition", "card_id"}
    return [{name: value for name, value in line.items() if name not in hidden} for line in lines]


async def test_the_books_are_what_paging_through_all_orders_tells(large_world: World) -> None:
    books: Any = large_world.books()
    async with asking(large_world, lambda: NOW) as ask:
        for seller, book in books.items():
            assert await read(ask, seller) == without_truth(book["lines"])


async def test_all_else_is_counted_as_it_is_answered(large_world: World) -> None:
    books: Any = large_world.books()
    async with asking(large_world, lambda: NOW) as ask:
        for seller, book in list(books.items())[:30]:
            counts = {"conversations": 0, "transactions": 0, "disputes": 0}
            for kind in ("FROM_MEMBERS", "FROM_EBAY"):
                page = await ask.json(seller, CONVERSATIONS, conversation_type=kind)
                counts["conversations"] += page["total"]
            answer = await ask.get(seller, TRANSACTIONS)
            counts["transactions"] = answer.json()["total"] if answer.content else 0
            for quarter in range(8):
                end = NOW - timedelta(days=90 * quarter + 0.001 * (quarter > 0))
                page = await ask.json(seller, DISPUTES, open_date_to=written_time(end), limit=200)
                counts["disputes"] += page["total"]

            assert {name: book[name] for name in counts} == counts


async def test_one_sellers_book_is_the_same_alone(ask: Asker, world: World) -> None:
    seller = busiest(world)
    everybody = await ask.json("", "/_sandbox/books")
    alone = await ask.json("", "/_sandbox/books", seller=seller)

    assert everybody == world.books()
    assert alone == everybody[seller]
    assert alone["user_id"] == seller
    assert (await ask.get("", "/_sandbox/books", seller="nobody")).status_code == 404


async def happen(ask: Asker, **what: Any) -> Json:
    answer = await ask.web.post("/_sandbox/world", json=what)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def clean_order(world: World, lines: int) -> str:
    """An order with so many lines, paid, in which nothing has happened, with a full price of some size."""
    return next(
        order.order_id
        for each in world.sellers
        for order in world.shop(each.user_id).orders
        if len(order.lines) == lines
        and order.paid
        and not order.refunds
        and not order.cancelled
        and min(line.paid for line in order.lines) > 2
    )


def statuses(world: World, order_id: str) -> list[str]:
    order = world.order(order_id)
    assert order is not None
    book: Any = world.book(order.seller_id)
    return [line["status"] for line in book["lines"] if line["order_id"] == order_id]


async def test_a_refund_of_one_line_counts_for_this_line_only(
    ask: Asker, world: World, hands: list[datetime]
) -> None:
    order_id = clean_order(world, lines=2)
    order = world.order(order_id)
    assert order is not None
    hands[0] = NOW + timedelta(minutes=5)
    line = order.lines[0].line_item_id
    body = await happen(ask, refund={"order_id": order_id, "line_item_id": line, "part": "0.5"})

    assert body["orders"][0]["payment_status"] == "PARTIALLY_REFUNDED"
    assert body["orders"][0]["last_modified"] == written_time(hands[0])
    assert statuses(world, order_id) == ["partially_refunded", "sold"]
    await happen(ask, refund={"order_id": order_id, "line_item_id": line})
    assert statuses(world, order_id) == ["refunded", "sold"]


async def test_a_refund_of_the_whole_order_touches_every_line(ask: Asker, world: World) -> None:
    order_id = clean_order(world, lines=3)
    await happen(ask, refund={"order_id": order_id, "part": "0.25"})

    assert statuses(world, order_id) == ["partially_refunded"] * 3
    body = await happen(ask, refund={"order_id": order_id})
    assert body["orders"][0]["payment_status"] == "FULLY_REFUNDED"
    assert statuses(world, order_id) == ["refunded"] * 3


async def test_a_cancelled_order_is_refunded_and_stays_cancelled(ask: Asker, world: World) -> None:
    order_id = clean_order(world, lines=1)
    body = await happen(ask, cancel={"order_id": order_id})

    assert body["orders"][0] == {
        "order_id": order_id,
        "last_modified": written_time(NOW),
        "payment_status": "FULLY_REFUNDED",
        "cancelled": True,
    }
    assert statuses(world, order_id) == ["cancelled"]


async def test_the_books_follow_whatever_happens(ask: Asker, world: World, hands: list[datetime]) -> None:
    seller = busiest(world)
    before: Any = world.book(seller)
    hands[0] = NOW + timedelta(hours=1)
    refunded = clean_order(world, lines=1)
    await happen(ask, sell={"seller": seller, "count": 40}, refund={"order_id": refunded, "part": "1"})
    await happen(ask, rename={"seller": seller, "username": "new_name"})
    after: Any = world.book(seller)

    assert after["orders"] == before["orders"] + 40
    assert after["transactions"] > before["transactions"] + 30
    assert (after["username"], after["former_usernames"][-1]) == ("new_name", before["username"])
    assert await read(ask, seller, filter=TWO_YEARS) == without_truth(after["lines"])


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"refund": {"order_id": "12-00000-00000"}}, 404),
        ({"cancel": {"order_id": "12-00000-00000"}}, 404),
        ({"sell": {"seller": "nobody", "count": 1}}, 404),
        ({"rename": {"seller": "nobody", "username": "x"}}, 404),
        ({"burn": {}}, 400),
        ({"refund": {"order_id": "x", "part": "1.5"}}, 400),
        ({"sell": {"seller": "x", "count": 0}}, 400),
    ],
)
async def test_what_cannot_happen_is_said_and_changes_nothing(
    ask: Asker, world: World, what: Json, code: int
) -> None:
    before = world.books()
    answer = await ask.web.post("/_sandbox/world", json=what)

    assert answer.status_code == code
    assert world.books() == before


async def test_nothing_is_given_back_twice_or_of_what_was_never_paid(ask: Asker, world: World) -> None:
    order_id = clean_order(world, lines=1)
    unpaid = next(
        order.order_id
        for each in world.sellers
        for order in world.shop(each.user_id).orders
        if order.paid is None
    )
    await happen(ask, cancel={"order_id": order_id})
    for what in (
        {"refund": {"order_id": order_id}},
        {"cancel": {"order_id": order_id}},
        {"refund": {"order_id": unpaid}},
        {"refund": {"order_id": order_id, "line_item_id": "1"}},
    ):
        answer = await ask.web.post("/_sandbox/world", json=what)
        assert answer.status_code == 409, what
        assert order_id in answer.text or unpaid in answer.text
