"""Which print a line item is: by its verified SKU, by an external mapping, or by what its title says."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import UUID

from worker.catalog.judging import Claim, Shelf, Verdict, hold, judge
from worker.catalog.questions import Keys, Question, question
from worker.catalog.weighing import Print, Weighed, names_of
from worker.db import Connection, Record, statements
from worker.errors import UserError
from worker.pricing.set_names import CardSet, SetNames
from worker.pricing.titles import read_title

SQL = statements(Path(__file__).with_name("matching.sql"))
MOST_CANDIDATES = 5
CERTAIN = Decimal("1.000")

How = Literal["sku", "external", "title"]


@dataclass(frozen=True, slots=True)
class Listing:
    """A line item, as far as it tells which card it is; ``external_id``: an item id, or ``epid:`` and one."""

    title: str
    sku: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A print that a listing may be, for whoever looks at what did not map."""

    card_print_id: int
    source_card_id: str
    score: Decimal


@dataclass(frozen=True, slots=True)
class Match:
    """What a listing was found to be.

    ``score`` is of 0 to 1, in thousandths. ``candidates`` are kept for review where it did not map, at most
    five, the best first. ``why`` is a stable code, of those in docs/mapping.md. ``variant`` is the printing,
    where a verified SKU tells it.
    """

    card_print_id: int | None
    how: How | None
    score: Decimal
    candidates: tuple[Candidate, ...]
    why: str
    variant: str | None = None


class Page(NamedTuple):
    """What the titles of a page ask, and all that the catalogue has to answer them."""

    asked: dict[str, Question]
    shelf: Shelf
    names: SetNames
    species: set[str]

    def judge(self, title: str, claim: Claim | None) -> Match:
        """What a title means, or whether it lets a claim stand."""
        asked = self.asked[title]
        if claim is None:
            return _match(judge(asked, self.shelf, self.names, self.species), "title")
        return _match(hold(claim, asked, self.shelf, self.names, self.species), "external")


async def resolve(
    connection: Connection, org_id: UUID, listings: Sequence[Listing], *, platform: str = "ebay"
) -> list[Match]:
    """Find the print of each listing, in their order; three statements, however many there are.

    Writes nothing. A listing maps by its title only with a score above 0.9 and without a doubt, and by an
    external mapping only where its title does not speak against it.
    """
    by_sku, claims = await _mapped(connection, org_id, listings, platform)
    titles = sorted({one.title for place, one in enumerate(listings) if place not in by_sku})
    page = await _page(connection, titles)
    return [
        by_sku.get(place) or page.judge(one.title, claims.get(place)) for place, one in enumerate(listings)
    ]


async def remember(
    connection: Connection,
    org_id: UUID,
    platform: str,
    sku: str,
    card_print_id: int,
    *,
    verified: bool,
    source: Literal["manual", "auto", "csv"],
    score: Decimal | None = None,
    variant: str | None = None,
) -> bool:
    """Keep which print an org's SKU means; answers False where a verified one stands and this is none.

    A SKU is known without regard to case and to blanks around it. Raises ``UserError`` where nothing is left.
    """
    if not (kept := sku.strip()):
        raise UserError("a SKU to remember must have a character at least")
    told = (card_print_id, variant, verified, source, score)
    answer = await connection.execute(SQL["remember"], org_id, platform, kept, *told)
    return answer.endswith("1")


async def _mapped(
    connection: Connection, org_id: UUID, listings: Sequence[Listing], platform: str
) -> tuple[dict[int, Match], dict[int, Claim]]:
    """What verified SKUs say, and what else is claimed, by the places of the listings."""
    asked = [(place, one) for place, one in enumerate(listings) if one.sku or one.external_id]
    if not asked:
        return {}, {}
    skus = [one.sku.strip() if one.sku else None for _, one in asked]
    rows = await connection.fetch(
        SQL["mapped"], org_id, platform, skus, [one.external_id for _, one in asked]
    )
    by_place = {asked[row["place"] - 1][0]: row for row in rows}
    return (
        {place: _certain(row) for place, row in by_place.items() if row["by_sku"]},
        {place: _claim(row) for place, row in by_place.items() if not row["by_sku"]},
    )


def _certain(row: Record) -> Match:
    return Match(row["id"], "sku", CERTAIN, (), "mapped", row["variant"])


def _claim(row: Record) -> Claim:
    return Claim(Print(*tuple(row)[:7]), made=row["made"])


async def _page(connection: Connection, titles: Sequence[str]) -> Page:
    if not titles:
        return Page({}, Shelf(()), names_of(()), set())
    names = names_of(tuple(CardSet(*row) for row in await connection.fetch(SQL["sets"])))
    asked, keys = {title: question(read_title(title), names) for title in titles}, Keys()
    for one in asked.values():
        keys.add(one, names)
    rows = await connection.fetch(SQL["candidates"], *keys.columns())
    species = {row["word"] for row in rows if row["word"] is not None}
    shelf = Shelf({row["id"]: Print(*tuple(row)[:7]) for row in rows if row["word"] is None}.values())
    return Page(asked, shelf, names, species)


def _match(verdict: Verdict, how: How) -> Match:
    score = _score(verdict.ranked[0]) if verdict.ranked else Decimal("0.000")
    if verdict.mapped:
        certain = CERTAIN if how == "external" else score
        return Match(verdict.ranked[0].print.id, how, certain, (), verdict.why)
    best = {one.print.id: one for one in reversed(verdict.ranked)}
    candidates = [Candidate(one.print.id, one.print.source_card_id, _score(one)) for one in best.values()]
    return Match(None, None, score, tuple(candidates[::-1][:MOST_CANDIDATES]), verdict.why)


def _score(one: Weighed) -> Decimal:
    return Decimal(one.score).scaleb(-3)
