"""A circuit breaker: an API that fails is left alone for a while, then asked once whether it is back."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from worker import observe
from worker.clients.answers import TooOften
from worker.errors import CoolingDown, SourceDown, SourceGarbled, SourceRefused

LOOK_BACK_SECONDS = 30.0
FEWEST, MOST = 20, 40
"""Of how many calls it judges: a busy API's outage must show within seconds, whatever went well before."""
SHARE = 0.5
REST_SECONDS = 15.0
PROBE_SECONDS = 2.0
"""For how long whoever comes is sent away while somebody else's call tells whether it is back."""
JITTER_SECONDS = 1.0


class Breaker:
    """Watches the calls to one API by this process.

    It opens when half of the last 20 to 40 calls of the last 30 seconds failed, for 15 seconds; then one call
    is let through, and what comes of it closes the breaker or opens it again. A failure is a call without an
    answer, a 5xx, or an answer that nobody can read; a refusal is none, nor is "too often". ``clock`` is
    monotonic, in seconds; ``jitter`` gives 0..1.
    """

    def __init__(
        self, api: str, *, clock: Callable[[], float] = time.monotonic, jitter: Callable[[], float]
    ) -> None:
        self._api, self._clock, self._jitter = api, clock, jitter
        self._seen: deque[tuple[float, bool]] = deque(maxlen=MOST)
        self._open_until: float | None = None
        self._is_probing = False
        self._moves = 0

    def require_ready(self) -> None:
        """Raise ``CoolingDown`` where a call would not be let through now; it lets none through itself."""
        if self._open_until is None:
            return
        wait = self._open_until - self._clock()
        if wait > 0:
            raise self._refusal(wait)
        if self._is_probing:
            raise self._refusal(PROBE_SECONDS)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Make a call within the block, which is judged by how it ends; raises ``CoolingDown`` before it."""
        self.require_ready()
        moves, is_probe = self._moves, self._open_until is not None
        if is_probe:
            self._probe()
        try:
            yield
        except (SourceDown, SourceGarbled) as error:
            self._note(moves, failed=not isinstance(error, TooOften))
            raise
        except SourceRefused as error:
            if error.request == "answered":
                self._note(moves, failed=False)
            raise
        else:
            self._note(moves, failed=False)
        finally:
            if is_probe:
                self._is_probing = False

    def _note(self, moves: int, *, failed: bool) -> None:
        if moves != self._moves:
            return  # It left before the breaker moved: old news.
        if self._open_until is not None:
            self._open() if failed else self._close()
            return
        now = self._clock()
        self._seen.append((now, failed))
        while self._seen[0][0] < now - LOOK_BACK_SECONDS:
            self._seen.popleft()
        failures = sum(failed for _, failed in self._seen)
        if len(self._seen) >= FEWEST and failures >= SHARE * len(self._seen):
            self._open()

    def _open(self) -> None:
        observe.api_breaker(api=self._api, state="open", again=self._open_until is not None)
        self._move(self._clock() + REST_SECONDS)

    def _close(self) -> None:
        observe.api_breaker(api=self._api, state="closed")
        self._move(None)

    def _probe(self) -> None:
        self._is_probing = True
        observe.api_breaker(api=self._api, state="half_open")

    def _move(self, open_until: float | None) -> None:
        self._open_until = open_until
        self._moves += 1
        self._seen.clear()

    def _refusal(self, seconds: float) -> CoolingDown:
        wait = timedelta(seconds=seconds + self._jitter() * JITTER_SECONDS)
        return CoolingDown(self._api, "it fails just now", wait)
