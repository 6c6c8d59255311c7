"""Gathering prices, as the settings say: a part of the composition root, with the list of adapters."""

import json
from collections.abc import Mapping

from worker.accounts.asking import Asker
from worker.collecting.card_api_prices import CardApiPrices
from worker.collecting.ebay_browse import Details, EbayBrowse
from worker.collecting.ebay_finding import EbayFinding
from worker.collecting.ebay_insights import EbayInsights
from worker.collecting.own_sales import OwnSales
from worker.collecting.sales_csv import SalesCsv
from worker.collecting.source import Source
from worker.cron import Cron
from worker.db import Database
from worker.handlers.collect import Collect
from worker.handlers.valuation import Valuation
from worker.queue.schedules import Missed, Schedule
from worker.runs.handler import AnyHandler
from worker.selling import is_configured
from worker.settings_model import Settings
from worker.settings_section import NEVER

SCHEDULE = "collect"


def adapters_of(settings: Settings, db: Database, asker: Asker | None) -> Mapping[str, Source]:
    """The code of all sources, by the names that stand in ``sources.adapter``."""
    chosen = settings.collect
    adapters: list[Source] = [
        CardApiPrices(db),
        EbayBrowse(db, asker, Details(chosen.details_per_print, chosen.details_spare_percent)),
        EbayFinding(),
        EbayInsights(asker),
        OwnSales(),
        SalesCsv(),
    ]
    return {one.adapter: one for one in adapters}


def collect_handlers(settings: Settings, db: Database, asker: Asker | None) -> list[AnyHandler]:
    """The handlers that gather prices."""
    chosen = settings.collect
    adapters = adapters_of(settings, db, asker)
    return [
        Collect(db, adapters, most=chosen.most, prints_per_job=chosen.prints_per_job),
        Valuation(db, adapters),
    ]


def collect_schedules(settings: Settings) -> list[Schedule]:
    """What is gathered by the clock, unless it is switched off or a schedule of that name is there."""
    chosen = settings.collect
    if not is_configured(settings) or chosen.cron == NEVER or SCHEDULE in settings.schedules:
        return []
    return [
        Schedule(
            name=SCHEDULE,
            cron=Cron(chosen.cron, "UTC"),
            kind=Collect.kind,
            payload=json.dumps({"stalest": chosen.stalest}),
            queue=None,
            priority=0,
            missed=Missed.ONCE,
        )
    ]
