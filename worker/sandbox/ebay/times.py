"""Times as eBay writes them: UTC, milliseconds, a Z."""

import re
from datetime import UTC, datetime

FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", re.ASCII)


def written_time(moment: datetime) -> str:
    """Write a moment of UTC as in 2015-08-04T19:09:02.768Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def read_time(text: str) -> datetime | None:
    """Read a time of that form; None for any other, and for a day that no calendar has."""
    if FORM.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def whole_milliseconds(moment: datetime) -> datetime:
    """Return a moment in UTC as it reads after it was written."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
