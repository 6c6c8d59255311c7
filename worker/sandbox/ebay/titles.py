"""How sellers write: the same card in a dozen ways, slabs, lots and other things that are no single card."""

import re
from collections.abc import Sequence
from random import Random
from typing import Literal, TypeAlias
from unicodedata import combining, normalize

from worker.sandbox.ebay.sample import Card

Condition: TypeAlias = Literal["NM", "LP", "MP", "HP", "DMG"]

LONGEST = 80  # What eBay allows in a title.
CONDITIONS: dict[Condition, Sequence[str]] = {
    "NM": ("NM", "Near Mint", "NM/M", "Mint", "pack fresh"),
    "LP": ("LP", "Lightly Played", "Light Play", "Excellent"),
    "MP": ("MP", "Moderately Played", "VG"),
    "HP": ("Heavily Played", "HEAVY PLAY", "Poor"),
    "DMG": ("Damaged", "DMG", "creased"),
}
SET_NAMES = {
    "Base": ("Base Set", "Base"),
    "HeartGold & SoulSilver": ("HGSS", "HeartGold SoulSilver"),
    "HS—Triumphant": ("HGSS Triumphant", "Triumphant"),
    "Sword & Shield": ("Sword & Shield Base", "SWSH Base Set", "Sword and Shield"),
    "McDonald's Collection 2019": ("McDonalds 2019", "McDonald's Promo 2019"),
}
PATTERNS = (
    "{name} {number} {set} {rarity} {condition}",
    "Pokemon {set} {name} {number} {rarity} {condition}",
    "{name} {number} {rarity} {set} Pokemon Card {condition}",
    "{year} Pokemon {set} {name} #{bare} {rarity} {condition}",
    "{name} - {number} - {rarity} - {set} - {condition}",
    "Pokémon TCG {name} {number} {set} ({condition})",
    "{set} - {name} {number} {condition}",
)
FLOURISHES = ("FREE SHIPPING", "Fast Ship!", "🔥🔥", "L@@K", "see pics", "US Seller", "⭐", "WOTC", "TCG")
GRADED = (
    "{grader} {grade} {name} {number} {set} {rarity}",
    "{year} Pokemon {set} {name} #{bare} {rarity} {grader} {grade}",
    "{name} {number} {set} {grader} {grade} slab",
)
GRADES = (
    ("PSA", "10"),
    ("PSA", "9"),
    ("PSA", "8"),
    ("CGC", "9.5"),
    ("CGC", "9"),
    ("BGS", "9.5"),
    ("SGC", "8"),
)
JUNK = (
    "Lot of 25 Pokemon cards incl {name} {set}",
    "{name} {number} x4 playset {set}",
    "{name} {number} {set} PROXY orica custom",
    "Choose your card! {set} {year} NM-HP",
    "{set} booster pack sealed Pokemon TCG",
    "Pokemon TCG Live code card {name} digital",
    "{name} jumbo oversized card {set}",
    "Gold metal {name} card 24k plated",
    "Pokemon binder collection bulk 100+ {set} holos",
)
FOREIGN = (
    "Japanese {name} {bare} {year} Holo NM",
    "{name} {set} JPN Pokemon Card LP",
    "{name} {number} German Deutsch NM",
)


def single_title(rng: Random, card: Card, condition: Condition | None) -> str:
    """Write the title of one raw card; a ``condition`` of None is not mentioned."""
    words = "" if condition is None else rng.choice(CONDITIONS[condition])
    title = _filled(rng, rng.choice(PATTERNS), card, condition=words)
    if rng.random() < 0.25:  # noqa: PLR2004 - a quarter
        title = _with(title, rng.choice(FLOURISHES))
    return title.upper() if rng.random() < 0.05 else title  # noqa: PLR2004 - some shout


def graded_title(rng: Random, card: Card) -> str:
    """Write the title of a card in a grader's case."""
    grader, grade = rng.choice(GRADES)
    return _filled(rng, rng.choice(GRADED), card, grader=grader, grade=grade)


def junk_title(rng: Random, card: Card) -> str:
    """Write the title of something that is no single, genuine card."""
    return _filled(rng, rng.choice(JUNK), card)


def foreign_title(rng: Random, card: Card) -> str:
    """Write the title of a card in another language, which is another product."""
    return _filled(rng, rng.choice(FOREIGN), card)


def _filled(rng: Random, pattern: str, card: Card, **words: str) -> str:
    title = pattern.format(
        name=_name(rng, card),
        number=_number(rng, card),
        bare=card.number,
        set=_set(rng, card),
        year=card.year,
        rarity=_rarity(rng, card),
        **words,
    )
    tidy = re.sub(r"( -)+(?= -|$)|\(\)", "", re.sub(r"\s+", " ", title).strip())
    return _cut(re.sub(r"\s+", " ", tidy).strip(" -"))


def _name(rng: Random, card: Card) -> str:
    return card.name if card.name.isascii() or rng.random() < 0.4 else _plain(card.name)  # noqa: PLR2004


def _plain(name: str) -> str:
    letters = (each for each in normalize("NFKD", name.replace("δ", "Delta Species")) if not combining(each))
    return "".join(letters)


def _number(rng: Random, card: Card) -> str:
    if not card.number.isdigit():
        return card.number
    kind = rng.random()
    if kind < 0.75:  # noqa: PLR2004 - three quarters write it as it is printed
        return f"{card.number}/{card.printed_total}"
    return f"{int(card.number):03}/{card.printed_total:03}" if kind < 0.85 else f"#{card.number}"  # noqa: PLR2004


def _set(rng: Random, card: Card) -> str:
    if card.set_code is not None and rng.random() < 0.05:  # noqa: PLR2004 - few know the codes
        return card.set_code
    return rng.choice(SET_NAMES.get(card.set_name, (card.set_name,)))


def _rarity(rng: Random, card: Card) -> str:
    holo = "Holo" if "Holo" in card.rarity else ""
    return rng.choice((card.rarity, holo, holo, "Holo Rare" if holo else "", ""))


def _with(title: str, flourish: str) -> str:
    longer = f"{title} {flourish}"
    return longer if len(longer) <= LONGEST else title


def _cut(title: str) -> str:
    return title if len(title) <= LONGEST else title[: LONGEST + 1].rpartition(" ")[0]
