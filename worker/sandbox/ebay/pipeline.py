"""What every call goes through, in this order: the journal, the day's quota, the scenario, the doors."""

import gzip
from collections.abc import Awaitable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker.sandbox.ebay import refusals
from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.problems import access_denied, bad_token
from worker.sandbox.ebay.quotas import Caller, Quotas
from worker.sandbox.ebay.tokens import Grant, Tokens, carry
from worker.sandbox.faults import play
from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Fault, Scenario

HOSTS = ("api.", "apiz.", "auth.")
MARKETPLACES = frozenset(
    f"EBAY_{site}"
    for site in "AT AU BE CA CH DE ES FR GB HK IE IT MY NL PH PL SG TW US".split()  # noqa: SIM905
)
WORTH_PACKING = 1024
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Turns operations into routes. An answer is given only to who may ask for it."""

    journal: Journal
    scenario: Scenario
    tokens: Tokens
    quotas: Quotas

    def route(self, operation: Operation) -> Route:
        """Make the address of an operation that wants a token, or nothing at all."""

        async def respond(request: Request) -> Response:
            grant = self.tokens.owner_of_access(_bearer(request))
            caller = Caller(grant.client_id, grant.account) if grant else Caller()
            return await self.perform(operation, request, caller)

        return Route(operation.path, respond, methods=[operation.method])

    async def perform(self, operation: Operation, request: Request, caller: Caller) -> Response:
        """Answer one call of a known caller, and write it down."""
        entry = self.journal.begin(operation.title, request, api=operation.api, account=caller.account)
        response = self.quotas.refuses(operation, caller) or await self._played(operation, request, caller)
        self.journal.end(entry, response.status_code)
        return packed(request, response)

    async def _played(self, operation: Operation, request: Request, caller: Caller) -> Response:
        fault = self.scenario.take(operation.title, keyed=False, account=caller.account)
        if fault is None:
            return await self._answer(operation, request)
        self._befall(fault, caller)

        async def answered(request: Request) -> Response:
            return await self._answer(operation, request)

        return await play(
            fault,
            request,
            answer=answered,
            problem=lambda status: refusals.refusal(operation.api, status, fault.error_id),
        )

    def _befall(self, fault: Fault, caller: Caller) -> None:
        if fault.kind == "expire_tokens":
            self.tokens.expire(caller.account)
        elif fault.kind == "revoke":
            self.tokens.revoke(caller.account)

    async def _answer(self, operation: Operation, request: Request) -> Response:
        if not _at_home(operation, request):
            return refusals.not_found()
        account = None
        if operation.asker != "nobody":
            grant = self._admitted(operation, request)
            if isinstance(grant, Response):
                return grant
            carry(request, grant)
            account = grant.account
        if operation.needs_marketplace and _marketplace(request) not in MARKETPLACES:
            return refusals.bad_request("The header X-EBAY-C-MARKETPLACE-ID names no marketplace.")
        answer = operation.answer(request, account)
        return await answer if isinstance(answer, Awaitable) else answer

    def _admitted(self, operation: Operation, request: Request) -> Grant | Response:
        """Return what the token of a request stands for, or why it is turned away."""
        if not (header := request.headers.get("authorization", "")):
            return refusals.missing_token()
        if not (token := _bearer(request)):
            return refusals.wrong_token_type(header.partition(" ")[0])
        grant = self.tokens.owner_of_access(token)
        if grant is None or not self.tokens.admits(grant):
            return bad_token(operation.bad_token)
        kind = "application" if grant.account is None else "user"
        if kind != operation.asker:
            return refusals.wrong_token_type(kind)
        return grant if not operation.scopes or operation.scopes & grant.scopes else access_denied()


def packed(request: Request, response: Response) -> Response:
    """Return an answer as the caller accepts it: gzip, if it is JSON of some size."""
    if (
        type(response) not in {Response, JSONResponse}
        or len(response.body) <= WORTH_PACKING
        or not response.headers.get("content-type", "").startswith(JSON)
        or "content-encoding" in response.headers
        or "gzip" not in request.headers.get("accept-encoding", "")
    ):
        return response
    response.body = gzip.compress(bytes(response.body), 1, mtime=0)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.body))
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _at_home(operation: Operation, request: Request) -> bool:
    # By its number, the stand-in is all of eBay's hosts at once; by a name, it is the one that is named.
    host = request.headers.get("host", "")
    return not host.startswith(HOSTS) or host.startswith(f"{operation.host}.")


def _marketplace(request: Request) -> str:
    return request.headers.get("x-ebay-c-marketplace-id", "")
