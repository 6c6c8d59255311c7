"""Valuing a coin by what the stand-in for eBay offers and has sold, as a whole worker does."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx

from tests.rig import as_worker
from tests.runs.scene import run_row, start, summary_of
from tests.selling.market import Market, market
from worker.app import Service, Urls, run_worker
from worker.catalog.intakes import latest
from worker.db import Database
from worker.settings_collect import Collect

MORGAN = {"year": 1921, "mintmark": "S", "denomination": "dollar", "title": "Morgan dollar"}
SCOPE = "https://api.ebay.com/oauth/api_scope"
LET_IN = {"client_id": "let-in", "client_secret": "key", "ru_name": "In-Ru", "accepted_url": "http://x"}


async def value(db: Database, url: str, place: Market, **params: Any) -> Mapping[str, Any]:
    """Value with the shipped handlers; answers the latest valuation and the summary beside it."""
    run = await start(db, "valuation", params)
    settings = place.settings().model_copy(update={"collect": Collect(cron="never", details_per_print=0)})
    urls = Urls(as_worker(url), as_worker(url), embedded=False)
    with anyio.fail_after(60):
        await run_worker(settings, urls, Service(drain=True))
    assert (await run_row(db, run))["state"] == "completed"
    summary = await summary_of(db, run)
    found = await latest(db, summary["intake"])
    assert found is not None
    return {**found, "summary": summary}


async def let_in(place: Market) -> Market:
    """The same market, asked as an application that may ask Marketplace Insights."""
    scopes = [SCOPE, f"{SCOPE}/buy.marketplace.insights"]
    async with httpx.AsyncClient(base_url=place.url) as web:
        answer = await web.post("/_sandbox/applications", json={**LET_IN, "scopes": scopes})
        assert answer.status_code == 200, answer.text
    keys = {
        f"WORKER_EBAY__{name.upper()}": LET_IN[name] for name in ("client_id", "client_secret", "ru_name")
    }
    return replace(place, environment={**place.environment, **keys})


async def test_a_coin_is_valued_by_asks_where_sales_are_not_shown(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    with market(tmp_path, sellers=1, orders=0) as place:
        found = await value(db, database_url, place, attributes=MORGAN)

    assert found["query"] == "US coin 1921 S Morgan dollar"
    assert found["comps"] >= 3
    assert found["sold"] == 0
    assert 20 < found["median"] < 120
    assert found["confidence"] <= 7
    assert "ebay_insights was not asked: eBay grants Marketplace Insights to few" in found["explanation"]
    bases = await db.fetch("select distinct basis, card_print_id from price_observations")
    assert [tuple(row) for row in bases] == [("ask", None)]


async def test_a_coin_is_valued_by_sales_where_they_are_shown_and_junk_is_evidence(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    with market(tmp_path, sellers=1, orders=0) as place:
        found = await value(db, database_url, await let_in(place), attributes=MORGAN)

    assert found["comps"] == found["sold"] >= 3
    assert found["confidence"] >= 6
    assert found["summary"]["median"] == f"{found['median']} USD"
    assert set(found["summary"]["left_out"]) >= {"junk", "graded", "not_a_single"}
    told = await db.fetchval("select count(*) from intake_comps")
    evidence = found["raw_json"]
    ids = [
        *evidence["used"],
        *evidence["beside"],
        *(one for some in evidence["left_out"].values() for one in some),
    ]
    assert len(ids) == len(set(ids)) == told
