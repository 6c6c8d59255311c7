"""The provider that the model's jobs pay, and a worker's line to the database, which can be cut."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from worker.db import Connection, Database
from worker.errors import Unavailable
from worker.runs.prices import Repeat


@dataclass(slots=True)
class Provider:
    """Counts the calls of each step and what it charged; where it knows a call by its key, once for each."""

    repeat: Repeat
    calls: dict[tuple[int, int], int] = field(default_factory=dict)
    charged: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    _prices: dict[str, Decimal] = field(default_factory=dict)

    def call(self, key: str, step: tuple[int, int], price: int) -> Decimal:
        """Do what is asked; answers what it cost."""
        if self.repeat is Repeat.SAME_KEY and key in self._prices:
            return self._prices[key]
        self._prices[key] = Decimal(price)
        self.calls[step] = self.calls.get(step, 0) + 1
        self.charged[step] = self.charged.get(step, Decimal(0)) + price
        return Decimal(price)


class Line(Database):
    """A worker's own way to the database: once the worker is dead, nothing comes through any more."""

    def __init__(self, db: Database) -> None:
        super().__init__(db._pool, acquire_seconds=db._acquire_seconds, pooled=db.pooled)
        self.cut = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection, or none."""
        if self.cut:
            raise Unavailable("this worker is dead")
        async with super().connection() as connection:
            yield connection
