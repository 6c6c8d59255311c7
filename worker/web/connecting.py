"""The two pages of OAuth: where a browser begins to connect an eBay account, and where eBay sends it back.

Whatever is wrong, the answer is a page with status 400 that says what to do. Neither a code nor a token is
ever on a page or in the log.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs

import anyio

from worker import observe
from worker.accounts import consent
from worker.accounts.accounts import AccountElsewhere, connect
from worker.accounts.call_log import CallLog
from worker.accounts.consent import Claim, ConsentRefused
from worker.accounts.vault import Vault
from worker.clients.ebay import OAUTH
from worker.clients.ebay_auth import (
    CONSENT,
    GET_USER,
    IDENTITY,
    SELLER_SCOPES,
    EbayAuth,
    Granted,
    GrantRefused,
    Identity,
)
from worker.db import Database
from worker.errors import BadSettings, NoTurn, SourceError
from worker.web.pages import Answer, page
from worker.web.reception import Door, Visit

PROVIDER = "ebay"
START_PATH, CALLBACK_PATH = "/oauth/ebay/start", "/oauth/ebay/callback"
COOKIE = "__Host-mintmark-oauth"
COOKIE_RULES = "Path=/; Secure; HttpOnly; SameSite=Lax"
COOKIE_SECONDS = int(consent.STATE_LASTS.total_seconds())
LONGEST_SECRET, LONGEST_CODE = 128, 2048
MOST_PARAMETERS = 20
EBAY_SECONDS = 60.0
"""How long a browser waits while eBay is asked twice."""
OK, FOUND, BAD_REQUEST = 200, 302, 400
DECLINED = "access_denied"
ADVICE = (
    "Open the link that you were given once more, in one tab, and begin anew. If it is older than half an "
    "hour, or an account was connected with it, ask for a new one: mintmark account connect makes it."
)


class Connecting:
    """Connects accounts of one environment of eBay's."""

    def __init__(self, db: Database, vault: Vault, auth: EbayAuth, *, environment: str) -> None:
        self._db, self._vault, self._auth, self._environment = db, vault, auth, environment
        self._log = CallLog(db)

    def doors(self) -> Mapping[str, Door]:
        """Both addresses. A HEAD would use up what a GET uses up, so there is none: some follow links so."""
        return {
            START_PATH: Door({"GET": self.start}, head=False, never_fails=True),
            CALLBACK_PATH: Door({"GET": self.callback}, head=False, never_fails=True),
        }

    async def start(self, visit: Visit) -> Answer:
        """Send a browser that has a ticket to eBay: a state goes along, its counterpart stays as a cookie."""
        try:
            ticket = _secret(
                _parameters(visit), "ticket", "This page is opened with a link that was given out."
            )
            begun = await consent.begin(self._db, PROVIDER, ticket)
        except ConsentRefused as refused:
            return _refusal(visit, refused)
        cookie = f"{COOKIE}={begun.browser}; Max-Age={COOKIE_SECONDS}; {COOKIE_RULES}"
        headers = {"Location": self._auth.consent_url(begun.state), "Set-Cookie": cookie}
        return Answer(FOUND, headers=headers)

    async def callback(self, visit: Visit) -> Answer:
        """Take a browser back from eBay: use up its state, exchange the code, connect the account."""
        try:
            given = _parameters(visit)
            state = _secret(given, "state", "This page is where eBay leads back to, and nothing else.")
            claim = await consent.take(self._db, PROVIDER, state, _cookie(visit))
            granted, identity = await self._ask(claim, _code(given), visit.request)
            await self._connect(claim, granted, identity, visit.request)
        except ConsentRefused as refused:
            return _refusal(visit, refused)
        name = identity.username or identity.user_id
        forget = {"Set-Cookie": f"{COOKIE}=; Max-Age=0; {COOKIE_RULES}"}
        told = f"The eBay account {name} is connected. You can close this page."
        return page(visit.request, OK, f"Connected as {name}", told, headers=forget)

    async def _ask(self, claim: Claim, code: str, request: str) -> tuple[Granted, Identity]:
        try:
            with anyio.fail_after(EBAY_SECONDS):
                async with self._log.call(OAUTH, CONSENT, org=claim.org, request_id=request):
                    granted = await self._auth.exchange(code)
                async with self._log.call(IDENTITY, GET_USER, org=claim.org, request_id=request):
                    identity = await self._auth.identify(granted.access_token, request_id=request)
                return granted, identity
        except GrantRefused as error:
            raise ConsentRefused(
                error.code, "EBay did not take its own answer back: too late, or twice."
            ) from None
        except BadSettings as error:
            raise ConsentRefused(
                str(error), "This installation is not set up for eBay as it should be."
            ) from None
        except (SourceError, NoTurn, TimeoutError) as error:
            code = getattr(error, "code", "source_down")
            raise ConsentRefused(code, "EBay does not answer as it should just now.") from None

    async def _connect(self, claim: Claim, granted: Granted, identity: Identity, request: str) -> None:
        try:
            async with self._db.transaction() as connection:
                await consent.finish(connection, claim)
                account = await connect(
                    connection,
                    self._vault,
                    org=claim.org,
                    user=claim.user,
                    environment=self._environment,
                    identity=identity,
                    scopes=SELLER_SCOPES,
                    granted=granted,
                )
        except AccountElsewhere as error:
            told = "This eBay account is connected to another organisation: disconnect it there first."
            raise ConsentRefused(error.code, told) from None
        observe.say("account_connected", account=str(account), org=str(claim.org), request_id=request)


def _parameters(visit: Visit) -> Mapping[str, list[str]]:
    try:
        return parse_qs(visit.query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise ConsentRefused("bad_request", "The address of this page has too much in it.") from None


def _one(given: Mapping[str, list[str]], name: str, longest: int) -> str | None:
    values = given.get(name, [])
    if len(values) > 1 or any(len(value) > longest for value in values):
        raise ConsentRefused("bad_request", "The address of this page was changed on its way.")
    return values[0] if values else None


def _secret(given: Mapping[str, list[str]], name: str, otherwise: str) -> str:
    value = _one(given, name, LONGEST_SECRET)
    if not value:
        raise ConsentRefused(f"no_{name}", otherwise)
    return value


def _code(given: Mapping[str, list[str]]) -> str:
    error, code = _one(given, "error", LONGEST_SECRET), _one(given, "code", LONGEST_CODE)
    if error == DECLINED:
        raise ConsentRefused("declined", "You declined at eBay, so nothing was connected.")
    if error is not None:
        raise ConsentRefused("refused_by_ebay", "EBay refused, and sent you back without an answer.")
    if not code:
        raise ConsentRefused("no_code", "EBay sent you back without an answer.")
    return code


def _cookie(visit: Visit) -> str | None:
    """What the browser kept of how it began; None where that is missing, or not there just once."""
    parts = [part.strip() for line in visit.headers.getlist("cookie") for part in line.split(";")]
    found = [part.removeprefix(f"{COOKIE}=") for part in parts if part.startswith(f"{COOKIE}=")]
    return found[0] if len(found) == 1 and len(found[0]) <= LONGEST_SECRET else None


def _refusal(visit: Visit, refused: ConsentRefused) -> Answer:
    return page(visit.request, BAD_REQUEST, "Not connected", str(refused), ADVICE, why=refused.code)
