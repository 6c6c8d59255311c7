"""The worked example of the page about valuations is what comes out, word by word."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.docs.pages import ROOT, table
from worker.handlers.valuation import Payload
from worker.pricing.explaining import Asked, explain
from worker.pricing.likeness import likeness_of
from worker.pricing.valuing import Basis, Comp, Value, value

NOW = datetime(2026, 11, 1, tzinfo=UTC)
COIN = {"year": 1921, "mintmark": "S", "denomination": "dollar", "title": "Morgan dollar"}
LIKE = likeness_of("coin", COIN)
WEIGHTS = {"sold": (0.9, "ebay_insights"), "ask": (0.6, "ebay_browse")}
HEADER = ("basis", "days old", "title", "price", "counts", "why not")


def test_the_example_is_what_comes_out() -> None:
    rows = table("valuations.md", *HEADER)
    found = value([_comp(at, row) for at, row in enumerate(rows) if LIKE.judge(row[2]).left_out is None])
    told = [_told(at, row, found) for at, row in enumerate(rows)]

    assert [row[4:] for row in rows] == told
    left_out = Counter(counts for counts, _ in told if counts not in {"used", "beside"})
    said = explain(found, left_out, Asked(LIKE.query, "USD", NOW, {}))
    page = (ROOT / "docs" / "valuations.md").read_text("utf-8")
    assert said in " ".join(page.split())


def _comp(at: int, row: list[str]) -> Comp:
    basis: Basis = "sold" if row[0] == "sold" else "ask"
    weight, source = WEIGHTS[basis]
    return Comp(at, basis, int(Decimal(row[3]) * 100), weight, source, NOW - timedelta(days=int(row[1])))


def _told(at: int, row: list[str], found: Value) -> list[str]:
    judged = LIKE.judge(row[2])
    if judged.left_out is not None:
        return [judged.left_out, judged.why]
    for cut in found.cuts:
        if cut.comp.id == at:
            return [cut.reason, cut.why]
    return ["used" if at in {comp.id for comp in found.used} else "beside", ""]


def test_the_page_names_all_of_the_payload() -> None:
    named = {
        name
        for row in table("valuations.md", "in the payload", "meaning", "default")
        for name in row[0].split(", ")
    }

    assert {name.strip("`") for name in named} == set(Payload.model_fields)
