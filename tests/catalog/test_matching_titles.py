"""How often a title finds its print, measured on titles of which we know what they mean.

``titles/by_hand.tsv`` was written by hand, with every trap we know of; ``titles/making.py`` makes titles by
machine: from the templates that the matching was built with, and from others.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from tests.catalog import shelves
from tests.catalog.titles.making import HELD_OUT, TUNED, Family, Labelled, Titles
from worker.catalog.matching import Listing, resolve
from worker.db import Database

ORG = UUID("00000000-0000-0000-0000-000000000001")
PRECISION, RECALL = 0.99, 0.85
PAGE = 600


@dataclass(frozen=True, slots=True)
class Measured:
    """How titles fared: of what mapped, how much was right; of what should map, how much did."""

    precision: float
    recall: float
    wrong: tuple[str, ...]

    @property
    def good_enough(self) -> bool:
        return self.precision >= PRECISION and self.recall >= RECALL


async def measure(db: Database, catalogue: shelves.Catalogue, titles: Sequence[Labelled]) -> Measured:
    """Resolve titles against a catalogue, say the figures, and answer them."""
    cards = await shelves.fill(db, catalogue)
    found = list[str | None]()
    async with db.connection() as connection:
        for start in range(0, len(titles), PAGE):
            page = [Listing(title) for title, _ in titles[start : start + PAGE]]
            matches = await resolve(connection, ORG, page)
            found += [None if m.card_print_id is None else cards[m.card_print_id] for m in matches]
    measured = _measured(titles, found)
    sys.stdout.write(
        f"{len(titles)} titles, {len(cards)} prints:"
        f" precision {measured.precision:.4f}, recall {measured.recall:.4f}\n"
        + "".join(f"  {line}\n" for line in measured.wrong)
    )
    return measured


def _measured(titles: Sequence[Labelled], found: Sequence[str | None]) -> Measured:
    pairs = [(title, meant, got) for (title, meant), got in zip(titles, found, strict=True)]
    mapped = sum(got is not None for _, _, got in pairs)
    right = sum(got is not None and got == meant for _, meant, got in pairs)
    meant_at_all = sum(meant is not None for _, meant, _ in pairs)
    wrong = tuple(f"{title!r} means {meant}, not {got}" for title, meant, got in pairs if got != meant)
    return Measured(right / max(1, mapped), right / meant_at_all, wrong)


def by_hand() -> list[Labelled]:
    lines = (Path(__file__).parent / "titles" / "by_hand.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(title, None if card == "-" else card) for card, title in rows]


def test_the_titles_by_hand_are_many_and_mean_cards_that_are_there() -> None:
    known = shelves.sample().with_all(shelves.by_hand()).cards

    assert len(by_hand()) >= 400
    assert sum(card is None for _, card in by_hand()) >= 100
    assert [card for _, card in by_hand() if card is not None and card not in known] == []


async def test_titles_by_hand_find_their_prints(db: Database) -> None:
    measured = await measure(db, shelves.sample().with_all(shelves.by_hand()), by_hand())

    assert measured.good_enough, measured


@pytest.mark.parametrize(("family", "seed"), [(TUNED, 1), (HELD_OUT, 31337)], ids=["tuned", "held-out"])
async def test_titles_by_machine_find_their_prints(db: Database, family: Family, seed: int) -> None:
    catalogue = shelves.sample().with_all(shelves.by_hand())

    measured = await measure(db, catalogue, list(Titles(catalogue, family, seed).make(300, 100, 250)))

    assert measured.good_enough, measured


async def test_titles_find_their_prints_among_twenty_thousand_in_every_set_there_is(
    db: Database, shared_data: Path
) -> None:
    sets = shelves.of_dump(shared_data / "pokemon").sets.values()
    names = {card.name for card in shelves.sample().with_all(shelves.by_hand()).cards.values()}
    catalogue = shelves.made(sets, sorted(names), 118, seed=8)

    measured = await measure(db, catalogue, list(Titles(catalogue, HELD_OUT, 4711).make(500, 150, 400)))

    assert len(catalogue.cards) >= 20_000
    assert measured.good_enough, measured


async def test_titles_find_their_prints_in_whole_real_sets(db: Database, shared_data: Path) -> None:
    catalogue = shelves.of_dump(shared_data / "pokemon")

    measured = await measure(db, catalogue, list(Titles(catalogue, HELD_OUT, 2718).make(300, 100, 250)))

    assert measured.good_enough, measured
