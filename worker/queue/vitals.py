"""The signs of life of one worker, written by its loops and read by its health port from another thread."""

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Vitals:
    """When each loop last moved, on the monotonic clock; plain floats, so that threads may share them."""

    lease_seconds: float
    claim_limit_seconds: float
    loop_ticked: float = field(default_factory=time.monotonic)
    lease_acknowledged: float = field(default_factory=time.monotonic)
    claimed: float = field(default_factory=time.monotonic)
    claiming: bool = False
    """False before the first claim and while nothing shall be claimed."""
    stopping: bool = False
    ready: bool = False
    schema_problem: str | None = None

    def claim_age(self, now: float | None = None) -> float:
        """Seconds since a claim round ended; 0 while nothing shall be claimed."""
        now = time.monotonic() if now is None else now
        return max(0.0, now - self.claimed) if self.claiming else 0.0

    def problems(self, now: float | None = None) -> list[str]:
        """Name what does not live; empty when all is well."""
        now = time.monotonic() if now is None else now
        found = []
        if now - self.loop_ticked > self.lease_seconds / 2:
            found.append(f"event loop: has not ticked for {now - self.loop_ticked:.1f} s")
        if now - self.lease_acknowledged > self.lease_seconds:
            found.append(f"heartbeat: not acknowledged for {now - self.lease_acknowledged:.1f} s")
        if self.claim_age(now) > self.claim_limit_seconds:
            found.append(f"claim loop: no round has ended for {self.claim_age(now):.1f} s")
        return found

    def reasons_not_ready(self, now: float | None = None) -> list[str]:
        """Name why no work should be expected of this worker now; empty when it is ready."""
        found = self.problems(now)
        if not self.ready:
            found.append("not started yet")
        if self.stopping:
            found.append("stopping")
        if self.schema_problem:
            found.append(f"schema: {self.schema_problem}")
        return found
