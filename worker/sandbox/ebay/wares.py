"""What a seller has for sale, and how it is kept: single cards, slabs, lots, with SKUs or without."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Literal, TypeAlias

from worker.sandbox.ebay.amounts import rounded
from worker.sandbox.ebay.members import Seller
from worker.sandbox.ebay.sample import Card
from worker.sandbox.ebay.titles import Condition, foreign_title, graded_title, junk_title, single_title

Kind: TypeAlias = Literal["single", "graded", "junk", "foreign"]
SkuScheme: TypeAlias = Literal["none", "card", "card and condition", "own", "some"]

KINDS: tuple[Kind, ...] = ("single", "graded", "junk", "foreign")
SCHEMES: tuple[SkuScheme, ...] = ("card", "own", "none", "card and condition", "some")
GRADES: tuple[Condition, ...] = ("NM", "LP", "MP", "HP", "DMG")
WORTH = {"NM": "1", "LP": "0.85", "MP": "0.65", "HP": "0.45", "DMG": "0.3"}
DOLLARS_BUY = {"USD": "1", "GBP": "0.79", "EUR": "0.92", "JPY": "150"}
LEAST = Decimal("0.99")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ware:
    """What a seller sells under one number; ``price`` is for one, in the seller's currency.

    ``card_id`` is its print, the truth, and None unless it is one card in English. ``condition`` is what
    the title says, None where it says nothing or it is no raw card. ``managed``: made through the Inventory
    API, and ``published`` there.
    """

    legacy_item_id: str
    kind: Kind
    title: str
    sku: str | None
    card_id: str | None
    condition: Condition | None
    price: Decimal
    stock: int
    managed: bool
    published: bool


def make_wares(
    rng: Random, seller: Seller, place: int, cards: Sequence[Card], count: int
) -> tuple[Ware, ...]:
    """Make the wares of the seller at this place; sellers differ in how they number their stock."""
    scheme = SCHEMES[place % len(SCHEMES)]
    return tuple(_ware(rng, seller, rng.choice(cards), scheme, place, row) for row in range(count))


def _ware(rng: Random, seller: Seller, card: Card, scheme: SkuScheme, place: int, row: int) -> Ware:
    kind = rng.choices(KINDS, cum_weights=(82, 90, 97, 100))[0]
    condition = _condition(rng) if kind == "single" else None
    return Ware(
        legacy_item_id=str(250_000_000_000 + (place * 1_000_003 + row * 7_919) % 90_000_000_000),
        kind=kind,
        title=_title(rng, kind, card, condition),
        sku=_sku(rng, scheme, kind, card, condition, row),
        card_id=card.card_id if kind in {"single", "graded"} else None,
        condition=condition,
        price=_price(rng, seller.currency, kind, card, condition),
        stock=rng.choice((0, 1, 1, 1, 2, 4, 12)),
        managed=place % 6 != 4 and rng.random() < 0.8,  # noqa: PLR2004
        published=rng.random() < 0.9,  # noqa: PLR2004
    )


def _condition(rng: Random) -> Condition | None:
    if rng.random() < 0.15:  # noqa: PLR2004 - titles that say nothing of it
        return None
    return rng.choices(GRADES, cum_weights=(60, 82, 92, 97, 100))[0]


def _title(rng: Random, kind: Kind, card: Card, condition: Condition | None) -> str:
    match kind:
        case "single":
            return single_title(rng, card, condition)
        case "graded":
            return graded_title(rng, card)
        case "junk":
            return junk_title(rng, card)
        case "foreign":
            return foreign_title(rng, card)


def _sku(
    rng: Random, scheme: SkuScheme, kind: Kind, card: Card, condition: Condition | None, row: int
) -> str | None:
    if scheme == "none" or (scheme == "some" and rng.random() < 0.5):  # noqa: PLR2004
        return None
    if scheme in {"own", "some"}:
        return f"BIN{row % 40:02}-{row:05}"
    if kind != "single":
        return f"{kind.upper()}-{row:04}"
    return f"{card.card_id}-{condition or 'NA'}" if scheme == "card and condition" else card.card_id


def _price(rng: Random, currency: str, kind: Kind, card: Card, condition: Condition | None) -> Decimal:
    dollars = card.market or Decimal(str(round(rng.lognormvariate(_middle(card), 0.7), 2)))
    dollars *= Decimal(WORTH[condition or "LP"]) * Decimal(str(round(rng.uniform(0.8, 1.2), 2)))
    if kind == "graded":
        dollars *= 4
    own = max(dollars, LEAST) * Decimal(DOLLARS_BUY[currency])
    charming = own.to_integral_value() + Decimal("0.99") if rng.random() < 0.4 else own  # noqa: PLR2004
    return rounded(charming, currency)


def _middle(card: Card) -> float:
    if card.rarity in {"Common", "Uncommon", "Promo"}:
        return 0.6
    return 2.2 if card.rarity in {"Rare", "Rare Holo"} else 3.4
