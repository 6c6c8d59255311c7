"""Messages: who wrote to the account, and about what; their words only where they are asked for."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from worker.catalog.messages import HEADERS, WITH_BODIES, Message
from worker.clients.ebay_messages import Conversation, ConversationType, get_conversations, read_conversations
from worker.db import Connection
from worker.syncing.keeping import keep
from worker.syncing.resource import Ask, Outcome, Page, Reading

FIRST: ConversationType = "FROM_MEMBERS"
AFTER: Mapping[ConversationType, ConversationType] = {"FROM_MEMBERS": "FROM_EBAY"}


class Messages:
    """Reads conversations with members in which something was written since, and then all of eBay's own.

    What is written meanwhile moves a conversation up, onto a page that is behind us: it comes the next time.
    """

    name: ClassVar = "messages"
    slice: ClassVar[timedelta | None] = None
    reach: ClassVar[timedelta | None] = None
    again: ClassVar = timedelta(0)

    async def page(self, ask: Ask, reading: Reading, position: Mapping[str, Any] | None) -> Page:
        """One page of one type."""
        kind: ConversationType = position["type"] if position else FIRST
        offset = position["offset"] if position else 0
        question = get_conversations(kind, reading.since, offset=offset)
        answer = await ask(question, step=f"messages/{kind}/{offset}")
        read = read_conversations(answer, offset=offset)
        return Page(read.records, read.bad, _following(kind, read.offset))

    async def store(self, connection: Connection, reading: Reading, page: Page) -> Outcome:
        """Each conversation is there once, with its latest message."""
        kept = partial(_kept, own=reading.account.ebay_username, bodies=reading.bodies)
        table = WITH_BODIES if reading.bodies else HEADERS
        return await keep(connection, reading, self.name, table, list(map(kept, page.records)))

    async def finish(self, connection: Connection, reading: Reading) -> Mapping[str, int]:  # noqa: ARG002
        """Nothing: every page stands for itself."""
        return {}


def _following(kind: ConversationType, offset: int | None) -> Mapping[str, Any] | None:
    if offset is not None:
        return {"type": kind, "offset": offset}
    return {"type": AFTER[kind], "offset": 0} if kind in AFTER else None


def _kept(told: Conversation, *, own: str | None, bodies: bool) -> Message:
    latest = told.latest
    return Message(
        conversation_id=told.id,
        message_id=latest.id,
        status=told.status,
        reference_id=told.reference_id,
        reference_type=told.reference_type,
        other=told.other(own),
        subject=latest.subject or told.title,
        unread=told.unread,
        sent_at=latest.sent_at,
        body=(latest.body or "") if bodies else None,
    )
