"""What is told about alerts: a message of one or many, in words that no channel's rules have touched yet."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from worker.clients.redaction import redact, redact_value

LONGEST_SENTENCE = 600
"""Characters: with each of them escaped, one alert still fits the shortest channel."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert, as it stands in the outbox."""

    id: int
    key: str
    alert: str
    message: str
    org_id: UUID | None
    run_id: UUID | None
    job_id: int | None
    data: Mapping[str, Any]
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at once, oldest first. A ``summary`` counts its alerts where there is no room for each."""

    notices: Sequence[Notice]
    summary: bool = False


class Channel(Protocol):
    """A place to which alerts are sent."""

    @property
    def name(self) -> str:
        """What it is called in logs, metrics and the database."""
        ...

    def fits(self, message: Message) -> bool:
        """Tell whether it takes as much in one message."""
        ...

    async def send(self, message: Message) -> None:
        """Hand over one message within a limited time.

        Raises SourceDown or SourceRefused; then it may have arrived all the same.
        """
        ...


def next_message(
    waiting: Sequence[Notice], *, free: int, fits: Callable[[Message], bool], counted: bool = False
) -> Message:
    """Choose what goes first of what waits: as much as fits; all of it, counted, into the last free message.

    ``counted``: nothing but the count in any case, as for a channel that does not like what it is told.
    """
    length = 1
    while length < len(waiting) and fits(Message(waiting[: length + 1])):
        length += 1
    if counted or (free <= 1 and length < len(waiting)):
        return Message(waiting, summary=True)
    return Message(waiting[:length])


def headline(message: Message) -> str:
    """How many alerts of what: ``3 alerts: 2 run_failed, 1 job_quarantined``."""
    counts = Counter(notice.alert for notice in message.notices)
    total = len(message.notices)
    parts = ", ".join(f"{count} {alert}" for alert, count in counts.most_common())
    return f"{total} alert{'' if total == 1 else 's'}: {parts}"


def where_to_look(message: Message) -> str:
    """Where to read what a summary only counts."""
    first, last = message.notices[0], message.notices[-1]
    return (
        f"Too many for a message each: numbers {first.id} to {last.id}, from {moment(first)} to "
        f"{moment(last)}. mintmark alert list --limit {len(message.notices)} has the newest."
    )


def sentence(notice: Notice) -> str:
    """What happened, on one line, without secrets, at most ``LONGEST_SENTENCE`` characters."""
    text = one_line(redact(notice.message))
    return text if len(text) <= LONGEST_SENTENCE else text[: LONGEST_SENTENCE - 1] + "…"


def about(notice: Notice) -> str:
    """The run and the job it is about, in brackets; nothing if it is about neither."""
    run = [f"run {notice.run_id}"] if notice.run_id else []
    job = [f"job {notice.job_id}"] if notice.job_id else []
    return f" ({', '.join(run + job)})" if run or job else ""


def moment(notice: Notice) -> str:
    """When it was raised, in UTC."""
    return f"{notice.raised_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def one_line(text: str) -> str:
    """Replace what breaks a line, steers a terminal or turns the direction of writing by spaces."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def as_json(notice: Notice) -> dict[str, Any]:
    """The alert as JSON: what ``docs/alerts.md`` promises to those who take it by a generic webhook."""
    return {
        "id": notice.id,
        "key": redact(notice.key),
        "alert": notice.alert,
        "message": sentence(notice),
        "org_id": notice.org_id and str(notice.org_id),
        "run_id": notice.run_id and str(notice.run_id),
        "job_id": notice.job_id,
        "data": redact_value(notice.data),
        "raised_at": notice.raised_at.astimezone(UTC).isoformat(),
    }
