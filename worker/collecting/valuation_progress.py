"""Where a valuation is: which sources are still to be asked, and how far the first of them was."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError

from worker.runs.work import UnknownCheckpoint


@dataclass(frozen=True, slots=True)
class Progress:
    """A checkpoint. ``left`` are the sources still to be asked, the first of them from ``position`` on."""

    intake: int
    left: tuple[str, ...] = ()
    position: str | None = None
    offers: int = 0
    """How many the first source has told of so far."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """Sources that were not asked, and why."""
    valuation: int | None = None
    """The valuation, once it is made: then there is nothing left to do."""
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
        """This as a checkpoint."""
        return asdict(self)

    def turned(self, position: str | None, offers: int, most: int) -> Self:
        """Go on behind a page that had so many offers: to the next, or to the next source."""
        told = self.offers + offers
        if position is None or position == self.position or told >= most:
            return replace(self, left=self.left[1:], position=None, offers=0)
        return replace(self, position=position, offers=told)

    def passed_over(self, why: str) -> Self:
        """Go on without the first source."""
        silent = {**self.silent, self.left[0]: why}
        return replace(self, left=self.left[1:], position=None, offers=0, silent=silent)
