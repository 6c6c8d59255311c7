"""The items of a valuation's run, a listing each and the thing itself, and the run's totals in words."""

from collections.abc import Mapping

from worker.catalog.intakes import Intake
from worker.collecting.appraising import Appraisal
from worker.collecting.source import BadOffer, Page
from worker.pricing.likeness import Likeness
from worker.pricing.quantiles import money
from worker.runs.closing import RunTotals, Summary
from worker.runs.items import Item

AMOUNTS = ("p10", "median", "p90", "mean")
ONE_VALUE = ("intake", "comps", "sold", "confidence")


def listings(source: str, like: Likeness, page: Page) -> list[Item]:
    """A page's listings: comps by their titles, those that are none, and those that could not be read."""
    items = []
    for item_id, offer in {offer.item_id: offer for offer in page.offers}.items():
        found, name = like.judge(offer.title), f"{source}/{item_id}"
        done = Item("listing", name, "completed")
        items.append(done if found.left_out is None else Item("listing", name, "skipped", *found))
    return [*items, *(_bad(source, one) for one in page.bad)]


def _bad(source: str, one: BadOffer) -> Item:
    return Item("listing", f"{source}/{one.item_id}", "failed", one.code, one.sentence)


def valued(intake: Intake, currency: str, found: Appraisal) -> Item:
    """The intake's own item: its tally carries the value into the run's summary, amounts in hundredths."""
    made = found.value
    amounts = zip(AMOUNTS, (made.p10, made.median, made.p90, made.mean), strict=True)
    tally = {f"{name}.{currency}": int(one * 100) for name, one in amounts if one is not None}
    tally |= {"intake": intake.id, "valued": 1, "comps": len(made.used), "sold": made.sold}
    tally |= {"confidence": made.confidence.score}
    tally |= {f"left_out.{reason}": count for reason, count in found.left_out.items()}
    facts = {"tally": tally, "explanation": found.explanation}
    return Item("listing", f"intake/{intake.id}", "completed", data=facts)


def summarise(totals: RunTotals) -> Summary:
    """Say a run's totals in the words of valuing; of a single valuation, what it found."""
    tally, valued = totals.tally, totals.tally.get("valued", 0)
    summary: Summary = {"valued": valued}
    if valued == 1:
        summary |= {name: tally[name] for name in ONE_VALUE} | _amounts(tally)
    summary["left_out"] = _named(tally, "left_out.")
    summary["unreadable"] = sum(one.count for one in totals.items if one.state == "failed")
    return {**summary, "calls": totals.calls}


def _amounts(tally: Mapping[str, int]) -> dict[str, str]:
    return {
        name: f"{money(count)} {currency}"
        for name in AMOUNTS
        for currency, count in _named(tally, f"{name}.").items()
    }


def _named(tally: Mapping[str, int], start: str) -> dict[str, int]:
    return {
        name.removeprefix(start): count for name, count in sorted(tally.items()) if name.startswith(start)
    }
