"""What the shop wrote down: each call that came and each cent it charged, outside Postgres and fsynced."""

import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple


class Step(NamedTuple):
    """One step of one job: what a call is made for."""

    job: int
    step: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """One line. ``at`` is monotonic seconds, the same clock for all processes of the machine."""

    event: Literal["arrived", "charged"]
    at: float
    job: int
    fence: int
    step: int
    key: str
    cents: Decimal


class Receipts:
    """Reads the file at ``path``, of which only whole lines count; what has been read is kept."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset = path, 0
        self._known: list[Receipt] = []

    def all(self) -> list[Receipt]:
        """Every line, in the order in which they were written."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            facts = json.loads(line)
            self._known.append(Receipt(**(facts | {"cents": Decimal(facts["cents"])})))
        return list(self._known)

    def charged(self) -> Decimal:
        """Cents, in all."""
        return sum((one.cents for one in self.all()), Decimal(0))

    def charges(self) -> Counter[Step]:
        """How often each step was charged."""
        return self._count("charged")

    def calls(self) -> Counter[Step]:
        """How often each step's call arrived."""
        return self._count("arrived")

    def arrived_since(self, at: float) -> int:
        """How many calls came after that moment."""
        return sum(one.event == "arrived" and one.at > at for one in self.all())

    def went_back(self) -> list[Receipt]:
        """Calls for a step behind which their attempt, or one before, had come already.

        What an earlier attempt still sends when it wakes from a freeze is not meant: it has gone nowhere.
        """
        reached: dict[int, dict[int, int]] = {}
        back = []
        for one in self.all():
            if one.event == "arrived":
                steps = reached.setdefault(one.job, {})
                if any(fence <= one.fence and step > one.step for fence, step in steps.items()):
                    back.append(one)
                steps[one.fence] = max(one.step, steps.get(one.fence, 0))
        return back

    def _count(self, event: str) -> Counter[Step]:
        return Counter(Step(one.job, one.step) for one in self.all() if one.event == event)
