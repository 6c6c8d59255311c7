"""The list of handlers: one file a kind, one line here."""

from collections.abc import Sequence

from worker.db import Database
from worker.handlers.demo import Demo
from worker.handlers.normalize_batch import NormalizeBatch
from worker.runs.handler import AnyHandler


def all_handlers(db: Database, *, batch_size: int, jobs: int) -> Sequence[AnyHandler]:
    """Every kind this worker knows, with what each may touch."""
    return [
        Demo(),
        NormalizeBatch(db=db, batch_size=batch_size, jobs=jobs),
    ]
