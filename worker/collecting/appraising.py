"""An intake's value from all that was looked at for it: each observation judged, the rest weighed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from worker.catalog.evidence import MOST_CENTS, TOO_MUCH
from worker.catalog.intakes import Looked, Verdict
from worker.pricing.explaining import Asked, explain
from worker.pricing.likeness import Likeness
from worker.pricing.quantiles import money
from worker.pricing.source_rules import Measured, SourceRule, broken
from worker.pricing.valuing import Basis, Comp, Value, value

PRICED = frozenset({"sold", "partially_refunded", "active"})
TOMORROW = timedelta(days=1)


class Terms(NamedTuple):
    """By which observations an intake is valued: of one currency, no older than this, and by these rules."""

    currency: str
    sale_days: int
    ask_days: int
    rules: Sequence[SourceRule] = ()


class Appraisal(NamedTuple):
    """A value, the verdict on every observation, and what both are told as."""

    value: Value
    verdicts: Sequence[Verdict]
    explanation: str
    evidence: Mapping[str, Any]
    left_out: Mapping[str, int]


def appraise(
    looked: Sequence[Looked], like: Likeness, terms: Terms, silent: Mapping[str, str], now: datetime
) -> Appraisal:
    """Judge and value; ``silent`` are sources that were not asked, and why."""
    verdicts = {one.id: judged(one, like, terms, now) for one in looked}
    found = value([_comp(one) for one in looked if verdicts[one.id].left_out is None])
    verdicts |= {cut.comp.id: Verdict(cut.comp.id, cut.reason, cut.why) for cut in found.cuts}
    left_out = Counter(one.left_out for one in verdicts.values() if one.left_out is not None)
    asked = Asked(like.query, terms.currency, now, silent)
    return Appraisal(
        value=found,
        verdicts=list(verdicts.values()),
        explanation=explain(found, left_out, asked),
        evidence=_evidence(found, verdicts.values(), like, terms, silent),
        left_out=left_out,
    )


def judged(one: Looked, like: Likeness, terms: Terms, now: datetime) -> Verdict:
    """Say of an observation whether it is a comp: by what it is, then by its title."""
    for reason, why in _unusable(one, terms, now):
        return Verdict(one.id, reason, why)
    by_title = like.judge(one.title)
    return Verdict(one.id, by_title.left_out, by_title.why)


def _unusable(one: Looked, terms: Terms, now: datetime) -> Iterator[tuple[str, str]]:
    days = terms.sale_days if one.basis == "sold" else terms.ask_days
    if one.listing_type == "AUCTION" and one.status == "active":
        yield "running_auction", "what is bid so far is no price"
    if one.item_group is not None:
        yield "variation_group", "one price stands for a whole group"
    if one.left_out == "rule":
        yield "rule", one.left_out_why or "a rule of its source"
    yield from _unpriced(one, terms)
    if one.observed_at > now + TOMORROW:
        yield "rule", f"it is dated {one.observed_at:%Y-%m-%d}, which has not come yet"
    if one.observed_at < now - timedelta(days=days):
        yield "rule", f"it is older than {days} days"
    if why := _broken(one, terms):
        yield "rule", why


def _unpriced(one: Looked, terms: Terms) -> Iterator[tuple[str, str]]:
    if one.status not in PRICED:
        yield "rule", f"it is {one.status.replace('_', ' ')}"
    if one.cents is None or one.cents <= 0:
        yield "rule", "it has no price"
    elif one.cents > MOST_CENTS:
        yield "rule", TOO_MUCH
    if one.currency != terms.currency:
        yield "rule", f"its price is in {one.currency}, not in {terms.currency}"


def _broken(one: Looked, terms: Terms) -> str | None:
    if one.cents is None or one.currency is None:
        return None
    price = money(one.cents)
    return broken(terms.rules, Measured(one.source, None, one.title or "", price, one.currency, one.seller))


def _comp(one: Looked) -> Comp:
    assert one.cents is not None
    basis: Basis = "sold" if one.basis == "sold" else "ask"
    return Comp(
        one.id, basis, one.cents, one.weight, one.source, one.observed_at, one.seller_key, one.offer_key
    )


def _evidence(
    found: Value, verdicts: Iterable[Verdict], like: Likeness, terms: Terms, silent: Mapping[str, str]
) -> dict[str, Any]:
    """What a value rests on, as JSON: ids of observations, those left out by their reasons, and the parts."""
    left_out: dict[str, list[int]] = {}
    for one in verdicts:
        if one.left_out is not None:
            left_out.setdefault(one.left_out, []).append(one.id)
    return {
        "asked": {"words": like.words, "category": like.category},
        "terms": {"currency": terms.currency, "sale_days": terms.sale_days, "ask_days": terms.ask_days},
        "used": [comp.id for comp in found.used],
        "beside": [comp.id for comp in found.beside],
        "left_out": left_out,
        "not_asked": dict(silent),
        "confidence": found.confidence._asdict(),
        "weight": round(found.weight, 4),
        "spread": None if found.spread is None else round(found.spread, 4),
        "sold_median": None if found.sold_median is None else str(found.sold_median),
        "ask_median": None if found.ask_median is None else str(found.ask_median),
        "newest": max((comp.observed_at.isoformat() for comp in found.used), default=None),
        "oldest": min((comp.observed_at.isoformat() for comp in found.used), default=None),
    }
