"""What kinds of coins there are: denominations, series and mints, by the words that sellers have for them.

Words are those of ``coin_words``: small, letters and figures apart, so that "50c" is "50 c" here.
"""

import re

from worker.pricing.folding import fold
from worker.pricing.phrases import Phrases

LONGEST_TEXT = 500
"""eBay's titles are 80 characters at most; of anything longer the rest is not read."""

DENOMINATIONS = {
    "half cent": "half cent | half cents",
    "cent": "cent | cents | 1 c | one cent | penny | pennies | large cent",
    "two cents": "two cent | two cents | 2 c | 2 cent | 2 cents",
    "three cents": "three cent | three cents | 3 c | 3 cent | 3 cents | trime",
    "nickel": "nickel | nickels | 5 c | 5 cent | 5 cents | five cent | five cents",
    "half dime": "half dime | half dimes",
    "dime": "dime | dimes | 10 c | 10 cent | 10 cents | ten cent | ten cents",
    "twenty cents": "twenty cent | twenty cents | 20 c | 20 cent | 20 cents",
    "quarter": "quarter | quarters | quarter dollar | 25 c | 25 cent | 25 cents | twenty five cents",
    "half dollar": """half dollar | half dollars | half | halves | 50 c | 50 cent | 50 cents | fifty cent |
                      fifty cents | 1 / 2 dollar""",
    "dollar": "dollar | dollars | $ 1 | 1 $ | one dollar | silver eagle | silver eagles | 1 dollar",
    "quarter eagle": "quarter eagle | $ 2.5 | $ 2.50 | $ 2 1 / 2 | 2.5 dollars | 2.50 dollars",
    "three dollars": "three dollar | three dollars | $ 3",
    "half eagle": "half eagle | $ 5 | five dollar | five dollars | 5 dollar | 5 dollars",
    "eagle": "eagle | gold eagle | $ 10 | ten dollar | ten dollars | 10 dollar | 10 dollars",
    "double eagle": "double eagle | $ 20 | twenty dollar | twenty dollars | 20 dollar | 20 dollars",
}
EAGLES_ON_COINS = "small eagle | large eagle | heraldic eagle | american eagle | bald eagle"
SERIES = {
    "morgan": ("morgan | morgans", "dollar"),
    "peace": ("peace", "dollar"),
    "trade": ("trade dollar", "dollar"),
    "eisenhower": ("eisenhower | ike", "dollar"),
    "anthony": ("susan b anthony | anthony | sba", "dollar"),
    "sacagawea": ("sacagawea", "dollar"),
    "silver eagle": ("silver eagle | silver eagles", "dollar"),
    "kennedy": ("kennedy | jfk", "half dollar"),
    "franklin": ("franklin", "half dollar"),
    "walking liberty": ("walking liberty | walker", "half dollar"),
    "standing liberty": ("standing liberty", "quarter"),
    "washington": ("washington", "quarter"),
    "mercury": ("mercury", "dime"),
    "roosevelt": ("roosevelt", "dime"),
    "buffalo": ("buffalo", "nickel"),
    "jefferson": ("jefferson", "nickel"),
    "lincoln": ("lincoln | wheat | wheatie | vdb", "cent"),
    "flying eagle": ("flying eagle", "cent"),
    "indian head": ("indian head", None),
    "barber": ("barber", None),
    "seated liberty": ("seated liberty | liberty seated", None),
    "draped bust": ("draped bust", None),
    "capped bust": ("capped bust", None),
    "saint gaudens": ("saint gaudens | st gaudens", None),
}
"""A series, its names, and its denomination where it has but one."""
MARKS = frozenset({"P", "D", "S", "O", "CC", "W", "C"})
CITIES = {
    "philadelphia": "P",
    "denver": "D",
    "san francisco": "S",
    "new orleans": "O",
    "carson city": "CC",
    "west point": "W",
    "charlotte": "C",
    "dahlonega": "D",
}

_PLAIN = (
    (re.compile(r"\bv\.?\s?d\.?\s?b\b\.?", re.IGNORECASE), "VDB"),
    (re.compile(r"\bu\.?\s?s\.?(?:\s?a\b\.?)?(?![a-z])", re.IGNORECASE), "US"),
    (re.compile(r"'s\b|'", re.IGNORECASE), ""),
)
_WORD = re.compile(r"[A-Za-z]+|\d+(?:\.\d+)?|[$/+?]")


def coin_words(text: str) -> list[str]:
    """The words of a title, as they are written: letters and figures apart ("1921S" is "1921", "S")."""
    folded = fold(shortened(text))
    for pattern, plain in _PLAIN:
        folded = pattern.sub(plain, folded)
    return _WORD.findall(folded)


def shortened(text: str) -> str:
    """As much of a text as is read: whole words."""
    return (
        text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT].rpartition(" ")[0] or text[:LONGEST_TEXT]
    )


def _phrases(said: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in said.split("|")]


_DENOMINATIONS: Phrases[str | None] = Phrases(
    [
        *((phrase, name) for name, said in DENOMINATIONS.items() for phrase in _phrases(said)),
        *((phrase, None) for phrase in _phrases(EAGLES_ON_COINS)),
        ("flying eagle", "cent"),
    ]
)
_SERIES: Phrases[str] = Phrases(
    [(phrase, name) for name, (said, _) in SERIES.items() for phrase in _phrases(said)]
)
_CITIES: Phrases[str] = Phrases(list(CITIES.items()))


def named_in(small: list[str]) -> frozenset[str]:
    """The denominations that small words name."""
    return frozenset(found.meaning for found in _DENOMINATIONS.find(small) if found.meaning is not None)


def denominations_in(small: list[str]) -> frozenset[str]:
    """The denominations that small words name; those of their series where they name none."""
    if named := named_in(small):
        return named
    of_series = {SERIES[series][1] for series in series_in(small)}
    return frozenset(name for name in of_series if name is not None)


def series_in(small: list[str]) -> frozenset[str]:
    """The series that small words name."""
    return frozenset(found.meaning for found in _SERIES.find(small))


def cities_in(small: list[str]) -> frozenset[str]:
    """The mint marks of the cities that small words name."""
    return frozenset(found.meaning for found in _CITIES.find(small))
