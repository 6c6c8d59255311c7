"""Titles made by machine from real cards' names and numbers, each with what it says.

A title is put together from pieces, and every piece brings its own labels; so nothing is labelled by the code
that is tested. ``generated.tsv`` holds the first thousand of seed 1. As a script it writes that file::

    python -m tests.pricing.titles.making
"""

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.catalog import shelves

COLUMNS = ("title", "condition", "grader", "grade", "language", "variant", "quantity", "number", "left_out")
NOTHING = "-"
BLANK: Mapping[str, str] = dict.fromkeys(COLUMNS, NOTHING) | {"language": "en", "quantity": "1"}
GENERATED, IN_FILE, SEED = Path(__file__).with_name("generated.tsv"), 1000, 1

CONDITIONS = {
    "NM": (
        "NM",
        "Near Mint",
        "near mint",
        "NM/M",
        "Mint",
        "NM-MT",
        "(NM)",
        "Near Mint or better",
        "PACK FRESH",
    ),
    "LP": (
        "LP",
        "Lightly Played",
        "light play",
        "NM/LP",
        "LP+",
        "EX-NM",
        "Excellent condition",
        "lightly played",
    ),
    "MP": ("MP", "Moderately Played", "LP/MP", "VG", "moderate play", "played", "VG/EX", "good condition"),
    "HP": ("HP", "Heavily Played", "heavy play", "MP-HP", "poor condition", "well played"),
    "DMG": ("Damaged", "DMG", "creased", "small crease", "water damage", "bent corner", "HP/DMG", "torn"),
    NOTHING: ("", "", "see photos", "great card!", "nice", "wow", "look!", "clean back"),
}
VARIANTS = {
    "holofoil": ("Holo", "Holo Rare", "Rare Holo", "holofoil", "Holographic"),
    "reverse_holofoil": ("Reverse Holo", "Rev Holo", "reverse foil", "Reverse Holofoil"),
    "first_edition": ("1st Edition", "1st Ed", "First Edition", "1ST ED."),
    "first_edition_holofoil": ("1st Edition Holo", "Holo 1st Ed."),
    "unlimited": ("Unlimited", "UNL"),
    "unlimited_holofoil": ("Unlimited Holo", "Holo Unlimited"),
    "shadowless": ("Shadowless",),
    "normal": ("Non-Holo", "non holo"),
    NOTHING: ("", "", "", "", "Rare", "Common", "Uncommon"),
}
GRADE_WORDS = {
    "10": "GEM MINT",
    "9": "MINT",
    "8": "NM-MT",
    "7": "NM",
    "6": "EX-MT",
    "5": "EX",
    "9.5": "Gem Mint",
}
GRADERS = {"PSA": "PSA", "BGS": "BGS", "Beckett": "BGS", "CGC": "CGC", "SGC": "SGC"}
NO_SLABS = (
    "PSA ready", "PSA 10?", "not graded", "ungraded", "PSA candidate", "potential PSA 10", "PSA 9 contender",
    "ready for grading", "raw", "PSA worthy", "not PSA",
)  # fmt: skip
LANGUAGES = {
    "ja": ("Japanese", "JPN", "JP", "\u65e5\u672c\u8a9e", "\U0001f1ef\U0001f1f5"),
    "de": ("German", "Deutsch", "(DE)"),
    "fr": ("French", "Fran\u00e7ais", "(FR)"),
    "it": ("Italian", "Italiano"),
    "es": ("Spanish", "Espa\u00f1ol"),
    "ko": ("Korean", "\ud55c\uad6d"),
    "zh": ("Chinese", "Simplified Chinese"),
    "pt": ("Portuguese",),
}
JUNK = (
    "proxy", "Custom Orica", "fan made", "replica", "gold plated metal", "PTCGL code", "jumbo oversized",
    "reprint",
    "ACEO art card", "digital code", "keychain", "sticker", "fake", "fan art", "not real", "novelty",
)  # fmt: skip
SEVERAL = {
    "4": ("x4", "4x", "playset", "(4)", "qty 4"),
    "2": ("x2", "2x", "lot of 2"),
    "25": ("lot of 25", "25 cards", "25 card lot"),
    NOTHING: ("bundle", "lot", "complete set"),
}
CHOICES = (
    "choose your card",
    "you pick",
    "Pick Your Card!",
    "U Pick",
    "select your card",
    "booster box",
    "sealed",
)
OTHERS = ("signed", "misprint", "prerelease", "error card", "staff stamp", "miscut")
NOISE = (
    "",
    "",
    "",
    "Pokemon",
    "Pok\u00e9mon TCG",
    "WOTC",
    "free shipping",
    "\U0001f525",
    "Vintage",
    "TCG Card",
)
MANNERS: tuple[Callable[[str], str], ...] = (
    str, str, str, str, str.upper, str.lower, lambda title: f"\u2b50 {title} \u2b50",
    lambda title: f"{title}!!",
    lambda title: title.replace(" ", "  ", 1),
)  # fmt: skip


class Labelled(NamedTuple):
    """A title, and what it says by the names of ``COLUMNS``."""

    title: str
    labels: Mapping[str, str]


class Titles:
    """Makes titles; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        catalogue = shelves.sample().with_all(shelves.by_hand())
        self._drawn = random.Random(seed)
        self._sets = catalogue.sets
        # A card whose name ends like a condition or a count is for those who write titles by hand.
        self._cards = [
            card for card in catalogue.cards.values() if card.number.isdigit() and "EX" not in card.name
        ]

    def __iter__(self) -> Iterator[Labelled]:
        kinds = [*[self._raw] * 11, *[self._slab] * 4, self._no_slab, self._foreign, self._junk]
        kinds += [self._several, self._choice, self._other]
        while True:
            yield self._drawn.choice(kinds)()

    def _raw(self, **more: str) -> Labelled:
        condition, said = self._said(CONDITIONS)
        variant, printed = self._said(VARIANTS)
        return self._titled([printed, said], condition=condition, variant=variant, **more)

    def _slab(self) -> Labelled:
        said, grader = self._drawn.choice(list(GRADERS.items()))
        grade = self._drawn.choice(list(GRADE_WORDS))
        word = GRADE_WORDS[grade]
        slab = self._drawn.choice(
            [f"{said} {grade}", f"{said} {grade} {word}", f"{said} {word} {grade}", f"{said}{grade}"]
        )
        return self._titled([slab, self._drawn.choice(NOISE)], grader=grader, grade=grade, left_out="graded")

    def _no_slab(self) -> Labelled:
        condition, said = self._said(CONDITIONS)
        return self._titled([said, self._drawn.choice(NO_SLABS)], condition=condition)

    def _foreign(self) -> Labelled:
        language, spoken = self._said(LANGUAGES)
        condition, said = self._said(CONDITIONS)
        return self._titled([spoken, said], language=language, condition=condition, left_out="other_language")

    def _junk(self) -> Labelled:
        return self._titled([self._drawn.choice(JUNK), self._drawn.choice(NOISE)], left_out="junk")

    def _several(self) -> Labelled:
        quantity, said = self._said(SEVERAL)
        condition, worded = self._said(CONDITIONS)
        return self._titled([said, worded], quantity=quantity, condition=condition, left_out="not_a_single")

    def _choice(self) -> Labelled:
        return self._titled([self._drawn.choice(CHOICES), "NM"], condition="NM", left_out="not_a_single")

    def _other(self) -> Labelled:
        condition, said = self._said(CONDITIONS)
        return self._titled([self._drawn.choice(OTHERS), said], condition=condition, left_out="other_variant")

    def _said(self, pieces: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
        label = self._drawn.choice(list(pieces))
        return label, self._drawn.choice(pieces[label])

    def _titled(self, pieces: list[str], **labels: str) -> Labelled:
        """Put a card and these pieces together; what surely belongs together stays so."""
        drawn, card = self._drawn, self._drawn.choice(self._cards)
        facts = self._sets[card.set_id]
        number, written = (
            f"{card.number}/{facts.printed_total}",
            drawn.choice(["{}", "{}", "{}", "({})", "#{}"]),
        )
        who = (
            [card.name, written.format(number)]
            if drawn.random() < 0.9
            else [written.format(number), card.name]
        )
        where = drawn.choice([facts.name, facts.name, f"{facts.year} {facts.name}", ""])
        parts = [" ".join(who), *pieces, where, drawn.choice(NOISE)]
        if drawn.random() < 0.5:
            drawn.shuffle(parts)
        title = drawn.choice(MANNERS)(drawn.choice([" ", " ", " - ", ", "]).join(filter(None, parts)))
        return Labelled(title, {**BLANK, "title": title, "number": number, **labels})


def read(path: Path) -> list[Labelled]:
    """The titles of a file: a head of ``COLUMNS``, and a line each, but for those after "# "."""
    lines = [line for line in path.read_text("utf-8").split("\n") if line and not line.startswith("# ")]
    head, *rows = (line.split("\t") for line in lines)
    assert tuple(head) == COLUMNS, f"{path} has the columns {head}"
    return [Labelled(row[0], dict(zip(COLUMNS, row, strict=True))) for row in rows]


def generated() -> str:
    """The text of ``generated.tsv``."""
    made = zip(range(IN_FILE), Titles(SEED), strict=False)
    lines = ["\t".join(labelled.labels[column] for column in COLUMNS) for _, labelled in made]
    told = "# Made by making.py from real cards' names and numbers; the words around them are its own."
    return "\n".join([told, "\t".join(COLUMNS), *lines, ""])


if __name__ == "__main__":
    GENERATED.write_text(generated(), "utf-8")
