"""Guide prices in a card's record, by either of the card APIs: of which printing, how much, and since when.

Sources: the Pokémon TCG API's ``tcgplayer`` and ``cardmarket``, TCGdex' ``pricing``. 0 and null mean none.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from worker.catalog import fields
from worker.catalog.reading_tcgdex import PRINTINGS

LARGEST = Decimal(10) ** 8
CURRENCIES = {"tcgplayer": "USD", "cardmarket": "EUR"}
MARKET = ("market", "marketPrice", "mid", "midPrice")
"""What a thing goes for, the best word first: what was paid of late, else the middle of what is asked."""
TREND = {
    "pokemonapi": {
        None: ("trendPrice", "avg7", "averageSellPrice"),
        "reverse_holofoil": ("reverseHoloTrend",),
    },
    "tcgdex": {None: ("trend", "avg7", "avg"), "reverse_holofoil": ()},
}
"""Cardmarket knows a product and its reverse holo; of the product it does not say which printing it is."""


class Guide(NamedTuple):
    """One price; ``printing`` is None where the provider does not say which. ``figures`` as they came."""

    printing: str | None
    price: Decimal | None
    said: object
    currency: str
    at: datetime | None
    figures: Mapping[str, Any]


def guides_in(payload: object, api: str, provider: str) -> Iterator[Guide]:
    """What a provider says in a record of an API; nothing where it says nothing."""
    shop = _object(payload, "pricing", provider) if api == "tcgdex" else _object(payload, provider)
    if not shop:
        return
    unit = shop.get("unit")
    currency = unit if isinstance(unit, str) and unit else CURRENCIES.get(provider, "USD")
    at = _moment(shop.get("updated") if api == "tcgdex" else shop.get("updatedAt"))
    figures = shop if api == "tcgdex" else _object(shop, "prices")
    if provider == "cardmarket":
        for printing, names in TREND[api].items():
            yield from _best(printing, figures, names, currency, at)
        return
    for key, one in figures.items():
        if isinstance(one, Mapping) and fields.usable(key) and fields.snake(key):
            yield from _best(_printing(key, api), one, MARKET, currency, at)


def _best(
    printing: str | None,
    figures: Mapping[str, Any],
    names: tuple[str, ...],
    currency: str,
    at: datetime | None,
) -> Iterator[Guide]:
    """The best of its figures; one that is there and cannot be read, where no better can."""
    said = [figures[name] for name in names if figures.get(name) not in (None, 0, "")]
    if said:
        readable = next((one for one in said if _price(one) is not None), said[0])
        kept = {name: one for name, one in figures.items() if not isinstance(one, Mapping)}
        yield Guide(printing, _price(readable), readable, currency, at, kept)


def _price(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    price = Decimal(value)
    return price if price.is_finite() and 0 < price < LARGEST else None


def _printing(key: str, api: str) -> str:
    name = fields.snake(key)
    return PRINTINGS.get(name, name) if api == "tcgdex" else name


def _object(record: object, *path: str) -> Mapping[str, Any]:
    for name in path:
        record = record.get(name) if isinstance(record, Mapping) else None
    return record if isinstance(record, Mapping) else {}


def _moment(said: object) -> datetime | None:
    if not isinstance(said, str):
        return None
    try:
        found = datetime.fromisoformat(said.strip().replace("/", "-"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
