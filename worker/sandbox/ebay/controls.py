"""What a rehearsal may order of the stand-in for eBay, over HTTP: tokens, applications, limits, events."""

from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker.sandbox.control import refusal, told
from worker.sandbox.ebay.notification import Notice, Notifications
from worker.sandbox.ebay.quotas import Quotas
from worker.sandbox.ebay.scopes import INSIGHTS, KNOWN, USUAL, short
from worker.sandbox.ebay.sellers import Sellers
from worker.sandbox.ebay.tokens import CODE_SECONDS, Application, Tokens
from worker.sandbox.scenario import DailyLimits


class Form(BaseModel):
    """A body that has nothing in it that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Whose(Form):
    """One seller by their immutable user id, or all of them."""

    seller: str | None = None


class TokenOrder(Form):
    """The body of POST /_sandbox/tokens: ``access_seconds`` is how long new access tokens live."""

    expire: Whose | None = None
    revoke: Whose | None = None
    access_seconds: int | None = Field(default=None, ge=1)


class Registration(Form):
    """The body of POST /_sandbox/applications. Scopes may be short; left out, they are the usual ones."""

    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1)
    ru_name: str = Field(min_length=1)
    accepted_url: str = Field(pattern="^https?://")
    declined_url: str | None = Field(default=None, pattern="^https?://")
    scopes: frozenset[str] | None = None


class Consenting(Form):
    """The body of POST /_sandbox/connect: a seller who agrees without having been asked."""

    seller: str
    scopes: frozenset[str] | None = None
    client_id: str | None = None


class InsightsOrder(Form):
    """The body of POST /_sandbox/insights: whether applications may see what was sold."""

    allowed: bool


@dataclass(frozen=True, slots=True)
class Controls:
    """Orders to the stand-in; none of them is a call of eBay's, so none stands in the journal."""

    tokens: Tokens
    quotas: Quotas
    sellers: Sellers
    notifications: Notifications

    def routes(self) -> list[Route]:
        """Make the addresses."""
        return [
            told("/_sandbox/tokens", TokenOrder, self.change_tokens),
            told("/_sandbox/applications", Registration, self.register),
            told("/_sandbox/connect", Consenting, self.connect),
            told("/_sandbox/quotas", DailyLimits, self.change_quotas),
            told("/_sandbox/insights", InsightsOrder, self.change_insights),
            told("/_sandbox/notify", Notice, self.notifications.notify),
        ]

    def change_tokens(self, order: TokenOrder) -> Response:
        """Let tokens expire, revoke them, or change how long new ones live."""
        named = [each.seller for each in (order.expire, order.revoke) if each and each.seller is not None]
        if not all(map(self.sellers.seller, named)):
            return refusal("seller: nobody has this user id", 404)
        if order.expire:
            self._expire(order.expire.seller)
        if order.revoke:
            self._revoke(order.revoke.seller)
        if order.access_seconds is not None:
            self.tokens.access_seconds = order.access_seconds
        return JSONResponse({"access_seconds": self.tokens.access_seconds})

    def _expire(self, seller: str | None) -> None:
        if seller is None:
            self.tokens.expire_all()
        else:
            self.tokens.expire(seller)

    def _revoke(self, seller: str | None) -> None:
        if seller is None:
            self.tokens.revoke_all()
        else:
            self.tokens.revoke(seller)

    def register(self, asked: Registration) -> Response:
        """Make an application known."""
        scopes = USUAL if asked.scopes is None else frozenset(map(short, asked.scopes))
        if unknown := scopes - KNOWN:
            return refusal(f"scopes: {', '.join(sorted(unknown))}: not known")
        self.tokens.register(
            Application(
                client_id=asked.client_id,
                client_secret=asked.client_secret,
                ru_name=asked.ru_name,
                accepted_url=asked.accepted_url,
                declined_url=asked.declined_url,
                scopes=scopes,
            )
        )
        return JSONResponse({"applications": len(self.tokens.applications)})

    def connect(self, asked: Consenting) -> Response:
        """Answer a fresh code, as the page of consent would have sent it."""
        if (seller := self.sellers.seller(asked.seller)) is None:
            return refusal("seller: nobody has this user id", 404)
        known = self.tokens.applications
        application = known.get(asked.client_id or next(iter(known), ""))
        if application is None:
            return refusal("client_id: no application has it", 404)
        scopes = application.scopes if asked.scopes is None else frozenset(map(short, asked.scopes))
        if not scopes or not scopes <= application.scopes:
            return refusal("scopes: not among those of the application")
        code = self.tokens.issue_code(application, seller.user_id, scopes)
        return JSONResponse({"code": code, "expires_in": CODE_SECONDS, "redirect_uri": application.ru_name})

    def change_insights(self, order: InsightsOrder) -> Response:
        """Grant every application Marketplace Insights, or take it away, with the tokens that had it."""
        for application in list(self.tokens.applications.values()):
            scopes = application.scopes | {INSIGHTS} if order.allowed else application.scopes - {INSIGHTS}
            self.tokens.register(replace(application, scopes=scopes))
        if not order.allowed:
            self.tokens.expire_all()
        return JSONResponse({"applications": len(self.tokens.applications)})

    def change_quotas(self, rules: DailyLimits) -> Response:
        """Set limits of the day."""
        self.quotas.change(rules)
        return JSONResponse({"limits": self.quotas.limits})
