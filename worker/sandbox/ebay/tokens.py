"""Applications, and the codes and tokens issued to them: in memory, and random from the seed."""

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from starlette.requests import Request

from worker.sandbox.ebay.scopes import USUAL

CODE_SECONDS = 299
ACCESS_SECONDS = 7200
REFRESH_SECONDS = 47_304_000
KEPT = 100_000
"""Tokens of each sort that are remembered; the oldest go first, long expired."""
CARRIED = "mintmark.sandbox.grant"
Clock = Callable[[], datetime]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A keyset. ``ru_name`` stands for the two addresses to which a seller's browser is sent back."""

    client_id: str
    client_secret: str = field(repr=False)
    ru_name: str
    accepted_url: str
    declined_url: str | None = None
    scopes: frozenset[str] = USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a code or a token stands for; ``account`` is None when it is the application's own.

    ``serial`` counts all that were ever issued: a revocation reaches those that came before it.
    """

    client_id: str
    account: str | None
    scopes: frozenset[str]
    expires: datetime
    serial: int


class Tokens:
    """Issues codes and tokens and knows what each still stands for.

    ``access_seconds`` may be changed at any time; it holds for tokens issued from then on.
    """

    def __init__(
        self, clock: Clock, *, seed: int = 0, access_seconds: int = ACCESS_SECONDS, kept: int = KEPT
    ) -> None:
        self.access_seconds = access_seconds
        self.refresh_seconds = REFRESH_SECONDS
        self.applications: dict[str, Application] = {}
        self._clock = clock
        self._random = random.Random(f"tokens {seed}")
        self._kept = kept
        self._serial = 0
        self._codes: dict[str, Grant] = {}
        self._used: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._access: dict[str, Grant] = {}
        self._expired = _Floors()
        self._revoked = _Floors()

    def register(self, application: Application) -> None:
        """Make an application known, in place of one with its client id."""
        self.applications[application.client_id] = application

    def issue_code(self, application: Application, account: str, scopes: frozenset[str]) -> str:
        """Issue a code for a seller's consent; it lives 299 s and works once."""
        # The percent signs are the code's own: whoever decodes it twice has another.
        code = f"v^1.1#i^1#f^0#p^3#I^3#r^1#t^{self._text(36)}%3D%3D"
        self._keep(self._codes, code, self._grant(application, account, scopes, CODE_SECONDS))
        return code

    def issue_refresh(self, grant: Grant) -> str:
        """Issue the refresh token of a consent."""
        token = f"v^1.1#i^1#p^3#f^0#I^3#r^1#t^{self._text(72)}"
        application = self.applications[grant.client_id]
        self._keep(
            self._refresh,
            token,
            self._grant(application, grant.account, grant.scopes, self.refresh_seconds),
        )
        return token

    def issue_access(self, application: Application, account: str | None, scopes: frozenset[str]) -> str:
        """Issue an access token: a seller's, or the application's own."""
        token = f"v^1.1#i^1#p^{1 if account is None else 3}#f^0#I^3#r^0#t^{self._text(144)}"
        self._keep(self._access, token, self._grant(application, account, scopes, self.access_seconds))
        return token

    def owner_of_code(self, code: str) -> Grant | None:
        """Return what a code stands for or stood for, used up or not; None when it was never issued."""
        return self._codes.get(code) or self._used.get(code)

    def redeem(self, code: str, application: Application) -> Grant | None:
        """Use a code up; None when it is unknown, used, expired or another application's."""
        grant = self._codes.get(code)
        if grant is None or grant.client_id != application.client_id:
            return None
        self._keep(self._used, code, self._codes.pop(code))
        return grant if self._clock() < grant.expires else None

    def owner_of_refresh(self, token: str) -> Grant | None:
        """Return what a refresh token stands for, good or not; None when it was never issued."""
        return self._refresh.get(token)

    def owner_of_access(self, token: str) -> Grant | None:
        """Return what an access token stands for, good or not; None when it was never issued."""
        return self._access.get(token)

    def refreshes(self, grant: Grant) -> bool:
        """Tell whether a refresh token is still good."""
        return self._clock() < grant.expires and self._revoked.spares(grant)

    def admits(self, grant: Grant) -> bool:
        """Tell whether an access token is still good."""
        return self._clock() < grant.expires and self._expired.spares(grant) and self._revoked.spares(grant)

    def expire(self, account: str | None) -> None:
        """Let the access tokens of a seller (None: those of applications) expire now."""
        self._expired.reach(account, self._serial)

    def expire_all(self) -> None:
        """Let every access token expire now."""
        self._expired.reach_all(self._serial)

    def revoke(self, account: str | None) -> None:
        """Make all of a seller's tokens good for nothing, as when they withdraw their consent."""
        self._revoked.reach(account, self._serial)

    def revoke_all(self) -> None:
        """Make every token good for nothing."""
        self._revoked.reach_all(self._serial)

    def _grant(
        self, application: Application, account: str | None, scopes: frozenset[str], seconds: float
    ) -> Grant:
        self._serial += 1
        return Grant(
            client_id=application.client_id,
            account=account,
            scopes=scopes,
            expires=self._clock() + timedelta(seconds=seconds),
            serial=self._serial,
        )

    def _keep(self, where: dict[str, T], key: str, value: T) -> None:
        where[key] = value
        if len(where) > self._kept:
            del where[next(iter(where))]

    def _text(self, size: int) -> str:
        return base64.b64encode(self._random.randbytes(size)).decode()


class _Floors:
    """Up to which serial the tokens of each account are reached by what was done to them."""

    def __init__(self) -> None:
        self._all = 0
        self._of: dict[str | None, int] = {}

    def reach(self, account: str | None, serial: int) -> None:
        self._of[account] = serial

    def reach_all(self, serial: int) -> None:
        self._all = serial

    def spares(self, grant: Grant) -> bool:
        return grant.serial > max(self._all, self._of.get(grant.account, 0))


def carry(request: Request, grant: Grant) -> None:
    """Note on a request what its token stands for."""
    request.scope[CARRIED] = grant


def carried(request: Request) -> Grant:
    """Return what the token of a request stands for; only where an operation wants one."""
    grant = request.scope[CARRIED]
    assert isinstance(grant, Grant)
    return grant
