"""EBay's OAuth: where consent is given, and what a code or a refresh token is exchanged for.

Source: its pages on authorization code grant, refreshing tokens and client credentials.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from worker.clients.answers import AnsweredNo
from worker.clients.ebay import OAUTH, Ebay, NotAllowed, Question, error_ids
from worker.clients.http import Call
from worker.errors import BadSettings, CredentialRevoked, SourceGarbled

SCOPE = "https://api.ebay.com/oauth/api_scope"
SELLER_SCOPES = (
    SCOPE,
    f"{SCOPE}/sell.fulfillment.readonly",
    f"{SCOPE}/sell.inventory.readonly",
    f"{SCOPE}/sell.finances",
    f"{SCOPE}/sell.payment.dispute",
    f"{SCOPE}/commerce.identity.readonly",
    f"{SCOPE}/commerce.message",
)
"""What a seller is asked to allow: to read what they sold and have, and nothing more."""
TOKEN_PATH = "/identity/v1/oauth2/token"  # noqa: S105 - an address
INVALID_GRANT = "invalid_grant"
CONSENT, RENEWAL, APPLICATION = "authorization_code", "refresh_token", "client_credentials"
"""The kinds of grants, by which these calls are called."""
IDENTITY, GET_USER = "ebay_identity", "get_user"


@dataclass(frozen=True, slots=True)
class Application:
    """The application as it is registered: its id, its secret, and its name for where consent leads back."""

    client_id: str
    client_secret: SecretStr
    ru_name: str


@dataclass(frozen=True, slots=True)
class Granted:
    """Tokens as they were given; a refresh keeps the old refresh token, and says none."""

    access_token: str = field(repr=False)
    access_lasts: timedelta
    refresh_token: str | None = field(default=None, repr=False)
    refresh_lasts: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who consented: ``user_id`` never changes, ``username`` may."""

    user_id: str
    username: str | None
    marketplace: str | None


class _Tokens(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    access_token: str = Field(min_length=1)
    expires_in: int = Field(gt=0)
    refresh_token: str | None = None
    refresh_token_expires_in: int | None = Field(None, gt=0)


class _User(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    user_id: str = Field(alias="userId", min_length=1)
    username: str | None = None
    marketplace: str | None = Field(None, alias="registrationMarketplaceId")


class GrantRefused(CredentialRevoked):
    """Raised when eBay gives no tokens for a code or a refresh token: it is spent, expired or revoked."""

    code = "invalid_grant"


class EbayAuth:
    """Speaks OAuth with eBay for one application."""

    def __init__(self, ebay: Ebay, application: Application) -> None:
        self._ebay = ebay
        self._application = application

    def consent_url(self, state: str, scopes: Sequence[str] = SELLER_SCOPES) -> str:
        """Where a browser goes to consent; eBay wants the RuName as its ``redirect_uri``."""
        asked = {
            "client_id": self._application.client_id,
            "redirect_uri": self._application.ru_name,
            "response_type": "code",
            "scope": " ".join(scopes),
            "state": state,
        }
        return f"{self._ebay.hosts.auth}/oauth2/authorize?{urlencode(asked)}"

    async def exchange(self, code: str) -> Granted:
        """Exchange a code, which works once; raises ``GrantRefused`` where it does not."""
        ru_name = self._application.ru_name
        form = {"grant_type": CONSENT, "code": code, "redirect_uri": ru_name}
        return await self._grant(CONSENT, form)

    async def refresh(self, refresh_token: str) -> Granted:
        """Get a new access token; raises ``GrantRefused`` when the consent is gone."""
        return await self._grant(RENEWAL, {"grant_type": RENEWAL, "refresh_token": refresh_token})

    async def application_token(self, scope: str = SCOPE) -> Granted:
        """Get a token of the application's own, for questions about no account.

        Raises ``NotAllowed`` where eBay has not granted the application this scope.
        """
        return await self._grant(APPLICATION, {"grant_type": APPLICATION, "scope": scope})

    async def identify(self, access_token: str, *, request_id: str) -> Identity:
        """Ask whose an access token is."""
        path = "/commerce/identity/v1/user/"
        question = Question(api=IDENTITY, operation=GET_USER, host="apiz", path=path)
        answer = await self._ebay.ask(question, token=access_token, request_id=request_id)
        try:
            user = _User.model_validate(answer)
        except ValidationError:
            raise SourceGarbled("ebay_identity get_user answered with no user") from None
        return Identity(user.user_id, user.username, user.marketplace)

    async def _grant(self, operation: str, form: Mapping[str, str]) -> Granted:
        app = self._application
        pair = f"{app.client_id}:{app.client_secret.get_secret_value()}"
        basic = base64.b64encode(pair.encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        call = Call(operation=operation, path=TOKEN_PATH, method="POST", form=form, headers=headers)
        try:
            answer = await self._ebay.post(OAUTH, call)
        except AnsweredNo as error:
            raise _refusal(operation, error) from error
        try:
            tokens = _Tokens.model_validate(answer)
        except ValidationError:
            raise SourceGarbled(f"ebay_oauth {operation} answered with no token") from None
        return Granted(
            tokens.access_token,
            timedelta(seconds=tokens.expires_in),
            tokens.refresh_token,
            timedelta(seconds=tokens.refresh_token_expires_in) if tokens.refresh_token_expires_in else None,
        )


def _refusal(operation: str, error: AnsweredNo) -> Exception:
    match error_ids(error):
        case ["invalid_grant"]:
            return GrantRefused(f"eBay gives no tokens for this {operation.replace('_', ' ')}: consent again")
        case ["invalid_client"]:
            return BadSettings("eBay does not know the application: check WORKER_EBAY__CLIENT_ID and _SECRET")
        case ["invalid_scope"] if operation == APPLICATION:
            said = f"{error}: eBay has not granted the application this scope"
            return NotAllowed(said, status=error.status, details=error.details)
        case _:
            return AnsweredNo(str(error), status=error.status, details=error.details)
