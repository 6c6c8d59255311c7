"""What the title of a listing says of the thing that is sold: the one reading that prices are made of.

The reading knows no catalogue. It is exact about what it does not know: a condition that nobody names is
None, and so is the number of cards in "a lot".
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from worker.pricing.card_lexicon import card_lexicon
from worker.pricing.card_listing import depends_on_title, read_card
from worker.pricing.card_numbers import FRACTION, number_in, spaced_numbers, total_of
from worker.pricing.coin_lexicon import coin_lexicon
from worker.pricing.coin_listing import read_coin
from worker.pricing.lexicon import Findings
from worker.pricing.listing_reading import Game, LeftOut, ListingReading
from worker.pricing.signs import PAIR, PLAIN
from worker.pricing.spelling import MOST_REMEMBERED, spell, tokens_of

__all__ = ["Game", "LeftOut", "ListingReading", "read_listing"]

SAYS_LITTLE = 2
"""A word of so few letters ("ex", "V") is part of a name only where all of the name stands."""


class _Together(dict[tuple[str, ...], ListingReading | None]):
    """Phrases that stood in one title, and what they mean together but for its number.

    None where that depends on the title. So the same words in another title are weighed only once.
    """

    def __missing__(self, found: tuple[str, ...]) -> ListingReading | None:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        said = card_lexicon().said(found)
        self[found] = read = None if depends_on_title(said) else read_card("", "", said, None, None)
        return read


_TOGETHER = _Together()


def read_listing(
    title: str, name: str | None = None, number: str | None = None, *, game: Game | None = None
) -> ListingReading:
    """Read a listing's title; nothing in it is an error.

    ``name`` and ``number`` are those of the card that is looked for, where they are known: the words of its
    name are no junk, and a title with another number is ``other_card``. ``game`` says whether it is a card or
    a coin; None lets the title say.
    """
    if game == "coin":
        return _read_coin(title)
    lexicon = card_lexicon()
    text = lexicon.text(tokens_of(title))
    if name:
        text = _without_name(spell(title), text, name)
    found = tuple(lexicon.find(text))
    own = number_in(title, text, _spaced_numbers())
    read = _TOGETHER[found]
    if read is not None and number is None and text.count(PAIR) <= 1:
        return ListingReading(*read[:6], own, *read[7:])
    said = lexicon.said(found)
    if game is None and "coin" in said and _is_coin(said, own):
        return _read_coin(title)
    return read_card(title, text, said, own, number)


def _read_coin(title: str) -> ListingReading:
    lexicon = coin_lexicon()
    text = lexicon.text(tokens_of(title))
    return read_coin(title, text, lexicon.said(lexicon.find(text)))


def _is_coin(said: Findings, number: str | None) -> bool:
    """Tell whether the words of coins mean one: nothing speaks of a card; "1/4 oz" does not."""
    of_cards = "pokemon" in said or "variant" in said or "slab" in said
    return not of_cards and (number is None or ("/" in number and total_of(number) <= FRACTION))


def _without_name(words: Sequence[str], text: str, name: str) -> str:
    """Take a card's own name out of a title's signs."""
    own = _name_words(name)
    runs = [at for at in range(len(words) - len(own) + 1) if tuple(words[at : at + len(own)]) == own]
    if own and runs:
        for at in runs:
            text = text[:at] + PLAIN * len(own) + text[at + len(own) :]
        return text
    loose = {word for word in own if len(word) > SAYS_LITTLE}
    return "".join(PLAIN if word in loose else sign for word, sign in zip(words, text, strict=True))


@lru_cache(maxsize=32_768)
def _name_words(name: str) -> tuple[str, ...]:
    return tuple(spell(name))


@lru_cache(maxsize=1)
def _spaced_numbers() -> re.Pattern[str]:
    return spaced_numbers(card_lexicon().signs)
