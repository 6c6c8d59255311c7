"""Stock and offers as the Inventory API answers them: here an offset is the number of a page."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.paging import Page, link, whole
from worker.sandbox.ebay.stock import item_shape, offer_shape
from worker.sandbox.ebay.strict import Refusals
from worker.sandbox.ebay.world import World

REFUSALS = Refusals(
    "API_INVENTORY",
    {
        25702: "There is no stock",
        25706: "The paging is not valid",
        25707: "The SKU is not valid",
        25709: "The parameter's value is not valid",
        25713: "This Offer is not available.",
    },
)
LARGEST_PAGE, USUAL_PAGE, LONGEST_SKU = 200, 25, 50
FORMATS = frozenset({"FIXED_PRICE", "AUCTION"})
Json = dict[str, object]


class InventoryStand:
    """Answers for stock items and their offers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get_inventory_items(self, request: Request, user_id: str | None) -> Response:
        """GET /sell/inventory/v1/inventory_item: 404 for a seller without stock, and past the last page."""
        page = _page(request)
        items = list(self._world.shop(user_id).items.values())
        found = items[page.offset * page.limit :][: page.limit]
        if not found:
            raise REFUSALS.refused(25702, "offset", str(page.offset), status=404)
        pages = -(-len(items) // page.limit)
        body = _paged(request, page, pages) | {"size": pages, "total": len(items)}
        return JSONResponse(body | {"inventoryItems": [item_shape(each) for each in found]})

    def get_offers(self, request: Request, user_id: str | None) -> Response:
        """GET /sell/inventory/v1/offer: of one SKU; 404 means that it has none."""
        page, sku, form = _page(request), _sku(request), _format(request)
        shop = self._world.shop(user_id)
        marketplace = request.query_params.get("marketplace_id", shop.seller.marketplace)
        offers = [
            each
            for each in shop.offers(sku)
            if form in {None, each.format} and marketplace == shop.seller.marketplace
        ]
        found = offers[page.offset * page.limit :][: page.limit]
        if not found:
            raise REFUSALS.refused(25713, "sku", sku, status=404)
        shapes = [offer_shape(each, shop.seller, sold=shop.sold(each.ware)) for each in found]
        body = _paged(request, page, -(-len(offers) // page.limit))
        return JSONResponse(body | {"size": len(shapes), "total": len(offers), "offers": shapes})


def _page(request: Request) -> Page:
    asked = request.query_params
    limit, offset = whole(asked.get("limit"), USUAL_PAGE), whole(asked.get("offset"), 0)
    if not limit or limit > LARGEST_PAGE:
        raise REFUSALS.refused(25706, "limit", asked["limit"])
    if offset is None:
        raise REFUSALS.refused(25706, "offset", asked["offset"])
    return Page(limit, offset)


def _paged(request: Request, page: Page, pages: int) -> Json:
    body: Json = {"href": link(request, page.limit, page.offset), "limit": page.limit}
    if page.offset + 1 < pages:
        body["next"] = link(request, page.limit, page.offset + 1)
    if page.offset > 0:
        body["prev"] = link(request, page.limit, page.offset - 1)
    return body


def _sku(request: Request) -> str:
    skus = request.query_params.getlist("sku")
    if len(skus) != 1 or not 0 < len(skus[0]) <= LONGEST_SKU:
        raise REFUSALS.refused(25707, "sku", ",".join(skus))
    return skus[0]


def _format(request: Request) -> str | None:
    form = request.query_params.get("format")
    if form is not None and form not in FORMATS:
        raise REFUSALS.refused(25709, "format", form)
    return form
