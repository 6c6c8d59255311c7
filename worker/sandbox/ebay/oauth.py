"""The token endpoint: codes and refresh tokens against access tokens (eBay's pages on OAuth, RFC 6749)."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker.sandbox.ebay.consent import form
from worker.sandbox.ebay.operation import Answer, Operation
from worker.sandbox.ebay.pipeline import Pipeline
from worker.sandbox.ebay.quotas import Caller
from worker.sandbox.ebay.refusals import OAUTH, oauth_refusal
from worker.sandbox.ebay.scopes import read_scopes, without_a_user
from worker.sandbox.ebay.tokens import Application, Grant, Tokens

TOKEN_PATH = "/identity/v1/oauth2/token"  # noqa: S105 - an address.
FORM_TYPE = "application/x-www-form-urlencoded"
USER = "User Access Token"
APPLICATION = "Application Access Token"
BAD_CODE = "the provided authorization grant code is invalid or was issued to another client"
BAD_REFRESH = "the provided authorization refresh token is invalid or was issued to another client"
BAD_SCOPE = "The requested scope is invalid, unknown, malformed, or exceeds the scope granted to the client"


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """One address; which operation a call is, its grant type says."""

    pipeline: Pipeline
    tokens: Tokens

    def route(self) -> Route:
        """Make the address."""
        answers: dict[str, Answer] = {
            "authorization_code": self._from_code,
            "refresh_token": self._from_refresh,
            "client_credentials": self._for_application,
        }
        operations = {name: _operation(name, answer) for name, answer in answers.items()}
        unknown = _operation("unknown_grant_type", self._for_nothing)

        async def respond(request: Request) -> Response:
            given = form(await request.body())
            client_id, _ = _credentials(request)
            operation = operations.get(given.get("grant_type", ""), unknown)
            return await self.pipeline.perform(operation, request, Caller(client_id, self._account(given)))

        return Route(TOKEN_PATH, respond, methods=["POST"])

    def _account(self, given: Mapping[str, str]) -> str | None:
        """Whom a call concerns, whether it will be answered or not."""
        match given.get("grant_type"):
            case "authorization_code":
                grant = self.tokens.owner_of_code(given.get("code", ""))
            case "refresh_token":
                grant = self.tokens.owner_of_refresh(given.get("refresh_token", ""))
            case _:
                grant = None
        return grant.account if grant else None

    async def _from_code(self, request: Request, _: str | None) -> Response:
        application, given = await self._asked(request)
        if application is None:
            return _stranger()
        if not given.get("code") or not given.get("redirect_uri"):
            return oauth_refusal("invalid_request", "code and redirect_uri are needed")
        if given["redirect_uri"] != application.ru_name:
            return oauth_refusal("invalid_grant", BAD_CODE)
        if (grant := self.tokens.redeem(given["code"], application)) is None:
            return oauth_refusal("invalid_grant", BAD_CODE)
        refresh = {
            "refresh_token": self.tokens.issue_refresh(grant),
            "refresh_token_expires_in": self.tokens.refresh_seconds,
        }
        return self._issued(application, grant.account, grant.scopes, **refresh)

    async def _from_refresh(self, request: Request, _: str | None) -> Response:
        application, given = await self._asked(request)
        if application is None:
            return _stranger()
        grant = self.tokens.owner_of_refresh(given.get("refresh_token", ""))
        if grant is None or grant.client_id != application.client_id or not self.tokens.refreshes(grant):
            return oauth_refusal("invalid_grant", BAD_REFRESH)
        scopes = _narrowed(grant, given.get("scope"))
        if scopes is None:
            return oauth_refusal("invalid_scope", BAD_SCOPE)
        return self._issued(application, grant.account, scopes)

    async def _for_application(self, request: Request, _: str | None) -> Response:
        application, given = await self._asked(request)
        if application is None:
            return _stranger()
        scopes = read_scopes(given.get("scope", ""))
        if not scopes or not scopes <= without_a_user(application.scopes):
            return oauth_refusal("invalid_scope", BAD_SCOPE)
        return self._issued(application, None, scopes)

    async def _for_nothing(self, request: Request, _: str | None) -> Response:
        application, _given = await self._asked(request)
        if application is None:
            return _stranger()
        return oauth_refusal("unsupported_grant_type", "the grant type is missing or not supported")

    async def _asked(self, request: Request) -> tuple[Application | None, dict[str, str]]:
        """Return the application that asks, if it proved who it is, and its form."""
        if not request.headers.get("content-type", "").startswith(FORM_TYPE):
            return self._authenticated(request), {}
        return self._authenticated(request), form(await request.body())

    def _authenticated(self, request: Request) -> Application | None:
        client_id, secret = _credentials(request)
        application = self.tokens.applications.get(client_id)
        expected = application.client_secret if application else ""
        same = hmac.compare_digest(secret.encode(), expected.encode())
        return application if same else None

    def _issued(
        self, application: Application, account: str | None, scopes: frozenset[str], **also: object
    ) -> Response:
        answer = {
            "access_token": self.tokens.issue_access(application, account, scopes),
            "expires_in": self.tokens.access_seconds,
            **also,
            "token_type": APPLICATION if account is None else USER,
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _operation(name: str, answer: Answer) -> Operation:
    return Operation(api=OAUTH, name=name, path=TOKEN_PATH, answer=answer, method="POST", asker="nobody")


def _credentials(request: Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _narrowed(grant: Grant, asked: str | None) -> frozenset[str] | None:
    """Return the scopes of a refresh: those of the consent, or fewer; None when more are asked for."""
    if asked is None:
        return grant.scopes
    scopes = read_scopes(asked)
    return scopes if scopes and scopes <= grant.scopes else None


def _stranger() -> Response:
    return oauth_refusal("invalid_client", "client authentication failed", 401)
