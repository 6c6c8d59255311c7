"""Payments that a buyer's bank has questioned: the Fulfillment API's getPaymentDisputeSummaries.

Source: Fulfillment API 1.20, getPaymentDisputeSummaries and its type PaymentDisputeSummary.
"""

from datetime import datetime

from pydantic import Field

from worker.clients.ebay import Question
from worker.clients.ebay_shapes import (
    NOTHING,
    Following,
    Id,
    Moment,
    Money,
    Shape,
    moment,
    offset_of_next,
    read_page,
    total_of,
)

LARGEST_PAGE = 200
API, OPERATION = "ebay_fulfillment", "get_payment_dispute_summaries"
NAME = f"{API} {OPERATION}"


class Dispute(Shape):
    """A payment dispute as it stands."""

    id: Id = Field(alias="paymentDisputeId")
    status: str = Field(alias="paymentDisputeStatus", min_length=1)
    reason: str | None = None
    order_id: str | None = Field(None, alias="orderId")
    buyer: str | None = Field(None, alias="buyerUsername")
    amount: Money | None = None
    opened_at: Moment = Field(alias="openDate")
    respond_by: Moment | None = Field(None, alias="respondByDate")
    closed_at: Moment | None = Field(None, alias="closedDate")


def get_payment_dispute_summaries(since: datetime, until: datetime, *, offset: int) -> Question:
    """Ask for the disputes opened in a span of at most 90 days, whatever their status."""
    return Question(
        api=API,
        operation=OPERATION,
        host="apiz",
        path="/sell/fulfillment/v1/payment_dispute_summary",
        params={
            "open_date_from": moment(since),
            "open_date_to": moment(until),
            "limit": LARGEST_PAGE,
            "offset": offset,
        },
    )


def read_disputes(answer: object, *, offset: int) -> Following[Dispute]:
    """Read what was answered to the page at ``offset``."""
    if answer is None:
        return NOTHING
    good, bad, page = read_page(
        NAME, answer, array="paymentDisputeSummaries", key="paymentDisputeId", shape=Dispute
    )
    records = [one for one, _ in good]
    return Following(records, bad, total_of(NAME, page), offset_of_next(NAME, page, after=offset))
