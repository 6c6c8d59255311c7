"""The list of handlers: one file a kind, one line here, or in worker/selling.py or worker/prices.py."""

from collections.abc import Sequence

from worker.clients.notices import Channel
from worker.db import Database
from worker.handlers.deliver_alerts import DeliverAlerts
from worker.handlers.demo import Demo
from worker.handlers.normalize_batch import NormalizeBatch
from worker.runs.handler import AnyHandler


def all_handlers(
    db: Database,
    *,
    batch_size: int,
    jobs: int,
    channels: Sequence[Channel] = (),
    alerts_per_hour: int = 20,
    more: Sequence[AnyHandler] = (),
) -> Sequence[AnyHandler]:
    """Every kind this worker knows, with what each may touch; without channels no alerts are delivered."""
    return [
        Demo(),
        NormalizeBatch(db=db, batch_size=batch_size, jobs=jobs),
        *more,
        *([DeliverAlerts(channels=channels, per_hour=alerts_per_hour)] if channels else []),
    ]
