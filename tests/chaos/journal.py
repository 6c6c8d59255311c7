"""What happened, told by whoever did it: an append-only file outside Postgres, a line an event.

A line is one write of its own, so a process that is killed takes none of its words with it.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. ``at`` is monotonic seconds, the same clock for all processes of the machine."""

    event: str
    at: float
    pid: int
    job: int
    fence: int = 0
    step: int = 0


class Journal:
    """Writes to, and reads, the file at ``path``; many processes may share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, event: str, job: int, **facts: int) -> None:
        """Note that ``event`` happened to a job, now and by this process."""
        line = {"event": event, "at": time.monotonic(), "pid": os.getpid(), "job": job, **facts}
        os.write(self._file, json.dumps(line).encode() + b"\n")

    def entries(self, event: str) -> list[Entry]:
        """All that is known of one event, in the order in which it was written."""
        return [entry for entry in self._all() if entry.event == event]

    def _all(self) -> Iterator[Entry]:
        with self.path.open(encoding="utf-8") as lines:
            for line in lines:
                facts: dict[str, Any] = json.loads(line)
                yield Entry(**facts)

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)
