"""How often a call may be made again: a share of all, so that an outage is not met with more of them."""

import time
from collections.abc import Callable

SHARE = 0.1
MOST = 10.0
FLOOR = 2.0
FLOOR_SECONDS = 30.0


class RetryBudget:
    """Lets one retry through for every ten calls; ten may be saved up.

    Two more each half minute, so that a lone call may be made again. ``clock`` is monotonic, in seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = FLOOR
        self._looked = clock()

    def earn(self) -> None:
        """Note a call that is made for the first time."""
        self._left = min(MOST, self._left + SHARE)

    def take(self) -> bool:
        """Take one retry; answers whether there was one."""
        now = self._clock()
        if self._left < FLOOR:
            self._left = min(FLOOR, self._left + (now - self._looked) * FLOOR / FLOOR_SECONDS)
        self._looked = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
