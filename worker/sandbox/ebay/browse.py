"""Browse as it answers: what is for sale now, and never what was sold (its docs; schema of 1.19.7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.listings import Listing
from worker.sandbox.ebay.money import CURRENCIES, converted
from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.problems import problem
from worker.sandbox.ebay.scopes import BASE_NAME
from worker.sandbox.ebay.shapes import detail, summary
from worker.sandbox.ebay.shelf import Filters, Shelf, read_filters, shipping

DOMAIN = "API_BROWSE"
DEFAULT_LIMIT, LARGEST_LIMIT = 50, 200
FARTHEST = 10_000
MOST_SELLERS = 250
SEARCHED_BY = ("q", "category_ids", "gtin", "epid")
SORTS = ("", "price", "-price", "newlyListed", "endingSoonest", "distance")
refuse = partial(problem, 400)


class BadPage(ValueError):
    """Raised when limit or offset cannot be; holds the number of the error."""

    def __init__(self, error_id: int, message: str) -> None:
        super().__init__(message)
        self.error_id = error_id


@dataclass(frozen=True, slots=True)
class Browse:
    """Answers for Browse from a shelf of listings."""

    shelf: Shelf

    def operations(self) -> tuple[Operation, ...]:
        """The two that are needed; both want the application's token."""
        application = partial(
            Operation, api="ebay_browse", asker="application", scopes=frozenset({BASE_NAME})
        )
        return (
            application(name="search", path="/buy/browse/v1/item_summary/search", answer=self.search),
            application(name="get_item", path="/buy/browse/v1/item/{item_id}", answer=self.get_item),
        )

    def search(self, request: Request, _: str | None) -> Response:
        """GET /buy/browse/v1/item_summary/search."""
        asked = request.query_params
        if not any(asked.get(name) for name in SEARCHED_BY):
            return refuse(12001, DOMAIN, "The call must have a valid 'q', 'category_ids', 'gtin' or 'epid'.")
        try:
            limit, offset = page_asked(asked.get("limit"), asked.get("offset"))
        except BadPage as error:
            return refuse(error.error_id, DOMAIN, str(error))
        if asked.get("filter", "").count("|") >= MOST_SELLERS and "ellers:" in asked["filter"]:
            return refuse(12032, DOMAIN, f"At most {MOST_SELLERS} sellers can be named.")
        marketplace, currency = site_of(request)
        filters = read_filters(asked.get("filter", ""), currency)
        found = _ordered(self._found(request, filters), asked.get("sort", ""), currency)
        base = str(request.base_url).rstrip("/")
        items = [summary(one, base, marketplace, currency) for one in found[offset : offset + limit]]
        body = paged(request, "itemSummaries", items, total=len(found), limit=limit, offset=offset)
        if warnings := list(_warnings(request, filters)):
            body["warnings"] = warnings
        return JSONResponse(body)

    def _found(self, request: Request, filters: Filters) -> list[Listing]:
        asked = request.query_params
        category = asked.get("category_ids", "")
        # No listing here has a product's number, so nothing is found by one.
        listings = [] if asked.get("gtin") or asked.get("epid") else self.shelf.find(asked.get("q", ""))
        return [
            one
            for one in listings
            if (not category.isdecimal() or one.category == category)
            and all(keeps(one) for keeps in filters.keeps)
        ]

    def get_item(self, request: Request, _: str | None) -> Response:
        """GET /buy/browse/v1/item/{item_id}; the pipes in an id have to come encoded."""
        item_id: str = request.path_params["item_id"]
        if b"|" in request.scope.get("raw_path", b"") or not item_id.startswith("v1|"):
            return refuse(11002, DOMAIN, "The item ID is not valid.")
        if (listing := self.shelf.by_id.get(item_id)) is None:
            return problem(404, 11001, DOMAIN, "The specified item Id was not found.")
        marketplace, currency = site_of(request)
        base = str(request.base_url).rstrip("/")
        more = "ADDITIONAL_SELLER_DETAILS" in request.query_params.get("fieldgroups", "")
        return JSONResponse(detail(listing, base, marketplace, currency, more_of_seller=more))


def site_of(request: Request) -> tuple[str, str]:
    """Return the marketplace of a request, EBAY_US unless it says so, and its currency."""
    marketplace = request.headers.get("x-ebay-c-marketplace-id", "EBAY_US")
    return marketplace, CURRENCIES.get(marketplace, "USD")


def page_asked(limit: str | None, offset: str | None) -> tuple[int, int]:
    """Read limit and offset; raises ``BadPage`` with Browse's numbers."""
    size = DEFAULT_LIMIT if limit is None else _whole(limit, 12006, "limit")
    if not 1 <= size <= LARGEST_LIMIT:
        raise BadPage(12007, f"limit has to be from 1 to {LARGEST_LIMIT}.")
    start = 0 if offset is None else _whole(offset, 12004, "offset")
    if start >= FARTHEST:
        raise BadPage(12029, f"offset has to be below {FARTHEST}.")
    if start % size:
        raise BadPage(12005, "offset has to be zero or a multiple of limit.")
    return size, start


def _whole(text: str, error_id: int, name: str) -> int:
    if not text.isdecimal():
        raise BadPage(error_id, f"{name} has to be a whole number that is not negative.")
    return int(text)


def paged(
    request: Request, name: str, items: Sequence[object], *, total: int, limit: int, offset: int
) -> dict[str, object]:
    """Return a page of a list; without the list when it is empty, without ``next`` when it is the last."""
    body: dict[str, object] = {
        "href": _at(request, limit, offset),
        "total": total,
        "limit": limit,
        "offset": offset,
    }
    if offset + limit < min(total, FARTHEST):
        body["next"] = _at(request, limit, offset + limit)
    if offset >= limit:
        body["prev"] = _at(request, limit, offset - limit)
    return {**body, name: items} if items else body


def _at(request: Request, limit: int, offset: int) -> str:
    pairs = {**request.query_params, "limit": limit, "offset": offset}
    return f"{str(request.url).partition('?')[0]}?{urlencode(pairs)}"


def _ordered(found: list[Listing], sort: str, currency: str) -> list[Listing]:
    match sort:
        case "price" | "-price":
            return sorted(found, key=lambda one: _whole_price(one, currency), reverse=sort == "-price")
        case "newlyListed":
            return sorted(found, key=lambda one: one.created, reverse=True)
        case "endingSoonest":
            return sorted(found, key=lambda one: (one.ends is None, one.ends or one.created))
        case _:
            return found


def _whole_price(listing: Listing, currency: str) -> Decimal:
    asked = listing.price if listing.price is not None else listing.bid
    assert asked is not None
    return converted(asked, listing.currency, currency) + shipping(listing, currency)


def _warnings(request: Request, filters: Filters) -> Iterable[dict[str, object]]:
    asked = request.query_params
    if filters.wants_currency:
        yield _warning(12012, "A filter by 'price' needs a valid 'price' and a valid 'priceCurrency'.")
    for name in filters.bad:
        yield _warning(12002, f"The value of the filter '{name}' is not valid; it was left out.")
    if asked.get("sort", "") not in SORTS:
        yield _warning(12008, "The value of 'sort' is not valid; it was left out.")
    if not asked.get("category_ids", "0").isdecimal():
        yield _warning(12009, "The value of 'category_ids' is not valid; it was left out.")


def _warning(error_id: int, message: str) -> dict[str, object]:
    return {"errorId": error_id, "domain": DOMAIN, "category": "REQUEST", "message": message}
