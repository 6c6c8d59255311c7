"""The canonical rows: what is known of a batch's sets and cards, and writing what was decided."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.catalog.decide import KnownPrint, KnownSet
from worker.catalog.facts import CardFacts, SetFacts
from worker.db import Connection, Database, Record, statements

SQL = statements(Path(__file__).with_name("canon.sql"))


class Overtaken(Exception):
    """Raised when another worker wrote one of the batch's prints meanwhile: decide anew."""


@dataclass(frozen=True, slots=True)
class CardContext:
    """What is known around one card of a batch: its canonical set, and the print it is about."""

    set_id: int | None
    set_name: str | None
    known: KnownPrint | None


async def look_up_sets(connection: Connection, source: str, sets: Sequence[SetFacts]) -> dict[str, KnownSet]:
    """The canonical sets that these are about, by the external id asked for."""
    rows = await connection.fetch(
        SQL["look_up_sets"],
        source,
        [one.external_id for one in sets],
        [one.name for one in sets],
        [one.release_date for one in sets],
    )
    return {sets[row["place"] - 1].external_id: KnownSet(*tuple(row)[1:]) for row in rows}


async def write_sets(connection: Connection, source: str, sets: Mapping[str, SetFacts]) -> None:
    """Make sets, or bring them up to date, under their canonical ids; remember the source's names."""
    written = [
        {
            "source_set_id": canonical_id,
            "name": one.name,
            "series": one.series,
            "printed_total": one.printed_total,
            "total": one.total,
            "ptcgo_code": one.ptcgo_code,
            "release_date": one.release_date.isoformat() if one.release_date else None,
            "legalities": dict(one.legalities),
        }
        for canonical_id, one in sets.items()
    ]
    await connection.execute(SQL["write_sets"], source, json.dumps(written))
    await map_sets(connection, source, {one.external_id: name for name, one in sets.items()})


async def map_sets(connection: Connection, source: str, names: Mapping[str, str]) -> None:
    """Remember what a source calls sets: its name to the canonical id."""
    await connection.execute(SQL["map_sets"], source, list(names), list(names.values()))


async def look_up_cards(connection: Connection, source: str, cards: Sequence[CardFacts]) -> list[CardContext]:
    """What is known around each card, in the order asked for."""
    rows = await connection.fetch(
        SQL["look_up_cards"],
        source,
        [one.external_id for one in cards],
        [one.set_external_id for one in cards],
        [one.name for one in cards],
        [one.number_prefix for one in cards],
        [one.number_value for one in cards],
        [one.number_suffix for one in cards],
    )
    by_place = {row["place"]: _context(row) for row in rows}
    return [by_place[place] for place in range(1, len(cards) + 1)]


def _context(row: Record) -> CardContext:
    known = None if row["id"] is None else KnownPrint(*tuple(row)[3:])
    return CardContext(row["set_id"], row["set_name"], known)


async def write_prints(
    connection: Connection,
    source: str,
    prints: Mapping[str, tuple[int, CardFacts]],
    names: Mapping[str, str],
) -> None:
    """Make prints, or bring them up to date, under their canonical ids; ``names``: the source's to those.

    Raises ``Overtaken`` when one of them has been put into another set since it was looked up.
    """
    rows = [_row(canonical_id, set_id, one) for canonical_id, (set_id, one) in prints.items()]
    arguments = (json.dumps(rows), list(names), list(names.values()))
    written = await connection.fetch(SQL["write_prints"], source, *arguments)
    if len(written) < len(prints):
        raise Overtaken


def _row(canonical_id: str, set_id: int, card: CardFacts) -> dict[str, Any]:
    return {
        "source_card_id": canonical_id,
        "set_id": set_id,
        "name": card.name,
        "number": card.number,
        "number_prefix": card.number_prefix,
        "number_value": card.number_value,
        "number_suffix": card.number_suffix,
        "supertype": card.supertype,
        "subtypes": card.subtypes,
        "types": card.types,
        "hp": card.hp,
        "rarity": card.rarity,
        "artist": card.artist,
        "regulation_mark": card.regulation_mark,
        "legalities": dict(card.legalities),
        "variants": card.variants,
    }


async def map_prints(connection: Connection, source: str, names: Mapping[str, int]) -> None:
    """Remember what a source calls prints that stay as they are: its id to the row's."""
    await connection.execute(SQL["map_prints"], source, list(names), list(names.values()))


async def totals_off(db: Database, source: str, limit: int = 20) -> list[dict[str, Any]]:
    """Sets of a source that hold another number of cards than it says; the first few, by id."""
    return [dict(row) for row in await db.fetch(SQL["totals_off"], source, limit)]
