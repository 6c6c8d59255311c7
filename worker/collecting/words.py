"""The words by which a card is looked for: as a careful seller writes it, and no more than may be asked."""

import re

from worker.pricing.folding import fold

LONGEST = 100
MEANS_SOMETHING = re.compile(r"[^A-Za-z0-9/'&. -]+")
"""What a search takes for more than a word (a quote, a bracket, a star), or knows in no title."""


def words_for(name: str, number: str, set_name: str | None, printed_total: int | None) -> str:
    """Name, number with the total beside it, and where there is no total the set; at most 100 characters."""
    if number.isdigit() and printed_total:
        return _fitting(name, f"{int(number)}/{printed_total}")
    return _fitting(name, number, set_name or "")


def plain_words(text: str) -> str:
    """A text as words that a search takes for nothing else: a dash before a word would exclude it."""
    known = MEANS_SOMETHING.sub(" ", fold(text))
    return " ".join(word for one in known.split() if (word := one.lstrip("-").rstrip("-.,")))


def _fitting(name: str, number: str, more: str = "") -> str:
    kept = plain_words(number)
    room = LONGEST - len(kept) - 1
    named = _cut(plain_words(name), room)
    after = _cut(plain_words(more), room - len(named) - 1)
    return " ".join(part for part in (named, kept, after) if part)


def _cut(words: str, room: int) -> str:
    """As many whole words as there is room for."""
    if len(words) <= room:
        return words
    return words[: max(0, room) + 1].rpartition(" ")[0]
