"""Orders: what the account really sold, as price observations."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial
from typing import Any, ClassVar

from worker import observe
from worker.accounts.accounts import rename
from worker.catalog.observations import LineKey, Plan, Sale, Status, Writer, plan, write
from worker.clients.ebay_orders import LARGEST_PAGE, LineItem, Order, OrderRead, get_orders, read_orders
from worker.db import Connection
from worker.errors import SourceGarbled
from worker.syncing.resource import Ask, Outcome, Page, Reading

SOURCE = "ebay_seller"
PLATFORM = "ebay"
MARKETPLACE = "EBAY_US"
"""Of a line item that names none: always the same, for it is a part of what the line item is known by."""
CENT = Decimal("0.01")


class Orders:
    """Reads orders by when they were modified last, so that refunds and cancellations come in too."""

    name: ClassVar = "orders"
    slice: ClassVar[timedelta | None] = timedelta(days=90)
    reach: ClassVar[timedelta | None] = timedelta(days=729)
    again: ClassVar = timedelta(0)

    async def page(self, ask: Ask, reading: Reading, position: Mapping[str, Any] | None) -> Page:
        """One page of orders."""
        offset = position["offset"] if position else 0
        question = get_orders(reading.since, reading.until, limit=LARGEST_PAGE, offset=offset)
        read = read_orders(await ask(question, step=f"orders/{reading.until:%Y%m%dT%H%M%S}/{offset}"))
        if read.has_next and not (read.records or read.bad):
            raise SourceGarbled(
                "ebay_fulfillment get_orders answered with an empty page that is not the last"
            )
        following = {"offset": offset + LARGEST_PAGE} if read.has_next else None
        return Page(read.records, read.bad, following, read.total)

    async def store(self, connection: Connection, reading: Reading, page: Page) -> Outcome:
        """Each line item is an observation, there once."""
        account = reading.account
        writer = Writer(account.org_id, account.id, SOURCE, "sold", PLATFORM)
        sales = [sale for one in page.records for sale in sales_of(one)]
        chosen = await plan(connection, writer, sales)
        tally = _tally(page, sales, chosen)
        if reading.dry_run:
            return Outcome(tally, _would(chosen))
        await write(connection, writer, chosen)
        await rename(connection, account, newest_name(page.records))
        new = len(chosen.new)
        return Outcome(tally, count=partial(observe.observations, source=SOURCE, basis="sold", count=new))

    async def finish(self, connection: Connection, reading: Reading) -> Mapping[str, int]:  # noqa: ARG002
        """Nothing: every page stands for itself."""
        return {}


def sales_of(read: OrderRead) -> list[Sale]:
    """The line items of an order as sales."""
    order = read.order
    listed_refunds = any(line.refunds for line in order.lines)
    kept = {
        "payment": order.payment_status,
        "cancel": order.cancel.state if order.cancel else None,
        "created": order.created_at.isoformat(),
    }
    return [
        Sale(
            key=LineKey(line.marketplace or line.bought_at or MARKETPLACE, order.id, line.id),
            item_id=line.item_id,
            title=line.title,
            sku=line.sku,
            quantity=line.quantity,
            unit_price=unit_price(line),
            shipping=shipping(line),
            currency=(line.discounted or line.cost).currency,
            observed_at=order.paid_at or order.created_at,
            listing_type=line.sold_format,
            condition=None,
            status=status_of(order, line, listed_refunds=listed_refunds),
            modified_at=order.modified_at,
            raw={"order": kept, "line": raw},
        )
        for line, raw in zip(order.lines, read.lines, strict=True)
    ]


def newest_name(records: Sequence[OrderRead]) -> str | None:
    """What the seller is called in the order that was modified last."""
    named = [(one.order.modified_at, one.order.seller) for one in records if one.order.seller]
    return max(named)[1] if named else None


def unit_price(line: LineItem) -> Decimal:
    """What one piece cost: eBay's line cost is that of all of them. Rounded once, half to even."""
    cost = (line.discounted or line.cost).value
    return (cost / line.quantity).quantize(CENT, rounding=ROUND_HALF_EVEN)


def shipping(line: LineItem) -> Decimal | None:
    """What shipping the line cost, where it is said, in the currency of its price."""
    found = line.delivery.shipping if line.delivery else None
    if found is None or found.currency != (line.discounted or line.cost).currency:
        return None
    return max(Decimal(0), found.value).quantize(CENT, rounding=ROUND_HALF_EVEN)


def status_of(order: Order, line: LineItem, *, listed_refunds: bool) -> Status:
    """How a line item stands: what was not paid for, or taken back whole, is no price.

    A refund that names its line is that line's; one that names none is every line's.
    """
    if order.cancelled:
        return "cancelled"
    match order.payment_status:
        case "PENDING" | "FAILED":
            return "unpaid"
        case "FULLY_REFUNDED":
            return "refunded"
        case "PAID":
            return "sold"
        case "PARTIALLY_REFUNDED" if not listed_refunds:
            return "partially_refunded"
        case "PARTIALLY_REFUNDED":
            return _status_by_refunds(line)


def _status_by_refunds(line: LineItem) -> Status:
    if not line.refunds:
        return "sold"
    cost = line.discounted or line.cost
    amounts = [one.amount for one in line.refunds if one.amount]
    returned = sum((one.value for one in amounts if one.currency == cost.currency), Decimal(0))
    return "refunded" if returned >= cost.value else "partially_refunded"


def _tally(page: Page, sales: list[Sale], chosen: Plan) -> dict[str, int]:
    return {
        "orders": len(page.records),
        "line_items": len(sales),
        "inserted": len(chosen.new),
        "updated": len(chosen.changed),
        "unchanged": chosen.unchanged,
        "unmapped": chosen.unmapped,
        "of_another_org": chosen.elsewhere,
    }


def _would(chosen: Plan) -> list[str]:
    lines = []
    for word, some in (("insert", chosen.new), ("update", chosen.changed)):
        for one in some:
            sale, match = one.sale, one.match
            found = match.card_print_id if match.card_print_id is not None else f"no print ({match.why})"
            lines.append(
                f"{word} {'/'.join(sale.key[1:])}: {sale.quantity} x {sale.unit_price} {sale.currency}, "
                f"{sale.status}, {found}"
            )
    return lines
