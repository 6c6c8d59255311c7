"""What the market tells of each resource, read by a reader of the tests' own; and what we have of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import anyio
import httpx

from tests.rig import as_worker
from tests.runs.scene import start
from tests.selling.market import PREFIX, Market
from worker.app import Service, Urls, run_worker
from worker.db import Database
from worker.settings_model import Settings

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Telling:
    """One resource: how the market is asked for all of it, and how that stands in our table."""

    name: str
    table: str
    columns: str
    array: str
    path: str
    params: Callable[[str], list[dict[str, str]]]
    row: Callable[[dict[str, Any]], Row]
    operation: str
    scope: str
    key: str
    step: int = 0
    """By how much the offset of the next page is more; 0: by the page's limit."""

    def __str__(self) -> str:
        return self.name


def money(amount: Mapping[str, str] | None) -> tuple[Decimal | None, str | None]:
    return (Decimal(amount["value"]), amount["currency"]) if amount else (None, None)


def _span(days: int) -> tuple[str, str]:
    now = datetime.now(UTC)
    return f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%S}.000Z", f"{now:%Y-%m-%dT%H:%M:%S}.000Z"


def _transactions(_sku: str) -> list[dict[str, str]]:
    since, until = _span(100)
    return [{"filter": f"transactionDate:[{since}..{until}]", "sort": "transactionDate", "limit": "1000"}]


def _disputes(_sku: str) -> list[dict[str, str]]:
    return [{"open_date_from": _span(90)[0]}]


def _messages(_sku: str) -> list[dict[str, str]]:
    return [{"conversation_type": kind, "limit": "50"} for kind in ("FROM_MEMBERS", "FROM_EBAY")]


def _of_transaction(raw: dict[str, Any]) -> Row:
    ids = (raw["transactionId"], raw["transactionType"], raw["transactionStatus"], raw["bookingEntry"])
    fee = money(raw.get("totalFeeAmount"))[0]
    return (*ids, *money(raw["amount"]), fee, raw.get("orderId"), raw.get("payoutId"))


def _of_dispute(raw: dict[str, Any]) -> Row:
    words = (raw["paymentDisputeId"], raw["paymentDisputeStatus"], raw["reason"], raw["orderId"])
    return (*words, raw["buyerUsername"], *money(raw["amount"]))


def _of_conversation(raw: dict[str, Any]) -> Row:
    latest = raw["latestMessage"]
    about = (raw["conversationStatus"], raw.get("referenceId"), latest["subject"], raw["unreadCount"])
    return (raw["conversationId"], latest["messageId"], *about)


def _of_item(raw: dict[str, Any]) -> Row:
    quantity = raw["availability"]["shipToLocationAvailability"]["quantity"]
    return (raw["sku"], raw["product"]["title"], raw["condition"], quantity)


def _of_offer(raw: dict[str, Any]) -> Row:
    listing, pricing = raw.get("listing", {}), raw["pricingSummary"]
    price = money(pricing.get("price") or pricing.get("auctionStartPrice"))
    words = (raw["offerId"], raw["sku"], raw["marketplaceId"], raw["format"], raw["status"])
    return (
        *words,
        listing.get("listingStatus"),
        *price,
        raw["availableQuantity"],
        listing.get("soldQuantity"),
    )


TRANSACTIONS = Telling(
    name="transactions",
    table="public.ebay_transactions",
    columns="transaction_id, transaction_type, status, booking_entry, amount, currency::text, fee, order_id, "
    "payout_id",
    array="transactions",
    path="/sell/finances/v1/transaction",
    params=_transactions,
    row=_of_transaction,
    operation="ebay_finances.get_transactions",
    scope="sell.finances",
    key="transactionId",
)
DISPUTES = Telling(
    name="disputes",
    table="public.ebay_disputes",
    columns="dispute_id, status, reason, order_id, buyer_username, amount, currency::text",
    array="paymentDisputeSummaries",
    path="/sell/fulfillment/v1/payment_dispute_summary",
    params=_disputes,
    row=_of_dispute,
    operation="ebay_fulfillment.get_payment_dispute_summaries",
    scope="sell.payment.dispute",
    key="paymentDisputeId",
)
MESSAGES = Telling(
    name="messages",
    table="public.ebay_messages",
    columns="conversation_id, message_id, status, reference_id, subject, unread",
    array="conversations",
    path="/commerce/message/v1/conversation",
    params=_messages,
    row=_of_conversation,
    operation="ebay_message.get_conversations",
    scope="commerce.message",
    key="conversationId",
)
INVENTORY = Telling(
    name="inventory",
    table="public.ebay_inventory_items",
    columns="sku, title, condition, quantity",
    array="inventoryItems",
    path="/sell/inventory/v1/inventory_item",
    params=lambda _sku: [{"limit": "200"}],
    row=_of_item,
    operation="ebay_inventory.get_inventory_items",
    scope="sell.inventory",
    key="sku",
    step=1,
)
OFFERS = Telling(
    name="offers",
    table="public.ebay_offers",
    columns="offer_id, sku, t.marketplace_id, format, status, listing_status, price, currency::text, "
    "quantity, sold_quantity",
    array="offers",
    path="/sell/inventory/v1/offer",
    params=lambda sku: [{"sku": sku, "limit": "200"}],
    row=_of_offer,
    operation="ebay_inventory.get_offers",
    scope="sell.inventory",
    key="offerId",
    step=1,
)
ALL = (TRANSACTIONS, DISPUTES, MESSAGES, INVENTORY, OFFERS)
STATES = (INVENTORY, OFFERS)
COUNTED = {
    "transactions": "transactions",
    "disputes": "disputes",
    "messages": "conversations",
    "inventory": "inventory_items",
    "offers": "offers",
}
"""What each is called in the market's books."""


async def pages_of(market: Market, user: str, telling: Telling) -> list[dict[str, Any]]:
    """Every page that the market answers to a reader who does nothing but page."""
    named = {name.removeprefix(PREFIX): value for name, value in market.environment.items()}
    basic = httpx.BasicAuth(named["CLIENT_ID"], named["CLIENT_SECRET"])
    code = (await market.post("/_sandbox/connect", {"seller": user}))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": named["RU_NAME"]}
    async with httpx.AsyncClient(base_url=market.url, timeout=60) as client:
        granted = await client.post("/identity/v1/oauth2/token", data=form, auth=basic)
        client.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        client.headers["X-EBAY-C-MARKETPLACE-ID"] = "EBAY_US"
        if telling is not OFFERS:
            return await _pages(client, telling, "")
        skus = [one["sku"] for page in await _pages(client, INVENTORY, "") for one in page["inventoryItems"]]
        return [page for sku in skus for page in await _pages(client, telling, sku)]


async def _pages(client: httpx.AsyncClient, telling: Telling, sku: str) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = []
    for params in telling.params(sku):
        offset = 0
        while True:
            answer = await client.get(telling.path, params={**params, "offset": offset})
            if answer.status_code in (204, 404):
                break
            assert answer.status_code == 200, answer.text
            page = answer.json()
            pages.append(page)
            if "next" not in page:
                break
            offset += telling.step or page["limit"]
    return pages


async def told(market: Market, users: list[str], telling: Telling) -> set[Row]:
    """What the market tells of a resource of these sellers, as rows of our table behind the seller's id."""
    found: set[Row] = set()
    for user in users:
        for page in await pages_of(market, user, telling):
            found |= {(user, *telling.row(one)) for one in page.get(telling.array, [])}
    return found


async def kept(db: Database, telling: Telling) -> set[Row]:
    """What we have of it."""
    rows = await db.fetch(
        f"select a.ebay_user_id, {telling.columns} from {telling.table} t "
        "join public.ebay_accounts a on a.id = t.account_id"
    )
    found = {tuple(row) for row in rows}
    assert len(found) == len(rows), f"{telling.name}: one is there twice"
    return found


async def sync(db: Database, url: str, market: Market, *names: str, **params: Any) -> UUID:
    """Sync these resources of all sellers, with a whole worker; answers the run."""
    run = await start(db, "seller_sync", {"resources": list(names), **params})
    await work(url, market)
    return run


async def work(url: str, market: Market, settings: Settings | None = None) -> None:
    """Be a whole worker until nothing is left to do."""
    urls = Urls(as_worker(url), as_worker(url), embedded=False)
    with anyio.fail_after(60):
        await run_worker(settings or market.settings(), urls, Service(drain=True))
