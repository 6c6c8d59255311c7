"""What is for sale on eBay: Browse's search and getItem. They know asks alone, never what was sold.

A filter by a date of sale is passed over by the API, which then answers with what is for sale: none is sent.
Source: Browse API 1.19, search, getItem, and their types ItemSummary and Item; real answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import Field, ValidationError

from worker.clients.ebay import Question
from worker.clients.ebay_listings import Listed, Perhaps, SaidPrice, ShippingOption, kept
from worker.clients.ebay_shapes import Following, Moment, offset_of_next, read_page, total_of
from worker.errors import SourceGarbled

API, SEARCH, GET_ITEM = "ebay_browse", "search", "get_item"
LARGEST_PAGE, FARTHEST = 200, 10_000
LONGEST_WORDS = 100
KEPT = (
    "itemId",
    "legacyItemId",
    "price",
    "currentBidPrice",
    "bidCount",
    "buyingOptions",
    "condition",
    "conditionId",
    "epid",
    "itemGroupType",
    "leafCategoryIds",
    "shippingOptions",
    "itemCreationDate",
    "itemEndDate",
    "listingMarketplaceId",
)
"""What is kept of a listing as it came; ``raw`` of an observation says nothing else of it."""
DETAILS = ("conditionDescriptors", "lotSize")


class ItemSummary(Listed):
    """A listing as a search shows it; an auction that runs may have no price."""

    price: Perhaps[SaidPrice] = None
    bid: Perhaps[SaidPrice] = Field(None, alias="currentBidPrice")
    shipping: Perhaps[tuple[ShippingOption, ...]] = Field(None, alias="shippingOptions")
    created_at: Perhaps[Moment] = Field(None, alias="itemCreationDate")


@dataclass(frozen=True, slots=True)
class Found:
    """A listing, and what is kept of it as it came."""

    item: ItemSummary
    kept: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for: ``words`` all of which a title has; ``options`` are ways to buy."""

    words: str
    category: str | None = None
    options: Sequence[str] = ("FIXED_PRICE", "AUCTION")
    country: str | None = None
    site: str = "EBAY_US"


def search(asked: Search, *, limit: int, offset: int) -> Question:
    """Ask for a page; ``offset`` has to be a multiple of ``limit`` (12005), and below 10,000 (12029)."""
    filters = [f"buyingOptions:{{{'|'.join(asked.options)}}}"]
    if asked.country is not None:
        filters.append(f"itemLocationCountry:{asked.country}")
    params: dict[str, str | int] = {"q": asked.words, "filter": ",".join(filters)}
    if asked.category is not None:
        params["category_ids"] = asked.category
    return Question(
        api=API,
        operation=SEARCH,
        path="/buy/browse/v1/item_summary/search",
        params={**params, "limit": limit, "offset": offset},
        of_marketplace=True,
        site=asked.site,
    )


def read_search(answer: object, *, offset: int) -> Following[Found]:
    """Read the page at ``offset``; one that comes twice in it counts as it came last."""
    name = f"{API} {SEARCH}"
    good, bad, page = read_page(name, answer, array="itemSummaries", key="itemId", shape=ItemSummary)
    found = {item.id: Found(item, kept(raw, KEPT)) for item, raw in good}
    following = offset_of_next(name, page, after=offset)
    if following is not None and following >= FARTHEST:
        following = None
    return Following(list(found.values()), bad, total_of(name, page), following)


def get_item(item_id: str, *, site: str) -> Question:
    """Ask for one listing in full; the pipes of its id go encoded."""
    path = f"/buy/browse/v1/item/{quote(item_id, safe='')}"
    return Question(api=API, operation=GET_ITEM, path=path, of_marketplace=True, site=site)


def read_item(answer: object) -> Mapping[str, Any]:
    """What a listing says beyond its summary: the descriptors of its condition, how many a lot has."""
    if not isinstance(answer, Mapping):
        raise SourceGarbled(f"{API} {GET_ITEM} answered with no item")
    try:
        Listed.model_validate(answer)
    except ValidationError:
        raise SourceGarbled(f"{API} {GET_ITEM} answered with no item") from None
    return kept(answer, DETAILS)
