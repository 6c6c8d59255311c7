"""What the tests of collecting share: a whole worker that collects, and looks at what it kept."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import anyio

from tests.rig import as_worker
from tests.runs.scene import run_row, start
from tests.selling.market import Market
from worker.app import Service, Urls, run_worker
from worker.db import Database, Record
from worker.settings_collect import Collect

LISTED = """
select o.id, o.xmin::text, o.source, o.basis, o.external_item_id, o.title, o.unit_price, o.shipping,
       o.currency::text, o.status, o.listing_type, o.item_group, o.seller, o.card_print_id, o.mapped_by,
       o.left_out::text, o.left_out_why, o.judged_by, o.card_condition, o.variant, o.observed_at, o.quantity,
       o.raw::text
  from public.price_observations o order by o.id
"""
LISTING: Mapping[str, Any] = {
    "itemId": "v1|1|0",
    "title": "Charizard 4/102 Base Set Holo NM",
    "price": {"value": "10.00", "currency": "USD"},
    "conditionId": "4000",
    "buyingOptions": ["FIXED_PRICE"],
    "shippingOptions": [{"shippingCostType": "FIXED", "shippingCost": {"value": "1.50", "currency": "USD"}}],
    "seller": {"username": "anna", "feedbackPercentage": "99.9", "feedbackScore": 12},
}


async def work_off(url: str, market: Market, *, details: int = 0, per_job: int = 25, **queue: Any) -> None:
    """Be a whole worker until nothing is left that can be done now."""
    settings = market.settings(**queue).model_copy(
        update={"collect": Collect(cron="never", details_per_print=details, prints_per_job=per_job)}
    )
    urls = Urls(as_worker(url), as_worker(url), embedded=False)
    with anyio.fail_after(60):
        await run_worker(settings, urls, Service(drain=True))


async def collect(
    db: Database, url: str, market: Market, prints: Sequence[int | str], **given: Any
) -> tuple[UUID, dict[str, Any]]:
    """Collect these prints to the end; answers the run and its summary."""
    payload = {"prints": list(prints), "curves": False, "sources": ["ebay_browse"], **given}
    run = await start(db, "collect", payload)
    await work_off(url, market)
    row = await run_row(db, run)
    summary: dict[str, Any] = json.loads(row["summary"])
    return run, summary


async def listed(db: Database) -> list[Record]:
    """All observations, in the order in which they came in."""
    return await db.fetch(LISTED)


async def show(market: Market, *listings: object, **page: Any) -> None:
    """Have the market answer every search of Browse with these listings."""
    body = {"total": len(listings), "limit": 200, "offset": 0, "itemSummaries": listings, **page}
    await play(market, "ebay_browse.search", body)


async def play(market: Market, operation: str, body: object, *, status: int = 200) -> None:
    """Have the market answer an operation with this body, until it is told otherwise."""
    fault = {
        "operation": operation,
        "kind": "body",
        "text": json.dumps(body),
        "status": status,
        "times": None,
    }
    await market.post("/_sandbox/scenario", {"faults": [fault]})


def listing(number: int, **given: Any) -> dict[str, Any]:
    """A listing of Browse's; what is given as None is not in it."""
    made = {**LISTING, "itemId": f"v1|{number}|0", **given}
    return {name: value for name, value in made.items() if value is not None}
