"""An order in the Fulfillment API's shape (sell_fulfillment_v1, schema Order)."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from worker.sandbox.ebay.amounts import Purse
from worker.sandbox.ebay.buyers import buyer_shape, ship_to
from worker.sandbox.ebay.members import Seller
from worker.sandbox.ebay.orders import NOTHING, Line, Order, Repayment
from worker.sandbox.ebay.times import written_time

Json = dict[str, object]

FEE = Decimal("0.1325")
SALES_TAX = Decimal("0.07")


def order_shape(order: Order, seller: Seller, *, requests: bool) -> Json:
    """Return the order as eBay tells it; ``requests``: with its cancellation requests (only getOrder has)."""
    purse = purse_of(order)
    fee = purse.amount(order.total * FEE)
    return {
        "orderId": order.order_id,
        "legacyOrderId": order.order_id,
        "creationDate": written_time(order.created),
        "lastModifiedDate": written_time(order.modified),
        "orderFulfillmentStatus": order.shipped,
        "orderPaymentStatus": order.payment_status,
        "sellerId": seller.username,
        "buyer": buyer_shape(order.buyer),
        "cancelStatus": _cancel_status(order, requests=requests),
        "pricingSummary": _pricing(order, purse),
        "paymentSummary": _payments(order, purse),
        "fulfillmentStartInstructions": [_start(order)],
        "fulfillmentHrefs": [],
        "lineItems": [_line(order, line, seller, purse) for line in order.lines],
        "ebayCollectAndRemitTax": _taxed(order, seller),
        "salesRecordReference": str(order.number + 100),
        "totalFeeBasisAmount": purse.amount(order.total),
        "totalMarketplaceFee": fee,
    }


def purse_of(order: Order) -> Purse:
    """Return what writes the order's amounts."""
    return Purse(order.currency, order.terse, order.converted)


def _cancel_status(order: Order, *, requests: bool) -> Json:
    if order.cancelled is None:
        return {"cancelState": "NONE_REQUESTED", "cancelRequests": []}
    at = written_time(order.cancelled)
    request = {
        "cancelRequestId": f"7{order.number:09}",
        "cancelRequestState": "COMPLETED",
        "cancelInitiator": "BUYER",
        "cancelReason": "ORDER_PLACED_BY_MISTAKE",
        "cancelRequestedDate": at,
        "cancelCompletedDate": at,
    }
    listed = [request] if requests else []
    return {"cancelState": "CANCELED", "cancelledDate": at, "cancelRequests": listed}


def _pricing(order: Order, purse: Purse) -> Json:
    subtotal = sum((line.cost for line in order.lines), NOTHING)
    goods = sum((line.paid for line in order.lines), NOTHING)
    pricing: Json = {"priceSubtotal": purse.amount(subtotal)}
    if goods != subtotal:
        pricing["priceDiscount"] = purse.amount(goods - subtotal)
    delivery = sum((line.delivery or NOTHING for line in order.lines), NOTHING)
    return pricing | {"deliveryCost": purse.amount(delivery), "total": purse.amount(order.total)}


def _payments(order: Order, purse: Purse) -> Json:
    payment: Json = {
        "paymentMethod": "EBAY",
        "paymentReferenceId": f"4{order.number:09}",
        "paymentStatus": "PAID" if order.paid else order.unpaid_because,
        "amount": purse.amount(order.total),
        "paymentHolds": [],
    }
    if order.paid:
        payment["paymentDate"] = written_time(order.paid)
    return {
        "totalDueSeller": purse.amount(max(NOTHING, order.total * (1 - FEE) - order.refunded)),
        "payments": [payment],
        "refunds": [_repayment(each, purse) | {"refundStatus": "REFUNDED"} for each in order.refunds],
    }


def _repayment(repayment: Repayment, purse: Purse) -> Json:
    return {
        "refundId": repayment.refund_id,
        "refundDate": written_time(repayment.at),
        "amount": purse.amount(repayment.amount),
    }


def _line_repayments(repayments: Sequence[Repayment], purse: Purse) -> list[Json]:
    return [_repayment(each, purse) for each in repayments]


def _start(order: Order) -> Json:
    return {
        "fulfillmentInstructionsType": "SHIP_TO",
        "minEstimatedDeliveryDate": written_time(order.created + timedelta(days=3)),
        "maxEstimatedDeliveryDate": written_time(order.created + timedelta(days=7)),
        "ebaySupportedFulfillment": False,
        "shippingStep": {"shipTo": ship_to(order.buyer), "shippingServiceCode": "USPSParcel"},
    }


def _line(order: Order, line: Line, seller: Seller, purse: Purse) -> Json:
    shape: Json = {
        "lineItemId": line.line_item_id,
        "legacyItemId": line.ware.legacy_item_id,
        "title": line.title,
        "quantity": line.quantity,
        "soldFormat": "FIXED_PRICE" if line.ware.stock else "AUCTION",
        "listingMarketplaceId": seller.marketplace,
        "purchaseMarketplaceId": "EBAY_US" if order.converted else seller.marketplace,
        "lineItemCost": purse.amount(line.cost),
        "total": purse.amount(line.paid + (line.delivery or NOTHING)),
        "deliveryCost": {} if line.delivery is None else {"shippingCost": purse.amount(line.delivery)},
        "lineItemFulfillmentStatus": order.shipped,
        "taxes": [],
        "refunds": _line_repayments(line.refunds, purse),
        "appliedPromotions": _promotions(line, purse),
        "properties": _properties(line),
    }
    if line.ware.sku is not None:
        shape["sku"] = line.ware.sku
    if line.discounted is not None:
        shape["discountedLineItemCost"] = purse.amount(line.discounted)
    if _taxed(order, seller):
        tax = {"taxType": "STATE_SALES_TAX", "amount": purse.amount(line.paid * SALES_TAX)}
        shape["ebayCollectAndRemitTaxes"] = [tax | {"collectionMethod": "NET"}]
    return shape


def _taxed(order: Order, seller: Seller) -> bool:
    return seller.marketplace == "EBAY_US" and order.buyer.number % 2 == 0


def _promotions(line: Line, purse: Purse) -> list[Json]:
    if line.discounted is None:
        return []
    discount = purse.amount(line.cost - line.discounted)
    return [{"promotionId": "1", "discountAmount": discount, "description": "Order discount"}]


def _properties(line: Line) -> Json:
    told: Json = {"fromBestOffer": line.from_best_offer, "soldViaAdCampaign": line.advertised}
    return {"buyerProtection": True} | {name: holds for name, holds in told.items() if holds}
