"""Listings made from the seed out of known cards: asks, slabs, junk, groups, auctions, and their gaps."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from worker.sandbox.cards import CardRecords, Record
from worker.sandbox.ebay.money import CENT, IN_DOLLARS

RAW = {
    "NM": (Decimal(1), "Near Mint or Better", ("NM", "Near Mint", "NM/M")),
    "LP": (Decimal("0.85"), "Lightly Played (Excellent)", ("LP", "Lightly Played", "Excellent")),
    "MP": (Decimal("0.65"), "Moderately Played (Very Good)", ("MP", "Moderately Played", "VG")),
    "HP": (Decimal("0.45"), "Heavily Played (Poor)", ("HP", "Heavily Played", "Poor")),
    "DMG": (Decimal("0.3"), "Heavily Played (Poor)", ("Damaged", "DMG", "creased")),
}
"""A condition: what it leaves of the price, eBay's descriptor, and the words of sellers."""
KEPT = (50, 24, 13, 8, 5)
"""How often cards are kept so, of a hundred."""
GRADERS = {
    "PSA": "Professional Sports Authenticator (PSA)",
    "CGC": "Certified Guaranty Company (CGC)",
    "BGS": "Beckett Grading Services (BGS)",
}
GRADES = {"10": Decimal(6), "9": Decimal(2), "8": Decimal("1.3")}
JUNK = ("x4 Playset", "Custom Proxy Card", "Lot of 20", "Metal Gold Plated Fan Art", "Code Card", "Jumbo")
FOREIGN = ("Japanese", "JPN", "German Deutsch", "Korean")
TAILS = ("", "", " Free Shipping", " Fast Ship", " *READ*", " \N{FIRE}", " Pack Fresh")
COUNTRIES = (("US", "USD"),) * 8 + (("AU", "AUD"), ("CA", "CAD"))
SELLERS = 60
OLDEST_DAYS = 80
FEWEST, MOST = 8, 20
CROWD = 12
"""So many times one seller offers the same card at the same price."""
SINGLES, SEALED = "183454", "183456"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One listing. ``price`` is the ask, or None of an auction; ``shipping`` None is CALCULATED.

    ``variation`` is "0" unless it is the shown one of a group. ``condition_id`` is None where the seller gave
    none. ``descriptors`` are names with their texts. Amounts are in ``currency``, the seller's own.
    """

    legacy_id: str
    variation: str
    title: str
    card: Record
    currency: str
    country: str
    price: Decimal | None
    seller: str
    created: datetime
    condition_id: str | None = "4000"
    descriptors: tuple[tuple[str, str], ...] = ()
    category: str = SINGLES
    bid: Decimal | None = None
    bids: int = 0
    ends: datetime | None = None
    fetched: Decimal | None = None
    """For how much an auction goes in the end."""
    was: Decimal | None = None
    shipping: Decimal | None = Decimal(0)
    says_shipping: bool = True
    quantity: int = 1
    best_offer: bool = False

    @property
    def item_id(self) -> str:
        """Its id in the REST APIs."""
        return f"v1|{self.legacy_id}|{self.variation}"

    @property
    def options(self) -> tuple[str, ...]:
        """Its buying options."""
        if self.bid is not None:
            return ("AUCTION",)
        return ("FIXED_PRICE", "BEST_OFFER") if self.best_offer else ("FIXED_PRICE",)

    @property
    def condition(self) -> str | None:
        """Its condition in words, which mean something else in other categories."""
        return {"2750": "Graded", "4000": "Ungraded", "1000": "New"}.get(self.condition_id or "")


def make_listings(records: CardRecords, *, seed: int, now: datetime) -> tuple[Listing, ...]:
    """Make the listings of these cards: the same each time for the same cards, seed and moment."""
    dice = random.Random(f"listings {seed}")
    numbers = iter(range(286_000_000_000 + seed * 1_000_000, 10**13))
    return tuple(
        listing
        for card in records.cards()
        for listing in _of_card(card, dice, numbers, now.replace(microsecond=0))
    )


def _of_card(card: Record, dice: random.Random, numbers: Iterator[int], now: datetime) -> Iterator[Listing]:
    worth = worth_of(card)
    for _ in range(dice.randint(FEWEST, MOST)):
        plain = _plain(card, worth, dice, str(next(numbers)), now)
        chosen = dice.choices(
            (
                plain,
                _slab(plain, worth, dice),
                _junk(plain, dice),
                _group(plain, dice),
                _auction(plain, dice, now),
                _foreign(plain, dice),
                replace(plain, title=name_of(card, dice)),
                replace(plain, condition_id=None, descriptors=()),
            ),
            (62, 9, 6, 5, 6, 4, 5, 3),
        )[0]
        yield chosen
        if dice.random() < 0.05:  # noqa: PLR2004 - some put theirs up again, somewhat cheaper
            yield _relisted(chosen, str(next(numbers)))
    if dice.random() < 0.06:  # noqa: PLR2004 - here and there somebody has many
        one = _plain(card, worth, dice, str(next(numbers)), now)
        yield from (replace(one, legacy_id=str(next(numbers))) for _ in range(CROWD))


def worth_of(card: Record) -> Decimal:
    """Return about what a card costs Near Mint, in dollars: its guide price, else a guess."""
    market = _market(card)
    if market is None:
        # The same on every shelf: what is asked and what was paid belong together.
        own = random.Random(f"worth {card.get('id')}")
        market = Decimal(str(round(own.lognormvariate(2.5, 1.1), 2)))
    return max(CENT * 25, market).quantize(CENT)


def _market(card: Record) -> Decimal | None:
    shop = card.get("tcgplayer")
    prices = shop.get("prices") if isinstance(shop, Mapping) else None
    for figures in prices.values() if isinstance(prices, Mapping) else ():
        if isinstance(figures, Mapping) and figures.get("market"):
            return Decimal(str(figures["market"]))
    return None


def _plain(card: Record, worth: Decimal, dice: random.Random, number: str, now: datetime) -> Listing:
    [(factor, descriptor, words)] = dice.choices(list(RAW.values()), KEPT)
    country, currency = dice.choice(COUNTRIES)
    asked = worth * factor * Decimal(dice.randint(100, 145)) / 100 / IN_DOLLARS[currency]
    price = asked.quantize(CENT)
    return Listing(
        legacy_id=number,
        variation="0",
        title=f"{name_of(card, dice)} {dice.choice(words)}{dice.choice(TAILS)}",
        card=card,
        currency=currency,
        country=country,
        price=price,
        seller=f"s_{dice.randint(1, SELLERS)}",
        created=now - timedelta(seconds=dice.randint(60, OLDEST_DAYS * 86_400)),
        descriptors=(("Card Condition", descriptor),),
        was=(price * Decimal("1.25")).quantize(CENT) if dice.random() < 0.1 else None,  # noqa: PLR2004
        shipping=dice.choice((Decimal(0), Decimal("1.25"), Decimal("5.25"), None)),
        says_shipping=dice.random() < 0.9,  # noqa: PLR2004
        quantity=dice.choice((1, 1, 1, 3)),
        best_offer=dice.random() < 0.4,  # noqa: PLR2004
    )


def name_of(card: Record, dice: random.Random) -> str:
    """Return a card as a seller would call it: its name and number, perhaps its set."""
    card_set = card.get("set")
    facts: Record = card_set if isinstance(card_set, Mapping) else {}
    total = facts.get("printedTotal")
    number = f"{card.get('number')}/{total}" if total and dice.random() < 0.8 else f"#{card.get('number')}"  # noqa: PLR2004
    name = str(card.get("name"))
    forms: Sequence[str] = (
        f"{name} {number} {facts.get('name', '')} Pokemon Card",
        f"Pokemon {facts.get('name', '')} {name} {number}",
        f"{name} - {number} - {card.get('rarity', 'Common')}",
        f"{str(facts.get('releaseDate', ''))[:4]} Pokemon {name} {number}",
    )
    return " ".join(dice.choice(forms).split())


def _slab(plain: Listing, worth: Decimal, dice: random.Random) -> Listing:
    grader, grade = dice.choice(list(GRADERS)), dice.choice(list(GRADES))
    price = (worth * GRADES[grade] / IN_DOLLARS[plain.currency] + 20).quantize(CENT)
    return replace(
        plain,
        title=f"{name_of(plain.card, dice)} {grader} {grade}",
        price=price,
        was=None,
        quantity=1,
        condition_id="2750",
        descriptors=(
            ("Professional Grader", GRADERS[grader]),
            ("Grade", grade),
            ("Certification Number", str(dice.randint(10_000_000, 99_999_999))),
        ),
    )


def _junk(plain: Listing, dice: random.Random) -> Listing:
    return replace(plain, title=f"{name_of(plain.card, dice)} {dice.choice(JUNK)}")


def _foreign(plain: Listing, dice: random.Random) -> Listing:
    return replace(plain, title=f"{dice.choice(FOREIGN)} {name_of(plain.card, dice)} NM")


def _relisted(listing: Listing, number: str) -> Listing:
    price = None if listing.price is None else (listing.price * Decimal("0.95")).quantize(CENT)
    return replace(listing, legacy_id=number, price=price, was=None)


def _group(plain: Listing, dice: random.Random) -> Listing:
    # One price stands for the whole group: that of the cheapest of its cards.
    title = f"Pokemon {_set_name(plain.card)} - Choose Your Card! NM/LP Singles"
    cheap = Decimal(dice.choice(("0.99", "1.29", "1.99")))
    return replace(plain, variation=str(dice.randint(10**11, 10**12)), title=title, price=cheap, was=None)


def _set_name(card: Record) -> object:
    card_set = card.get("set")
    return card_set.get("name") if isinstance(card_set, Mapping) else ""


def _auction(plain: Listing, dice: random.Random, now: datetime) -> Listing:
    assert plain.price is not None
    bid = (plain.price * Decimal(dice.randint(10, 80)) / 100).quantize(CENT)
    fetched = (plain.price * Decimal(dice.randint(70, 95)) / 100).quantize(CENT)
    return replace(
        plain,
        price=None,
        was=None,
        bid=bid,
        bids=dice.randint(0, 20),
        ends=now + timedelta(seconds=dice.randint(600, 7 * 86_400)),
        fetched=fetched,
        best_offer=False,
    )
