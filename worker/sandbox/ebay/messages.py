"""Conversations as the Message API answers them: of one type at a time."""

from collections.abc import Callable
from datetime import datetime

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.letters import Conversation, conversation_shape, message_shape
from worker.sandbox.ebay.paging import Page, collection, whole
from worker.sandbox.ebay.strict import Refusals
from worker.sandbox.ebay.times import read_time
from worker.sandbox.ebay.world import World

REFUSALS = Refusals(
    "API_MESSAGE",
    {
        355001: "The conversation status is not valid",
        355003: "The reference type is not valid",
        355004: "The start time must come before the end time",
        355005: "A time is not of the form",
        355007: "There is no conversation of this id and type",
        355008: "The offset is not valid: it must be a multiple of the limit",
        355009: "The limit is not valid",
        355016: "The reference id is not valid",
        355017: "The conversation type is missing or not valid",
        355022: "A reference id needs a reference type beside it",
    },
)
LARGEST_PAGE, USUAL_PAGE = 50, 25
TYPES = {"FROM_MEMBERS", "FROM_EBAY"}
STATUSES = {"ACTIVE", "ARCHIVE", "DELETE", "READ", "UNREAD"}
Test = Callable[[Conversation], bool]


class MessageStand:
    """Answers for conversations and their messages."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get_conversations(self, request: Request, user_id: str | None) -> Response:
        """GET /commerce/message/v1/conversation: the one with the latest message first."""
        asked, shop = request.query_params, self._world.shop(user_id)
        kind, page = _type(asked), _page(asked)
        tests = [_status(asked), _reference(asked), _other(asked), _time(asked, kind)]
        found = [
            each
            for each in shop.conversations
            if each.conversation_type == kind and all(test(each) for test in tests)
        ]
        body = collection(
            request, "conversations", found, page, lambda each: conversation_shape(each, shop.seller)
        )
        return JSONResponse(body)

    def get_conversation(self, request: Request, user_id: str | None) -> Response:
        """GET /commerce/message/v1/conversation/{conversation_id}: its messages, newest first."""
        asked, shop = request.query_params, self._world.shop(user_id)
        kind, page = _type(asked), _page(asked)
        wanted = request.path_params["conversation_id"]
        of_kind = (each for each in shop.conversations if each.conversation_type == kind)
        found = next((each for each in of_kind if each.conversation_id == wanted), None)
        if found is None:
            raise REFUSALS.refused(355007, "conversation_id", wanted)
        body = collection(
            request, "messages", found.messages, page, lambda each: message_shape(found, each, shop.seller)
        )
        return JSONResponse(
            body
            | {
                "conversationStatus": found.status,
                "conversationTitle": found.title,
                "conversationType": found.conversation_type,
            }
        )


def _type(asked: QueryParams) -> str:
    kind = asked.get("conversation_type", "")
    if kind not in TYPES:
        raise REFUSALS.refused(355017, "conversation_type", kind)
    return kind


def _page(asked: QueryParams) -> Page:
    limit = whole(asked.get("limit"), USUAL_PAGE)
    if not limit or limit > LARGEST_PAGE:
        raise REFUSALS.refused(355009, "limit", asked["limit"])
    offset = whole(asked.get("offset"), 0)
    if offset is None or not Page(limit, offset).aligned:
        raise REFUSALS.refused(355008, "offset", asked["offset"])
    return Page(limit, offset)


def _status(asked: QueryParams) -> Test:
    status = asked.get("conversation_status")
    if status is None:
        return lambda _each: True
    if status not in STATUSES:
        raise REFUSALS.refused(355001, "conversation_status", status)
    if status in {"READ", "UNREAD"}:
        return lambda each: (each.unread > 0) == (status == "UNREAD")
    return lambda each: each.status == status


def _reference(asked: QueryParams) -> Test:
    kind, wanted = asked.get("reference_type"), asked.get("reference_id")
    if kind not in {None, "LISTING"}:
        raise REFUSALS.refused(355003, "reference_type", str(kind))
    if wanted is not None and kind is None:
        raise REFUSALS.refused(355022, "reference_id", wanted)
    if wanted is not None and not whole(wanted[:9], 0):
        raise REFUSALS.refused(355016, "reference_id", wanted)
    return lambda each: (kind is None or each.listing is not None) and wanted in {None, each.listing}


def _other(asked: QueryParams) -> Test:
    name = asked.get("other_party_username")
    return lambda each: name in {None, each.other}


def _time(asked: QueryParams, kind: str) -> Test:
    # Times are for conversations with members; of eBay's own all come, whatever was asked.
    if kind != "FROM_MEMBERS":
        return lambda _each: True
    start, end = _moment(asked, "start_time"), _moment(asked, "end_time")
    if start is not None and end is not None and start >= end:
        raise REFUSALS.refused(355004, "start_time", asked["start_time"])
    return lambda each: (
        (start is None or each.messages[0].at > start) and (end is None or each.messages[0].at < end)
    )


def _moment(asked: QueryParams, name: str) -> datetime | None:
    text = asked.get(name)
    if text is None:
        return None
    moment = read_time(text)
    if moment is None:
        raise REFUSALS.refused(355005, name, text)
    return moment
