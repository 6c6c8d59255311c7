"""The filter language of the Sell APIs: ``name:[from..to],name:{THIS|THAT}``."""

import re
from datetime import datetime

from worker.sandbox.ebay.times import read_time

COMMA = re.compile(r",(?![^\[{]*[\]}])")  # Not one within brackets.
RANGE = re.compile(r"\[(?P<start>.*?)\.\.(?P<end>.*)\]")
CHOICE = re.compile(r"\{(?P<values>[^{}]+)\}")


class BadRange(ValueError):
    """Raised when a span of time is not one; ``reason`` is "form", "date", "start" or "order"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_filter(text: str) -> list[tuple[str, str]]:
    """Return the conditions of a filter as names and unread values; a part without a colon has value ""."""
    parts = [part.strip() for part in COMMA.split(text)]
    return [(part.partition(":")[0], part.partition(":")[2]) for part in parts if part]


def read_range(value: str) -> tuple[datetime, datetime | None]:
    """Read ``[from..to]`` or ``[from..]``, which has no end; ``BadRange`` for anything else."""
    match = RANGE.fullmatch(value)
    if match is None:
        raise BadRange("form")
    if not match["start"]:
        raise BadRange("start")
    start = _moment(match["start"])
    end = _moment(match["end"]) if match["end"] else None
    if end is not None and start > end:
        raise BadRange("order")
    return start, end


def read_choice(value: str) -> frozenset[str] | None:
    """Read ``{THIS|THAT}``; None for anything else."""
    match = CHOICE.fullmatch(value)
    return None if match is None else frozenset(match["values"].split("|"))


def _moment(text: str) -> datetime:
    moment = read_time(text)
    if moment is None:
        raise BadRange("date")
    return moment
