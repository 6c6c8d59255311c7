"""Catalogues to match titles against: the bundled sample, real cards by hand, and made ones of any size."""

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.catalog.numbers import split_number
from worker.catalog.sample import sample_path
from worker.db import Database

HERE = Path(__file__).parent / "titles"
TRAINERS = frozenset(
    """Copycat|Custom Catcher|Box of Disaster|Arven|N|Cynthia|Ace Trainer|Hex Maniac|Here Comes Team Rocket!
    |Rocket's Admin.|Imposter Professor Oak|Steel Shelter|Jessie & James|Blaine's Quiz #1|Blaine's Quiz #2
    |Tropical Wind|Tropical Tidal Wave|Lost Remover|Mysterious Fossil|Metal Energy|Water Energy""".replace(
        "\n    ", ""
    ).split("|")
)


@dataclass(frozen=True, slots=True)
class SetFacts:
    """A set: its id, name, series, printed total, code and year."""

    id: str
    name: str
    series: str
    printed_total: int
    code: str | None
    year: int | None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A card of a set, known by the id of a source."""

    id: str
    set_id: str
    name: str
    number: str
    supertype: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Sets and their cards, each by its id."""

    sets: Mapping[str, SetFacts]
    cards: Mapping[str, CardFacts]

    def with_all(self, other: "Catalogue") -> "Catalogue":
        """Both together; what this one has stays."""
        return Catalogue({**other.sets, **self.sets}, {**other.cards, **self.cards})


def sample() -> Catalogue:
    """The sample that comes with the package: four whole sets, and a few cards of others."""
    return of_dump(sample_path())


def of_dump(folder: Path) -> Catalogue:
    """The sets and cards of a folder as the Pokémon TCG API names them."""
    sets = {one["id"]: _set(one) for one in _read(folder / "sets.json")}
    cards = {
        card["id"]: CardFacts(card["id"], path.stem, card["name"], card["number"], card["supertype"])
        for path in sorted((folder / "cards").glob("*.json"))
        for card in _read(path)
    }
    return Catalogue(sets, cards)


def _read(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_bytes()))


def _set(one: Mapping[str, Any]) -> SetFacts:
    year = int(one["releaseDate"][:4]) if one["releaseDate"][:4].isdigit() else None
    return SetFacts(one["id"], one["name"], one["series"], one["printedTotal"], one.get("ptcgoCode"), year)


def by_hand() -> Catalogue:
    """Real sets with a few real cards each, of ``titles/more_sets.tsv``: those that titles trip over."""
    sets, cards = dict[str, SetFacts](), dict[str, CardFacts]()
    for line in (HERE / "more_sets.tsv").read_text("utf-8").splitlines():
        set_id, name, series, total, code, year, held = line.split("\t")
        sets[set_id] = SetFacts(set_id, name, series, int(total), None if code == "-" else code, int(year))
        for one in held.split("|"):
            number, _, card = one.partition(" ")
            kind = "Trainer" if card in TRAINERS else "Pokémon"
            cards[f"{set_id}-{number}"] = CardFacts(f"{set_id}-{number}", set_id, card, number, kind)
    return Catalogue(sets, cards)


def made(sets: Iterable[SetFacts], names: Iterable[str], cards_a_set: int, seed: int) -> Catalogue:
    """Cards that do not exist, in sets that do: names drawn at random, numbered from 1."""
    drawn, pool, kept = random.Random(seed), list(names), list(sets)
    cards = {
        f"{one.id}-{number}": CardFacts(
            f"{one.id}-{number}", one.id, drawn.choice(pool), str(number), "Pokémon"
        )
        for one in kept
        for number in range(1, cards_a_set + 1)
    }
    return Catalogue({one.id: one for one in kept}, cards)


async def fill(db: Database, catalogue: Catalogue) -> dict[int, str]:
    """Put a catalogue into the database as normalising would; answers the cards' ids by their prints'."""
    await db.execute(
        """
        insert into card_sets (game, source, source_set_id, name, series, printed_total, ptcgo_code,
                               release_date)
        select 'pokemon', 'pokemonapi', s.id, s.name, s.series, s.total, s.code, make_date(s.year, 6, 1)
          from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[])
               as s(id, name, series, total, code, year)
        """,
        *_columns((s.id, s.name, s.series, s.printed_total, s.code, s.year) for s in catalogue.sets.values()),
    )
    await db.execute(
        """
        with made as (
            insert into card_prints (game, source, source_card_id, set_id, name, number, number_prefix,
                                     number_value, number_suffix, supertype, subtypes, types, legalities,
                                     variants)
            select 'pokemon', 'pokemonapi', c.id, s.id, c.name, c.number, c.prefix, c.value, c.suffix,
                   c.supertype, '{}', '{}', '{}', '{}'
              from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
                          $8::text[])
                   as c(id, set_id, name, number, supertype, prefix, value, suffix)
              join card_sets s on s.source_set_id = c.set_id
            returning id, source_card_id)
        insert into external_mappings (source, external_id, card_print_id)
        select 'pokemonapi', m.source_card_id, m.id from made m
        """,
        *_columns(
            (c.id, c.set_id, c.name, c.number, c.supertype, *split_number(c.number))
            for c in catalogue.cards.values()
        ),
    )
    await db.execute("analyze card_prints")
    rows = await db.fetch("select id, source_card_id from card_prints")
    return {row["id"]: row["source_card_id"] for row in rows}


def _columns(rows: Iterable[tuple[object, ...]]) -> Iterator[list[object]]:
    return (list(column) for column in zip(*rows, strict=True))
