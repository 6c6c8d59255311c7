"""The cards that the world's sellers trade in: real ones, from the sample that ships with the package."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

# Read as files: the sandbox knows the catalogue's data, never its code.
SAMPLE = Path(__file__).parents[2] / "catalog" / "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One print: ``card_id`` is the Pokémon TCG API's (base1-4), ``market`` US dollars for a clean one."""

    card_id: str
    name: str
    number: str
    set_name: str
    set_code: str | None
    printed_total: int
    year: int
    rarity: str
    market: Decimal | None = None


@cache
def sample_cards() -> tuple[Card, ...]:
    """Return the sample's cards, set by set in the order of their release; a few hundred."""
    return tuple(_cards())


def _cards() -> Iterator[Card]:
    for card_set in _read("sets.json"):
        for record in _read(f"cards/{card_set['id']}.json"):
            yield _card(card_set, record)


def _read(name: str) -> Any:
    return json.loads((SAMPLE / name).read_bytes(), parse_float=Decimal)


def _card(card_set: Mapping[str, Any], record: Mapping[str, Any]) -> Card:
    return Card(
        card_id=record["id"],
        name=record["name"],
        number=record["number"],
        set_name=card_set["name"],
        set_code=card_set.get("ptcgoCode"),
        printed_total=card_set["printedTotal"],
        year=int(card_set["releaseDate"][:4]),
        rarity=record.get("rarity", "Promo"),
        market=_market(record),
    )


def _market(record: Mapping[str, Any]) -> Decimal | None:
    prices = record.get("tcgplayer", {}).get("prices", {})
    return next((Decimal(each["market"]) for each in prices.values() if each.get("market")), None)
