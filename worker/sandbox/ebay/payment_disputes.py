"""Payment disputes as the Fulfillment API answers them (at apiz): at most 90 days in one question."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.paging import Page, collection, whole
from worker.sandbox.ebay.strict import Refusals
from worker.sandbox.ebay.times import read_time
from worker.sandbox.ebay.trouble import Dispute, dispute_shape, summary_shape
from worker.sandbox.ebay.world import World

REFUSALS = Refusals("API_FULFILLMENT", {33001: "The request has an input that is not valid"})
LARGEST_PAGE = 200
LONGEST_WINDOW = timedelta(days=90)
STATUSES = frozenset({"OPEN", "ACTION_NEEDED", "CLOSED"})


class PaymentDisputeStand:
    """Answers for payment disputes; ``clock`` is eBay's, in UTC."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock

    def get_payment_dispute_summaries(self, request: Request, user_id: str | None) -> Response:
        """GET /sell/fulfillment/v1/payment_dispute_summary: ``order_id`` makes all else but paging void."""
        page = _page(request)
        disputes = self._world.shop(user_id).disputes
        order_id = request.query_params.get("order_id")
        if order_id:
            found = [each for each in disputes if each.order.order_id == order_id]
        else:
            found = self._found(request, disputes)
        return JSONResponse(collection(request, "paymentDisputeSummaries", found, page, summary_shape))

    def get_payment_dispute(self, request: Request, user_id: str | None) -> Response:
        """GET /sell/fulfillment/v1/payment_dispute/{payment_dispute_id}."""
        wanted = request.path_params["payment_dispute_id"]
        disputes = self._world.shop(user_id).disputes
        dispute = next((each for each in disputes if each.dispute_id == wanted), None)
        if dispute is None:
            raise REFUSALS.refused(33001, "payment_dispute_id", wanted, status=404)
        return JSONResponse(dispute_shape(dispute))

    def _found(self, request: Request, disputes: Sequence[Dispute]) -> list[Dispute]:
        start, end = _window(request, self._clock())
        statuses = _statuses(request)
        buyer = request.query_params.get("buyer_username")
        return [
            each
            for each in disputes
            if start <= each.opened <= end
            and each.status in statuses
            and buyer in {None, each.order.buyer.name}
        ]


def _page(request: Request) -> Page:
    asked = request.query_params
    limit, offset = whole(asked.get("limit"), LARGEST_PAGE), whole(asked.get("offset"), 0)
    if not limit or limit > LARGEST_PAGE:
        raise REFUSALS.refused(33001, "limit", asked["limit"])
    if offset is None:
        raise REFUSALS.refused(33001, "offset", asked["offset"])
    return Page(limit, offset)


def _statuses(request: Request) -> frozenset[str]:
    asked = frozenset(request.query_params.getlist("payment_dispute_status"))
    if unknown := asked - STATUSES:
        raise REFUSALS.refused(33001, "payment_dispute_status", ",".join(sorted(unknown)))
    return asked or STATUSES


def _window(request: Request, now: datetime) -> tuple[datetime, datetime]:
    start, end = _moment(request, "open_date_from"), _moment(request, "open_date_to")
    if start is None:
        end = end or now
        return end - LONGEST_WINDOW, end
    end = end or min(now, start + LONGEST_WINDOW)
    if not start <= end <= start + LONGEST_WINDOW:
        raise REFUSALS.refused(33001, "open_date_from", request.query_params["open_date_from"])
    return start, end


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    moment = read_time(text)
    if moment is None:
        raise REFUSALS.refused(33001, name, text)
    return moment
