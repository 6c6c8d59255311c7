"""What moved a seller's money: the Finances API's getTransactions. Buyers are not read at all.

Source: Finances API 1.17, getTransactions and its type Transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

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

LARGEST_PAGE = 1000
API, OPERATION = "ebay_finances", "get_transactions"
NAME = f"{API} {OPERATION}"
KEPT = (
    "transactionId",
    "transactionType",
    "transactionStatus",
    "transactionDate",
    "bookingEntry",
    "amount",
    "totalFeeAmount",
    "totalFeeBasisAmount",
    "feeType",
    "orderId",
    "payoutId",
    "orderLineItems",
    "references",
)
"""What is kept of a transaction as it came: nothing of it says who bought."""


class Transaction(Shape):
    """One movement of money. Its ``id`` is unique within its ``type`` only; ``entry`` is its direction."""

    id: Id = Field(alias="transactionId")
    type: Id = Field(alias="transactionType")
    status: str | None = Field(None, alias="transactionStatus")
    at: Moment = Field(alias="transactionDate")
    entry: Literal["CREDIT", "DEBIT"] = Field(alias="bookingEntry")
    amount: Money
    fee: Money | None = Field(None, alias="totalFeeAmount")
    order_id: str | None = Field(None, alias="orderId")
    payout_id: str | None = Field(None, alias="payoutId")


@dataclass(frozen=True, slots=True)
class TransactionRead:
    """A transaction, and what is kept of it as it came."""

    transaction: Transaction
    kept: Mapping[str, Any]


def get_transactions(since: datetime, until: datetime, *, offset: int) -> Question:
    """Ask for the transactions of a span, oldest first, so that new ones come behind the last page."""
    return Question(
        api=API,
        operation=OPERATION,
        host="apiz",
        path="/sell/finances/v1/transaction",
        params={
            "filter": f"transactionDate:[{moment(since)}..{moment(until)}]",
            "sort": "transactionDate",
            "limit": LARGEST_PAGE,
            "offset": offset,
        },
        of_marketplace=True,
    )


def read_transactions(answer: object, *, offset: int) -> Following[TransactionRead]:
    """Read what was answered to the page at ``offset``; None means that there are none."""
    if answer is None:
        return NOTHING
    good, bad, page = read_page(NAME, answer, array="transactions", key="transactionId", shape=Transaction)
    records = [TransactionRead(one, {name: raw[name] for name in KEPT if name in raw}) for one, raw in good]
    return Following(records, bad, total_of(NAME, page), offset_of_next(NAME, page, after=offset))
