"""Which faults to play, on which operation, how often: the script of a rehearsal."""

import random
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal[
    "status",  # the API's own error body with ``status``, and Retry-After if given
    "body",  # ``text`` as it stands, with ``status`` and ``content_type``
    "html",  # a gateway's error page, with ``status``
    "redirect",  # 302 to ``location``
    "truncated",  # the first half of the answer, well framed: a connection that was closed
    "cut",  # the first half of the answer, then the connection breaks short of its Content-Length
    "reset",  # the same, in other words
    "hang",  # no answer at all, until the caller hangs up
    "drip",  # the answer, one byte each ``seconds``
    "delay",  # the answer, after ``seconds``
    "refuse_key",  # 500 to any request that carries X-Api-Key; others pass and do not count
    "gzip_bomb",  # a small body that unpacks to ``megabytes``
    "expire_tokens",  # the access tokens of the account that asks expire, then the call is answered
    "revoke",  # the same, and its refresh tokens are good for nothing any more
    "total",  # the answer, with ``by`` more in its ``total``
    "repeat",  # a later page of a list, moved down by ``by`` items: those of the page before come again
]


class Fault(BaseModel):
    """One fault: after ``after`` calls that fit it is played ``times`` times; None is for ever.

    ``operation`` may be a pattern (``ebay_fulfillment.*``, ``*``). With an ``account`` only the calls made
    in this seller's name fit. Of the calls that are due, a share of ``probability`` is spoilt: which, the
    scenario's seed decides, the same each time. ``error_id`` is the number in eBay's error body.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: str
    kind: FaultKind
    times: int | None = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    account: str | None = None
    probability: float = Field(default=1, ge=0, le=1)
    status: int = Field(default=503, ge=200, le=599)
    error_id: int | None = None
    text: str = ""
    content_type: str = "application/json"
    location: str = "http://169.254.169.254/"
    retry_after: str | None = None
    seconds: float = Field(default=0.05, ge=0, le=600)
    megabytes: int = Field(default=100, ge=1, le=1000)
    by: int = Field(default=1, ge=-10_000, le=10_000)


class DailyLimits(BaseModel):
    """Limits of the day to change, by API or by operation; None is no limit.

    ``retry_after`` is from then on the Retry-After of a refusal; the real ones mostly send none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limits: dict[str, int | None] = Field(default_factory=dict)
    retry_after: str | None = None


class Script(BaseModel):
    """The body of POST /_sandbox/scenario: the faults that replace whatever was to be played."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faults: tuple[Fault, ...] = ()
    quotas: DailyLimits | None = None


class Scenario:
    """The faults still to be played; the first that fits a call is taken."""

    def __init__(self, *faults: Fault, seed: int = 0) -> None:
        self._seed = seed
        self.replace(faults)

    def replace(self, faults: tuple[Fault, ...]) -> None:
        """Forget what was to be played and play these."""
        self._pending = [_Pending(fault, f"{self._seed}:{place}") for place, fault in enumerate(faults)]

    def take(self, operation: str, *, keyed: bool, account: str | None = None) -> Fault | None:
        """Return the fault to play on this call and count it; None when the call goes through.

        ``keyed`` tells whether the call carries an API key, ``account`` in whose name it is made.
        """
        for pending in self._pending:
            if pending.fits(operation, keyed=keyed, account=account) and pending.due():
                return pending.fault
        return None


class _Pending:
    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self._seed = seed
        self._seen = 0
        self._played = 0

    def fits(self, operation: str, *, keyed: bool, account: str | None) -> bool:
        fault = self.fault
        return (
            fault.account in {None, account}
            and (keyed or fault.kind != "refuse_key")
            and fnmatchcase(operation, fault.operation)
        )

    def due(self) -> bool:
        """Count a call that fits, and tell whether it is one of those to be spoilt."""
        self._seen += 1
        if self._seen <= self.fault.after or self._played == self.fault.times or not self._drawn():
            return False
        self._played += 1
        return True

    def _drawn(self) -> bool:
        chance = self.fault.probability
        return chance == 1 or random.Random(f"{self._seed}:{self._seen}").random() < chance
