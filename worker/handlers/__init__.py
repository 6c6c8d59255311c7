"""The list of handlers: one file a kind, one line here; those that read accounts, in worker/selling.py."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from worker.clients.notices import Channel
from worker.collecting.source import Source
from worker.db import Database
from worker.handlers.deliver_alerts import DeliverAlerts
from worker.handlers.demo import Demo
from worker.handlers.normalize_batch import NormalizeBatch
from worker.handlers.valuation import Valuation
from worker.runs.handler import AnyHandler

NO_ADAPTERS: Mapping[str, Source] = MappingProxyType({})


def all_handlers(
    db: Database,
    *,
    batch_size: int,
    jobs: int,
    channels: Sequence[Channel] = (),
    alerts_per_hour: int = 20,
    selling: Sequence[AnyHandler] = (),
    adapters: Mapping[str, Source] = NO_ADAPTERS,
) -> Sequence[AnyHandler]:
    """Every kind this worker knows, with what each may touch; without channels no alerts are delivered.

    ``adapters`` are those by which sources of listings are asked, by their names.
    """
    return [
        Demo(),
        NormalizeBatch(db=db, batch_size=batch_size, jobs=jobs),
        Valuation(db=db, adapters=adapters),
        *selling,
        *([DeliverAlerts(channels=channels, per_hour=alerts_per_hour)] if channels else []),
    ]
