"""Everything one seller has at eBay: orders, found by when they were made or changed, and what follows."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property

from worker.sandbox.ebay.ledger import Transaction, transactions_of
from worker.sandbox.ebay.letters import Conversation, conversations_of
from worker.sandbox.ebay.members import Seller
from worker.sandbox.ebay.orders import Order
from worker.sandbox.ebay.stock import Offer, items_of, offers_of
from worker.sandbox.ebay.trouble import Dispute, disputes_of
from worker.sandbox.ebay.wares import Ware

Key = tuple[datetime, str]
FOLLOWS = ("transactions", "disputes", "conversations")


class Shop:
    """A seller's shop. Orders come newest first by creation, whatever they were asked by."""

    def __init__(self, seller: Seller, wares: Sequence[Ware], orders: Iterable[Order], now: datetime) -> None:
        self.seller = seller
        self.wares = wares
        self._now = now
        self._orders = {order.order_id: order for order in orders}
        self._by_creation = sorted(_created(order) for order in self._orders.values())
        self._by_modification = sorted(_modified(order) for order in self._orders.values())

    @property
    def orders(self) -> list[Order]:
        """All orders."""
        return self._found(self._by_creation)

    def order(self, order_id: str) -> Order | None:
        """Return one of this seller's orders, or None."""
        return self._orders.get(order_id)

    def created_between(self, start: datetime, end: datetime) -> list[Order]:
        """Return the orders created in this time, both ends included."""
        return self._found(_between(self._by_creation, start, end))

    def modified_between(self, start: datetime, end: datetime) -> list[Order]:
        """Return the orders last modified in this time, both ends included."""
        return self._found(_between(self._by_modification, start, end))

    def put(self, order: Order) -> None:
        """Take in a new order, or one that has changed."""
        before = self._orders.get(order.order_id)
        if before is None:
            insort(self._by_creation, _created(order))
        else:
            del self._by_modification[bisect_left(self._by_modification, _modified(before))]
        insort(self._by_modification, _modified(order))
        self._orders[order.order_id] = order
        for name in FOLLOWS:
            self.__dict__.pop(name, None)

    @cached_property
    def transactions(self) -> tuple[Transaction, ...]:
        """What moved the seller's money, newest first."""
        return transactions_of(self.seller, self._orders.values(), self._now)

    @cached_property
    def disputes(self) -> tuple[Dispute, ...]:
        """The payment disputes, newest first."""
        return disputes_of(self._orders.values(), self._now)

    @cached_property
    def conversations(self) -> tuple[Conversation, ...]:
        """The conversations, that with the latest message first."""
        return conversations_of(self.seller, self._orders.values(), self._now)

    @cached_property
    def items(self) -> dict[str, Ware]:
        """The stock that the Inventory API knows, by SKU."""
        return items_of(self.wares)

    def offers(self, sku: str) -> tuple[Offer, ...]:
        """Return the offers of a SKU, none where the Inventory API does not know it."""
        return offers_of(self.items[sku]) if sku in self.items else ()

    def sold(self, ware: Ware) -> int:
        """Count how many of a ware were sold."""
        lines = (line for order in self._orders.values() for line in order.lines)
        return sum(line.quantity for line in lines if line.ware is ware)

    def _found(self, keys: Iterable[Key]) -> list[Order]:
        found = [self._orders[order_id] for _, order_id in keys]
        found.sort(key=_created, reverse=True)
        return found


def _created(order: Order) -> Key:
    return order.created, order.order_id


def _modified(order: Order) -> Key:
    return order.modified, order.order_id


def _between(keys: Sequence[Key], start: datetime, end: datetime) -> Sequence[Key]:
    # "~" comes after every digit: past all orders of the last moment.
    return keys[bisect_left(keys, (start, "")) : bisect_right(keys, (end, "~"))]
