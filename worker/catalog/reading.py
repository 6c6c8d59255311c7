"""Reading one record of a catalogue: what any source sent, as facts or as the reason why not. Pure.

Nothing here raises for what a record holds. A record is ``Unreadable`` only when it could not be told which
card or set it is; whatever else is odd is read as well as it can be and said in ``notes``.
"""

from worker.catalog import reading_pokemon, reading_tcgdex
from worker.catalog.facts import CardFacts, Legalities, SetFacts, Unreadable

__all__ = ["CardFacts", "Legalities", "SetFacts", "Unreadable", "read_card", "read_set"]

TCGDEX = "tcgdex"


def read_set(source: str, payload: object, external_id: str | None) -> SetFacts | Unreadable:
    """Read a set; every source but ``tcgdex`` is taken to keep to the Pokémon TCG API v2.

    Give the ``external_id`` of the row the payload stands in, and one that differs is unreadable.
    """
    if source == TCGDEX:
        return reading_tcgdex.read_set(payload, external_id)
    return reading_pokemon.read_set(payload, external_id)


def read_card(
    source: str, payload: object, external_id: str | None, set_hint: str | None
) -> CardFacts | Unreadable:
    """Read a card; ``set_hint`` is the set its file is named after, for records that do not say it."""
    if source == TCGDEX:
        return reading_tcgdex.read_card(payload, external_id, set_hint)
    return reading_pokemon.read_card(payload, external_id, set_hint)
