"""Payment disputes: which of a seller's orders a buyer's bank has questioned, and how far that has come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from worker.sandbox.ebay.order_shape import purse_of
from worker.sandbox.ebay.orders import Order
from worker.sandbox.ebay.times import written_time

Json = dict[str, object]
DisputeStatus: TypeAlias = Literal["ACTION_NEEDED", "OPEN", "CLOSED"]

ONE_IN = 40
REASONS = ("ITEM_NOT_RECEIVED", "SIGNIFICANTLY_NOT_AS_DESCRIBED", "FRAUD")
TO_RESPOND = timedelta(days=10)
TO_CLOSE = timedelta(days=25)


@dataclass(frozen=True, slots=True)
class Dispute:
    """One payment dispute over one order."""

    dispute_id: str
    order: Order
    opened: datetime
    status: DisputeStatus
    reason: str


def disputes_of(orders: Iterable[Order], now: datetime) -> tuple[Dispute, ...]:
    """Return the disputes over these orders as they stand at ``now``, the newest first."""
    return tuple(
        sorted(_disputes(orders, now), key=lambda each: (each.opened, each.dispute_id), reverse=True)
    )


def _disputes(orders: Iterable[Order], now: datetime) -> Iterator[Dispute]:
    for order in orders:
        if order.number % ONE_IN or order.paid is None or (opened := order.paid + timedelta(days=3)) > now:
            continue
        reason = REASONS[order.number // ONE_IN % len(REASONS)]
        yield Dispute(f"5{order.number:09}", order, opened, _status(now - opened), reason)


def _status(age: timedelta) -> DisputeStatus:
    if age < TO_RESPOND:
        return "ACTION_NEEDED"
    return "OPEN" if age < TO_CLOSE else "CLOSED"


def summary_shape(dispute: Dispute) -> Json:
    """Return the PaymentDisputeSummary; its amounts know no conversion."""
    order = dispute.order
    shape: Json = {
        "paymentDisputeId": dispute.dispute_id,
        "paymentDisputeStatus": dispute.status,
        "reason": dispute.reason,
        "orderId": order.order_id,
        "buyerUsername": order.buyer.name,
        "openDate": written_time(dispute.opened),
        "respondByDate": written_time(dispute.opened + TO_RESPOND),
        "amount": {name: purse_of(order).amount(order.total)[name] for name in ("value", "currency")},
    }
    if dispute.status == "CLOSED":
        shape["closedDate"] = written_time(dispute.opened + TO_CLOSE)
    return shape


def dispute_shape(dispute: Dispute) -> Json:
    """Return the PaymentDispute."""
    lines = [
        {"itemId": line.ware.legacy_item_id, "lineItemId": line.line_item_id} for line in dispute.order.lines
    ]
    needed = dispute.status == "ACTION_NEEDED"
    return summary_shape(dispute) | {
        "availableChoices": ["ACCEPT", "CONTEST"] if needed else [],
        "evidence": [],
        "evidenceRequests": [],
        "lineItems": lines,
        "revision": 1,
    }
