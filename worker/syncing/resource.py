"""What a resource of an account is: how a page of it is asked for, and how it is stored."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from worker.accounts.accounts import Account
from worker.clients.ebay import Question
from worker.clients.ebay_shapes import BadRecord
from worker.db import Connection


@dataclass(frozen=True, slots=True)
class Reading:
    """One pass over an account's resource: what changed from ``since`` to ``until``, both UTC.

    A resource that is a state, and has no history, is read whole, and ``until`` is when the pass began.
    ``bodies`` tells whether the words of messages are wanted, too.
    """

    account: Account
    since: datetime
    until: datetime
    dry_run: bool = False
    bodies: bool = False


class Ask(Protocol):
    """Asks a question in the account's name; ``step`` names it within the job."""

    def __call__(self, question: Question, *, step: str) -> Awaitable[object]:
        """Return the JSON that answers, None for nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was read.

    ``position`` is where the next begins, in the resource's own words, None behind the last. ``total`` is how
    many records the source says there are, None where it does not say: should it change while it is
    paged through, records have moved between the pages, and the pass is made again.
    """

    records: Sequence[Any]
    bad: Sequence[BadRecord]
    position: Mapping[str, Any] | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a page's records: tallies by name, and in a dry run what would be done, a line each.

    ``count`` is called once the page is committed: it counts what is new in the metrics.
    """

    tally: Mapping[str, int]
    would: Sequence[str] = field(default_factory=list)
    count: Callable[[], None] = lambda: None


class Resource(Protocol):
    """One kind of thing that an account tells.

    ``slice`` is how much of its history one pass spans at most, ``reach`` how far back the source goes at
    all; both None for what is a state. ``again`` is how much is read again each time where a record may
    change, and cannot be asked for by when it did.
    """

    name: ClassVar[str]
    slice: ClassVar[timedelta | None]
    reach: ClassVar[timedelta | None]
    again: ClassVar[timedelta]

    async def page(self, ask: Ask, reading: Reading, position: Mapping[str, Any] | None) -> Page:
        """Ask for one page; ``position`` is None for the first of a pass."""
        ...

    async def store(self, connection: Connection, reading: Reading, page: Page) -> Outcome:
        """Store a page's records, or in a dry run say what that would do."""
        ...

    async def finish(self, connection: Connection, reading: Reading) -> Mapping[str, int]:
        """Do what remains behind the last page, in its transaction; answers tallies. Not in a dry run."""
        ...
