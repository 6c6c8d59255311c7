"""What sellers sold: the Fulfillment API's getOrders, as far as a price needs it. Buyers are not read at all.

Source: Fulfillment API 1.20, getOrders and its types Order and LineItem.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from worker.clients.ebay import Question
from worker.clients.ebay_shapes import Answered, Id, Moment, Money, Price, Shape, moment, read_page, total_of

LARGEST_PAGE = 200
API, OPERATION = "ebay_fulfillment", "get_orders"
KEPT_OF_LINE = (
    "lineItemId",
    "legacyItemId",
    "legacyVariationId",
    "sku",
    "title",
    "quantity",
    "soldFormat",
    "listingMarketplaceId",
    "purchaseMarketplaceId",
    "lineItemCost",
    "discountedLineItemCost",
    "total",
    "deliveryCost",
    "lineItemFulfillmentStatus",
    "refunds",
    "appliedPromotions",
    "properties",
    "variationAspects",
)
"""What is kept of a line item as it came: nothing of it says who bought."""


class _Delivery(Shape):
    shipping: Money | None = Field(None, alias="shippingCost")


class _Refund(Shape):
    amount: Money | None = None


class LineItem(Shape):
    """One thing sold in an order. ``cost`` is the price of all its ``quantity`` together."""

    id: Id = Field(alias="lineItemId")
    item_id: str | None = Field(None, alias="legacyItemId")
    sku: str | None = None
    title: str | None = None
    quantity: int = Field(gt=0, lt=1_000_000)
    sold_format: str | None = Field(None, alias="soldFormat")
    marketplace: str | None = Field(None, alias="listingMarketplaceId")
    bought_at: str | None = Field(None, alias="purchaseMarketplaceId")
    cost: Price = Field(alias="lineItemCost")
    discounted: Price | None = Field(None, alias="discountedLineItemCost")
    delivery: _Delivery | None = Field(None, alias="deliveryCost")
    refunds: tuple[_Refund, ...] = ()


class _Payment(Shape):
    paid_at: Moment | None = Field(None, alias="paymentDate")


class _Payments(Shape):
    payments: tuple[_Payment, ...] = ()


class _Cancel(Shape):
    state: str | None = Field(None, alias="cancelState")


PaymentStatus = Literal["FAILED", "FULLY_REFUNDED", "PAID", "PARTIALLY_REFUNDED", "PENDING"]


class Order(Shape):
    """An order with its line items."""

    id: Id = Field(alias="orderId")
    seller: str | None = Field(None, alias="sellerId")
    """The seller's username, which may change."""
    created_at: Moment = Field(alias="creationDate")
    modified_at: Moment = Field(alias="lastModifiedDate")
    payment_status: PaymentStatus = Field(alias="orderPaymentStatus")
    cancel: _Cancel | None = Field(None, alias="cancelStatus")
    payments: _Payments | None = Field(None, alias="paymentSummary")
    lines: tuple[LineItem, ...] = Field(alias="lineItems", min_length=1)

    @property
    def cancelled(self) -> bool:
        """Whether it was called off."""
        return self.cancel is not None and self.cancel.state == "CANCELED"

    @property
    def paid_at(self) -> datetime | None:
        """When it was paid for, at first."""
        moments = [one.paid_at for one in self.payments.payments if one.paid_at] if self.payments else []
        return min(moments, default=None)


@dataclass(frozen=True, slots=True)
class OrderRead:
    """An order, and what is kept of each of its line items as it came."""

    order: Order
    lines: tuple[Mapping[str, Any], ...]


def get_orders(since: datetime, until: datetime, *, limit: int, offset: int) -> Question:
    """Ask for orders modified in a span; ``until`` must not be in the future by eBay's clock (30850)."""
    span = f"lastmodifieddate:[{moment(since)}..{moment(until)}]"
    return Question(
        api=API,
        operation=OPERATION,
        path="/sell/fulfillment/v1/order",
        params={"filter": span, "limit": limit, "offset": offset},
    )


def read_orders(answer: object) -> Answered[OrderRead]:
    """Read what getOrders answered; raises ``SourceGarbled`` where that is no page of orders."""
    name = f"{API} {OPERATION}"
    good, bad, page = read_page(name, answer, array="orders", key="orderId", shape=Order)
    orders = [OrderRead(order, tuple(map(_kept, raw["lineItems"]))) for order, raw in good]
    return Answered(orders, bad, total_of(name, page), has_next=bool(page.get("next")))


def _kept(line: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: line[name] for name in KEPT_OF_LINE if name in line}
