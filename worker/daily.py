"""What is done by the clock without anybody having to say so: a part of the composition root."""

from worker.cron import Cron
from worker.handlers.price_curve import PriceCurve
from worker.handlers.price_index import PriceIndex
from worker.handlers.snapshot import Snapshot
from worker.queue.schedules import Missed, Schedule
from worker.settings_model import Settings
from worker.settings_section import NEVER


def daily_schedules(settings: Settings) -> list[Schedule]:
    """Those of every day, unless they are switched off or a schedule of that name is there."""
    built_in = [
        built_in_schedule("snapshot", settings.daily.snapshot_cron, Snapshot.kind),
        built_in_schedule("price-index", settings.daily.price_index_cron, PriceIndex.kind),
        built_in_schedule("price-curves", settings.daily.price_curves_cron, PriceCurve.kind),
    ]
    return [one for one in built_in if one is not None and one.name not in settings.schedules]


def built_in_schedule(name: str, expression: str, kind: str) -> Schedule | None:
    """A schedule in UTC of a kind that needs no payload; None where it is switched off."""
    if expression == NEVER:
        return None
    return Schedule(
        name=name,
        cron=Cron(expression, "UTC"),
        kind=kind,
        payload="{}",
        queue=None,
        priority=0,
        missed=Missed.ONCE,
    )
