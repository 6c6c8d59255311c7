"""Judging: what an observation is evidence of, or why it is left out; written beside what its source said.

A row is judged by the present reader and rules before a price is made of it, whoever wrote it and when. What
its group says of it (an outlier, a relisting, one of a seller's many) is no matter of the row: the curve
tells that.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from worker.db import Connection, Record, statements
from worker.pricing.condition_evidence import Evidence, evidence
from worker.pricing.listing import ListingReading, read_listing
from worker.pricing.printings import printing_of
from worker.pricing.source_rules import Measured, SourceRule, broken

SQL = statements(Path(__file__).with_name("evidence.sql"))
READER = 1
"""To be counted up whenever rows are to be judged anew because they are read in another way."""
ROWS_AT_ONCE = 2000
MOST_CENTS = 10**12 - 1
"""What a price can be at most, as curves and valuations hold it: with its shipping it may come to more."""
TOO_MUCH = "it costs more with its shipping than any price can be"
NOT_PAID = {"unpaid": "it was not paid", "cancelled": "the sale was cancelled", "refunded": "it was refunded"}


class Print(NamedTuple):
    """The print that a row is about."""

    id: int
    name: str
    number: str
    variants: Sequence[str]


class Judgement(NamedTuple):
    """What a row was found to be; ``left_out`` is None where it is evidence."""

    condition: str | None
    grader: str | None
    grade: str | None
    language: str | None
    variant: str | None
    left_out: str | None
    why: str | None


class Judge:
    """The rules as they are now, and a name for their state: rows that bear it need not be judged again."""

    def __init__(self, rules: Sequence[SourceRule], currencies: Mapping[str, str]) -> None:
        self._rules = rules
        self._currencies = currencies
        state = json.dumps([READER, [repr(rule) for rule in rules], sorted(currencies.items())])
        self.name = f"{READER}-{hashlib.sha256(state.encode()).hexdigest()[:10]}"

    def judge(self, row: Record, card: Print) -> Judgement:
        """Judge one row by itself."""
        read = read_listing(row["title"] or "", card.name, card.number)
        said = _said(row, read)
        printing = printing_of(row["printing"] or read.variant, card.variants)
        found = (
            _no_price(row)
            or self._in_another_currency(row)
            or _no_single_card(row, read, said)
            or (
                None
                if printing.exists
                else ("other_variant", f"{card.name} was not printed as {printing.name}")
            )
            or self._against_a_rule(row)
            or (None if said.condition else ("no_condition", "nothing says in which condition it is"))
            or (None, None)
        )
        return Judgement(said.condition, said.grader, said.grade, read.language, printing.name, *found)

    def _in_another_currency(self, row: Record) -> tuple[str, str] | None:
        wanted = self._currencies.get(row["source"])
        if wanted is None or row["currency"] == wanted:
            return None
        return "rule", f"its price is in {row['currency']}, not in {wanted}"

    def _against_a_rule(self, row: Record) -> tuple[str, str] | None:
        price = Decimal(row["total_cents"]).scaleb(-2)
        measured = Measured(
            row["source"], row["card_print_id"], row["title"] or "", price, row["currency"], row["seller"]
        )
        why = broken(self._rules, measured)
        return None if why is None else ("rule", why)


def _no_price(row: Record) -> tuple[str, str] | None:
    if row["basis"] == "ask" and row["listing_type"] == "AUCTION":
        return "running_auction", "an auction's bid is not a price before it ends"
    if row["unit_price"] is None or row["currency"] is None:
        return "rule", row["unreadable"] or "it has no price"
    if row["unit_price"] <= 0:
        return "rule", "its price is 0"
    if row["total_cents"] > MOST_CENTS:
        return "rule", TOO_MUCH
    if row["is_future"]:
        return "rule", "its date is in the future"
    why = NOT_PAID.get(row["status"])
    return None if why is None else ("rule", why)


def _no_single_card(row: Record, read: ListingReading, said: Evidence) -> tuple[str, str] | None:
    if row["item_group"] is not None:
        return "variation_group", "one of a listing of several cards: its price may be another's"
    if row["mapped_by"] == "search":
        return "other_card", "its title does not say that it is this card"
    if read.left_out is not None:
        return read.left_out, read.why
    return ("graded", f"graded by {said.grader or 'nobody knows whom'}") if said.is_graded else None


def _said(row: Record, read: ListingReading) -> Evidence:
    """What is known of its condition: by eBay's descriptors, by its title, by its condition id."""
    return evidence(read, row["condition_id"], _descriptors(row["descriptors"]))


def _descriptors(text: str | None) -> list[dict[str, Any]]:
    """Those that have the shape of one; of what is no list of them, none."""
    try:
        told = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []  # A bare text, or deeper than anything that eBay says.
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


async def judge_prints(connection: Connection, prints: Sequence[int], *, waiting: bool = False) -> int:
    """Judge every row of these prints that the present reader and rules have not; answers how many.

    To be called in a transaction. Rows that another is at are left to him, or, ``waiting``, judged when he
    has let go of them: that is for whoever holds no rows yet.
    """
    judge, cards = await present_judge(connection), dict[int, Print]()
    judged = after = 0
    while ids := await _unjudged(connection, prints, judge.name, after):
        if waiting:
            await connection.execute(SQL["hold"], ids)
        rows = await connection.fetch(SQL["to_judge"], ids, judge.name)
        await _learn(connection, cards, {row["card_print_id"] for row in rows})
        verdicts = [(row["id"], *judge.judge(row, cards[row["card_print_id"]])) for row in rows]
        if verdicts:
            names, *columns = map(list, zip(*verdicts, strict=True))
            await connection.execute(SQL["judge"], names, judge.name, *columns)
        judged, after = judged + len(verdicts), ids[-1]
    return judged


async def _unjudged(connection: Connection, prints: Sequence[int], name: str, after: int) -> list[int]:
    rows = await connection.fetch(SQL["unjudged"], list(prints), name, after, ROWS_AT_ONCE)
    return [row["id"] for row in rows]


async def _learn(connection: Connection, cards: dict[int, Print], asked: set[int]) -> None:
    if missing := asked - cards.keys():
        rows = await connection.fetch(SQL["prints"], list(missing))
        cards |= {row["id"]: _print(row) for row in rows}


async def present_rules(connection: Connection) -> list[SourceRule]:
    """The rules that are active now, those of the highest priority first."""
    return [_rule(row) for row in await connection.fetch(SQL["rules"])]


async def present_judge(connection: Connection) -> Judge:
    """The judge with the rules as they stand."""
    rules = await present_rules(connection)
    currencies = {row["name"]: row["currency"] for row in await connection.fetch(SQL["currencies"])}
    return Judge(rules, currencies)


def _rule(row: Record) -> SourceRule:
    def small(name: str) -> list[str]:
        return [kept for one in row[name] if (kept := one.strip().lower())]

    return SourceRule(
        id=row["id"],
        source=row["source"],
        card_print_id=row["card_print_id"],
        include=small("include_keywords"),
        exclude=small("exclude_keywords"),
        min_price=row["min_price"],
        max_price=row["max_price"],
        currency=row["currency"],
        only_sellers=small("only_sellers"),
        exclude_sellers=small("exclude_sellers"),
    )


def _print(row: Record) -> Print:
    total: Any = row["printed_total"]
    number = f"{row['number']}/{total}" if total and row["number"].isdigit() else row["number"]
    return Print(row["id"], row["name"], number, row["variants"])
