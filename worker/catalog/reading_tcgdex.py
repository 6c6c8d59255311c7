"""Reading the shape of TCGdex' REST API v2: its own names, the same facts.

``localId`` is the number, ``category`` the supertype; what the Pokémon TCG API calls subtypes is spread over
``stage``, ``suffix``, ``trainerType`` and ``energyType`` (TCGdex cards-database, meta/definitions/api.d.ts).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from worker.catalog import fields
from worker.catalog.facts import CardFacts, SetFacts, Unreadable
from worker.catalog.identity import Identity, read_identity, read_number, read_set_id
from worker.catalog.numbers import split_number

SUBTYPE_KEYS = ("stage", "suffix", "trainerType", "energyType")
SUBTYPES = {
    "Stage1": "Stage 1",
    "Stage2": "Stage 2",
    "LEVEL-UP": "Level-Up",
    "RESTORED": "Restored",
    "Tool": "Pokémon Tool",
    "Normal": "Basic",
}
PRINTINGS = {
    "holo": "holofoil",
    "reverse": "reverse_holofoil",
    "first_edition": "first_edition_normal",
    "unlimited_normal": "unlimited",
}


def read_set(payload: object, external_id: str | None) -> SetFacts | Unreadable:
    """Read a set as TCGdex' ``/sets/{id}`` gives it."""
    identity = read_identity("set", payload, external_id)
    if isinstance(identity, Unreadable):
        return identity
    record, notes = identity.record, list[str]()
    counts = _object(record, "cardCount", notes)
    printed = fields.count_or_none(counts, "official", notes)
    total = fields.count_or_none(counts, "total", notes)
    fields.sane_totals(printed, total, notes)
    return SetFacts(
        external_id=identity.external_id,
        name=identity.name,
        series=fields.text_or_none(_object(record, "serie", notes), "name", notes),
        printed_total=printed,
        total=total,
        ptcgo_code=_online_code(record, notes),
        release_date=fields.release_date(record, notes),
        legalities=fields.legalities(record, "legal", notes),
        notes=tuple(notes),
    )


def read_card(payload: object, external_id: str | None, set_hint: str | None) -> CardFacts | Unreadable:
    """Read a card as TCGdex' ``/cards/{id}`` gives it."""
    identity = read_identity("card", payload, external_id)
    if isinstance(identity, Unreadable):
        return identity
    number = read_number(identity.record, "localId")
    if isinstance(number, Unreadable):
        return number
    notes: list[str] = []
    set_id = read_set_id(identity, set_hint, notes)
    if isinstance(set_id, Unreadable):
        return set_id
    return _card(identity, number, set_id, notes)


def _card(identity: Identity, number: str, set_id: str, notes: fields.Notes) -> CardFacts:
    record, parts = identity.record, split_number(number)
    return CardFacts(
        external_id=identity.external_id,
        set_external_id=set_id,
        name=identity.name,
        number=number,
        number_prefix=parts.prefix,
        number_value=parts.value,
        number_suffix=parts.suffix,
        supertype=fields.supertype(record, "category", notes),
        subtypes=_subtypes(record, notes),
        types=fields.text_list(record, "types", notes),
        hp=fields.hit_points(record, notes, usual=int),
        rarity=fields.rarity(record, notes),
        artist=fields.text_or_none(record, "illustrator", notes),
        regulation_mark=fields.text_or_none(record, "regulationMark", notes),
        legalities=fields.legalities(record, "legal", notes),
        variants=_variants(record, notes),
        notes=tuple(notes),
    )


def _online_code(record: Mapping[str, Any], notes: fields.Notes) -> str | None:
    short = fields.text_or_none(record, "tcgOnline", notes)
    return short or fields.text_or_none(_object(record, "abbreviation", notes), "official", notes)


def _subtypes(record: Mapping[str, Any], notes: fields.Notes) -> tuple[str, ...]:
    found = [fields.text_or_none(record, key, notes) for key in SUBTYPE_KEYS]
    return tuple([SUBTYPES.get(text, text) for text in found if text is not None])


def _variants(record: Mapping[str, Any], notes: fields.Notes) -> tuple[str, ...]:
    flags = _object(record, "variants", notes)
    shop = _object(_object(record, "pricing", notes), "tcgplayer", notes)
    flagged = tuple([key for key, value in flags.items() if value is True])
    priced = tuple([key for key, price in shop.items() if isinstance(price, dict)])
    return _printings(flagged, priced)


@lru_cache(maxsize=1024)
def _printings(flagged: tuple[str, ...], priced: tuple[str, ...]) -> tuple[str, ...]:
    # "firstEdition" says only that there was one: of the holofoil if the card has one, else of the normal.
    first = {"firstEdition": "first_edition_holofoil" if "holo" in flagged else "first_edition_normal"}
    keys = [first.get(key, key) for key in flagged] + list(priced)
    names = {fields.snake(key) for key in keys if fields.usable(key)}
    return tuple(sorted({PRINTINGS.get(name, name) for name in names if name}))


def _object(record: Mapping[str, Any], key: str, notes: fields.Notes) -> Mapping[str, Any]:
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        notes.append(f'"{key}" is not an object and was left out: fetch the record again')
        return {}
    return value
