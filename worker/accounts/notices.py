"""What eBay tells of its users by itself, and obeying it: each event changes something once."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from worker.db import Database, statements
from worker.errors import SourceGarbled

SQL = statements(Path(__file__).with_name("notices.sql"))
CLOSED, REVOKED = "MARKETPLACE_ACCOUNT_DELETION", "AUTHORIZATION_REVOCATION"
REASON = re.compile(r"[A-Z_]{1,40}", re.ASCII)
Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


class _Form(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)


class _Metadata(_Form):
    topic: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]


class _Head(_Form):
    metadata: _Metadata


class _User(_Form):
    userId: Id  # noqa: N815 - eBay's name.
    username: Text | None = None
    revokeReason: Text | None = None  # noqa: N815 - eBay's name.
    revocationDate: AwareDatetime | None = None  # noqa: N815 - eBay's name.


class _Notification(_Form):
    notificationId: Id  # noqa: N815 - eBay's name.
    eventDate: AwareDatetime | None = None  # noqa: N815 - eBay's name.
    data: _User


class _Body(_Form):
    notification: _Notification


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to whom; ``at`` is None where eBay does not say when."""

    id: str
    user_id: str
    username: str
    reason: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """What came, as far as it is read; ``event`` is None for a topic that is none of ours."""

    topic: str
    event: Event | None


def read_notice(body: bytes) -> Notice:
    """Read a notice, whoever sent it; raises ``SourceGarbled``."""
    try:
        topic = _Head.model_validate_json(body).metadata.topic
        known = topic in (CLOSED, REVOKED)
        return Notice(topic, _event(_Body.model_validate_json(body).notification) if known else None)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
        raise SourceGarbled(f"the event cannot be read at {where or 'its beginning'}") from None


def _event(told: _Notification) -> Event:
    user = told.data
    reason = user.revokeReason or ""
    why = reason.lower() if REASON.fullmatch(reason) else "revoked"
    return Event(
        told.notificationId, user.userId, user.username or "", why, user.revocationDate or told.eventDate
    )


async def obey(db: Database, notice: Notice) -> int:
    """Erase the user, or end the use of their account; answers how many accounts that concerned.

    One transaction; an event that was obeyed already changes nothing.
    """
    if (event := notice.event) is None:
        return 0
    if notice.topic == CLOSED:
        accounts = await db.fetchval(SQL["erase"], event.id, event.user_id, event.username)
    else:
        at = event.at or datetime.now(UTC)
        accounts = await db.fetchval(SQL["revoke"], event.id, event.user_id, event.reason, at)
    return int(accounts)
