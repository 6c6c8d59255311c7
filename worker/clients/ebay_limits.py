"""How many calls are left of eBay's day: the Analytics API's getRateLimits, asked by an application.

Source: Developer Analytics API v1_beta, getRateLimits and its type RateLimitsResponse.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field, ValidationError

from worker.clients.ebay import Question
from worker.clients.ebay_shapes import Moment, Shape
from worker.errors import SourceGarbled

API, OPERATION = "ebay_analytics", "get_rate_limits"
DAY_SECONDS = 86_400
OURS: Mapping[str, str] = {
    "buy.browse": "ebay_browse",
    "buy.marketplace": "ebay_insights",
    "commerce.identity": "ebay_identity",
    "commerce.message": "ebay_message",
    "commerce.notification": "ebay_notification",
    "developer.analytics": "ebay_analytics",
    "sell.finances": "ebay_finances",
    "sell.fulfillment": "ebay_fulfillment",
    "sell.inventory": "ebay_inventory",
}
"""How we call the APIs whose resources begin so."""


class _Rate(Shape):
    limit: int = Field(ge=0, lt=2**31)
    remaining: int = Field(ge=0, lt=2**31)
    reset: Moment
    window: int = Field(DAY_SECONDS, alias="timeWindow")


class _Resource(Shape):
    name: str
    rates: tuple[_Rate, ...] = ()


class _Limits(Shape):
    resources: tuple[_Resource, ...] = ()


class _Answer(Shape):
    limits: tuple[_Limits, ...] = Field((), alias="rateLimits")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What is left of an API's day: ``remaining`` of ``limit`` calls until ``resets_at``."""

    api: str
    limit: int
    remaining: int
    resets_at: datetime


def get_rate_limits() -> Question:
    """Ask for all of them at once."""
    return Question(api=API, operation=OPERATION, path="/developer/analytics/v1_beta/rate_limit/")


def read_rate_limits(answer: object) -> list[RateLimit]:
    """The tightest limit of each API of ours; raises ``SourceGarbled`` for what is no answer.

    An API of which nothing is said, and what is limited for less than a day, is left out.
    """
    try:
        read = _Answer.model_validate({} if answer is None else answer)
    except ValidationError:
        raise SourceGarbled(f"{API} {OPERATION} answered with no limits") from None
    return list(_tightest(_daily(read)).values())


def _daily(read: _Answer) -> Iterator[RateLimit]:
    for resource in (resource for limits in read.limits for resource in limits.resources):
        api = OURS.get(".".join(resource.name.split(".")[:2]))
        for rate in resource.rates:
            if api is not None and rate.window == DAY_SECONDS:
                yield RateLimit(api, rate.limit, rate.remaining, rate.reset)


def _tightest(limits: Iterable[RateLimit]) -> dict[str, RateLimit]:
    found: dict[str, RateLimit] = {}
    for one in limits:
        if one.api not in found or one.remaining < found[one.api].remaining:
            found[one.api] = one
    return found
