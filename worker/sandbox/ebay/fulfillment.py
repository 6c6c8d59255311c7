"""Orders as the Fulfillment API answers them: newest first by creation, each page computed anew."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.filters import BadRange, read_choice, read_filter, read_range
from worker.sandbox.ebay.order_shape import order_shape
from worker.sandbox.ebay.orders import Order
from worker.sandbox.ebay.paging import Page, collection, whole
from worker.sandbox.ebay.shop import Shop
from worker.sandbox.ebay.strict import Refusals
from worker.sandbox.ebay.world import World

REFUSALS = Refusals(
    "API_FULFILLMENT",
    {
        30700: "There is no filter of this name",
        30800: "A filter has a value that is not valid",
        30810: "A date is not of the form",
        30820: "The range has no start date",
        30830: "The range must lie within 2 years",
        30840: "The start date must come before the end date",
        30850: "Start and end dates can't be in the future",
        30900: "There are more than 50 order ids",
        31000: "The offset is not valid",
        31100: "The limit is not valid",
        32100: "The order id is not valid",
        32800: "There is no such field group",
    },
)
LARGEST_PAGE, USUAL_PAGE, MOST_IDS = 200, 50, 50
USUAL_WINDOW, LONGEST_WINDOW = timedelta(days=90), timedelta(days=731)
DATES = ("creationdate", "lastmodifieddate")
STATUSES = frozenset({"NOT_STARTED", "IN_PROGRESS"}), frozenset({"FULFILLED", "IN_PROGRESS"})


class Wanted(NamedTuple):
    """What a filter lets through: a time, of creation or else of modification, and states of fulfilment."""

    by: str
    start: datetime
    end: datetime
    statuses: frozenset[str] | None


class FulfillmentStand:
    """Answers for orders; ``clock`` is eBay's, in UTC."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock

    def get_orders(self, request: Request, user_id: str | None) -> Response:
        """GET /sell/fulfillment/v1/order."""
        shop = self._world.shop(user_id)
        asked = request.query_params
        if ids := asked.get("orderIds"):
            found, page = _by_ids(shop, ids), Page(USUAL_PAGE, 0)
        else:
            page = _page(request)
            _check_field_groups(request)
            found = _found(shop, _wanted(asked.get("filter", ""), self._clock()))
        body = collection(request, "orders", found, page, lambda each: _shape(each, shop))
        return JSONResponse(body)

    def get_order(self, request: Request, user_id: str | None) -> Response:
        """GET /sell/fulfillment/v1/order/{orderId}: with its cancellation requests."""
        shop = self._world.shop(user_id)
        _check_field_groups(request)
        order_id = request.path_params["orderId"]
        order = shop.order(order_id)
        if order is None:
            raise REFUSALS.refused(32100, "orderId", order_id, status=404)
        return JSONResponse(order_shape(order, shop.seller, requests=True))


def _shape(order: Order, shop: Shop) -> dict[str, object]:
    return order_shape(order, shop.seller, requests=False)


def _by_ids(shop: Shop, ids: str) -> list[Order]:
    wanted = [each.strip() for each in ids.split(",") if each.strip()]
    if len(wanted) > MOST_IDS:
        raise REFUSALS.refused(30900, "orderIds", str(len(wanted)))
    return [order for order_id in dict.fromkeys(wanted) if (order := shop.order(order_id)) is not None]


def _page(request: Request) -> Page:
    asked = request.query_params
    limit = whole(asked.get("limit"), USUAL_PAGE)
    if not limit or limit > LARGEST_PAGE:
        raise REFUSALS.refused(31100, "limit", asked["limit"])
    offset = whole(asked.get("offset"), 0)
    if offset is None or not Page(limit, offset).aligned:
        raise REFUSALS.refused(31000, "offset", asked["offset"])
    return Page(limit, offset)


def _check_field_groups(request: Request) -> None:
    groups = request.query_params.get("fieldGroups", "TAX_BREAKDOWN")
    if groups != "TAX_BREAKDOWN":
        raise REFUSALS.refused(32800, "fieldGroups", groups)


def _wanted(text: str, now: datetime) -> Wanted:
    conditions = dict(read_filter(text))
    for name in conditions:
        if name not in {*DATES, "orderfulfillmentstatus"}:
            raise REFUSALS.refused(30700, "filter", name)
    # Of both dates only that of creation is used; the other is not even read.
    by = next((name for name in DATES if name in conditions), None)
    start, end = (now - USUAL_WINDOW, now) if by is None else _window(by, conditions[by], now)
    statuses = _statuses(conditions.get("orderfulfillmentstatus"))
    return Wanted(by or DATES[0], start, end, statuses)


def _window(name: str, value: str, now: datetime) -> tuple[datetime, datetime]:
    told = f"{name}:{value}"
    reasons = {"form": 30800, "date": 30810, "start": 30820, "order": 30840}
    try:
        start, end = read_range(value)
    except BadRange as bad:
        raise REFUSALS.refused(reasons[bad.reason], "filter", told) from bad
    if max(start, end or start) > now:
        raise REFUSALS.refused(30850, "filter", told)
    if now - start > LONGEST_WINDOW:
        raise REFUSALS.refused(30830, "filter", told)
    return start, end or now


def _statuses(value: str | None) -> frozenset[str] | None:
    if value is None:
        return None
    statuses = read_choice(value)
    if statuses not in STATUSES:
        raise REFUSALS.refused(30800, "filter", f"orderfulfillmentstatus:{value}")
    return statuses


def _found(shop: Shop, wanted: Wanted) -> list[Order]:
    between = shop.created_between if wanted.by == DATES[0] else shop.modified_between
    found = between(wanted.start, wanted.end)
    return [each for each in found if wanted.statuses is None or each.shipped in wanted.statuses]
