"""Lists that change while they are paged through: a total that moves, items that come again."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Answer = Callable[[Request], Awaitable[Response]]


async def other_total(request: Request, answer: Answer, by: int) -> Response:
    """Return the answer with ``by`` more in its ``total``; as it is when it has none."""
    response = await answer(request)
    page = _object_in(response)
    if not isinstance(page.get("total"), int):
        return response
    return JSONResponse({**page, "total": max(0, page["total"] + by)}, response.status_code)


async def repeating(request: Request, answer: Answer, by: int) -> Response:
    """Return a page moved down by ``by`` items, as when that many came in before it meanwhile.

    The last items of the page before stand at its beginning. What they push out stands on the next page if
    that is moved too; the last page keeps all. First pages, and what is no list, stay as they are.
    """
    response = await answer(request)
    page = _object_in(response)
    if (name := _list_in(page)) is None or (earlier := _page_before(request, page)) is None:
        return response
    repeated = _object_in(await answer(earlier)).get(name, [])[-by:]
    room = len(page[name]) if "next" in page else None
    return JSONResponse({**page, name: [*repeated, *page[name]][:room]}, response.status_code)


def _object_in(response: Response) -> dict[str, Any]:
    try:
        found = json.loads(bytes(response.body))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _list_in(page: dict[str, Any]) -> str | None:
    lists = (name for name, value in page.items() if isinstance(value, list) and name != "warnings")
    return next(lists, None)


def _page_before(request: Request, page: dict[str, Any]) -> Request | None:
    # An answer that does not repeat its offset counts whole pages (Inventory).
    step = page.get("limit", 0) if "offset" in page else 1
    pairs = dict(parse_qsl(request.url.query, keep_blank_values=True))
    offset = pairs.get("offset", "0")
    if not offset.isdecimal() or not 0 < step <= int(offset):
        return None
    query = urlencode({**pairs, "offset": int(offset) - step}).encode()
    return Request({**request.scope, "query_string": query}, request.receive)
