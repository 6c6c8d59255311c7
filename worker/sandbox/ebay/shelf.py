"""Finding listings: by the words of their titles, and by filters; quickly, however many there are."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from worker.sandbox.ebay.listings import Listing
from worker.sandbox.ebay.money import IN_DOLLARS, converted

WORD = re.compile(r"[^\W_]+(?:/[^\W_]+)*")
PHRASES = re.compile(r"\(([^)]*)\)")
FILTER = re.compile(r"(\w+):(\{[^}]*\}|\[[^\]]*\]|[^,]*)(?:,|$)")
EARLIEST, LATEST = "1995-01-01T00:00:00Z", "2995-01-01T00:00:00Z"
Keeps = Callable[[Listing], bool]


class BadValue(ValueError):
    """Raised when a known filter has a value that cannot be read; holds the value."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a filter parameter asks for; ``wants_currency``: a price without its currency was left out."""

    keeps: tuple[Keeps, ...]
    wants_currency: bool
    bad: tuple[str, ...]


class Shelf:
    """Listings by the words of their titles. Words are compared without case and accents."""

    def __init__(self, listings: Sequence[Listing]) -> None:
        self.listings = listings
        self.by_id = {each.item_id: each for each in listings}
        self._places: dict[str, set[int]] = {}
        for place, listing in enumerate(listings):
            for word in words(listing.title):
                self._places.setdefault(word, set()).add(place)

    def find(self, query: str) -> list[Listing]:
        """Return what a query asks for: all of its words, one of ``(a,b)``, none with ``-`` before it."""
        found = set(range(len(self.listings)))
        for options in PHRASES.findall(query):
            found &= set[int]().union(*(self._with(each) for each in options.split(",")))
        for term in PHRASES.sub(" ", query).split():
            if not terms(term):
                continue  # A dash between two words excludes nothing.
            if term.startswith("-"):
                found -= self._with(term[1:])
            else:
                found &= self._with(term)
        return [self.listings[place] for place in sorted(found)]

    def _with(self, text: str) -> set[int]:
        sets = [self._places.get(word, set[int]()) for word in terms(text)]
        return set.intersection(*sets) if sets else set(range(len(self.listings)))


def words(text: str) -> set[str]:
    """Return the words of a title; of ``4/102`` its parts too."""
    found = set(terms(text))
    return found | {part for word in found if "/" in word for part in word.split("/")}


def terms(text: str) -> list[str]:
    """Return the words of a text as they are compared."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return WORD.findall(plain.lower())


def filters_in(text: str) -> dict[str, str]:
    """Return the filters of a parameter by name, their values as they stand."""
    return dict(FILTER.findall(text))


def read_filters(text: str, shown_in: str) -> Filters:
    """Read a filter parameter; unknown names (``soldDate``) are passed over, as the real one does."""
    given = filters_in(text)
    currency = given.get("priceCurrency", "")
    # A currency alone says how to read a price, and asks for nothing.
    wants_currency = "price" in given and currency not in IN_DOLLARS
    if wants_currency:
        del given["price"]
    keeps, bad = list[Keeps](), list[str]()
    for name, value in given.items():
        try:
            keeps += _read(name, value, currency or shown_in, shown_in)
        except (BadValue, InvalidOperation):
            bad.append(name)
    if "buyingOptions" not in given or "buyingOptions" in bad:
        keeps.append(lambda listing: "FIXED_PRICE" in listing.options)
    return Filters(tuple(keeps), wants_currency, tuple(bad))


def _read(name: str, value: str, currency: str, shown_in: str) -> Iterable[Keeps]:  # noqa: PLR0911 - an arm each
    match name:
        case "price":
            low, high = _span(value)
            return [lambda listing: _within(_price(listing, currency), low, high)]
        case "conditionIds":
            wanted = _several(value)
            return [lambda listing: listing.condition_id in wanted]
        case "buyingOptions":
            options = _several(value)
            return [lambda listing: bool(options & set(listing.options))]
        case "sellers" | "excludeSellers":
            named, inside = _several(value), name == "sellers"
            return [lambda listing: (listing.seller in named) == inside]
        case "itemLocationCountry":
            return [lambda listing: listing.country == value]
        case "itemStartDate":
            since, until = dates_in(value)
            return [lambda listing: since <= listing.created <= until]
        case "bidCount":
            least, most = _span(value)
            return [lambda listing: listing.bid is not None and _within(Decimal(listing.bids), least, most)]
        case "maxDeliveryCost":
            dear = Decimal(value)
            return [lambda listing: listing.shipping is not None and shipping(listing, shown_in) <= dear]
        case _:
            return []


def shipping(listing: Listing, shown_in: str) -> Decimal:
    """Return what is known of the delivery's cost; 0 where it is not."""
    return converted(listing.shipping or Decimal(0), listing.currency, shown_in)


def _price(listing: Listing, currency: str) -> Decimal | None:
    return None if listing.price is None else converted(listing.price, listing.currency, currency)


def _within(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> bool:
    return value is not None and (low is None or low <= value) and (high is None or value <= high)


def _several(value: str) -> frozenset[str]:
    return frozenset(value.strip("{}").split("|"))


def _ends(value: str) -> tuple[str, str]:
    if not (value.startswith("[") and value.endswith("]")):
        raise BadValue(value)
    low, dots, high = value[1:-1].partition("..")
    return low, high if dots else low


def _span(value: str) -> tuple[Decimal | None, Decimal | None]:
    low, high = _ends(value)
    return Decimal(low) if low else None, Decimal(high) if high else None


def dates_in(value: str) -> tuple[datetime, datetime]:
    """Read ``[from..to]``, either end open; raises ``BadValue``."""
    low, high = _ends(value)
    try:
        since, until = datetime.fromisoformat(low or EARLIEST), datetime.fromisoformat(high or LATEST)
    except ValueError:
        raise BadValue(value) from None
    if since.tzinfo is None or until.tzinfo is None:
        raise BadValue(value)
    return since, until
