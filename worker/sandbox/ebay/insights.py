"""Marketplace Insights: what was sold, for the few applications that may ask (its docs)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.browse import SEARCHED_BY, BadPage, page_asked, paged, site_of
from worker.sandbox.ebay.listings import Listing
from worker.sandbox.ebay.money import CENT, amount
from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.problems import problem
from worker.sandbox.ebay.scopes import INSIGHTS
from worker.sandbox.ebay.shapes import moment, summary
from worker.sandbox.ebay.shelf import BadValue, Shelf, dates_in, filters_in
from worker.sandbox.ebay.tokens import carried

DOMAIN = "API_MARKETPLACE_INSIGHTS"
BELOW_THE_ASK = Decimal("0.85")
SHARED = frozenset({"adultOnly", "buyingOptions", "condition", "conditionId", "image", "itemGroupHref"})
SHARED |= {"itemGroupType", "itemHref", "itemId", "itemLocation", "itemWebUrl", "seller", "thumbnailImages"}
SHARED |= {"title"}
"""What a row has in common with a listing that is still there."""


@dataclass(frozen=True, slots=True)
class Insights:
    """Answers from a shelf of listings that were sold on the day they stand there with."""

    shelf: Shelf

    def operations(self) -> tuple[Operation, ...]:
        """Its one operation."""
        # Its own refusal tells of the missing scope, not the one that all APIs share.
        search = Operation(
            api="ebay_insights",
            name="search",
            path="/buy/marketplace_insights/v1_beta/item_sales/search",
            answer=self.search,
            asker="application",
            needs_marketplace=True,
        )
        return (search,)

    def search(self, request: Request, _: str | None) -> Response:
        """GET /buy/marketplace_insights/v1_beta/item_sales/search."""
        if INSIGHTS not in carried(request).scopes:
            return problem(403, 100017, DOMAIN, "Insufficient permissions to use this API.")
        asked = request.query_params
        if not any(asked.get(name) for name in SEARCHED_BY):
            return problem(400, 100001, DOMAIN, "The call has to say what it searches for.")
        try:
            limit, offset = page_asked(asked.get("limit"), asked.get("offset"))
            since, until = dates_in(filters_in(asked.get("filter", "")).get("lastSoldDate", "[..]"))
        except (BadPage, BadValue) as error:
            return problem(400, 100003, DOMAIN, str(error))
        found = [one for one in self.shelf.find(asked.get("q", "")) if since <= one.created <= until]
        items = [_sale(one, request) for one in found[offset : offset + limit]]
        body = paged(request, "itemSales", items, total=len(found), limit=limit, offset=offset)
        return JSONResponse(body)


def _sale(listing: Listing, request: Request) -> dict[str, object]:
    marketplace, currency = site_of(request)
    shown = summary(listing, str(request.base_url).rstrip("/"), marketplace, currency)
    return {
        **{name: value for name, value in shown.items() if name in SHARED},
        "categories": [{"categoryId": listing.category}],
        "bidCount": listing.bids,
        "lastSoldDate": moment(sold_at(listing)),
        "lastSoldPrice": amount(price_of_sale(listing), listing.currency, currency),
        # Several sales of one listing are one row: the last price, and how many there were.
        "totalSoldQuantity": listing.quantity,
    }


def sold_at(listing: Listing) -> datetime:
    """Return when a listing on this shelf was sold."""
    return listing.created


def price_of_sale(listing: Listing) -> Decimal:
    """Return for how much: what an auction fetched, or somewhat less than was asked."""
    if listing.price is None:
        return listing.fetched or CENT
    return (listing.price * BELOW_THE_ASK).quantize(CENT)
