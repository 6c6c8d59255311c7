"""Where a job of collecting is: which print, which source, which page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError

from worker.runs.work import UnknownCheckpoint


@dataclass(frozen=True, slots=True)
class Progress:
    """``prints`` are those of the job, ``at`` is the place of the one in hand.

    Of that one: ``done`` are the sources that need not be asked any more, ``position`` is the next page of
    ``source``, ``tally`` what was found, and ``failed`` which sources failed, with their codes.
    """

    prints: tuple[int, ...]
    at: int = 0
    done: tuple[str, ...] = ()
    source: str | None = None
    position: str | None = None
    tally: Mapping[str, int] = field(default_factory=dict)
    answered: bool = False
    """Whether any source has answered."""
    failed: Mapping[str, str] = field(default_factory=dict)
    ended: bool = False
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
        """As it stands in a checkpoint."""
        return asdict(self)

    @property
    def print_id(self) -> int | None:
        """The print in hand; None behind the last."""
        return self.prints[self.at] if self.at < len(self.prints) else None

    def position_of(self, source: str) -> str | None:
        """Where a source is to go on; None: at its first page."""
        return self.position if self.source == source else None

    def turned(self, source: str, position: str | None, tally: Mapping[str, int]) -> Self:
        """Go on behind a page; with its last one the source is done."""
        added = {name: self.tally.get(name, 0) + count for name, count in tally.items()}
        counted = replace(self, tally={**self.tally, **added}, answered=True)
        if position is None:
            return counted.passed(source)
        return replace(counted, source=source, position=position)

    def passed(self, source: str, *, code: str | None = None) -> Self:
        """Leave a source; ``code`` says why, where it failed."""
        failed = self.failed if code is None else {**self.failed, source: code}
        return replace(self, done=(*self.done, source), source=None, position=None, failed=failed)

    def next_print(self) -> Self:
        """Go on with the next print."""
        return type(self)(prints=self.prints, at=self.at + 1)

    def over(self) -> Self:
        """Nothing is left."""
        return replace(self, ended=True)


def chunks(prints: Sequence[int], size: int) -> list[list[int]]:
    """The prints in lists of so many, in their order."""
    return [list(prints[first : first + size]) for first in range(0, len(prints), size)]
