"""Making prices, as the settings say: a part of the composition root."""

from functools import partial

from worker import observe
from worker.catalog.comps import Window
from worker.catalog.price_curves import Pricer, price_ages
from worker.db import Database
from worker.handlers.price_curve import PriceCurve
from worker.pricing.curve import Habits
from worker.queue.keeper import Duty
from worker.runs.handler import AnyHandler
from worker.settings_model import Settings

AGES_SECONDS = 60.0


def pricer_of(settings: Settings) -> Pricer:
    """What computes curves, by the habits of the settings."""
    chosen = settings.curves
    return Pricer(
        Habits(chosen.seller_cap, chosen.half_life_days, chosen.enough_sales),
        Window(chosen.sold_days, chosen.ask_days),
    )


def price_handlers(settings: Settings, db: Database) -> list[AnyHandler]:
    """The handlers that make prices."""
    chosen = settings.curves
    return [PriceCurve(db, pricer_of(settings), batch_size=chosen.batch_size, jobs=chosen.jobs)]


def price_duties(db: Database) -> list[Duty]:
    """Now and then measure how old the prices are that are shown."""
    return [Duty("price ages", AGES_SECONDS, partial(_measure_ages, db))]


async def _measure_ages(db: Database) -> None:
    observe.price_ages(await price_ages(db))
