"""A value from comps: which of them count, the quantiles, and the explanation word by word."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pricing.confidence import Confidence
from worker.pricing.explaining import Asked, explain
from worker.pricing.valuing import Basis, Comp, Value, value

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ASKED = Asked("US coin 1921 S Morgan dollar", "USD", NOON, {})
NUMBERS = count(1)


def comps(basis: Basis, *prices: str, **given: Any) -> list[Comp]:
    """Comps at these prices, each a day older than the one before."""
    facts = {
        "weight": 0.9 if basis == "sold" else 0.6,
        "source": "sales" if basis == "sold" else "shop",
        **given,
    }
    return [
        Comp(next(NUMBERS), basis, int(Decimal(price) * 100), observed_at=NOON - timedelta(days=day), **facts)
        for day, price in enumerate(prices, start=1)
    ]


def prices(some: Sequence[Comp]) -> list[str]:
    return sorted(str(Decimal(comp.cents) / 100) for comp in some)


def amounts(found: Value) -> list[str]:
    return [str(one) for one in (found.p10, found.median, found.p90, found.mean)]


def test_quantiles_and_mean_are_to_the_cent() -> None:
    found = value(comps("sold", "30", "40", "50", "45.55"))

    assert amounts(found) == ["33.00", "42.78", "48.67", "41.39"]


def test_enough_sales_make_the_value_alone_and_asks_stand_beside() -> None:
    found = value([*comps("sold", "40", "42", "44"), *comps("ask", "60", "62")])

    assert found.median == Decimal("42.00")
    assert (found.sold, prices(found.beside)) == (3, ["60", "62"])
    assert found.ask_median == Decimal("61.00")
    assert found.confidence.sold == 2


def test_where_sales_are_few_asks_count_too_and_the_confidence_knows() -> None:
    found = value([*comps("sold", "40", "42"), *comps("ask", "44", "46", "48")])

    assert (len(found.used), found.sold, found.median) == (5, 2, Decimal("44.00"))
    assert found.confidence == Confidence(7, 2, 1, 1, 3, capped=False)
    assert (found.sold_median, found.ask_median) == (Decimal("41.00"), Decimal("46.00"))


def test_asks_alone_are_never_surer_than_seven() -> None:
    found = value(comps("ask", *["50"] * 12, weight=1.0))

    assert found.confidence.score == 7
    assert found.sold == 0


def test_without_comps_there_is_no_value_and_no_confidence() -> None:
    found = value([])

    assert amounts(found) == ["None"] * 4
    assert found.confidence.score == 0


def test_an_outlier_is_left_out_with_its_price() -> None:
    found = value(comps("sold", "40", "41", "42", "43", "400"))

    assert [(cut.reason, cut.why) for cut in found.cuts] == [
        ("outlier", "400.00 is too far from 41.50, the median of the others")
    ]
    assert found.median == Decimal("41.50")


def test_a_bait_price_among_asks_is_left_out_too_and_does_not_touch_sales() -> None:
    found = value([*comps("sold", "40", "41", "42"), *comps("ask", "50", "51", "52", "1")])

    assert prices(found.beside) == ["50", "51", "52"]
    assert [cut.comp.basis for cut in found.cuts] == ["ask"]


def test_of_a_listing_that_comes_again_the_newest_counts() -> None:
    found = value(comps("ask", "50", "51", "52", seller=1, offer=7))

    assert prices(found.used) == ["50"]
    assert {cut.reason for cut in found.cuts} == {"relist"}


def test_one_seller_has_three_asks_at_most_and_the_rest_is_said() -> None:
    ours = comps("ask", *["50"] * 6, seller=1)
    found = value([*ours, *comps("ask", "51", "52", seller=2), *comps("ask", "53", "54", "55", "56")])

    assert [cut.reason for cut in found.cuts] == ["seller_cap"] * 3
    assert [cut.why for cut in found.cuts] == ["the seller has 3 newer ones"] * 3
    assert {cut.comp.id for cut in found.cuts} == {comp.id for comp in ours[3:]}
    assert len(found.used) == 9


def test_sales_of_one_seller_are_all_sales() -> None:
    assert len(value(comps("sold", *["50"] * 6, seller=1, offer=1)).used) == 6


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sold", "ask"]), st.integers(1, 10**8), st.integers(1, 4), st.integers(1, 9)
        ),
        max_size=40,
    )
)
def test_every_comp_is_used_or_beside_or_left_out(rows: list[tuple[Basis, int, int, int]]) -> None:
    given_ = [
        Comp(at, basis, cents, 0.5, "x", NOON, seller, offer)
        for at, (basis, cents, seller, offer) in enumerate(rows)
    ]
    found = value(given_)

    told = [*found.used, *found.beside, *(cut.comp for cut in found.cuts)]
    assert sorted(comp.id for comp in told) == [comp.id for comp in given_]
    assert bool(found.used) == bool(given_)
    if found.median is not None and found.p10 is not None and found.p90 is not None:
        assert found.p10 <= found.median <= found.p90
        assert 1 <= found.confidence.score <= 10


def test_the_explanation_has_a_sentence_for_each_part() -> None:
    found = value([*comps("sold", "30", "32", "34", "36", "900"), *comps("ask", "45", "50")])

    assert explain(found, {"junk": 2, "outlier": 1, "other_card": 2}, ASKED) == (
        '"US coin 1921 S Morgan dollar" is worth 33.00 USD, by 4 sales. '
        "Eight in ten lie between 30.60 USD and 35.40 USD; the mean is 33.00 USD. "
        "2 asks (median 47.50 USD) stand beside and are not counted. "
        "Confidence 8 of 10: 1 of 3 for 4 comps; 2 of 2 for sources of a mean weight of 0.90; "
        "2 of 2 for 4 of 4 sold; 3 of 3 for a spread of 0.15. "
        "5 left out: 2 fake or faulty, 2 something else, 1 far from the other prices. "
        "The newest is 1 day old, the oldest 4 days (4 of sales)."
    )


def test_the_explanation_of_asks_says_that_they_are_asks_and_why_a_source_was_not_asked() -> None:
    found = value(comps("ask", *["50"] * 12, weight=1.0))
    asked = ASKED._replace(silent={"ebay_insights": "eBay does not let this application ask."})

    assert explain(found, {}, asked) == (
        '"US coin 1921 S Morgan dollar" is worth 50.00 USD, by 12 asks. '
        "Eight in ten lie between 50.00 USD and 50.00 USD; the mean is 50.00 USD. "
        "Confidence 7 of 10: 3 of 3 for 12 comps; 2 of 2 for sources of a mean weight of 1.00; "
        "0 of 2 for 0 of 12 sold; 3 of 3 for a spread of 0.00; 7 at most, since most are asks. "
        "The newest is 1 day old, the oldest 12 days (12 of shop). "
        "ebay_insights was not asked: eBay does not let this application ask."
    )


def test_the_explanation_of_a_mixture_tells_both_medians() -> None:
    found = value([*comps("sold", "40"), *comps("ask", "44")])

    assert explain(found, {}, ASKED) == (
        '"US coin 1921 S Morgan dollar" is worth 42.00 USD, by 1 sale and 1 ask. '
        "Eight in ten lie between 40.40 USD and 43.60 USD; the mean is 42.00 USD. "
        "Sales have a median of 40.00 USD, asks of 44.00 USD. "
        "Confidence 2 of 10: 0 of 3 for 2 comps; 1 of 2 for sources of a mean weight of 0.75; "
        "1 of 2 for 1 of 2 sold; 0 of 3 for a spread that cannot be measured. "
        "The newest is 1 day old, the oldest 1 day (1 of sales, 1 of shop)."
    )


def test_the_explanation_of_nothing_says_so() -> None:
    assert explain(value([]), {"junk": 3}, ASKED) == (
        'There is nothing to go by for "US coin 1921 S Morgan dollar". Confidence 0 of 10. '
        "3 left out: 3 fake or faulty."
    )


@pytest.mark.parametrize(("hours", "age"), [(1, "less than a day"), (25, "1 day"), (-5, "less than a day")])
def test_ages_are_in_days(hours: int, age: str) -> None:
    [one] = comps("sold", "1")
    found = value([one._replace(observed_at=NOON - timedelta(hours=hours))])

    assert f"The newest is {age} old, the oldest {age} (1 of sales)." in explain(found, {}, ASKED)
