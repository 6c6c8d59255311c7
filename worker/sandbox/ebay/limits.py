"""The Analytics API: how many calls are left of the day (its docs; schema RateLimitsResponse)."""

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.quotas import Quotas
from worker.sandbox.ebay.scopes import BASE_NAME
from worker.sandbox.ebay.shapes import moment
from worker.sandbox.ebay.tokens import carried

DAY_SECONDS = 86_400
ASKED_BY_USERS = frozenset({"sell.inventory", "sell.inventory.readonly", "sell.marketing"})
ASKED_BY_USERS |= {"sell.marketing.readonly"}


@dataclass(frozen=True, slots=True)
class Resource:
    """What eBay calls one of our APIs there: ``counted`` is our name for it."""

    counted: str
    context: str
    api: str
    version: str
    name: str


RESOURCES = (
    Resource("ebay_browse", "buy", "Browse", "v1", "buy.browse"),
    Resource("ebay_insights", "buy", "MarketplaceInsights", "v1_beta", "buy.marketplace.insights"),
    Resource("ebay_fulfillment", "sell", "Fulfillment", "v1", "sell.fulfillment"),
    Resource("ebay_finances", "sell", "Finances", "v1", "sell.finances"),
    Resource("ebay_inventory", "sell", "Inventory", "v1", "sell.inventory"),
    Resource("ebay_feed", "sell", "Feed", "v1", "sell.feed"),
    Resource("ebay_message", "commerce", "Message", "v1", "commerce.message"),
    Resource("ebay_identity", "commerce", "Identity", "v1", "commerce.identity"),
    Resource("ebay_notification", "commerce", "Notification", "v1", "commerce.notification"),
    Resource("ebay_analytics", "developer", "Analytics", "v1_beta", "developer.analytics"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Answers from the counters of the day."""

    quotas: Quotas

    def operations(self) -> tuple[Operation, ...]:
        """The application's limits, and those of one of its sellers."""
        analytics = partial(Operation, api="ebay_analytics")
        return (
            analytics(
                name="get_rate_limits",
                path="/developer/analytics/v1_beta/rate_limit/",
                answer=self.answer,
                asker="application",
                scopes=frozenset({BASE_NAME}),
            ),
            analytics(
                name="get_user_rate_limits",
                path="/developer/analytics/v1_beta/user_rate_limit/",
                answer=self.answer,
                scopes=ASKED_BY_USERS,
            ),
        )

    def answer(self, request: Request, account: str | None) -> Response:
        """GET rate_limit/ and user_rate_limit/: 204 when there is nothing of what was asked for."""
        client_id = carried(request).client_id
        found = [
            {
                "apiContext": each.context,
                "apiName": each.api,
                "apiVersion": each.version,
                "resources": [{"name": each.name, "rates": self._rates(each, client_id, account)}],
            }
            for each in RESOURCES
            if _wanted(request, "api_context", each.context) and _wanted(request, "api_name", each.api)
        ]
        return JSONResponse({"rateLimits": found}) if found else Response(status_code=204)

    def _rates(self, resource: Resource, client_id: str, account: str | None) -> list[dict[str, object]]:
        # What has no limit has no rates.
        if (limit := self.quotas.limit(resource.counted)) is None:
            return []
        used = self.quotas.used(resource.counted, client_id, account)
        rate: dict[str, object] = {
            "limit": limit,
            "remaining": max(0, limit - used),
            "reset": moment(self.quotas.resets_at),
            "timeWindow": DAY_SECONDS,
        }
        return [rate]


def _wanted(request: Request, name: str, value: str) -> bool:
    asked = request.query_params.get(name)
    return asked is None or asked.lower() == value.lower()
