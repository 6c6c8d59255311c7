"""What a source of prices is: one question, asked page by page."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol
from uuid import UUID

from worker.catalog.offers import Offer
from worker.db import Connection
from worker.runs.work import Work

Basis = Literal["sold", "ask", "guide"]
HOUSE = UUID(int=1)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as its row in ``sources`` has it now."""

    name: str
    adapter: str
    basis: Basis
    weight: float
    config: Mapping[str, Any]

    def said(self, name: str) -> str | None:
        """What its ``config`` says of something, where that is a text with anything in it."""
        found = self.config.get(name)
        return found if isinstance(found, str) and found else None

    @property
    def marketplace(self) -> str:
        """The site that is asked, which is a part of what its rows are known by."""
        return self.said("marketplace") or self.name.upper()

    @property
    def platform(self) -> str:
        """What its items are called by in mappings, and its sellers are known by: ``ebay``, else its name."""
        return self.said("platform") or ("ebay" if self.name.startswith("ebay_") else self.name)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: ``words`` to search by, in a category, in a currency; of a print also its id.

    ``most`` is how many offers are enough. ``name`` and ``number`` are the card's, ``org_id`` says for whom
    it is looked for.
    """

    words: str
    category: str | None
    currency: str
    card_print_id: int | None
    most: int = 200
    name: str | None = None
    number: str | None = None
    org_id: UUID = HOUSE

    def step(self, source: str, position: str | None) -> str:
        """What a call for a page is called within its job, the same whenever it is made."""
        what = self.words if self.card_print_id is None else str(self.card_print_id)
        return f"{source}/{what}/{position or 0}"


@dataclass(frozen=True, slots=True)
class BadOffer:
    """A record that could not be read: its id, a stable code, and a sentence."""

    item_id: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one question brought; ``position`` is where the next page begins, None behind the last.

    ``also`` is what is to be done besides in the page's transaction; it answers how many rows it changed.
    """

    offers: Sequence[Offer]
    bad: Sequence[BadOffer]
    position: str | None
    also: Callable[[Connection], Awaitable[int]] | None = None


NOTHING = Page((), (), None)


class Source(Protocol):
    """The code behind the ``adapter`` of a source.

    ``api`` is whose quota its calls use, None where it asks nobody: what is in our own tables comes first.
    """

    adapter: ClassVar[str]
    api: ClassVar[str | None]

    async def page(self, work: Work, row: SourceRow, wanted: Wanted, position: str | None) -> Page:
        """Ask for one page; paid calls are reserved through ``work``.

        Raises ``AccessDenied`` or ``SourceRetired`` where the source will not answer whatever we wait: it is
        switched off; other errors of the house where it may answer later, or may answer for another print.
        """
        ...
