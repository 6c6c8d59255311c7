"""What getRateLimits answers is read: the tightest limit of a day, for each API of ours."""

from datetime import UTC, datetime
from typing import Any

import pytest

from worker.clients.ebay_limits import RateLimit, read_rate_limits
from worker.errors import SourceGarbled

RESET = "2026-11-21T08:00:00.000Z"
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


def rate(limit: int, remaining: int, window: int = 86_400) -> dict[str, Any]:
    return {"limit": limit, "remaining": remaining, "reset": RESET, "timeWindow": window}


def answer(**rates: list[dict[str, Any]]) -> dict[str, Any]:
    resources = [{"name": name.replace("_", "."), "rates": found} for name, found in rates.items()]
    return {"rateLimits": [{"apiContext": "any", "apiName": "Any", "resources": resources}]}


def test_of_several_limits_of_an_api_the_tightest_counts() -> None:
    told = answer(
        buy_browse=[rate(5000, 4000)], buy_browse_item_bulk=[rate(5000, 12)], sell_inventory=[rate(9, 9)]
    )

    assert read_rate_limits(told) == [
        RateLimit("ebay_browse", 5000, 12, AT),
        RateLimit("ebay_inventory", 9, 9, AT),
    ]


def test_a_limit_of_seconds_is_not_one_of_the_day() -> None:
    assert read_rate_limits(answer(buy_browse=[rate(50, 0, 5), rate(5000, 4000)])) == [
        RateLimit("ebay_browse", 5000, 4000, AT)
    ]


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"rateLimits": []},
        answer(sell_finances=[]),
        answer(sell_marketing=[rate(1, 1)]),
        {"rateLimits": [{"resources": [{"name": "buy.browse"}]}]},
    ],
)
def test_where_nothing_is_said_of_an_api_nothing_is_read(told: object) -> None:
    assert read_rate_limits(told) == []


@pytest.mark.parametrize("told", [[], "limits", {"rateLimits": "none"}, answer(buy_browse=[rate(-1, 0)])])
def test_what_is_no_answer_says_so(told: object) -> None:
    with pytest.raises(SourceGarbled):
        read_rate_limits(told)
