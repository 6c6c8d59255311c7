"""What sellers and buyers write to each other: the Message API's getConversations, with the latest message.

Source: Message API 1.0, getConversations and its types ConversationDetail and MessageDetail.
"""

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field

from worker.clients.ebay import Question
from worker.clients.ebay_shapes import (
    NOTHING,
    Following,
    Id,
    Moment,
    Shape,
    moment,
    offset_of_next,
    read_page,
    total_of,
)

LARGEST_PAGE = 50
API, OPERATION = "ebay_message", "get_conversations"
NAME = f"{API} {OPERATION}"

ConversationType: TypeAlias = Literal["FROM_MEMBERS", "FROM_EBAY"]


class Message(Shape):
    """The latest message of a conversation."""

    id: Id = Field(alias="messageId")
    sent_at: Moment = Field(alias="createdDate")
    sender: str | None = Field(None, alias="senderUsername")
    recipient: str | None = Field(None, alias="recipientUsername")
    subject: str | None = None
    body: str | None = Field(None, alias="messageBody")


class Conversation(Shape):
    """A conversation with one other side."""

    id: Id = Field(alias="conversationId")
    status: str | None = Field(None, alias="conversationStatus")
    title: str | None = Field(None, alias="conversationTitle")
    reference_id: str | None = Field(None, alias="referenceId")
    reference_type: str | None = Field(None, alias="referenceType")
    unread: int = Field(0, alias="unreadCount", ge=0, lt=2**31)
    latest: Message = Field(alias="latestMessage")

    def other(self, own: str | None) -> str | None:
        """Who the other side is, where ``own`` is the seller's name."""
        return self.latest.recipient if self.latest.sender == own else self.latest.sender


def get_conversations(kind: ConversationType, since: datetime, *, offset: int) -> Question:
    """Ask for a type's conversations; only of those with members can what came since a moment be asked."""
    span = {"start_time": moment(since)} if kind == "FROM_MEMBERS" else {}
    return Question(
        api=API,
        operation=OPERATION,
        path="/commerce/message/v1/conversation",
        params={"conversation_type": kind, **span, "limit": LARGEST_PAGE, "offset": offset},
    )


def read_conversations(answer: object, *, offset: int) -> Following[Conversation]:
    """Read what was answered to the page at ``offset``."""
    if answer is None:
        return NOTHING
    good, bad, page = read_page(NAME, answer, array="conversations", key="conversationId", shape=Conversation)
    records = [one for one, _ in good]
    return Following(records, bad, total_of(NAME, page), offset_of_next(NAME, page, after=offset))
