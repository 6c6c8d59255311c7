"""Titles made by machine from a catalogue, each with the print that it means, or None.

Two families of templates: the matching was built with ``TUNED``; ``HELD_OUT`` shares neither templates nor
noise with it, and was looked at once: two mends came of that.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.catalog.shelves import CardFacts, Catalogue, SetFacts

Labelled = tuple[str, str | None]
SPOKEN_SETS = {"Base": "Base Set", "HS—Unleashed": "HS Unleashed", "HS—Triumphant": "HS Triumphant"}


@dataclass(frozen=True, slots=True)
class Family:
    """Templates by what is to come of them, and the noise that goes into their ``{x}``."""

    meant: Sequence[str]
    by_total: Sequence[str]
    nothing: Sequence[str]
    noise: Sequence[str]
    manners: Sequence[Callable[[str], str]]


TUNED = Family(
    meant=(
        "{name} {number}/{total} {set} {x} {x}",
        "{set} {name} {number}/{total} {x}",
        "Pokemon {name} {number}/{total} {series} {set} {x}",
        "PSA {grade} {name} {number}/{total} {set} {x}",
        "{year} Pokemon {set} {name} #{number} {x}",
        "{name} - {number}/{total} - {set} - {x}",
        "{x} {name} {hp} HP {number} / {total} {set}",
    ),
    by_total=("{name} {number}/{total} {x}", "Pokemon Card {name} {x} {number}/{total}"),
    nothing=(
        "{name} #{number} {x}",
        "{name} {number}/{wrong} {set} {x}",
        "Japanese {name} {number}/{total} {set} {x}",
        "{name} {number}/{total} {set} proxy {x}",
        "{name} {number}/{total} {set} x4 {x}",
        "{name} {number}/{total} {set} & {other} {x}",
        "{other} {number}/{total} {set} {x}",
        "{name} {number}/{total} {otherset} {x}",
        "Lot of 10 {set} cards {name} {number}/{total}",
        "{name} {set} {x}",
    ),
    noise=(
        "NM",
        "Holo",
        "Near Mint",
        "LP",
        "Rare",
        "Reverse Holo",
        "Pack Fresh",
        "free shipping",
        "TCG",
        "English",
        "",
    ),
    manners=(
        str,
        str,
        str.lower,
        str.upper,
        lambda title: f"🔥{title}🔥",
        lambda title: title.replace("é", "&eacute;"),
    ),
)
HELD_OUT = Family(
    meant=(
        "{x} {name} ({number}/{total}) [{set}] {x}",
        "{name} no. {number} {set} pokemon card {x}",
        "CGC {grade} {year} {set} {name} {number}/{total}",
        "★ {name} ★ {set} ★ {number}/{total} ★ {x}",
        "{number}/{total} {name} {set} {x}",
        "{set} - {padded}/{total} - {name} - {x}",
        "{name}, {set}, {x}, {number}/{total}",
        "BGS {grade} GEM MINT {name} {set} {number}/{total} subs 9.5/9.5/10/9",
    ),
    by_total=(
        "{name}: {number}/{total} {x}",
        "{x} {name} ~ {padded}/{total}",
        "{grade} SGC {name} {number}/{total}",
    ),
    nothing=(
        "{name} number {number} {x} trading card",
        "{set} {name} {number}/{wrong}",
        "{name} {number}/{total} {set} Korean",
        "replica {name} {number}/{total} {set}",
        "2x {name} {number}/{total} {set}",
        "{name} {number}/{total} + {other} {x} {set}",
        "{set} {other} {number}/{total}",
        "{otherset}: {name} {number}/{total}",
        "choose your card {set} {name} {number}/{total} etc",
        "{set} booster box {name}",
        "{name} holo from {set}, {x}",
    ),
    noise=(
        "moderately played",
        "ungraded",
        "see photos",
        "MINT!!",
        "WOTC era",
        "clean back",
        "HP",
        "w/ toploader",
        "",
        "",
    ),
    manners=(
        str,
        str.lower,
        lambda t: t.replace(" ", "  "),
        lambda t: t.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"),
        lambda t: f"⚡ {t} ⚡",
    ),
)


class Titles:
    """Makes titles of one family over a catalogue; the same seed makes the same."""

    def __init__(self, catalogue: Catalogue, family: Family, seed: int) -> None:
        self._catalogue = catalogue
        self._family = family
        self._drawn = random.Random(seed)
        self._cards = [card for card in catalogue.cards.values() if card.number.isdigit()]
        self._in_set = Counter((card.set_id, card.name, card.number) for card in self._cards)
        self._alike = Counter(self._print_key(card) for card in self._cards)
        self._names = sorted(
            {card.name for card in self._cards if card.name.isalpha() and card.supertype == "Pokémon"}
        )

    def make(self, meant: int, by_total: int, nothing: int) -> Iterator[Labelled]:
        """So many of each kind."""
        for templates, count, means in (
            (self._family.meant, meant, self._itself),
            (self._family.by_total, by_total, self._if_alone),
            (self._family.nothing, nothing, lambda _: None),
        ):
            for _ in range(count):
                card = self._drawn.choice(self._cards)
                yield self._title(card, self._drawn.choice(templates)), means(card)

    def _itself(self, card: CardFacts) -> str | None:
        same = [
            c for c in self._cards if (c.set_id, c.name, c.number) == (card.set_id, card.name, card.number)
        ]
        return card.id if len(same) == 1 else None

    def _if_alone(self, card: CardFacts) -> str | None:
        return card.id if self._alike[self._print_key(card)] == 1 else None

    def _print_key(self, card: CardFacts) -> tuple[str, str, int]:
        return card.name.lower(), card.number, self._catalogue.sets[card.set_id].printed_total

    def _title(self, card: CardFacts, template: str) -> str:
        facts, drawn = self._catalogue.sets[card.set_id], self._drawn
        title = template.format(**self._words(card, facts))
        while "{x}" in title:
            title = title.replace("{x}", drawn.choice(self._family.noise), 1)
        return drawn.choice(self._family.manners)(title)

    def _words(self, card: CardFacts, facts: SetFacts) -> Mapping[str, object]:
        drawn, name = self._drawn, SPOKEN_SETS.get(facts.name, facts.name)
        return {
            "x": "{x}",
            "name": card.name,
            "number": card.number,
            "padded": card.number.zfill(3),
            "total": facts.printed_total,
            "wrong": self._wrong_total(facts),
            "set": name,
            "series": "" if facts.series in {"Other", facts.name} else facts.series,
            "year": facts.year,
            "grade": drawn.choice((7, 8, 9, 10)),
            "hp": drawn.choice((40, 60, 120)),
            "other": drawn.choice([one for one in self._names if one not in card.name]),
            "otherset": self._other_set(facts),
        }

    def _wrong_total(self, facts: SetFacts) -> int:
        return facts.printed_total + self._drawn.choice((1, 2, 3, 7))

    def _other_set(self, facts: SetFacts) -> str:
        others = [
            one.name
            for one in self._catalogue.sets.values()
            if one.series != facts.series
            and one.printed_total != facts.printed_total
            and one.name not in {"Base", one.series}
            and len(one.name.split()) > 1
        ]
        return self._drawn.choice(others)
