"""What an account tells against what we have of it: only what differs is written."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from worker.db import Connection


class Told(Protocol):
    """A record that an account tells: known by its key, and written as a row."""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from the account's others."""
        ...

    def row(self) -> tuple[Any, ...]:
        """Its columns, in the order that its table's SQL takes; a hash of its content comes behind them."""
        ...

    def facts(self) -> tuple[Any, ...]:
        """Of its columns those by which two tellings of it differ."""
        ...


T = TypeVar("T", bound=Told)


@dataclass(frozen=True, slots=True)
class Table:
    """Statements of one table: what is ``known`` of an account's records, and to ``write`` some.

    The first takes the account and an array for each part of the key, and answers the key and a hash; the
    second takes whose they are, then an array for each column.
    """

    known: str
    write: str


@dataclass(frozen=True, slots=True)
class Difference(Generic[T]):
    """What is to be done with some records."""

    new: Sequence[T]
    changed: Sequence[T]
    unchanged: Sequence[T]


def content_hash(record: Told) -> bytes:
    """What tells this from another telling of the same record."""
    said = json.dumps(record.facts(), sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(said.encode()).digest()[:16]


async def compare(connection: Connection, table: Table, account: Any, told: Sequence[T]) -> Difference[T]:
    """Compare records with what is there; one that is told twice counts as it was told last."""
    latest = {record.key: record for record in told}
    if not latest:
        return Difference([], [], [])
    rows = await connection.fetch(table.known, account, *map(list, zip(*latest, strict=True)))
    return _decide(latest, {tuple(row)[:-1]: row[-1] for row in rows})


def _decide(latest: Mapping[tuple[str, ...], T], known: Mapping[tuple[str, ...], bytes]) -> Difference[T]:
    found: dict[str, list[T]] = {"new": [], "changed": [], "unchanged": []}
    for key, record in latest.items():
        if key not in known:
            found["new"].append(record)
        else:
            found["unchanged" if known[key] == content_hash(record) else "changed"].append(record)
    return Difference(**found)


async def write(connection: Connection, table: Table, whose: Sequence[Any], some: Difference[T]) -> None:
    """Write what is new or has changed; ``whose`` is what each row begins with."""
    rows = [(*record.row(), content_hash(record)) for record in (*some.new, *some.changed)]
    if rows:
        await connection.execute(table.write, *whose, *map(list, zip(*rows, strict=True)))
