"""The stand-in's own books: what every answer must add up to, for tests and acceptance to compare with."""

from worker.sandbox.ebay.amounts import to_cents
from worker.sandbox.ebay.orders import Line, Order, line_status
from worker.sandbox.ebay.shop import Shop
from worker.sandbox.ebay.times import written_time

Json = dict[str, object]


def shop_book(shop: Shop) -> Json:
    """Return one seller's book: who it is, every line item that exists, and how many of all else."""
    seller = shop.seller
    return {
        "user_id": seller.user_id,
        "username": seller.username,
        "former_usernames": list(seller.former_usernames),
        "account_type": seller.account_type,
        "marketplace": seller.marketplace,
        "currency": seller.currency,
        "orders": len(shop.orders),
        "lines": [_line(order, line) for order in shop.orders for line in order.lines],
        "transactions": len(shop.transactions),
        "disputes": len(shop.disputes),
        "conversations": len(shop.conversations),
        "inventory_items": len(shop.items),
        "offers": sum(len(shop.offers(sku)) for sku in shop.items),
    }


def _line(order: Order, line: Line) -> Json:
    return {
        "order_id": order.order_id,
        "line_item_id": line.line_item_id,
        "legacy_item_id": line.ware.legacy_item_id,
        "sku": line.ware.sku,
        "title": line.title,
        "quantity": line.quantity,
        "line_item_cost": to_cents(line.cost),
        "discounted_line_item_cost": None if line.discounted is None else to_cents(line.discounted),
        "unit_price": to_cents(line.paid / line.quantity),
        "currency": order.currency,
        "created": written_time(order.created),
        "paid": None if order.paid is None else written_time(order.paid),
        "last_modified": written_time(order.modified),
        "status": line_status(order, line),
        "kind": line.ware.kind,
        "condition": line.ware.condition,
        "card_id": line.ware.card_id,
    }
