"""Which prints are looked at, and how they are looked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from worker.collecting.source import HOUSE, SourceRow, Wanted
from worker.collecting.words import words_for
from worker.db import Connection, Database, statements

SQL = statements(Path(__file__).with_name("targets.sql"))
CURRENCY = "USD"


class Target(NamedTuple):
    """A print, as far as looking for it needs it."""

    id: int
    source_card_id: str
    name: str
    number: str
    set_name: str
    printed_total: int | None

    def wanted(self, row: SourceRow, *, most: int, org_id: UUID) -> Wanted:
        """What a source is asked for."""
        total = f"/{self.printed_total}" if self.number.isdigit() and self.printed_total else ""
        return Wanted(
            words=words_for(self.name, self.number, self.set_name, self.printed_total),
            category=row.said("category"),
            currency=row.said("currency") or CURRENCY,
            card_print_id=self.id,
            most=most,
            name=self.name,
            number=f"{self.number}{total}",
            org_id=org_id,
        )


class Found(NamedTuple):
    """Prints by the names that were said: their ids, once each, and the names of none."""

    ids: Sequence[int]
    unknown: Sequence[str]


async def find(connection: Connection, names: Sequence[int | str]) -> Found:
    """Find prints by id (``17``), by their first source's id (``base1-4``), or as ``source:id``."""
    known = await ids_of(connection, [str(name).strip() for name in names])
    ids = dict.fromkeys(found for found in known.values() if found is not None)
    return Found(list(ids), [name for name, found in known.items() if found is None])


async def ids_of(connection: Connection, names: Sequence[str]) -> dict[str, int | None]:
    """The ids of the prints that are called so, None of those that are not there."""
    return {row["name"]: row["id"] for row in await connection.fetch(SQL["find"], names)}


async def target(db: Database, card_print_id: int) -> Target | None:
    """A print as it stands; None where it is not there any more."""
    row = await db.fetchrow(SQL["target"], card_print_id)
    return None if row is None else Target(*row)


async def stalest(connection: Connection, most: int) -> list[int]:
    """The prints that are most worth a look, that which is most so first; the formula stands in the SQL."""
    return [row["id"] for row in await connection.fetch(SQL["stalest"], most)]


async def calls_left(connection: Connection, apis: Sequence[str]) -> int | None:
    """How many more calls today's quotas are good for, where nobody waits for them; None: nobody counts."""
    found: int | None = await connection.fetchval(SQL["calls_left"], apis)
    return found


async def is_another_under_way(connection: Connection, run: UUID | None, kind: str) -> bool:
    """Tell whether an earlier run of the org looks for what is stalest, and is not over."""
    return bool(await connection.fetchval(SQL["is_another_under_way"], run, kind))


async def org_of(db: Database, run: UUID | None) -> UUID:
    """For whom a run works: its org, or the house."""
    found: UUID | None = await db.fetchval(SQL["org_of_run"], run)
    return found or HOUSE


async def note_collected(connection: Connection, card_print_id: int) -> None:
    """Note that all sources have been asked about a print."""
    await connection.execute(SQL["note_collected"], card_print_id)
