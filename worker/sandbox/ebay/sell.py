"""What the stand-in mounts of the world: the operations that sellers' tokens are for, and the hands on it."""

from collections.abc import Callable
from datetime import datetime

from worker.sandbox.ebay.finances import FinancesStand
from worker.sandbox.ebay.fulfillment import FulfillmentStand
from worker.sandbox.ebay.happenings import books_answer, world_answer
from worker.sandbox.ebay.identity import IdentityStand
from worker.sandbox.ebay.inventory import InventoryStand
from worker.sandbox.ebay.messages import MessageStand
from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.payment_disputes import PaymentDisputeStand
from worker.sandbox.ebay.strict import strict
from worker.sandbox.ebay.world import World

__all__ = ["books_answer", "sell_operations", "world_answer"]

FULFILLMENT, DISPUTES = "/sell/fulfillment/v1", frozenset({"sell.payment.dispute"})
ORDERS = frozenset({"sell.fulfillment", "sell.fulfillment.readonly"})
STOCK = frozenset({"sell.inventory", "sell.inventory.readonly"})
LETTERS = frozenset({"commerce.message"})


def sell_operations(world: World, clock: Callable[[], datetime]) -> tuple[Operation, ...]:
    """Return the operations over a world; ``clock`` (UTC) is eBay's. Scopes are from its OpenAPI documents.

    They answer for the sellers of the world only: any other user id is a ``KeyError``.
    """
    return (
        *_orders(FulfillmentStand(world, clock)),
        *_disputes(PaymentDisputeStand(world, clock)),
        Operation(
            api="ebay_finances",
            name="get_transactions",
            path="/sell/finances/v1/transaction",
            answer=strict(FinancesStand(world, clock).get_transactions),
            host="apiz",
            scopes=frozenset({"sell.finances"}),
            needs_marketplace=True,
        ),
        *_stock(InventoryStand(world)),
        *_letters(MessageStand(world)),
        Operation(
            api="ebay_identity",
            name="get_user",
            path="/commerce/identity/v1/user/",
            answer=strict(IdentityStand(world).get_user),
            host="apiz",
            scopes=frozenset({"commerce.identity.readonly"}),
        ),
    )


def _orders(stand: FulfillmentStand) -> tuple[Operation, ...]:
    addresses = (
        ("get_orders", "/order", stand.get_orders),
        ("get_order", "/order/{orderId}", stand.get_order),
    )
    return tuple(
        Operation(
            api="ebay_fulfillment", name=name, path=FULFILLMENT + path, answer=strict(answer), scopes=ORDERS
        )
        for name, path, answer in addresses
    )


def _disputes(stand: PaymentDisputeStand) -> tuple[Operation, ...]:
    addresses = (
        ("get_payment_dispute_summaries", "/payment_dispute_summary", stand.get_payment_dispute_summaries),
        ("get_payment_dispute", "/payment_dispute/{payment_dispute_id}", stand.get_payment_dispute),
    )
    return tuple(
        Operation(
            api="ebay_fulfillment",
            name=name,
            path=FULFILLMENT + path,
            answer=strict(answer),
            host="apiz",
            scopes=DISPUTES,
        )
        for name, path, answer in addresses
    )


def _stock(stand: InventoryStand) -> tuple[Operation, ...]:
    addresses = (
        ("get_inventory_items", "/sell/inventory/v1/inventory_item", stand.get_inventory_items),
        ("get_offers", "/sell/inventory/v1/offer", stand.get_offers),
    )
    # An expired token is told 403 here, not 401.
    return tuple(
        Operation(
            api="ebay_inventory", name=name, path=path, answer=strict(answer), scopes=STOCK, bad_token=403
        )
        for name, path, answer in addresses
    )


def _letters(stand: MessageStand) -> tuple[Operation, ...]:
    addresses = (
        ("get_conversations", "/commerce/message/v1/conversation", stand.get_conversations),
        ("get_conversation", "/commerce/message/v1/conversation/{conversation_id}", stand.get_conversation),
    )
    return tuple(
        Operation(api="ebay_message", name=name, path=path, answer=strict(answer), scopes=LETTERS)
        for name, path, answer in addresses
    )
