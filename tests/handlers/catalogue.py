"""What the tests of normalising share: records, ways to bring them in, and looks at what came of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tests.runs.scene import drain, run_row, start, summary_of
from worker.catalog import imports
from worker.db import Database

Json = dict[str, Any]

BASE: Json = {
    "id": "base1",
    "name": "Base",
    "series": "Base",
    "printedTotal": 102,
    "total": 102,
    "releaseDate": "1999/01/09",
}
SV151: Json = {
    "id": "sv3pt5",
    "name": "151",
    "series": "Scarlet & Violet",
    "printedTotal": 165,
    "total": 207,
    "releaseDate": "2023/09/22",
}


def card(card_id: str, **given: Any) -> Json:
    """A card of the set that its id begins with."""
    set_id, _, number = card_id.rpartition("-")
    return {
        "id": card_id,
        "name": "Charizard",
        "supertype": "Pokémon",
        "number": number,
        "rarity": "Rare Holo",
        "set": {"id": set_id},
        **given,
    }


async def bring(
    db: Database, sets: Sequence[object], cards: Sequence[object], source: str = "pokemonapi"
) -> None:
    """Import records as the importer does."""
    await imports.store(db, source, "set", sets)
    await imports.store(db, source, "card", cards)


async def bring_raw(db: Database, kind: str, text: str, source: str = "pokemonapi") -> None:
    """Put one payload into raw_imports as a producer with SQL may, past everything the importer checks."""
    await db.execute(
        "insert into raw_imports (source, kind, payload) values ($1, $2, $3::jsonb)", source, kind, text
    )


async def normalize(db: Database, url: str, source: str = "pokemonapi", **params: Any) -> UUID:
    """Run normalize_batch to its end with one worker; answers the run."""
    run = await start(db, "normalize_batch", {"source": source, **params})
    await drain(url)
    state = (await run_row(db, run))["state"]
    assert state == "completed", state
    return run


async def totals(db: Database, run: UUID) -> dict[str, list[int]]:
    """The run's summary as normalized, conflicts, errors, processed."""
    summary = await summary_of(db, run)
    order = ("normalized", "conflicts", "errors", "processed")
    return {what: [summary[what][key] for key in order] for what in ("sets", "cards")}


async def statuses(db: Database, kind: str = "card") -> dict[str, str]:
    """What became of the rows of a kind, by what their records call themselves."""
    rows = await db.fetch("select payload ->> 'id' as id, status from raw_imports where kind = $1", kind)
    return {row["id"]: row["status"] for row in rows}


async def notes(db: Database) -> list[str]:
    rows = await db.fetch("select notes from raw_imports where notes is not null order by id")
    return [row["notes"] for row in rows]


async def prints(db: Database) -> list[Mapping[str, Any]]:
    """Every print with its set, as plain values."""
    rows = await db.fetch(
        """
        select p.source_card_id as id, s.source_set_id as set, p.source, p.name, p.number, p.hp, p.rarity
          from card_prints p join card_sets s on s.id = p.set_id order by p.id
        """
    )
    return [dict(row) for row in rows]


async def mapped(db: Database, source: str) -> dict[str, str]:
    """What a source calls the prints, and what we do."""
    rows = await db.fetch(
        """
        select m.external_id, p.source_card_id
          from external_mappings m join card_prints p on p.id = m.card_print_id where m.source = $1
        """,
        source,
    )
    return {row["external_id"]: row["source_card_id"] for row in rows}


async def versions(db: Database) -> dict[str, str]:
    """Each catalogue row's version in the database: it changes whenever the row is written at all."""
    rows = await db.fetch(
        """
        select 'print ' || source_card_id as name, xmin::text || ctid::text as version from card_prints
         union all select 'set ' || source_set_id, xmin::text || ctid::text from card_sets
         union all select 'mapping ' || source || external_id, xmin::text || ctid::text from external_mappings
        """
    )
    return {row["name"]: row["version"] for row in rows}


async def events_of(db: Database, run: UUID, event: str) -> list[Json]:
    rows = await db.fetch(
        "select data from worker.run_events where run_id = $1 and event = $2 order by id", run, event
    )
    return [json.loads(row["data"]) for row in rows]
