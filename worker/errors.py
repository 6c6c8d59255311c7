"""Everything that can go wrong, sorted by what the reader should do next.

::

    MintmarkError
    ├── UserError             you asked for something that cannot be: read the sentence, mend the input
    │   ├── BadSettings       a setting is unknown, missing or malformed
    │   ├── Refused           the database refused a request (unknown kind, bad payload, unlawful move, …)
    │   └── UnlawfulMove      a job or run cannot go from where it is by that event
    ├── LeaseLost             the job is somebody else's now: stop, and drop the result
    ├── StopWork              the run, the job or the process was told to stop: go no further than this
    │   └── ToldToStop        the database has said so
    ├── NotYet                a provider will not be asked just now, and it is known until when: later
    │   ├── QuotaSpent        its day is used up: when the next one begins
    │   └── CoolingDown       it said that it was asked too often, or is down
    ├── OutcomeUnknown        a call was made, nobody knows what came of it, and it may not be repeated
    ├── SourceError           somebody else's API or file misbehaved
    │   ├── SourceDown        it may work later: retry
    │   ├── SourceRefused     it will not work by waiting: mend the credential, the address or the request
    │   │   ├── AccessDenied       the credential is good, and not for this: connect with more scopes
    │   │   ├── CredentialRevoked  nobody may ask in this name any more: connect the account again
    │   │   └── SourceRetired      it is gone for good: the sentence names what takes its place
    │   └── SourceGarbled     it answered with something unreadable
    └── Unavailable           our database, or a limit of our own, did not answer in time: retry
        └── NoTurn            there was no turn for a request: it never left
"""

from datetime import timedelta
from typing import Literal


class MintmarkError(Exception):
    """Base of every error this project raises on purpose.

    ``code`` is stable and may be matched on; the message is a sentence for a person.
    """

    code = "error"
    request: Literal["unsent", "answered", "unknown"] = "unknown"
    """Where it broke off a request: that provably never left, was answered, or nobody knows."""


class UserError(MintmarkError):
    """Raised when what was asked for cannot be: the sentence says what to mend."""

    code = "user_error"


class BadSettings(UserError):
    """Raised when a setting is unknown, missing or malformed."""

    code = "bad_settings"


class Refused(UserError):
    """Raised when the database refused a request; ``code`` is one of our SQLSTATEs, class ``MM``."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class UnlawfulMove(UserError):
    """Raised when a job or run cannot be moved by that event; names both ends."""

    code = "unlawful_move"

    def __init__(self, what: str, state: str, event: str) -> None:
        super().__init__(f"a {state} {what} cannot {event}")
        self.state = state
        self.event = event


class LeaseLost(MintmarkError):
    """Raised when a write on behalf of a job matched no row: another worker holds it, or it has ended."""

    code = "lease_lost"

    def __init__(self, job_id: int, fence: int) -> None:
        super().__init__(f"job {job_id} is no longer held with fence {fence}; its result is dropped")
        self.job_id = job_id
        self.fence = fence


class StopWork(MintmarkError):
    """Raised at a safe point when the run or job was paused or cancelled, or the worker is stopping.

    A handler lets it pass: the executor turns it into the ending that fits.
    """

    code = "stop_work"

    def __init__(self, why: str) -> None:
        super().__init__(f"told to stop: {why}")
        self.why = why


class ToldToStop(StopWork):
    """Raised where the database has said so: once it says otherwise, the work goes on at once."""


class NotYet(MintmarkError):
    """Base of what is over in a known while, ``wait``: the job is put off, and no attempt is counted."""

    code = "not_yet"
    request: Literal["unsent", "answered", "unknown"] = "unsent"

    def __init__(self, message: str, api: str, wait: timedelta) -> None:
        super().__init__(message)
        self.api = api
        self.wait = wait


class QuotaSpent(NotYet):
    """Raised when a provider's daily quota is used up; ``wait`` is how long until its next day begins."""

    code = "quota_spent"

    def __init__(self, api: str, wait: timedelta) -> None:
        super().__init__(f"the quota of {api} is used up", api, wait)


class CoolingDown(NotYet):
    """Raised when a provider is left alone for a while: it asked for that, or it is down."""

    code = "cooling_down"

    def __init__(self, api: str, why: str, wait: timedelta) -> None:
        super().__init__(f"{api} is left alone for a while: {why}", api, wait)


class OutcomeUnknown(MintmarkError):
    """Raised when nobody knows what came of a call that must not be made twice; its item has failed.

    A handler that has other items catches it and goes on with the next. It is not caught: the job fails.
    """

    code = "outcome_unknown"

    def __init__(self, api: str, operation: str, step: str) -> None:
        super().__init__(
            f'nobody knows whether {api} {operation} was done for the step "{step}"; it is not repeated'
        )
        self.step = step


class SourceError(MintmarkError):
    """Base of what other people's APIs and files do to us."""

    code = "source_error"


class SourceDown(SourceError):
    """Raised when a source did not answer, or said that it cannot now; ``retry_after`` is its own advice."""

    code = "source_down"

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceRefused(SourceError):
    """Raised when a source said no in a way that waiting does not mend."""

    code = "source_refused"


class AccessDenied(SourceRefused):
    """Raised when a good credential may not do this: no other token would help, another consent would."""

    code = "access_denied"
    request = "answered"


class CredentialRevoked(SourceRefused):
    """Raised when a credential is no longer good for anything: its runs are paused until it is renewed."""

    code = "credential_revoked"
    request = "answered"


class SourceRetired(SourceRefused):
    """Raised when a source is gone for good: nothing is asked, the sentence names what takes its place."""

    code = "retired"
    request = "unsent"


class SourceGarbled(SourceError):
    """Raised when a source's answer cannot be read: HTML for JSON, a truncated body, another shape."""

    code = "source_garbled"


class Unavailable(MintmarkError):
    """Raised when our own database, or a limit of ours, did not answer in time."""

    code = "unavailable"


class NoTurn(Unavailable):
    """Raised when a request waited too long for its turn: it was never sent."""

    code = "no_turn"
    request: Literal["unsent", "answered", "unknown"] = "unsent"
