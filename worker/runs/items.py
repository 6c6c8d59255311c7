"""Items: what a run worked on, each with its own outcome."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

from worker.db import Connection, Database, statements
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


class Again(NamedTuple):
    """An item that failed before and is to be worked again; ``data`` is what was noted of it then."""

    id: int
    ref: ItemRef
    data: Mapping[str, Any] | None


class Counts(NamedTuple):
    """By how much a run's counters change."""

    processed: int
    failed: int
    skipped: int


async def read_again(db: Database, job: Job) -> list[Again]:
    """The items of a job that are to be worked again; from now on they are being worked."""
    rows = await db.fetch(SQL["read_again"], job.run_id, job.id, job.fence)
    return [
        Again(row["id"], ItemRef(row["type"], row["external_id"]), json.loads(row["data"] or "null"))
        for row in rows
    ]


async def write_items(
    connection: Connection,
    job: Job,
    items: Sequence[Item],
    *,
    costs: Mapping[ItemRef, Decimal],
    again: Sequence[Again],
) -> tuple[Counts, list[Again]]:
    """Write items of a job's run, those worked ``again`` over what stood there; answers which those were."""
    old, new = _sorted_out(items, again)
    outcomes: list[str] = [item.outcome for item in new]
    if new:
        rows = [_row(item, costs) for item in new]
        await connection.execute(SQL["add_items"], job.run_id, job.id, *zip(*rows, strict=True))
    if old:
        rows = [(id_, *_row(item, costs)) for id_, item in old.items()]
        written = await connection.fetch(SQL["write_over"], job.run_id, *zip(*rows, strict=True))
        outcomes += [row["state"] for row in written]
    counts = Counts(len(outcomes), outcomes.count("failed"), outcomes.count("skipped"))
    return counts, [one for one in again if one.id in old]


def _sorted_out(items: Sequence[Item], again: Sequence[Again]) -> tuple[dict[int, Item], list[Item]]:
    """Which items are worked again, by the id of what stands of each, and which are new."""
    waiting: dict[ItemRef, list[int]] = {}
    for one in again:
        waiting.setdefault(one.ref, []).append(one.id)
    old: dict[int, Item] = {}
    new: list[Item] = []
    for item in items:
        if ids := waiting.get(item.ref()):
            old[ids.pop(0)] = item
        else:
            new.append(item)
    return old, new


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
