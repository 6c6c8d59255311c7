"""Raw imports: records as they came, and what became of each."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from worker.db import Connection, Database, statements

SQL = statements(Path(__file__).with_name("imports.sql"))

RecordKind = Literal["set", "card"]
Status = Literal["normalized", "conflict", "error"]


@dataclass(frozen=True, slots=True)
class RawRow:
    """A pending row, held for this transaction; ``payload`` is what its JSON says."""

    id: int
    external_id: str | None
    set_hint: str | None
    payload: Any


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a row, and what a person should know about it."""

    id: int
    status: Status
    notes: str | None


async def store(
    db: Database, source: str, kind: RecordKind, records: Sequence[object], set_hint: str | None = None
) -> int:
    """Keep records as they are; answers how many were new. Content that is there already is left alone."""
    texts = [json.dumps(record, ensure_ascii=False, sort_keys=True) for record in records]
    rows = await db.fetch(
        SQL["store"],
        source,
        kind,
        [own_id(record) for record in records],
        [set_hint] * len(records),
        texts,
        [hashlib.sha256(text.encode()).digest() for text in texts],
    )
    return len(rows)


def own_id(record: object) -> str | None:
    """The id a record gives itself, if it does; nothing else is read here."""
    found = record.get("id") if isinstance(record, dict) else None
    return found if isinstance(found, str) and found else None


async def count_pending(connection: Connection, source: str) -> int:
    """How many rows of a source wait."""
    found: int = await connection.fetchval(SQL["count_pending"], source)
    return found


async def take(
    connection: Connection, source: str, kind: RecordKind, *, after: int, limit: int, patient: bool
) -> list[RawRow]:
    """Take the next pending rows after an id; ``patient`` waits for rows that other workers hold."""
    statement = SQL["take_patiently" if patient else "take"]
    rows = await connection.fetch(statement, source, kind, after, limit)
    return [RawRow(r["id"], r["external_id"], r["set_hint"], json.loads(r["payload"])) for r in rows]


async def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Write what became of rows."""
    await connection.execute(
        SQL["settle"],
        [one.id for one in settled],
        [one.status for one in settled],
        [one.notes for one in settled],
    )
