"""A value in sentences: what was looked for, what it is worth, how sure that is and by which parts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from worker.pricing.valuing import Comp, Value

IN_WORDS = {
    "junk": "fake or faulty",
    "not_a_single": "several at once",
    "graded": "in another market of grades",
    "other_language": "in another language",
    "other_variant": "another variety",
    "other_card": "something else",
    "outlier": "far from the other prices",
    "relist": "listed again",
    "seller_cap": "beyond three of one seller",
    "variation_group": "listings of many variations",
    "running_auction": "auctions still running",
    "no_condition": "of no known grade",
    "rule": "by a rule",
}
"""The closed list of reasons, as a reader is told of them."""


class Asked(NamedTuple):
    """What was looked for: the query, the currency, when, and why a source was not asked, by its name."""

    query: str
    currency: str
    at: datetime
    silent: Mapping[str, str]


def explain(value: Value, left_out: Mapping[str, int], asked: Asked) -> str:
    """Explain a value: a sentence for each thing there is to say. ``left_out`` counts comps by reason."""
    return " ".join((*_found(value, asked), *_confidence(value), *_rest(value, left_out, asked)))


def _found(value: Value, asked: Asked) -> Iterator[str]:
    if value.median is None:
        yield f'There is nothing to go by for "{asked.query}".'
        return
    yield f'"{asked.query}" is worth {_amount(value.median, asked)}, by {_count(value)}.'
    yield f"Eight in ten lie between {_amount(value.p10, asked)} and {_amount(value.p90, asked)};"
    yield f"the mean is {_amount(value.mean, asked)}."
    if value.beside:
        asks = _many(len(value.beside), "ask")
        yield f"{asks} (median {_amount(value.ask_median, asked)}) stand beside and are not counted."
    elif 0 < value.sold < len(value.used):
        yield (
            f"Sales have a median of {_amount(value.sold_median, asked)}, "
            f"asks of {_amount(value.ask_median, asked)}."
        )


def _count(value: Value) -> str:
    asks = len(value.used) - value.sold
    said = [_many(value.sold, "sale")] if value.sold else []
    return " and ".join([*said, *([_many(asks, "ask")] if asks else [])])


def _confidence(value: Value) -> Iterator[str]:
    found, used = value.confidence, len(value.used)
    if not used:
        yield "Confidence 0 of 10."
        return
    yield f"Confidence {found.score} of 10:"
    yield f"{found.comps} of 3 for {_many(used, 'comp')};"
    yield f"{found.weight} of 2 for sources of a mean weight of {value.weight:.2f};"
    yield f"{found.sold} of 2 for {value.sold} of {used} sold;"
    spread = "that cannot be measured" if value.spread is None or used < 3 else f"of {value.spread:.2f}"  # noqa: PLR2004
    yield f"{found.spread} of 3 for a spread {spread}" + (
        "; 7 at most, since most are asks." if found.capped else "."
    )


def _rest(value: Value, left_out: Mapping[str, int], asked: Asked) -> Iterator[str]:
    if total := sum(left_out.values()):
        reasons = sorted(left_out.items(), key=lambda one: (-one[1], one[0]))
        yield (
            f"{total} left out: "
            + ", ".join(f"{count} {IN_WORDS[why]}" for why, count in reasons if count)
            + "."
        )
    if value.used:
        yield _freshness(value.used, asked.at)
    for source, why in sorted(asked.silent.items()):
        yield f"{source} was not asked: {why.rstrip('.')}."


def _freshness(used: tuple[Comp, ...], now: datetime) -> str:
    newest, oldest = max(comp.observed_at for comp in used), min(comp.observed_at for comp in used)
    sources = Counter(comp.source for comp in used)
    of = ", ".join(f"{count} of {source}" for source, count in sorted(sources.items()))
    return f"The newest is {_age(newest, now)} old, the oldest {_age(oldest, now)} ({of})."


def _age(at: datetime, now: datetime) -> str:
    days = max(0, (now - at).days)
    return _many(days, "day") if days else "less than a day"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _amount(amount: Decimal | None, asked: Asked) -> str:
    return f"{amount:,} {asked.currency}"
