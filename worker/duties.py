"""What a worker does now and then besides its jobs, as the settings say: part of the composition root."""

import json
from datetime import timedelta
from functools import partial

import anyio.to_thread

from worker.collectors import collect_schedules
from worker.cron import Cron
from worker.daily import daily_schedules
from worker.db import Database
from worker.handlers.deliver_alerts import DeliverAlerts
from worker.migrate_drift import drift
from worker.prices import price_duties
from worker.queue.contract import Kinds
from worker.queue.jobs import Jobs
from worker.queue.keeper import Duty
from worker.queue.schedules import LATE, Missed, Schedule, Schedules
from worker.queue.vitals import Vitals
from worker.runs.alerts import Attention
from worker.runs.closing import Closer
from worker.runs.quotas import announce
from worker.runs.retention import Keep, retain
from worker.runs.sampling import sample
from worker.selling import selling_duties, selling_schedules
from worker.settings_model import Settings

HOUR = 3600.0
RESTING_SECONDS = 60.0


def duties_of(settings: Settings, db: Database, kinds: Kinds, closer: Closer) -> list[Duty]:
    """What every worker does, however many there are: each duty bears being done by several at once."""
    days = settings.retention
    keep = Keep(
        days.history_days,
        days.events_days,
        days.items_days,
        days.ledger_days,
        days.alerts_days,
        days.api_log_days,
    )
    late = LATE + timedelta(seconds=settings.queue.poll_seconds)
    schedules = Schedules(db, schedules_of(settings), late=late)
    alerts = Attention(db, has_channel=DeliverAlerts.kind in kinds.names())
    return [
        Duty("schedules", settings.queue.poll_seconds, schedules.look),
        Duty("resting schedules", RESTING_SECONDS, schedules.let_rest),
        Duty("publish", HOUR, partial(Jobs(db).publish, kinds)),
        Duty("alerts", settings.queue.rescue_seconds, alerts.look),
        Duty("quotas", HOUR, partial(announce, db, settings.quotas)),
        *selling_duties(settings, db),
        *price_duties(db),
        Duty("close runs", settings.queue.rescue_seconds, closer.sweep),
        Duty("sample", settings.ops.sample_seconds, partial(sample, db, kinds.names())),
        Duty("retain", HOUR, partial(retain, db, keep)),
    ]


def schedules_of(settings: Settings) -> list[Schedule]:
    """The schedules of the settings, as the queue knows them, and those that are built in."""
    return [
        *daily_schedules(settings),
        *selling_schedules(settings),
        *collect_schedules(settings),
        *(
            Schedule(
                name=name,
                cron=Cron(table.cron, table.timezone),
                kind=table.kind,
                payload=json.dumps(table.payload),
                queue=table.queue,
                priority=table.priority,
                missed=Missed(table.missed),
            )
            for name, table in settings.schedules.items()
        ),
    ]


async def compare_schema(url: str, vitals: Vitals) -> None:
    """Look whether the database is as this version's migrations left it; the vitals know what is amiss."""
    found = await anyio.to_thread.run_sync(drift, url)
    vitals.schema_problem = "; ".join(str(one) for one in found) or None
