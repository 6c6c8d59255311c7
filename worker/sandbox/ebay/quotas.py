"""The day's limits: per application and API, for all its sellers together (eBay's page "API call limits")."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.problems import too_many
from worker.sandbox.scenario import DailyLimits

PACIFIC = ZoneInfo("America/Los_Angeles")
"""eBay's day begins at midnight there."""
LIMITS: Mapping[str, int | None] = {
    "ebay_browse": 5_000,
    "ebay_insights": 5_000,
    "ebay_fulfillment": 100_000,
    "ebay_finances": 15_000,
    "ebay_inventory": 2_000_000,
    "ebay_feed": 100_000,
    "ebay_analytics": 5_000,
    "ebay_notification": 10_000,
    "ebay_oauth.client_credentials": 1_000,
    "ebay_oauth.authorization_code": 10_000,
    "ebay_oauth.refresh_token": 50_000,
}
"""Calls a day. What has no line here has no limit that is documented."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as can be told before anything is checked: an application, and a seller's account."""

    client_id: str = ""
    account: str | None = None


class Quotas:
    """Counts the calls of a day. An operation with a limit of its own is counted apart from its API."""

    def __init__(self, clock: Callable[[], datetime], limits: Mapping[str, int | None] = LIMITS) -> None:
        self._clock = clock
        self._limits = dict(limits)
        self._retry_after: str | None = None
        self._used: Counter[tuple[str, str]] = Counter()
        self._used_by: Counter[tuple[str, str, str]] = Counter()
        self._resets_at = next_midnight(clock())

    def change(self, rules: DailyLimits) -> None:
        """Take over new limits; what is not named stays, and so does what was used."""
        self._limits |= rules.limits
        self._retry_after = rules.retry_after

    def refuses(self, operation: Operation, caller: Caller) -> Response | None:
        """Count a call; the refusal of one that is too many, which counts no further."""
        self._begin_day()
        name = operation.title if operation.title in self._limits else operation.api
        limit = self._limits.get(name)
        if limit is not None and self._used[caller.client_id, name] >= limit:
            return self._refusal()
        self._used[caller.client_id, name] += 1
        if caller.account is not None:
            self._used_by[caller.client_id, name, caller.account] += 1
        return None

    @property
    def limits(self) -> Mapping[str, int | None]:
        """The limits there are now."""
        return dict(self._limits)

    def limit(self, name: str) -> int | None:
        """How many calls a day an API or operation allows; None when it has no limit."""
        return self._limits.get(name)

    def used(self, name: str, client_id: str, account: str | None = None) -> int:
        """How many calls an application made today; those in one seller's name, if it is given."""
        self._begin_day()
        if account is None:
            return self._used[client_id, name]
        return self._used_by[client_id, name, account]

    @property
    def resets_at(self) -> datetime:
        """When the next day begins, UTC."""
        self._begin_day()
        return self._resets_at

    def _begin_day(self) -> None:
        if (now := self._clock()) >= self._resets_at:
            self._used.clear()
            self._used_by.clear()
            self._resets_at = next_midnight(now)

    def _refusal(self) -> Response:
        response = too_many()
        if self._retry_after is not None:
            response.headers["Retry-After"] = self._retry_after
        return response


def next_midnight(now: datetime) -> datetime:
    """Return when the day that ``now`` belongs to ends for eBay, UTC."""
    tomorrow = now.astimezone(PACIFIC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), PACIFIC).astimezone(UTC)
