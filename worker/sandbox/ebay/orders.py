"""Orders as they stand: values, what can be told of them, and the two things that happen to them later."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias, assert_never

from worker.sandbox.ebay.amounts import Conversion, rounded
from worker.sandbox.ebay.wares import Ware

LineStatus: TypeAlias = Literal["sold", "unpaid", "cancelled", "refunded", "partially_refunded"]
NOTHING = Decimal(0)


class NotPossible(ValueError):
    """Raised when an order cannot be changed in that way; says why."""


@dataclass(frozen=True, slots=True)
class Repayment:
    """Money given back to a buyer."""

    refund_id: str
    amount: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Buyer:
    """A buyer, who is a number: everything eBay tells of one is made of it. ``name`` may be an opaque id."""

    number: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line item. ``cost`` and ``discounted`` are for the whole quantity; ``delivery`` None is not told.

    ``on_hold``: the ware is held for a breach of policy, and its title is its number.
    """

    line_item_id: str
    ware: Ware
    quantity: int
    cost: Decimal
    discounted: Decimal | None = None
    delivery: Decimal | None = None
    from_best_offer: bool = False
    advertised: bool = False
    on_hold: bool = False
    refunds: tuple[Repayment, ...] = ()

    @property
    def paid(self) -> Decimal:
        """What the goods of this line cost the buyer."""
        return self.cost if self.discounted is None else self.discounted

    @property
    def refunded(self) -> Decimal:
        """What was given back for this very line."""
        return sum((each.amount for each in self.refunds), NOTHING)

    @property
    def title(self) -> str:
        """The title as eBay tells it."""
        return self.ware.legacy_item_id if self.on_hold else self.ware.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order. ``refunds`` are all of it, those of its lines among them; ``terse`` is how amounts read."""

    order_id: str
    number: int
    seller_id: str
    buyer: Buyer
    created: datetime
    modified: datetime
    paid: datetime | None
    unpaid_because: Literal["PENDING", "FAILED"]
    shipped: Literal["NOT_STARTED", "IN_PROGRESS", "FULFILLED"]
    currency: str
    lines: tuple[Line, ...]
    converted: Conversion | None = None
    refunds: tuple[Repayment, ...] = ()
    cancelled: datetime | None = None
    terse: bool = False

    @property
    def total(self) -> Decimal:
        """What the buyer paid for goods and delivery."""
        return sum((line.paid + (line.delivery or NOTHING) for line in self.lines), NOTHING)

    @property
    def refunded(self) -> Decimal:
        """What was given back altogether."""
        return sum((each.amount for each in self.refunds), NOTHING)

    @property
    def payment_status(self) -> str:
        """OrderPaymentStatusEnum."""
        if self.paid is None:
            return self.unpaid_because
        if not self.refunds:
            return "PAID"
        return "FULLY_REFUNDED" if self.refunded >= self.total else "PARTIALLY_REFUNDED"


@dataclass(frozen=True, slots=True)
class Refund:
    """Give back a part of what is left of one line, or of the whole order with its delivery."""

    line_item_id: str | None = None
    part: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the order; what was paid for it and not yet given back is given back."""


Change: TypeAlias = Refund | Cancel


def line_status(order: Order, line: Line) -> LineStatus:
    """Tell what became of a line; the first of these that holds is the answer.

    Refunds of a line count for this line only; a refund of the order as a whole touches every line, unless
    some line has a refund of its own.
    """
    if order.cancelled is not None:
        return "cancelled"
    if order.paid is None:
        return "unpaid"
    if order.payment_status == "FULLY_REFUNDED" or (line.refunds and line.refunded >= line.paid):
        return "refunded"
    some_line_has = any(each.refunds for each in order.lines)
    return "partially_refunded" if line.refunds or (order.refunds and not some_line_has) else "sold"


def changed(order: Order, change: Change, at: datetime) -> Order:
    """Return the order as it is after a change; ``NotPossible`` where there is nothing to change."""
    at = max(at, order.modified)
    match change:
        case Refund(line_item_id=None, part=part):
            amount = _repaid(order, order.total * part, left=order.total - order.refunded)
            return replace(order, modified=at, refunds=(*order.refunds, _repayment(order, amount, at)))
        case Refund(line_item_id=line_item_id, part=part):
            return _with_line_refund(order, line_item_id, part, at)
        case Cancel():
            return _cancelled(order, at)
        case _:
            assert_never(change)


def _with_line_refund(order: Order, line_item_id: str | None, part: Decimal, at: datetime) -> Order:
    line = next((each for each in order.lines if each.line_item_id == line_item_id), None)
    if line is None:
        raise NotPossible(f"order {order.order_id} has no line {line_item_id}")
    left = min(line.paid - line.refunded, order.total - order.refunded)
    refund = _repayment(order, _repaid(order, line.paid * part, left=left), at)
    after = replace(line, refunds=(*line.refunds, refund))
    lines = tuple(after if each is line else each for each in order.lines)
    return replace(order, modified=at, lines=lines, refunds=(*order.refunds, refund))


def _cancelled(order: Order, at: datetime) -> Order:
    if order.cancelled is not None:
        raise NotPossible(f"order {order.order_id} is cancelled already")
    left = order.total - order.refunded
    owed = order.paid is not None and left > 0
    refunds = (*order.refunds, _repayment(order, left, at)) if owed else order.refunds
    return replace(order, modified=at, cancelled=at, refunds=refunds)


def _repaid(order: Order, wanted: Decimal, *, left: Decimal) -> Decimal:
    if order.paid is None:
        raise NotPossible(f"order {order.order_id} was never paid")
    amount = min(rounded(wanted, order.currency), left)
    if amount <= 0:
        raise NotPossible(f"nothing of order {order.order_id} is left to give back")
    return amount


def _repayment(order: Order, amount: Decimal, at: datetime) -> Repayment:
    return Repayment(f"5{order.number:010}{len(order.refunds)}", amount, at)
