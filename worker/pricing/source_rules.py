"""Rules of a source: what of its offers is no evidence, whatever they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SourceRule:
    """One rule; what it leaves empty it does not ask. Words and sellers are in small letters."""

    id: int
    source: str | None
    card_print_id: int | None
    include: Sequence[str]
    exclude: Sequence[str]
    min_price: Decimal | None
    max_price: Decimal | None
    currency: str | None
    only_sellers: Sequence[str]
    exclude_sellers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """What rules look at of an observation."""

    source: str
    card_print_id: int | None
    title: str
    price: Decimal
    currency: str
    seller: str | None


def broken(rules: Sequence[SourceRule], one: Measured) -> str | None:
    """Why the first of these rules that it fails leaves an observation out; None where it passes all."""
    title, seller = f" {one.title.lower()} ", (one.seller or "").lower()
    for rule in rules:
        if rule.source not in (None, one.source) or rule.card_print_id not in (None, one.card_print_id):
            continue
        if (why := _why(rule, one, title, seller)) is not None:
            return f"rule {rule.id}: {why}"
    return None


def _why(rule: SourceRule, one: Measured, title: str, seller: str) -> str | None:
    if rule.include and not any(_has(title, word) for word in rule.include):
        return "its title has none of the words that are asked for"
    if (word := next((word for word in rule.exclude if _has(title, word)), None)) is not None:
        return f'its title has "{word}"'
    if rule.currency == one.currency:
        if rule.min_price is not None and one.price < rule.min_price:
            return f"{one.price} is below {rule.min_price} {rule.currency}"
        if rule.max_price is not None and one.price > rule.max_price:
            return f"{one.price} is above {rule.max_price} {rule.currency}"
    if rule.only_sellers and seller not in rule.only_sellers:
        return "its seller is none of those that are asked for"
    return "its seller is excluded" if seller in rule.exclude_sellers and seller else None


def _has(title: str, word: str) -> bool:
    """Whether a title has a word, or words in a row, as a whole; what is no letter or digit parts words."""
    at = title.find(word)
    while at >= 0:
        if not title[at - 1].isalnum() and not title[at + len(word)].isalnum():
            return True
        at = title.find(word, at + 1)
    return False
