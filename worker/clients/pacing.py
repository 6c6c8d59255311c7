"""Keep below somebody else's requests-per-minute limit, without being told off first."""

import time
from collections import deque
from collections.abc import Awaitable, Callable

import anyio

# The other side counts arrivals and ours are departures: a second more absorbs the difference.
WINDOW_SECONDS = 61.0


class Pace:
    """Lets at most ``per_minute`` callers through in any minute, first come first served.

    A burst within the limit goes through at once. A caller cancelled while it waits uses nothing up.
    ``clock`` is monotonic, in seconds.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
    ) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._turn = anyio.Lock()
        self._passed: deque[float] = deque()

    async def wait(self) -> None:
        """Return when the caller may send its request."""
        async with self._turn:
            while (delay := self._delay()) > 0:
                await self._sleep(delay)
            self._passed.append(self._clock())

    def slow_to(self, per_minute: int) -> None:
        """Lower the limit from now on; what has passed already counts against it."""
        self._per_minute = min(self._per_minute, per_minute)

    def _delay(self) -> float:
        now = self._clock()
        while self._passed and self._passed[0] + WINDOW_SECONDS <= now:
            self._passed.popleft()
        if len(self._passed) < self._per_minute:
            return 0
        return self._passed[-self._per_minute] + WINDOW_SECONDS - now
