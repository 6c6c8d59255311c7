"""What was sold on eBay in the last 90 days: Marketplace Insights, which few applications may ask.

Source: Marketplace Insights API v1_beta, its search and its type ItemSales.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from worker.clients.ebay import Question
from worker.clients.ebay_auth import SCOPE
from worker.clients.ebay_browse import FARTHEST
from worker.clients.ebay_listings import Listed, Perhaps, SaidPrice, kept
from worker.clients.ebay_shapes import Following, Moment, offset_of_next, read_page, total_of

API, SEARCH = "ebay_insights", "search"
LARGEST_PAGE = 200
INSIGHTS_SCOPE = f"{SCOPE}/buy.marketplace.insights"
KEPT = (
    "itemId",
    "lastSoldPrice",
    "lastSoldDate",
    "totalSoldQuantity",
    "buyingOptions",
    "bidCount",
    "condition",
    "conditionId",
    "epid",
    "itemGroupType",
    "categories",
)


class ItemSale(Listed):
    """A listing that was sold, at least once: the last price, and how many went in all."""

    price: Perhaps[SaidPrice] = Field(None, alias="lastSoldPrice")
    sold_at: Moment = Field(alias="lastSoldDate")
    quantity: Perhaps[int] = Field(None, alias="totalSoldQuantity", gt=0, lt=1_000_000)


@dataclass(frozen=True, slots=True)
class SaleFound:
    """A sale, and what is kept of it as it came."""

    sale: ItemSale
    kept: Mapping[str, Any]


def search(words: str, *, category: str | None, site: str, limit: int, offset: int) -> Question:
    """Ask for a page of sales; wants a token with ``INSIGHTS_SCOPE``."""
    params: dict[str, str | int] = {"q": words, "limit": limit, "offset": offset}
    if category is not None:
        params["category_ids"] = category
    return Question(
        api=API,
        operation=SEARCH,
        path="/buy/marketplace_insights/v1_beta/item_sales/search",
        params=params,
        of_marketplace=True,
        site=site,
        scope=INSIGHTS_SCOPE,
    )


def read_search(answer: object, *, offset: int) -> Following[SaleFound]:
    """Read the page at ``offset``; a listing that comes twice in it counts as it was sold last."""
    name = f"{API} {SEARCH}"
    good, bad, page = read_page(name, answer, array="itemSales", key="itemId", shape=ItemSale)
    found: dict[str, SaleFound] = {}
    for sale, raw in sorted(good, key=lambda one: one[0].sold_at):
        found[sale.id] = SaleFound(sale, kept(raw, KEPT))
    following = offset_of_next(name, page, after=offset)
    if following is not None and following >= FARTHEST:
        following = None
    return Following(list(found.values()), bad, total_of(name, page), following)
