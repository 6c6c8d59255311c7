"""Reading the shape of the Pokémon TCG API v2, of its data set, and of whatever else keeps to it.

Fields as the API documents them; what really arrives differs: hit points as numbers, subtypes as one text,
"DoubleRare", printings nobody documented. None of that is a reason to lose a card.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from worker.catalog import fields
from worker.catalog.facts import CardFacts, SetFacts, Unreadable
from worker.catalog.identity import Identity, read_identity, read_number, read_set_id
from worker.catalog.numbers import split_number


def read_set(payload: object, external_id: str | None) -> SetFacts | Unreadable:
    """Read a set as the API's ``/sets`` gives it."""
    identity = read_identity("set", payload, external_id)
    if isinstance(identity, Unreadable):
        return identity
    record, notes = identity.record, list[str]()
    printed = fields.count_or_none(record, "printedTotal", notes)
    total = fields.count_or_none(record, "total", notes)
    fields.sane_totals(printed, total, notes)
    return SetFacts(
        external_id=identity.external_id,
        name=identity.name,
        series=fields.text_or_none(record, "series", notes),
        printed_total=printed,
        total=total,
        ptcgo_code=fields.text_or_none(record, "ptcgoCode", notes),
        release_date=fields.release_date(record, notes),
        legalities=fields.legalities(record, "legalities", notes),
        notes=tuple(notes),
    )


def read_card(payload: object, external_id: str | None, set_hint: str | None) -> CardFacts | Unreadable:
    """Read a card as the API's ``/cards`` or a file of its data set gives it."""
    identity = read_identity("card", payload, external_id)
    if isinstance(identity, Unreadable):
        return identity
    number = read_number(identity.record, "number")
    if isinstance(number, Unreadable):
        return number
    notes: list[str] = []
    set_id = read_set_id(identity, set_hint, notes)
    if isinstance(set_id, Unreadable):
        return set_id
    return _card(identity, number, set_id, notes)


def _card(identity: Identity, number: str, set_id: str, notes: fields.Notes) -> CardFacts:
    record, parts = identity.record, split_number(number)
    # By position, in the order of the fields: by name costs a tenth of the whole reading.
    return CardFacts(
        identity.external_id,
        set_id,
        identity.name,
        number,
        parts.prefix,
        parts.value,
        parts.suffix,
        fields.supertype(record, "supertype", notes),
        fields.text_list(record, "subtypes", notes),
        fields.text_list(record, "types", notes),
        fields.hit_points(record, notes, usual=str),
        fields.rarity(record, notes),
        fields.text_or_none(record, "artist", notes),
        fields.text_or_none(record, "regulationMark", notes),
        fields.legalities(record, "legalities", notes),
        _variants(record, notes),
        tuple(notes),
    )


def _variants(record: Mapping[str, Any], notes: fields.Notes) -> tuple[str, ...]:
    # One card id stands for all its printings; the keys of its prices are the only hint at which there are.
    shop = record.get("tcgplayer")
    prices = shop.get("prices") if isinstance(shop, dict) else shop
    if prices is None:
        return ()
    if not isinstance(prices, dict):
        notes.append('the prices under "tcgplayer" are not an object and were left out: fetch the card again')
        return ()
    priced = tuple([key for key, price in prices.items() if isinstance(price, dict)])
    if len(priced) != len(prices):
        notes.append('entries of the prices under "tcgplayer" that are not objects were left out')
    return _names(priced)


@lru_cache(maxsize=1024)
def _names(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for key in keys if fields.usable(key) and (name := fields.snake(key))}))
