"""One spelling for each rarity, whoever writes it: ``DoubleRare``, ``Double rare`` -> ``Double Rare``."""

import re
from dataclasses import dataclass
from functools import lru_cache

# As printed by the Pokémon TCG API's /rarities and, from "Black White Rare" on, by the sets after it and by
# TCGdex. Two names may mean much the same in two eras ("Rare Ultra", "Ultra Rare"): the source tells them
# apart, so we do.
KNOWN = (
    "ACE SPEC Rare",
    "Amazing Rare",
    "Classic Collection",
    "Common",
    "Double Rare",
    "Hyper Rare",
    "Illustration Rare",
    "LEGEND",
    "Promo",
    "Radiant Rare",
    "Rare",
    "Rare ACE",
    "Rare BREAK",
    "Rare Holo",
    "Rare Holo EX",
    "Rare Holo GX",
    "Rare Holo LV.X",
    "Rare Holo Star",
    "Rare Holo V",
    "Rare Holo VMAX",
    "Rare Holo VSTAR",
    "Rare Prime",
    "Rare Prism Star",
    "Rare Rainbow",
    "Rare Secret",
    "Rare Shining",
    "Rare Shiny",
    "Rare Shiny GX",
    "Rare Shiny V",
    "Rare Shiny VMAX",
    "Rare Ultra",
    "Shiny Rare",
    "Shiny Ultra Rare",
    "Special Illustration Rare",
    "Trainer Gallery Rare Holo",
    "Ultra Rare",
    "Uncommon",
    "Black White Rare",
    "Mega Hyper Rare",
    "Mega Attack Rare",
    "Full Art Trainer",
    "One Diamond",
    "Two Diamond",
    "Three Diamond",
    "Four Diamond",
    "One Star",
    "Two Star",
    "Three Star",
    "One Shiny",
    "Two Shiny",
    "Crown",
)
# TCGdex puts the words of these in another order.
ALIASES = {
    "Holo Rare": "Rare Holo",
    "Holo Rare V": "Rare Holo V",
    "Holo Rare VMAX": "Rare Holo VMAX",
    "Holo Rare VSTAR": "Rare Holo VSTAR",
    "Holo Rare LV.X": "Rare Holo LV.X",
    "Secret Rare": "Rare Secret",
    "Shiny Rare V": "Rare Shiny V",
    "Shiny Rare VMAX": "Rare Shiny VMAX",
}
NO_RARITY = "none"  # TCGdex says "None" of a card that shows no rarity.
LONGEST_RARITY = 80

WORD_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])|[\s_-]+")


@dataclass(frozen=True, slots=True)
class Rarity:
    """A rarity in our spelling; ``note`` is a sentence where the source's was unusual."""

    name: str | None
    note: str | None = None


@lru_cache(maxsize=1024)
def read_rarity(text: str) -> Rarity:
    """Find our spelling of a rarity; an unknown one is kept, its words apart and capitalised."""
    if len(text) > LONGEST_RARITY:
        return Rarity(None, f"the rarity is longer than {LONGEST_RARITY} characters and was left out")
    key = _key(text)
    if not key or key == NO_RARITY:
        return Rarity(None, "the rarity is missing: check it against the printed card")
    if (name := SPELLINGS.get(key)) is None:
        name = _in_words(text)
        return Rarity(
            name, f'the rarity "{text}" is not a known one and was kept as "{name}": check its spelling'
        )
    if text.casefold() in USUAL:
        return Rarity(name)
    return Rarity(name, f'the rarity "{text}" was read as "{name}"')


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _in_words(text: str) -> str:
    words = WORD_BORDER.sub(" ", text).split()
    return " ".join(word if any(map(str.isupper, word)) else word[:1].upper() + word[1:] for word in words)


SPELLINGS = {_key(name): name for name in KNOWN} | {_key(alias): name for alias, name in ALIASES.items()}
USUAL = frozenset(name.casefold() for name in (*KNOWN, *ALIASES))
