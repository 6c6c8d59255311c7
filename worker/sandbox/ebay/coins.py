"""Listings of a few coins, made from the seed: raw and in slabs, sound and cleaned, rolls, replicas."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from worker.sandbox.ebay.listings import OLDEST_DAYS, SELLERS, Listing
from worker.sandbox.ebay.money import CENT

COINS_US = "253"
OF_EACH = 18


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin, and what it costs in VF, in dollars; ``names`` are what sellers call it."""

    year: int
    mark: str
    names: tuple[str, ...]
    denomination: str
    worth: Decimal


COINS = (
    Coin(1921, "S", ("Morgan Silver Dollar", "Morgan Dollar", "Morgan Silver Dollar $1"), "$1", Decimal(34)),
    Coin(1881, "CC", ("Morgan Silver Dollar", "Morgan Dollar"), "$1", Decimal(420)),
    Coin(1964, "D", ("Kennedy Half Dollar", "Kennedy Silver Half Dollar"), "50C", Decimal(12)),
    Coin(1942, "D", ("Mercury Dime", "Mercury Silver Dime"), "10C", Decimal(5)),
    Coin(1909, "S", ("Lincoln Wheat Cent VDB", "VDB Lincoln Cent"), "1C", Decimal(950)),
)
RAW = {"VG": Decimal("0.85"), "VF": Decimal(1), "XF": Decimal("1.15"), "AU": Decimal("1.4"), "BU": Decimal(2)}
"""Words of sellers for a raw coin's grade, and what it is worth beside one in VF."""
SLABS = {"MS63": Decimal("2.6"), "MS65": Decimal("4.5"), "AU58": Decimal("1.7")}
COIN_GRADERS = {
    "PCGS": "Professional Coin Grading Service (PCGS)",
    "NGC": "Numismatic Guaranty Company (NGC)",
}
JUNK = (
    ("{} Replica Copy", Decimal("0.15")),
    ("{} Cleaned", Decimal("0.6")),
    ("{} Holed", Decimal("0.4")),
    ("Roll of 20 {} BU", Decimal(22)),
    ("Lot of 5 {}", Decimal("4.6")),
    ("Gold Plated {}", Decimal("0.5")),
    ("{} XF Details Cleaned NGC", Decimal("0.8")),
)
TAILS = ("", "", " Free Shipping", " Nice Coin", " 90% Silver", " Old US Coin")


def make_coins(*, seed: int, now: datetime) -> tuple[Listing, ...]:
    """Make the listings of coins: the same each time for the same seed and moment."""
    dice = random.Random(f"coins {seed}")
    numbers = iter(range(196_000_000_000 + seed * 1000, 10**13))
    moment = now.replace(microsecond=0)
    return tuple(one for coin in COINS for one in _of_coin(coin, dice, numbers, moment))


def _of_coin(coin: Coin, dice: random.Random, numbers: Iterator[int], now: datetime) -> Iterator[Listing]:
    for _ in range(OF_EACH):
        raw = _raw(coin, dice, str(next(numbers)), now)
        yield dice.choices((raw, _slab(coin, raw, dice), _junk(coin, raw, dice)), (65, 15, 20))[0]


def _raw(coin: Coin, dice: random.Random, number: str, now: datetime) -> Listing:
    grade, factor = dice.choice(list(RAW.items()))
    return Listing(
        legacy_id=number,
        variation="0",
        title=f"{_called(coin, dice)} {grade}{dice.choice(TAILS)}",
        card={"aspects": {"Year": coin.year, "Mint Mark": coin.mark, "Denomination": coin.denomination}},
        currency="USD",
        country="US",
        price=_priced(coin.worth * factor, dice),
        seller=f"s_{dice.randint(1, SELLERS)}",
        created=now - timedelta(seconds=dice.randint(60, OLDEST_DAYS * 86_400)),
        condition_id=None,
        category=COINS_US,
        shipping=dice.choice((Decimal(0), Decimal("4.95"), None)),
        best_offer=dice.random() < 0.3,  # noqa: PLR2004
    )


def _called(coin: Coin, dice: random.Random) -> str:
    name = dice.choice(coin.names)
    return dice.choice(
        (
            f"{coin.year}-{coin.mark} {name}",
            f"{coin.year} {coin.mark} {name}",
            f"US {name} {coin.year}-{coin.mark}",
        )
    )


def _priced(worth: Decimal, dice: random.Random) -> Decimal:
    return (worth * Decimal(str(round(dice.lognormvariate(0.1, 0.15), 3)))).quantize(CENT)


def _slab(coin: Coin, raw: Listing, dice: random.Random) -> Listing:
    grader, (grade, factor) = dice.choice(list(COIN_GRADERS)), dice.choice(list(SLABS.items()))
    return replace(
        raw,
        title=f"{_called(coin, dice)} {grader} {grade}",
        price=_priced(coin.worth * factor, dice),
        condition_id="2750",
        descriptors=(
            ("Grader", COIN_GRADERS[grader]),
            ("Letter Grade", grade[:2]),
            ("Number Grade", grade[2:]),
        ),
    )


def _junk(coin: Coin, raw: Listing, dice: random.Random) -> Listing:
    form, factor = dice.choice(JUNK)
    return replace(raw, title=form.format(_called(coin, dice)), price=_priced(coin.worth * factor, dice))
