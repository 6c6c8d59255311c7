"""Raw imports: records as they came, and what became of each."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from worker.catalog.facts import Unreadable
from worker.catalog.identity import LONGEST_ID
from worker.db import Connection, Database, statements

SQL = statements(Path(__file__).with_name("imports.sql"))
MOST_DIGITS = 18
"""A longer whole number is taken as text where Python would refuse to read it."""

RecordKind = Literal["set", "card"]
Status = Literal["normalized", "conflict", "error"]


@dataclass(frozen=True, slots=True)
class RawRow:
    """A pending row, held for this transaction; ``payload`` is what its JSON says, if it can be read."""

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
    """The id a record gives itself, if it is fit to be one; nothing else is read here."""
    found = record.get("id") if isinstance(record, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= LONGEST_ID else None


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
    return [RawRow(r["id"], r["external_id"], r["set_hint"], _decoded(r["payload"])) for r in rows]


async def take_again(
    connection: Connection, source: str, kind: RecordKind, ids: Sequence[int]
) -> list[RawRow]:
    """Take rows by their ids, whatever has become of them."""
    rows = await connection.fetch(SQL["take_again"], source, kind, ids)
    return [RawRow(r["id"], r["external_id"], r["set_hint"], _decoded(r["payload"])) for r in rows]


def _decoded(payload: str) -> Any:
    """Read what Postgres took for JSON; it takes longer numbers and deeper nesting than Python reads."""
    try:
        return json.loads(payload)
    except RecursionError:
        return Unreadable("too_deep", "lists and objects are nested too deep to be read: fetch it again")
    except ValueError:
        return json.loads(payload, parse_int=_whole)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= MOST_DIGITS else digits


async def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Write what became of rows."""
    await connection.execute(
        SQL["settle"],
        [one.id for one in settled],
        [one.status for one in settled],
        [one.notes for one in settled],
    )
