"""The limits the real API sets for callers without a key."""

from collections.abc import Callable

MINUTE = 60
DAY = 86_400


class KeylessQuota:
    """Counts calls in fixed windows of a minute and a day of ``clock``, in seconds since the epoch.

    30 a minute and 1,000 a day are the Pokémon TCG API's (its docs, rate limits); the form of its windows
    is not documented.
    """

    def __init__(self, clock: Callable[[], float], *, per_minute: int = 30, per_day: int = 1000) -> None:
        self._clock = clock
        self._limits = {MINUTE: per_minute, DAY: per_day}
        self._windows: dict[int, tuple[int, int]] = {}

    def take(self) -> bool:
        """Count one call; False when it is one too many. A refused call counts no further."""
        now = self._clock()
        used = {length: self._used(length, now) for length in self._limits}
        if any(used[length] >= limit for length, limit in self._limits.items()):
            return False
        for length in self._limits:
            self._windows[length] = (int(now // length), used[length] + 1)
        return True

    def _used(self, length: int, now: float) -> int:
        window, used = self._windows.get(length, (-1, 0))
        return used if window == int(now // length) else 0
