"""The list of handlers: one file a kind, one line here, or in selling.py, collectors.py or prices.py."""

from collections.abc import Sequence

from worker.clients.notices import Channel
from worker.db import Database
from worker.handlers.deliver_alerts import DeliverAlerts
from worker.handlers.demo import Demo
from worker.handlers.normalize_batch import NormalizeBatch
from worker.handlers.price_index import PriceIndex
from worker.handlers.snapshot import Snapshot
from worker.runs.handler import AnyHandler


def all_handlers(
    db: Database,
    *,
    batch_size: int,
    jobs: int,
    snapshot_days: int = 90,
    channels: Sequence[Channel] = (),
    alerts_per_hour: int = 20,
    more: Sequence[AnyHandler] = (),
) -> Sequence[AnyHandler]:
    """Every kind this worker knows, with what each may touch; without channels no alerts are delivered."""
    return [
        Demo(),
        NormalizeBatch(db=db, batch_size=batch_size, jobs=jobs),
        Snapshot(db, days=snapshot_days),
        PriceIndex(db),
        *more,
        *([DeliverAlerts(channels=channels, per_hour=alerts_per_hour)] if channels else []),
    ]
