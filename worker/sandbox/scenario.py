"""Which faults to play, on which operation, how often: the script of a rehearsal."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal[
    "status",  # the API's own error body with ``status``, and Retry-After if given
    "body",  # ``text`` as it stands, with ``status`` and ``content_type``
    "html",  # a gateway's error page, with ``status``
    "truncated",  # the first half of the answer, well framed: a connection that was closed
    "cut",  # the first half of the answer, then the connection breaks short of its Content-Length
    "hang",  # no answer at all, until the caller hangs up
    "drip",  # the answer, one byte each ``seconds``
    "delay",  # the answer, after ``seconds``
    "refuse_key",  # 500 to any request that carries X-Api-Key; others pass and do not count
    "gzip_bomb",  # a small body that unpacks to ``megabytes``
]


class Fault(BaseModel):
    """One fault: after ``after`` calls of ``operation`` it is played ``times`` times; None is for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: str
    kind: FaultKind
    times: int | None = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    status: int = Field(default=503, ge=200, le=599)
    text: str = ""
    content_type: str = "application/json"
    retry_after: str | None = None
    seconds: float = Field(default=0.05, ge=0, le=600)
    megabytes: int = Field(default=100, ge=1, le=1000)


class Script(BaseModel):
    """The body of POST /_sandbox/scenario: the faults that replace whatever was to be played."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faults: tuple[Fault, ...] = ()


class Scenario:
    """The faults still to be played; the first that fits a call is taken."""

    def __init__(self, *faults: Fault) -> None:
        self.replace(faults)

    def replace(self, faults: tuple[Fault, ...]) -> None:
        """Forget what was to be played and play these."""
        self._pending = [_Pending(fault) for fault in faults]

    def take(self, operation: str, *, keyed: bool) -> Fault | None:
        """Return the fault to play on this call and count it; None when the call goes through.

        ``keyed`` tells whether the call carries an API key.
        """
        for pending in self._pending:
            fits = pending.fault.operation == operation and (keyed or pending.fault.kind != "refuse_key")
            if fits and pending.due():
                return pending.fault
        return None


class _Pending:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._seen = 0

    def due(self) -> bool:
        """Count a call that fits, and tell whether it is one of those to be spoilt."""
        self._seen += 1
        first, times = self.fault.after + 1, self.fault.times
        return self._seen >= first and (times is None or self._seen < first + times)
