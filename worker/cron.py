"""When a cron expression is due, in a time zone. The one module that knows the library; a leaf."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

FIELDS = 5
ORDER = "minute, hour, day of month, month, day of week"
ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields and the zone whose clocks they are read by; the functions below have checked both."""

    expression: str
    timezone: str = "UTC"

    def after(self, moment: datetime) -> datetime | None:
        """Return the first due time later than an aware moment, in UTC; None if there is none in 50 years.

        Where clocks change, a time of day that is skipped is due when the skip ends, and one that comes twice
        is due at its first coming. Where minute or hour begins with ``*``, nothing is done about it (CronSim
        2.8, README, "DST Transitions").
        """
        # In the second of two equal hours the library names times of the first; those are over.
        for local in CronSim(self.expression, moment.astimezone(ZoneInfo(self.timezone))):
            due = local.astimezone(UTC)
            if due > moment:
                return due
        return None


def checked_expression(text: str) -> str:
    """Return an expression that can be used; raises ``ValueError`` with a sentence for one that cannot."""
    if len(text.split()) != FIELDS:
        raise ValueError(f"it must have five fields: {ORDER}")
    try:
        due = Cron(text).after(ANY_DAY)
    except (CronSimError, ValueError) as error:  # The second is for a number of thousands of digits.
        why = str(error) if isinstance(error, CronSimError) else "a number is too large"
        raise ValueError(f"it must be five fields that cron knows: {ORDER} ({why})") from None
    if due is None:
        raise ValueError("no day of the next 50 years is like that")
    return text


def checked_timezone(name: str) -> str:
    """Return a zone's name that is known here; raises ``ValueError`` with a sentence for another."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # Not there, not a name, or the folder of a continent.
        raise ValueError("it must be a time zone such as Europe/Berlin or UTC") from None
    return name
