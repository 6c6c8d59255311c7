"""Transactions as the Finances API answers them (at apiz): 204 and no body where there are none."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.filters import BadRange, read_choice, read_filter, read_range
from worker.sandbox.ebay.ledger import Transaction
from worker.sandbox.ebay.paging import Page, collection, whole
from worker.sandbox.ebay.strict import Refusals
from worker.sandbox.ebay.times import written_time
from worker.sandbox.ebay.world import World

REFUSALS = Refusals(
    "API_FINANCES",
    {
        135003: "The paging is not valid",
        135004: "The filter is not valid",
        135005: "The sorting is not valid",
        135006: "The filter has no valid transaction type",
        135007: "The filter has no valid transaction status",
        135008: "The filter has no valid transaction date",
        135009: "A transaction id needs a transaction type beside it",
        135015: "The start date is more than five years ago",
        135016: "The dates are more than 36 months apart",
    },
)
LARGEST_PAGE, USUAL_PAGE = 1000, 20
OPEN_END, LONGEST_WINDOW, FARTHEST = timedelta(days=90), timedelta(days=1096), timedelta(days=1826)
TYPES = {"SALE", "REFUND", "CREDIT", "DISPUTE", "NON_SALE_CHARGE", "SHIPPING_LABEL", "TRANSFER", "ADJUSTMENT"}
STATUSES = {
    "PAYOUT",
    "FUNDS_ON_HOLD",
    "FUNDS_PROCESSING",
    "FUNDS_AVAILABLE_FOR_PAYOUT",
    "COMPLETED",
    "FAILED",
}
SORTS = {"transactionDate", "-transactionDate"}
Test = Callable[[Transaction], bool]


class FinancesStand:
    """Answers for transactions; ``clock`` is eBay's, in UTC."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock

    def get_transactions(self, request: Request, user_id: str | None) -> Response:
        """GET /sell/finances/v1/transaction: newest first, unless sorted by transactionDate."""
        page, oldest_first = _page(request), _oldest_first(request)
        test = self._test(request)
        found = [each for each in self._world.shop(user_id).transactions if test(each)]
        if not found:
            return Response(status_code=204)
        if oldest_first:
            found.reverse()
        return JSONResponse(collection(request, "transactions", found, page, transaction_shape))

    def _test(self, request: Request) -> Test:
        # Conditions may stand in one parameter, or each in one of its own.
        conditions = dict(read_filter(",".join(request.query_params.getlist("filter"))))
        if "transactionId" in conditions and "transactionType" not in conditions:
            raise REFUSALS.refused(135009, "filter", conditions["transactionId"])
        tests = [_one_test(name, value, self._clock()) for name, value in conditions.items()]
        return lambda each: all(test(each) for test in tests)


def _page(request: Request) -> Page:
    asked = request.query_params
    limit, offset = whole(asked.get("limit"), USUAL_PAGE), whole(asked.get("offset"), 0)
    if not limit or limit > LARGEST_PAGE:
        raise REFUSALS.refused(135003, "limit", asked["limit"])
    if offset is None:
        raise REFUSALS.refused(135003, "offset", asked["offset"])
    return Page(limit, offset)


def _oldest_first(request: Request) -> bool:
    sort = request.query_params.get("sort", "-transactionDate")
    if sort not in SORTS:
        raise REFUSALS.refused(135005, "sort", sort)
    return sort == "transactionDate"


def _one_test(name: str, value: str, now: datetime) -> Test:
    if name == "transactionDate":
        start, end = _window(value, now)
        return lambda each: start <= each.at <= end
    wanted = read_choice(value)
    if name == "transactionType":
        return _among(wanted, TYPES, 135006, lambda each: each.transaction_type)
    if name == "transactionStatus":
        return _among(wanted, STATUSES, 135007, lambda each: each.status)
    told = TOLD.get(name)
    if told is None or wanted is None:
        raise REFUSALS.refused(135004, "filter", f"{name}:{value}")
    return lambda each: told(each) in wanted


TOLD: Mapping[str, Callable[[Transaction], str | None]] = {
    "transactionId": lambda each: each.transaction_id,
    "orderId": lambda each: each.order.order_id if each.order else None,
    "buyerUsername": lambda each: each.order.buyer.name if each.order else None,
    "payoutId": lambda each: each.payout_id,
}


def _among(
    wanted: frozenset[str] | None, known: set[str], error_id: int, told: Callable[[Transaction], str]
) -> Test:
    if wanted is None or not wanted <= known:
        raise REFUSALS.refused(error_id, "filter", "|".join(sorted(wanted or ())))
    return lambda each: told(each) in wanted


def _window(value: str, now: datetime) -> tuple[datetime, datetime]:
    try:
        start, told = read_range(value)
    except BadRange as bad:
        raise REFUSALS.refused(135008, "filter", value) from bad
    end = told or start + OPEN_END
    if now - start > FARTHEST:
        raise REFUSALS.refused(135015, "filter", value)
    if end - start > LONGEST_WINDOW:
        raise REFUSALS.refused(135016, "filter", value)
    return start, end


def transaction_shape(transaction: Transaction) -> dict[str, object]:
    """Return the Transaction; only sales tell what eBay kept of each line."""
    told = {
        "transactionId": transaction.transaction_id,
        "transactionType": transaction.transaction_type,
        "transactionStatus": transaction.status,
        "transactionDate": written_time(transaction.at),
        "bookingEntry": transaction.entry,
        "amount": transaction.purse.amount(transaction.amount),
        "payoutId": transaction.payout_id,
        "feeType": transaction.fee_type,
    }
    return {name: value for name, value in told.items() if value is not None} | _of_order(transaction)


def _of_order(transaction: Transaction) -> dict[str, object]:
    order = transaction.order
    if order is None:
        return {}
    shape: dict[str, object] = {
        "orderId": order.order_id,
        "salesRecordReference": "0",
        "buyer": {"username": order.buyer.name},
    }
    if transaction.fee is not None:
        purse = transaction.purse
        shape["totalFeeBasisAmount"] = purse.amount(order.total)
        shape["totalFeeAmount"] = purse.amount(transaction.fee)
        shape["orderLineItems"] = [
            {"lineItemId": line.line_item_id, "feeBasisAmount": purse.amount(line.paid)}
            for line in order.lines
        ]
    return shape
