"""Intakes: things that are no card of the catalogue, what was looked at for them, and what they are worth."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import UUID

from worker.db import Connection, Database, statements
from worker.pricing.valuing import Value

SQL = statements(Path(__file__).with_name("intakes.sql"))
MOST_FROM_THERE = 2000
"""Observations that are found by their words, the newest."""


@dataclass(frozen=True, slots=True)
class Intake:
    """A thing: ``attributes`` are what its owner says of it, ``reference`` the owner's own name for it."""

    id: int
    org_id: UUID
    kind: str
    reference: str | None
    attributes: Mapping[str, Any]


class Looked(NamedTuple):
    """An observation that was looked at for an intake, as it stands now.

    ``cents`` are hundredths of ``currency``'s unit, of one piece with shipping; None without a price.
    ``seller_key`` is the same for a seller's listings, ``offer_key`` for those with one title. ``left_out``
    is why it was left out when it came in.
    """

    id: int
    source: str
    basis: Literal["sold", "ask", "guide"]
    title: str | None
    status: str
    listing_type: str | None
    item_group: str | None
    cents: int | None
    currency: str | None
    observed_at: datetime
    seller: str | None
    seller_key: int | None
    offer_key: int | None
    left_out: str | None
    left_out_why: str | None
    weight: float


class Verdict(NamedTuple):
    """Of an observation: why it is no comp of the intake's, or None."""

    id: int
    left_out: str | None
    why: str


class SourceFacts(NamedTuple):
    """A source as its row has it now."""

    name: str
    adapter: str
    basis: Literal["sold", "ask"]
    enabled: bool
    disabled_reason: str | None
    weight: float
    config: Mapping[str, Any]


async def make(
    connection: Connection, org: UUID, kind: str, reference: str | None, attributes: Mapping[str, Any]
) -> int:
    """Write an intake and answer its id; one of the org's with the same reference is the same intake."""
    said = json.dumps(attributes)
    made: int | None = await connection.fetchval(SQL["make"], org, kind, reference, said)
    if made is None:
        made = await connection.fetchval(SQL["find_by_reference"], org, reference)
    assert made is not None
    return made


async def find(db: Database, org: UUID, intake: int) -> Intake | None:
    """An intake of an org, or None where it has no such."""
    row = await db.fetchrow(SQL["find"], intake, org)
    if row is None:
        return None
    attributes = json.loads(row["attributes"])
    return Intake(row["id"], row["org_id"], row["kind"], row["reference"], attributes)


async def look_at_items(
    connection: Connection, intake: Intake, source: str, marketplace: str, items: Sequence[str]
) -> None:
    """Note that these listings of a source were looked at for an intake."""
    await connection.execute(SQL["look_at_items"], intake.id, intake.org_id, source, marketplace, list(items))


async def look_at_words(connection: Connection, intake: Intake, words: Sequence[str]) -> None:
    """Look at the org's observations of no print whose titles have all these words, the newest of them."""
    small = [word.lower() for word in words]
    await connection.execute(SQL["look_at_words"], intake.id, intake.org_id, small, MOST_FROM_THERE)


async def looked_at(connection: Connection, intake: int) -> tuple[datetime, list[Looked]]:
    """When it is now, and all that was ever looked at for an intake, held until the transaction ends."""
    now: datetime = await connection.fetchval(SQL["hold"], intake)
    return now, [Looked(*row) for row in await connection.fetch(SQL["looked_at"], intake)]


async def judge(connection: Connection, intake: int, verdicts: Sequence[Verdict]) -> None:
    """Write why each of these observations is no comp of an intake, or that it is one."""
    columns = [list(column) for column in zip(*verdicts, strict=True)] or [[], [], []]
    await connection.execute(SQL["judge"], intake, *columns)


async def add_valuation(
    connection: Connection,
    intake: Intake,
    query: str,
    currency: str,
    found: Value,
    explanation: str,
    evidence: Mapping[str, Any],
) -> int:
    """Add a valuation and answer its id; those from before stay as they are."""
    amounts = (found.p10, found.median, found.p90, found.mean)
    facts = (len(found.used), found.sold, *amounts, found.confidence.score, explanation)
    whose = (intake.org_id, intake.id, query, currency)
    added: int = await connection.fetchval(SQL["value"], *whose, *facts, json.dumps(evidence))
    return added


async def latest(db: Database, intake: int) -> Mapping[str, Any] | None:
    """The latest valuation of an intake, its evidence as JSON; None where there is none."""
    row = await db.fetchrow(SQL["latest"], intake)
    return None if row is None else {**row, "raw_json": json.loads(row["raw_json"])}


async def sources_of_value(db: Database, names: Sequence[str] | None = None) -> list[SourceFacts]:
    """The sources of sales and asks, those of these names or all: as their rows stand now."""
    rows = await db.fetch(SQL["sources_of_value"], None if names is None else list(names))
    return [
        SourceFacts(
            name=row["name"],
            adapter=row["adapter"],
            basis=row["basis"],
            enabled=row["enabled"],
            disabled_reason=row["disabled_reason"],
            weight=row["weight"],
            config=json.loads(row["config"]),
        )
        for row in rows
    ]
