"""Conversations of a seller, each by its latest message: who, when, about what; its words if asked for."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from worker.catalog.differences import Table
from worker.db import statements

SQL = statements(Path(__file__).with_name("messages.sql"))
HEADERS = Table(known=SQL["known"], write=SQL["write"])
WITH_BODIES = Table(known=SQL["known_with_bodies"], write=SQL["write"])
"""The same table; one whose body is not there yet counts as changed."""


@dataclass(frozen=True, slots=True)
class Message:
    """The latest message of a conversation. ``body`` is None where it was not asked for."""

    conversation_id: str
    message_id: str
    status: str | None
    reference_id: str | None
    reference_type: str | None
    other: str | None
    subject: str | None
    unread: int
    sent_at: datetime
    body: str | None

    @property
    def key(self) -> tuple[str]:
        """The conversation's id."""
        return (self.conversation_id,)

    def row(self) -> tuple[Any, ...]:
        """Its columns."""
        return (*self.facts(), self.body)

    def facts(self) -> tuple[Any, ...]:
        """All but the body: it changes only with its message, and is not always asked for."""
        about = (self.status, self.reference_id, self.reference_type, self.other, self.subject)
        return (self.conversation_id, self.message_id, *about, self.unread, self.sent_at)

    def __str__(self) -> str:
        return f"{self.other or 'somebody'}, {self.subject or 'no subject'}, {self.sent_at:%Y-%m-%d}"
