"""Items: what a run worked on, each with its own outcome."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

from worker.db import Connection, statements
from worker.queue.contract import Job
from worker.queue.jobs import storable

SQL = statements(Path(__file__).with_name("items.sql"))
LONGEST_ID = 500
"""Characters of an item's external id that are kept."""

ItemType = Literal[
    "card", "set", "order", "seller", "listing", "csv_row", "amazon_product", "ebay_seller", "demo"
]
Outcome = Literal["completed", "failed", "skipped"]
OUTCOMES: tuple[Outcome, ...] = ("completed", "failed", "skipped")


class ItemRef(NamedTuple):
    """Which item of a job."""

    type: ItemType
    external_id: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a run worked on, and how it went; a failed one has a stable code and a sentence.

    What it cost is what was spent on it: see ``Work.spend``.
    """

    type: ItemType
    external_id: str
    outcome: Outcome
    error_code: str | None = None
    error_message: str | None = None
    data: Mapping[str, Any] | None = None

    def ref(self) -> ItemRef:
        """Which item it is."""
        return ItemRef(self.type, self.external_id)


class Counts(NamedTuple):
    """By how much a run's counters change."""

    processed: int
    failed: int
    skipped: int


async def write_items(
    connection: Connection,
    job: Job,
    items: Sequence[Item],
    *,
    costs: Mapping[ItemRef, Decimal],
    again: Sequence[ItemRef],
) -> Counts:
    """Write items of a job's run, those worked ``again`` over what was written of them before."""
    old = [_row(item, costs) for item in items if item.ref() in again]
    new = [_row(item, costs) for item in items if item.ref() not in again]
    written = Counter[str](row[2] for row in new)
    if new:
        await connection.execute(SQL["add_items"], job.run_id, job.id, *zip(*new, strict=True))
    if old:
        rows = await connection.fetch(SQL["write_over"], job.run_id, job.id, *zip(*old, strict=True))
        written.update(row["state"] for row in rows)
    return Counts(written.total(), written["failed"], written["skipped"])


def _row(item: Item, costs: Mapping[ItemRef, Decimal]) -> tuple[Any, ...]:
    return (
        item.type,
        storable(item.external_id, LONGEST_ID),
        item.outcome,
        storable(item.error_code),
        storable(item.error_message),
        costs.get(item.ref(), Decimal(0)),
        None if item.data is None else json.dumps(item.data, allow_nan=False),
    )
