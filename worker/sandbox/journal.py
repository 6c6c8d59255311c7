"""What the sandbox was asked, and how it answered: the witness of every test and rehearsal."""

from collections import deque
from dataclasses import asdict, dataclass, field

from starlette.requests import Request

KEPT = 10_000


@dataclass(slots=True)
class Entry:
    """One call: ``headers`` are the names of those that came, never values; ``status`` once answered."""

    number: int
    operation: str
    method: str
    path: str
    query: str
    headers: tuple[str, ...]
    status: int | None = None


@dataclass(slots=True)
class Journal:
    """The calls that came, oldest first; the last 10,000 are kept."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0

    def begin(self, operation: str, request: Request) -> Entry:
        """Write down a call as it arrives, before anything can go wrong with it."""
        self.count += 1
        entry = Entry(
            number=self.count,
            operation=operation,
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=tuple(sorted(request.headers.keys())),
        )
        self.entries.append(entry)
        return entry

    def as_json(self) -> dict[str, object]:
        """The journal as ``{"count": how many ever came, "calls": [...]}``."""
        return {"count": self.count, "calls": [asdict(entry) for entry in self.entries]}
