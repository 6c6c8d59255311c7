"""What paging through a source yields: pages that came, pages that did not, and when to give up."""

from dataclasses import dataclass, field

from worker.clients.answers import TOO_MANY_REQUESTS, AnsweredDown
from worker.errors import MintmarkError

GIVE_UP_AFTER = 3


@dataclass(frozen=True, slots=True)
class Page:
    """One page of raw records, as the source sent them.

    ``number`` counts from 1. ``total`` is how many records the source says there are in all, as of this
    page: it may change from page to page, and is None where the source does not say.
    """

    number: int
    records: tuple[object, ...]
    total: int | None


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A page, or one thing on it, that could not be had: ``name`` says which, the others go on."""

    number: int
    name: str
    error: MintmarkError


@dataclass(slots=True)
class Streak:
    """Counts failures in a row; ``last_straw`` is the error to give up with, None while there is hope."""

    last_straw: MintmarkError | None = None
    _length: int = field(default=0, init=False)

    def good(self) -> None:
        """Note something that came: the count begins anew."""
        self._length = 0

    def bad(self, error: MintmarkError) -> None:
        """Note something that did not come.

        The third in a row is the last straw. So is the first "too many requests": whatever is asked next
        would be told the same, and would make it worse.
        """
        self._length += 1
        if self._length >= GIVE_UP_AFTER or _told_to_wait(error):
            self.last_straw = self.last_straw or error


def _told_to_wait(error: MintmarkError) -> bool:
    return isinstance(error, AnsweredDown) and error.status == TOO_MANY_REQUESTS
