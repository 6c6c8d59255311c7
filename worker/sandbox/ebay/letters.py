"""What buyers and eBay wrote to a seller: conversations with their messages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from worker.sandbox.ebay.members import Seller
from worker.sandbox.ebay.orders import Order
from worker.sandbox.ebay.times import written_time

Json = dict[str, object]
ConversationType: TypeAlias = Literal["FROM_MEMBERS", "FROM_EBAY"]

ONE_IN = 15
TALKATIVE = 60
WORDS = ("Is this still available?", "It is.", "Any creases? 🙏", "None that I can see.")


@dataclass(frozen=True, slots=True)
class Message:
    """One message between the seller and the other side."""

    message_id: str
    at: datetime
    text: str
    from_seller: bool
    read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation, its messages newest first; ``listing`` is the number of what it is about."""

    conversation_id: str
    conversation_type: ConversationType
    status: Literal["ACTIVE", "ARCHIVE"]
    title: str
    other: str
    listing: str | None
    messages: tuple[Message, ...]

    @property
    def unread(self) -> int:
        """How many of its messages the seller has not read."""
        return sum(not each.read for each in self.messages)


def conversations_of(seller: Seller, orders: Iterable[Order], now: datetime) -> tuple[Conversation, ...]:
    """Return a seller's conversations, that with the latest message first."""
    found = [_from_ebay(seller, now), *_from_members(orders)]
    return tuple(sorted(found, key=lambda each: (each.messages[0].at, each.conversation_id), reverse=True))


def _from_ebay(seller: Seller, now: datetime) -> Conversation:
    text = f"A notice to {seller.user_id}."
    return Conversation(
        conversation_id=f"E-{seller.user_id}",
        conversation_type="FROM_EBAY",
        status="ACTIVE",
        title="Your selling limits",
        other="eBay",
        listing=None,
        messages=(Message("E1", now - timedelta(days=20), text, from_seller=False, read=False),),
    )


def _from_members(orders: Iterable[Order]) -> Iterator[Conversation]:
    for order in orders:
        if order.number % ONE_IN == 0:
            yield _about(order)


def _about(order: Order) -> Conversation:
    ware = order.lines[0].ware
    count = TALKATIVE if order.number % (3 * ONE_IN) == 0 else 1 + order.number % 4
    return Conversation(
        conversation_id=f"8{order.number:09}",
        conversation_type="FROM_MEMBERS",
        status="ARCHIVE" if order.number % 7 == 0 else "ACTIVE",
        title=ware.title,
        other=order.buyer.name,
        listing=ware.legacy_item_id,
        messages=tuple(_message(order, place) for place in reversed(range(count))),
    )


def _message(order: Order, place: int) -> Message:
    return Message(
        message_id=f"{order.number}{place:03}",
        # Before the sale, all of it: a conversation never reaches into the future.
        at=order.created - timedelta(hours=12) + timedelta(minutes=10 * place),
        text=WORDS[place % len(WORDS)],
        from_seller=place % 2 == 1,
        read=place % 2 == 1 or order.number % 2 == 0,
    )


def conversation_shape(conversation: Conversation, seller: Seller) -> Json:
    """Return the ConversationDetail."""
    shape: Json = {
        "conversationId": conversation.conversation_id,
        "conversationStatus": conversation.status,
        "conversationType": conversation.conversation_type,
        "conversationTitle": conversation.title,
        "createdDate": written_time(conversation.messages[-1].at),
        "unreadCount": conversation.unread,
        "latestMessage": message_shape(conversation, conversation.messages[0], seller),
    }
    if conversation.listing is not None:
        shape |= {"referenceId": conversation.listing, "referenceType": "LISTING"}
    return shape


def message_shape(conversation: Conversation, message: Message, seller: Seller) -> Json:
    """Return the MessageDetail."""
    names = (seller.username, conversation.other)
    sender, recipient = names if message.from_seller else reversed(names)
    return {
        "messageId": message.message_id,
        "messageBody": message.text,
        "createdDate": written_time(message.at),
        "readStatus": message.read,
        "senderUsername": sender,
        "recipientUsername": recipient,
        "subject": conversation.title,
        "messageMedia": [],
    }
