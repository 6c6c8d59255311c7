"""The page where a seller agrees: who asks, for what, in whose name; and the way back with a code."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.scopes import read_scopes
from worker.sandbox.ebay.sellers import Sellers, signing_in
from worker.sandbox.ebay.tokens import CODE_SECONDS, Application, Tokens

PATH = "/oauth2/authorize"
OFFERED = 10
STYLE = "body{font:16px sans-serif;max-width:38em;margin:3em auto}p.not{border:3px solid #b00;padding:1em}"
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Not eBay: sign in to the sandbox</title>
<style>{STYLE}</style></head><body>
<p class="not"><strong>This is NOT eBay.</strong> It is mintmark's sandbox, a stand-in on this machine.
Its sellers are made up, and have no passwords.</p>
%s
</body></html>"""
FORM = """<h1>Connect a seller</h1>
<p>The application <code>{client_id}</code> asks for:</p><ul>{scopes}</ul>
<p>{trouble}</p>
<form method="post" action="{path}">{hidden}
<label>Sign in as <input name="username" list="sellers" autocomplete="off" autofocus></label>
<datalist id="sellers">{sellers}</datalist>
<p><button name="decision" value="agree">Agree</button>
<button name="decision" value="decline">Decline</button></p></form>
<p>Some of its sellers: {names}</p>"""


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for consent that may be shown to a seller."""

    application: Application
    scopes: frozenset[str]
    state: str | None


@dataclass(frozen=True, slots=True)
class Consent:
    """The page, and what it leads to."""

    tokens: Tokens
    sellers: Sellers

    def operations(self) -> tuple[Operation, ...]:
        """The page, and its form."""
        return (
            Operation(
                api="ebay_oauth", name="authorize", path=PATH, answer=self.show, host="auth", asker="nobody"
            ),
            Operation(
                api="ebay_oauth",
                name="consent",
                path=PATH,
                answer=self.decide,
                host="auth",
                method="POST",
                asker="nobody",
            ),
        )

    def show(self, request: Request, _: str | None) -> Response:
        """GET /oauth2/authorize: the page, or why there is none."""
        return self._page(dict(request.query_params))

    async def decide(self, request: Request, _: str | None) -> Response:
        """POST /oauth2/authorize: back to the application with a code, or with the seller's no."""
        given = form(await request.body())
        asking = self._asking(given)
        if isinstance(asking, str):
            return _refused(asking)
        if given.get("decision") == "decline":
            return back(asking.application, asking.state, error="access_denied")
        seller = signing_in(self.sellers, given.get("username", ""))
        if given.get("decision") != "agree" or seller is None:
            return self._page(given, trouble="There is no seller of this name.")
        code = self.tokens.issue_code(asking.application, seller.user_id, asking.scopes)
        return back(asking.application, asking.state, code=code)

    def _page(self, given: Mapping[str, str], trouble: str = "") -> Response:
        asking = self._asking(given)
        if isinstance(asking, str):
            return _refused(asking)
        names = [each.username for each in self.sellers.sellers[:OFFERED]]
        carried = {name: value for name, value in given.items() if name not in {"username", "decision"}}
        filled = FORM.format(
            client_id=escape(asking.application.client_id),
            scopes="".join(f"<li>{escape(scope)}</li>" for scope in sorted(asking.scopes)),
            trouble=escape(trouble),
            path=PATH,
            hidden="".join(_hidden(name, value) for name, value in carried.items()),
            sellers="".join(f'<option value="{escape(name)}">' for name in names),
            names=", ".join(map(escape, names)),
        )
        return _html(filled, 400 if trouble else 200, _origins(asking.application))

    def _asking(self, given: Mapping[str, str]) -> Asking | str:
        """Read a request for consent; a sentence when it cannot be shown to anybody."""
        application = self.tokens.applications.get(given.get("client_id", ""))
        if application is None:
            return "unauthorized_client: no application has this client_id."
        if given.get("redirect_uri") != application.ru_name:
            return "invalid_request: redirect_uri has to be the application's RuName; it is not a URL."
        if given.get("response_type") != "code":
            return "unsupported_response_type: response_type has to be code."
        scopes = read_scopes(given.get("scope", ""))
        if not scopes or not scopes <= application.scopes:
            return f"invalid_scope: the application may not ask for these scopes: {given.get('scope', '')}"
        return Asking(application, scopes, given.get("state"))


def back(
    application: Application, state: str | None, *, code: str | None = None, error: str | None = None
) -> Response:
    """Return the way back to the application: with a code that lives 299 s, or with an error."""
    said = {"code": code, "error": error, "state": state}
    pairs = [(name, value) for name, value in said.items() if value is not None]
    if code is not None:
        pairs.append(("expires_in", str(CODE_SECONDS)))
    declined = application.declined_url or application.accepted_url
    url = application.accepted_url if error is None else declined
    joined = "&" if "?" in url else "?"
    # Encoded here in full; RedirectResponse leaves what is encoded alone.
    return RedirectResponse(f"{url}{joined}{urlencode(pairs, quote_via=quote, safe='')}", 302)


def form(body: bytes) -> dict[str, str]:
    """Read a form as browsers send it; of a name that comes twice the last counts."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _refused(why: str) -> Response:
    return _html(f"<h1>This request cannot be shown to a seller</h1><p>{escape(why)}</p>", 400)


def _origins(application: Application) -> str:
    urls = [application.accepted_url, application.declined_url or application.accepted_url]
    return " ".join(sorted({"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls}))


def _html(inner: str, status: int, origins: str = "") -> Response:
    # A browser holds the way back after a form to form-action too.
    policy = (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {origins}".strip()
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(PAGE % inner, status, headers=headers)
