"""How often eBay is asked for keys that nobody knows, so that whoever makes up ids keeps no real one out.

EBay answers 10,000 questions of this kind a day (its page of limits): what is given here stays below that.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta

import anyio

from worker.errors import CoolingDown

MOST_AT_FIRST = 150
"""A process that has just begun knows no key at all, and the first who come need not be eBay."""
MOST_AGAIN = 20
A_MINUTE = 3
AGAIN_SECONDS = 10.0
MOST_REFUSED = 4096
MINUTE = 60.0


class _Turns:
    """So many at once, and so many more a minute."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._left, self._since = float(most), clock()

    def take(self) -> bool:
        """Take one, if there is one."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._since) * A_MINUTE / MINUTE)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Strangers:
    """Gives turns to ids of keys that are not known.

    The first who come share one lot. When that is used up, there is another for ids that were sent away at
    least ten seconds ago and are named again: eBay signs all events with one key, and sends again what was
    not taken; whoever makes up ids names each once. ``clock`` is monotonic, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = anyio.current_time) -> None:
        self._clock = clock
        self._first, self._again = _Turns(MOST_AT_FIRST, clock), _Turns(MOST_AGAIN, clock)
        self._refused: OrderedDict[str, float] = OrderedDict()

    def admit(self, kid: str) -> None:
        """Give an id its turn; raises ``CoolingDown`` where it has none, until when it may come again."""
        if not (self._first.take() or (self._has_waited(kid) and self._again.take())):
            self._refuse(kid)
        self._refused.pop(kid, None)

    def _has_waited(self, kid: str) -> bool:
        since = self._refused.get(kid)
        return since is not None and self._clock() - since >= AGAIN_SECONDS

    def _refuse(self, kid: str) -> None:
        self._refused.setdefault(kid, self._clock())
        if len(self._refused) > MOST_REFUSED:
            self._refused.popitem(last=False)
        wait = timedelta(seconds=AGAIN_SECONDS)
        raise CoolingDown("ebay_notification", "too many unknown keys were named", wait)
