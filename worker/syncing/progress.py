"""Where a sync of one account is: which resource, which pass, which page, and what came of it so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError

from worker.errors import SourceGarbled
from worker.runs.work import UnknownCheckpoint
from worker.syncing.resource import Page

PASSES = 3
"""How often a span is read whose records move between the pages, before it is left for another time."""
SPARE_RECORDS = 1000
"""So many more than twice of what there is may come, before pages count as endless."""
ONCE = frozenset({"inserted", "updated", "unmapped"})
"""What also counts in a second pass; the rest was counted in the first."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The checkpoint of a sync. ``since`` to ``until`` is the pass at work, ``end`` where the last one ends.

    ``resource`` is None between two, and behind the last. ``seen`` counts the records of the pass and
    ``records`` those of the resource. ``skipped`` says why a resource was passed over.
    ``ended`` is true once the seller's item is written: there is one, however often the job is begun again.
    """

    left: tuple[str, ...]
    resource: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    end: datetime | None = None
    joins: bool = True
    position: dict[str, Any] | None = None
    total: int | None = None
    drifted: bool = False
    passes: int = 0
    seen: int = 0
    records: int = 0
    clock_put_back: int = 0
    ended: bool = False
    tally: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    version: Literal[1] = 1

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    @classmethod
    def read(cls, checkpoint: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` wrote; raises ``UnknownCheckpoint`` when another version did."""
        try:
            return TypeAdapter(cls).validate_python(checkpoint)
        except ValidationError:
            raise UnknownCheckpoint from None

    def as_json(self) -> dict[str, Any]:
        """What goes into a checkpoint."""
        written: dict[str, Any] = TypeAdapter(type(self)).dump_python(self, mode="json")
        return written

    def opened(self, since: datetime, end: datetime, slice_: timedelta | None, *, joins: bool) -> Self:
        """Begin the next resource: its first pass reads from ``since``, a slice at most."""
        name, *left = self.left
        until = end if slice_ is None else min(end, since + slice_)
        fresh = type(self)(left=tuple(left), tally=self.tally, skipped=self.skipped)
        return replace(fresh, resource=name, since=since, until=until, end=end, joins=joins)

    def turned(self, page: Page, tally: Mapping[str, int], *, dry_run: bool = False) -> Self:
        """Go on behind a page that is stored; raises ``SourceGarbled`` for pages that never end."""
        again = self.passes > 0
        added = {name: n for name, n in tally.items() if not again or (_counts_again(name) and not dry_run)}
        total = page.total if self.total is None else self.total
        came = len(page.records) + len(page.bad)
        if total is not None and self.seen + came > 2 * total + SPARE_RECORDS:
            raise SourceGarbled(f"{self.resource} goes on behind the {total} records that it says there are")
        return replace(
            self,
            position=dict(page.position) if page.position is not None else None,
            total=total,
            drifted=self.drifted or total != page.total,
            seen=self.seen + came,
            records=self.records + came,
            tally={name: self.tally.get(name, 0) + added.get(name, 0) for name in {**self.tally, **added}},
        )

    def missed_some(self) -> bool:
        """Tell whether records may have been missed: they moved between the pages, or fewer came than are."""
        return self.drifted or (self.total is not None and self.seen < self.total)

    def must_repeat(self) -> bool:
        """Tell whether the pass is to be made again."""
        return self.missed_some() and self.passes + 1 < PASSES

    def repeated(self) -> Self:
        """Read the same span again from its first page."""
        return replace(self, position=None, total=None, seen=0, drifted=False, passes=self.passes + 1)

    def advanced(self, slice_: timedelta | None) -> Self:
        """Go on with the next slice of the same resource, or leave it where there is none."""
        if slice_ is None or self.until is None or self.end is None or self.until >= self.end:
            return self.closed()
        following = replace(self, since=self.until, until=min(self.end, self.until + slice_))
        return replace(following, position=None, total=None, seen=0, drifted=False, passes=0)

    def closed(self, skipped: str | None = None) -> Self:
        """Leave a resource; ``skipped`` says why, where it was not read to its end."""
        why = {**self.skipped, self.resource: skipped} if skipped and self.resource else self.skipped
        return type(self)(left=self.left, tally=self.tally, skipped=why)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.resource is None and not self.left


def _counts_again(name: str) -> bool:
    """What other resources than orders count is named with the resource before it."""
    return name.rpartition(".")[2] in ONCE
