"""What moves a seller's money: sales, refunds, labels, fees and transfers, all told by the orders."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from worker.sandbox.ebay.amounts import Purse, rounded
from worker.sandbox.ebay.members import Seller
from worker.sandbox.ebay.order_shape import FEE, purse_of
from worker.sandbox.ebay.orders import Order

TransactionType: TypeAlias = Literal["SALE", "REFUND", "NON_SALE_CHARGE", "SHIPPING_LABEL", "TRANSFER"]

MONTHS = 3
LABEL = Decimal("4.85")
MONTHLY_FEE = Decimal("27.95")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One movement. ``amount`` is never negative: ``entry`` tells where it went. Key: id and type together.

    ``fee`` is what eBay kept of a sale; ``fee_type`` names what a charge was for.
    """

    transaction_id: str
    transaction_type: TransactionType
    status: str
    at: datetime
    entry: Literal["CREDIT", "DEBIT"]
    amount: Decimal
    purse: Purse
    order: Order | None = None
    fee: Decimal | None = None
    fee_type: str | None = None

    @property
    def payout_id(self) -> str | None:
        """The payout it went out with, one a day; None where it has not."""
        return f"6{self.at:%Y%m%d}" if self.status == "PAYOUT" else None


def transactions_of(seller: Seller, orders: Iterable[Order], now: datetime) -> tuple[Transaction, ...]:
    """Return a seller's transactions as they stand at ``now``, newest first; none without an order."""
    of_orders = [each for order in orders for each in _of_order(order, now)]
    found = [*of_orders, *_of_months(seller, now)] if of_orders else []
    found.sort(key=lambda each: (each.at, each.transaction_id, each.transaction_type), reverse=True)
    return tuple(found)


def _of_order(order: Order, now: datetime) -> Iterator[Transaction]:
    if order.paid is None:
        return
    yield _sale(order, order.paid, now)
    yield from _refunds(order, now)
    if order.shipped == "FULFILLED" and order.number % 4 == 0:
        yield _label(order, now)


def _sale(order: Order, paid: datetime, now: datetime) -> Transaction:
    fee = rounded(order.total * FEE, order.currency)
    return Transaction(
        transaction_id=_sale_id(order),
        transaction_type="SALE",
        status=_status(paid, now),
        at=paid,
        entry="CREDIT",
        amount=order.total - fee,
        purse=purse_of(order),
        order=order,
        fee=fee,
    )


def _refunds(order: Order, now: datetime) -> Iterator[Transaction]:
    for place, refund in enumerate(order.refunds):
        shares_its_id = place == 0 and order.number % 3 == 0
        yield Transaction(
            transaction_id=_sale_id(order) if shares_its_id else refund.refund_id,
            transaction_type="REFUND",
            status=_status(refund.at, now),
            at=refund.at,
            entry="DEBIT",
            amount=refund.amount,
            purse=purse_of(order),
            order=order,
        )


def _label(order: Order, now: datetime) -> Transaction:
    return Transaction(
        transaction_id=f"4{order.number:010}",
        transaction_type="SHIPPING_LABEL",
        status=_status(order.modified, now),
        at=order.paid or order.created,
        entry="DEBIT",
        amount=rounded(LABEL, order.currency),
        purse=purse_of(order),
        order=order,
    )


def _of_months(seller: Seller, now: datetime) -> Iterator[Transaction]:
    fee_type = "OTHER_FEES" if seller.account_type == "BUSINESS" else "AD_FEE"
    for month in range(1, MONTHS + 1):
        at = now - timedelta(days=28 * month)
        yield _monthly(seller, at, "NON_SALE_CHARGE", f"FEE-{month:06}", fee_type)
        if month > 1:
            yield _monthly(seller, at, "TRANSFER", f"TRF-{month:06}", None)


def _monthly(
    seller: Seller, at: datetime, kind: TransactionType, transaction_id: str, fee_type: str | None
) -> Transaction:
    return Transaction(
        transaction_id=transaction_id,
        transaction_type=kind,
        status="COMPLETED",
        at=at,
        entry="DEBIT",
        amount=rounded(MONTHLY_FEE, seller.currency),
        purse=Purse(seller.currency),
        fee_type=fee_type,
    )


def _sale_id(order: Order) -> str:
    return f"3{order.number:010}"


def _status(at: datetime, now: datetime) -> str:
    age = (now - at).days
    if age < 2:  # noqa: PLR2004
        return "FUNDS_PROCESSING"
    return "FUNDS_AVAILABLE_FOR_PAYOUT" if age < 7 else "PAYOUT"  # noqa: PLR2004
