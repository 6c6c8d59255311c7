from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.sandbox.ebay.stands import (
    CONVERSATIONS,
    DISPUTE,
    DISPUTES,
    ITEMS,
    NOW,
    OFFERS,
    ORDERS,
    TRANSACTIONS,
    USER,
    Asker,
    Json,
    asking,
    busiest,
)
from worker.sandbox.ebay.sell import sell_operations
from worker.sandbox.ebay.times import written_time
from worker.sandbox.ebay.world import World


def idle(world: World) -> str:
    return next(each.user_id for each in world.sellers if not world.shop(each.user_id).orders)


async def transactions(world: World) -> list[Json]:
    async with asking(world, lambda: NOW) as ask:
        found = [
            await ask.all(each.user_id, TRANSACTIONS, "transactions", limit=1000)
            for each in world.sellers
            if world.shop(each.user_id).transactions
        ]
    return [each for of_seller in found for each in of_seller]


async def test_no_transactions_are_no_content(ask: Asker, world: World) -> None:
    for seller, asked in ((idle(world), {}), (busiest(world), {"filter": "orderId:{12-00000-00000}"})):
        answer = await ask.get(seller, TRANSACTIONS, **asked)

        assert answer.status_code == 204
        assert answer.content == b""


async def test_money_goes_by_the_booking_entry_and_never_has_a_minus(large_world: World) -> None:
    found = await transactions(large_world)
    entries = {(each["transactionType"], each["bookingEntry"]) for each in found}

    assert entries == {
        ("SALE", "CREDIT"),
        ("REFUND", "DEBIT"),
        ("NON_SALE_CHARGE", "DEBIT"),
        ("SHIPPING_LABEL", "DEBIT"),
        ("TRANSFER", "DEBIT"),
    }
    assert all(Decimal(each["amount"]["value"]) > 0 for each in found)


async def test_an_id_is_unique_only_together_with_its_type(large_world: World) -> None:
    async with asking(large_world, lambda: NOW) as ask:
        found = await ask.all(busiest(large_world), TRANSACTIONS, "transactions", limit=7)
    keys = Counter((each["transactionId"], each["transactionType"]) for each in found)
    ids = Counter(each["transactionId"] for each in found)

    assert set(keys.values()) == {1}
    assert max(ids.values()) == 2


async def test_transactions_are_sorted_as_asked(ask: Asker, world: World) -> None:
    seller = busiest(world)
    newest = await ask.all(seller, TRANSACTIONS, "transactions")
    oldest = await ask.all(seller, TRANSACTIONS, "transactions", sort="transactionDate")
    dates = [each["transactionDate"] for each in newest]

    assert dates == sorted(dates, reverse=True)
    assert oldest == newest[::-1]


async def test_transactions_are_filtered_and_an_open_end_is_ninety_days(ask: Asker, world: World) -> None:
    seller = busiest(world)
    everything = await ask.all(seller, TRANSACTIONS, "transactions", limit=1000)
    start = NOW - timedelta(days=100)
    some = await ask.all(
        seller,
        TRANSACTIONS,
        "transactions",
        filter=f"transactionDate:[{written_time(start)}..],transactionType:{{SALE}}",
    )

    wanted = [
        each
        for each in everything
        if each["transactionType"] == "SALE"
        and each["transactionDate"] <= written_time(start + timedelta(days=90))
    ]
    assert some == wanted != []
    assert len(some) < sum(each["transactionType"] == "SALE" for each in everything)


async def test_conditions_may_stand_in_parameters_of_their_own(ask: Asker, world: World) -> None:
    seller = busiest(world)
    sale = (await ask.all(seller, TRANSACTIONS, "transactions", filter="transactionType:{SALE}"))[0]
    asked = [f"transactionId:{{{sale['transactionId']}}}", "transactionType:{SALE}"]

    assert await ask.all(seller, TRANSACTIONS, "transactions", filter=asked) == [sale]


async def test_disputes_are_filtered_by_every_status_named(large_world: World) -> None:
    async with asking(large_world, lambda: NOW) as ask:
        found = [
            each
            for seller in large_world.sellers
            for each in await ask.all(
                seller.user_id, DISPUTES, "paymentDisputeSummaries", payment_dispute_status=["OPEN", "CLOSED"]
            )
        ]

    assert {each["paymentDisputeStatus"] for each in found} == {"OPEN", "CLOSED"}
    assert all(("closedDate" in each) == (each["paymentDisputeStatus"] == "CLOSED") for each in found)


async def test_a_dispute_is_found_by_its_order_whenever_it_was(large_world: World) -> None:
    shop = next(shop for each in large_world.sellers if (shop := large_world.shop(each.user_id)).disputes)
    dispute = shop.disputes[-1]
    async with asking(large_world, lambda: NOW + timedelta(days=400)) as ask:
        seller = shop.seller.user_id
        nothing = await ask.json(seller, DISPUTES)
        page = await ask.json(seller, DISPUTES, order_id=dispute.order.order_id)
        detail = await ask.json(seller, f"{DISPUTE}/{dispute.dispute_id}")

    assert nothing["total"] == 0
    assert [each["paymentDisputeId"] for each in page["paymentDisputeSummaries"]] == [dispute.dispute_id]
    assert detail["lineItems"]


async def test_an_offset_of_the_stock_is_the_number_of_a_page(ask: Asker, world: World) -> None:
    seller = max(world.sellers, key=lambda each: len(world.shop(each.user_id).items)).user_id
    total = len(world.shop(seller).items)
    pages = [page async for page in ask.pages(seller, ITEMS, limit=5)]
    skus = [each["sku"] for page in pages for each in page["inventoryItems"]]

    assert len(pages) == -(-total // 5) > 2
    assert "offset=1" in pages[0]["next"]
    assert {page["size"] for page in pages} == {len(pages)}
    assert {page["total"] for page in pages} == {total}
    assert len(set(skus)) == len(skus) == total


async def test_a_seller_without_stock_is_told_not_found(ask: Asker, world: World) -> None:
    bare = [each.user_id for each in world.sellers if not world.shop(each.user_id).items]
    answer = await ask.get(bare[0], ITEMS)

    assert answer.status_code == 404


async def test_a_sku_has_two_offers_one_or_none(large_world: World) -> None:
    counts: Counter[int] = Counter()
    async with asking(large_world, lambda: NOW) as ask:
        for seller in large_world.sellers[:60]:
            for sku in large_world.shop(seller.user_id).items:
                answer = await ask.get(seller.user_id, OFFERS, sku=sku)
                counts[len(answer.json().get("offers", ()))] += 1
                assert answer.status_code == 200 or answer.json()["errors"][0]["errorId"] == 25713

    assert set(counts) == {0, 1, 2}


async def test_sold_quantities_are_those_of_the_orders(ask: Asker, world: World) -> None:
    seller = max(world.sellers, key=lambda each: len(world.shop(each.user_id).items)).user_id
    orders = await ask.all(seller, ORDERS, "orders", limit=200)
    sold: Counter[str] = Counter()
    for line in (line for order in orders for line in order["lineItems"]):
        sold[line["legacyItemId"]] += line["quantity"]
    offers = [
        offer
        for sku in world.shop(seller).items
        for offer in (await ask.get(seller, OFFERS, sku=sku)).json().get("offers", ())
        if "listing" in offer
    ]

    assert offers
    assert all(each["listing"]["soldQuantity"] == sold[each["listing"]["listingId"]] for each in offers)


async def test_conversations_come_by_type_and_time_counts_for_members_only(ask: Asker, world: World) -> None:
    seller = busiest(world)
    late = written_time(NOW - timedelta(days=10))
    members = await ask.all(seller, CONVERSATIONS, "conversations", conversation_type="FROM_MEMBERS")
    lately = await ask.all(
        seller, CONVERSATIONS, "conversations", conversation_type="FROM_MEMBERS", start_time=late
    )
    ebay = await ask.all(
        seller, CONVERSATIONS, "conversations", conversation_type="FROM_EBAY", start_time=late
    )

    assert lately == [each for each in members if each["latestMessage"]["createdDate"] > late]
    assert len(lately) < len(members)
    assert [each["latestMessage"]["createdDate"] < late for each in ebay] == [True]


async def test_a_long_conversation_is_paged_through_newest_first(ask: Asker, world: World) -> None:
    seller, talk = next(
        (each.user_id, talk)
        for each in world.sellers
        for talk in world.shop(each.user_id).conversations
        if len(talk.messages) > 50
    )
    path = f"{CONVERSATIONS}/{talk.conversation_id}"
    messages = await ask.all(seller, path, "messages", conversation_type="FROM_MEMBERS")
    dates = [each["createdDate"] for each in messages]

    assert len(messages) == 60
    assert dates == sorted(dates, reverse=True)
    assert {each["senderUsername"] for each in messages} == {
        talk.other,
        next(each.username for each in world.sellers if each.user_id == seller),
    }


async def test_a_conversation_is_found_by_its_own_type_only(ask: Asker, world: World) -> None:
    seller = busiest(world)
    path = f"{CONVERSATIONS}/E-{seller}"

    assert await ask.json(seller, path, conversation_type="FROM_EBAY")
    assert (await ask.get(seller, path, conversation_type="FROM_MEMBERS")).status_code == 400


async def test_a_user_keeps_the_id_when_the_name_changes(ask: Asker, world: World) -> None:
    seller = world.sellers[0]
    before = await ask.json(seller.user_id, USER)
    world.rename(seller.user_id, "somebody_else")
    after = await ask.json(seller.user_id, USER)
    orders = await ask.all(seller.user_id, ORDERS, "orders")

    assert before["username"] == seller.username
    assert after == before | {"username": "somebody_else"}
    assert {each["sellerId"] for each in orders} == {"somebody_else"}


@pytest.mark.parametrize(
    ("title", "host", "bad_token", "needs_marketplace"),
    [
        ("ebay_fulfillment.get_orders", "api", 401, False),
        ("ebay_fulfillment.get_order", "api", 401, False),
        ("ebay_fulfillment.get_payment_dispute_summaries", "apiz", 401, False),
        ("ebay_fulfillment.get_payment_dispute", "apiz", 401, False),
        ("ebay_finances.get_transactions", "apiz", 401, True),
        ("ebay_inventory.get_inventory_items", "api", 403, False),
        ("ebay_inventory.get_offers", "api", 403, False),
        ("ebay_message.get_conversations", "api", 401, False),
        ("ebay_message.get_conversation", "api", 401, False),
        ("ebay_identity.get_user", "apiz", 401, False),
    ],
)
def test_an_operation_lives_where_ebay_has_it(
    world: World, title: str, host: str, bad_token: int, *, needs_marketplace: bool
) -> None:
    operation = {each.title: each for each in sell_operations(world, lambda: NOW)}[title]

    assert (operation.host, operation.bad_token) == (host, bad_token)
    assert operation.needs_marketplace == needs_marketplace
    assert operation.asker == "user"
    assert operation.scopes
