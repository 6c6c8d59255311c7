"""What the sandbox was asked, and how it answered: the witness of every test and rehearsal."""

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import BinaryIO
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

KEPT = 200_000
SECRETS = frozenset({"access_token", "client_secret", "code", "refresh_token", "state", "token"})
"""Parameters whose values nobody writes down."""
SUSPECT = ("code", "secret", "state", "token", "v^1.1", "v%5e1.1")
HIDDEN = "redacted"


def utc_now() -> datetime:
    """Return the time of this machine's clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Entry:
    """One call: ``headers`` are the names of those that came, never values; ``status`` once answered.

    ``at`` is when it came, UTC in ISO 8601; ``seconds`` the same on a clock that never goes back.
    ``account`` is the seller in whose name it was made, by their immutable user id.
    """

    number: int
    operation: str
    method: str
    path: str
    query: str
    headers: tuple[str, ...]
    at: str
    seconds: float
    api: str
    account: str | None = None
    status: int | None = None

    def as_json(self) -> dict[str, object]:
        """The entry as a JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Journal:
    """The calls that came, oldest first; the last 200,000 are kept.

    With a ``file`` each call is also a line of JSON there, on the disk before anything is answered; how it
    was answered follows in a line of its own, ``{"number": …, "status": …}``.
    """

    clock: Callable[[], datetime] = utc_now
    file: BinaryIO | None = None
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0
    _names: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def begin(self, operation: str, request: Request, *, api: str = "", account: str | None = None) -> Entry:
        """Write down a call as it arrives, before anything can go wrong with it.

        ``api`` is the operation's first word when it is not given.
        """
        self.count += 1
        names = tuple(sorted(request.headers.keys()))
        entry = Entry(
            number=self.count,
            operation=operation,
            method=request.method,
            path=request.scope["path"],
            query=without_secrets(request.scope["query_string"].decode("latin-1")),
            # Most callers send the same names each time: they are kept once.
            headers=self._names.setdefault(names, names),
            at=self.clock().isoformat(),
            seconds=time.monotonic(),
            api=api or operation.partition(".")[0],
            account=account,
        )
        self.entries.append(entry)
        if self.file is not None:
            self._write(entry.as_json())
            os.fsync(self.file.fileno())
        return entry

    def end(self, entry: Entry, status: int) -> None:
        """Write down how a call was answered."""
        entry.status = status
        if self.file is not None:
            self._write({"number": entry.number, "status": status})

    def forget(self) -> None:
        """Drop the entries; the numbers go on where they were."""
        self.entries.clear()

    def as_json(
        self, *, since: int = 0, operation: str | None = None, account: str | None = None
    ) -> dict[str, object]:
        """The journal as ``{"count": how many ever came, "calls": [...]}``.

        Only calls with a number above ``since``; of one operation, or of one account, if it is given.
        """
        calls = [
            entry.as_json()
            for entry in self._after(since)
            if operation in {None, entry.operation} and account in {None, entry.account}
        ]
        return {"count": self.count, "calls": calls}

    def _after(self, number: int) -> Iterator[Entry]:
        first = self.entries[0].number if self.entries else 0
        return islice(self.entries, max(0, number + 1 - first), None)

    def _write(self, line: dict[str, object]) -> None:
        assert self.file is not None
        self.file.write(json.dumps(line).encode() + b"\n")
        self.file.flush()


def without_secrets(query: str) -> str:
    """Return a query string with its codes, tokens and the like taken out."""
    if not any(word in query.lower() for word in SUSPECT):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, HIDDEN if _is_secret(name, value) else value) for name, value in pairs])


def _is_secret(name: str, value: str) -> bool:
    return name.lower() in SECRETS or "v^1.1" in value
