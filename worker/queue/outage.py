"""An outage of something a loop needs: said once when it begins and once when it is over."""

from worker import observe
from worker.db import is_outage


class Outage:
    """What one loop knows of the outage of what it needs."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._on = False

    def note(self, error: Exception) -> None:
        """Take an error for an outage; raises it anew when it is none."""
        if not is_outage(error):
            raise error
        if not self._on:
            observe.say("outage_began", level="warning", what=self._what, error=type(error).__name__)
        self._on = True

    def over(self) -> None:
        """Note that it answers."""
        if self._on:
            observe.say("outage_ended", what=self._what)
        self._on = False
