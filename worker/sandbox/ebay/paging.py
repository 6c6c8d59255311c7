"""eBay's paged collections: what of a query is asked for, and the links to the pages beside it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request

Json = dict[str, object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Which items are asked for: ``limit`` of them, after the first ``offset``."""

    limit: int
    offset: int

    @property
    def aligned(self) -> bool:
        """Whether so many whole pages lie before it."""
        return self.offset % self.limit == 0


def whole(text: str | None, default: int) -> int | None:
    """Read a whole number that is not negative, ``default`` if nothing was said, None for anything else."""
    if text is None:
        return default
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def collection(
    request: Request, name: str, found: Sequence[T], page: Page, shape: Callable[[T], object]
) -> Json:
    """Return one page of what was found; ``next`` only where there is more, ``prev`` only where was less."""
    end = page.offset + page.limit
    body: Json = {
        "href": link(request, page.limit, page.offset),
        "total": len(found),
        "limit": page.limit,
        "offset": page.offset,
        name: [shape(each) for each in found[page.offset : end]],
    }
    if end < len(found):
        body["next"] = link(request, page.limit, end)
    if page.offset > 0:
        body["prev"] = link(request, page.limit, max(0, page.offset - page.limit))
    return body


def link(request: Request, limit: int, offset: int) -> str:
    """Return the address of another page of the same request, at the host that was asked."""
    return str(request.url.include_query_params(limit=limit, offset=offset))
