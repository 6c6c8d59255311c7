"""One figure of a benchmark, beside its floor."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """What was measured. ``floor`` is what the server does with the least work; ``ratio`` is ours to it."""

    what: str
    value: float
    unit: str
    floor: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.floor is None else self.value / self.floor

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio}
