"""What a source of prices is: one question, asked page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from worker.catalog.offers import Offer
from worker.runs.work import Work

Basis = Literal["sold", "ask", "guide"]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as its row in ``sources`` has it now."""

    name: str
    adapter: str
    basis: Basis
    weight: float
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: ``words`` to search by, in a category, in a currency; of a print also its id.

    ``most`` is how many offers are enough.
    """

    words: str
    category: str | None
    currency: str
    card_print_id: int | None
    most: int = 200


@dataclass(frozen=True, slots=True)
class BadOffer:
    """A record that could not be read: its id, a stable code, and a sentence."""

    item_id: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one question brought; ``position`` is where the next page begins, None behind the last."""

    offers: Sequence[Offer]
    bad: Sequence[BadOffer]
    position: str | None


class Source(Protocol):
    """The code behind the ``adapter`` of a source."""

    adapter: str

    async def page(self, work: Work, row: SourceRow, wanted: Wanted, position: str | None) -> Page:
        """Ask for one page; paid calls are reserved through ``work``.

        Raises ``SourceRefused`` where the source will not answer whatever we wait (retired, no access), other
        errors of the house where it may answer later.
        """
        ...
