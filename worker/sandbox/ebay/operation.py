"""What one operation of the stand-in is: where it lives, who may ask it, and what answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

Host: TypeAlias = Literal["api", "apiz", "auth"]
"""eBay's hosts: most operations are at api, money and identity at apiz, consent at auth."""
Asker: TypeAlias = Literal["user", "application", "nobody"]
"""Whose token an operation wants."""

Answer: TypeAlias = Callable[[Request, str | None], Response | Awaitable[Response]]
"""Answers a request that may be asked, in the name of the seller with this immutable user id, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One address of eBay's.

    ``api`` is the name under which its calls are counted for the day, in the journal, and in scenarios:
    ``{api}.{name}``, as in ``ebay_fulfillment.get_orders``. A token needs one of ``scopes``, each without the
    address that all begin with (``sell.fulfillment``). ``bad_token`` is the status for a token that has
    expired or was never issued.
    """

    api: str
    name: str
    path: str
    answer: Answer
    host: Host = "api"
    method: Literal["GET", "POST"] = "GET"
    asker: Asker = "user"
    scopes: frozenset[str] = field(default_factory=frozenset)
    needs_marketplace: bool = False
    bad_token: int = 401

    @property
    def title(self) -> str:
        """Its name in journal and scenario."""
        return f"{self.api}.{self.name}"
