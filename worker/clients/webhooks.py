"""Send a message to a webhook: over TLS, to an address that was vetted, and nowhere else.

The URL is a secret and stands in no error. Neither redirects nor proxies from the environment are followed.
"""

import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime

import anyio
import httpx
from pydantic import SecretStr

from worker import tracing
from worker.clients import addresses
from worker.clients.answers import AnsweredDown, AnsweredNo, parse_retry_after, refusal
from worker.clients.forms import Form
from worker.clients.http import Wiring  # Also silences httpx, which logs addresses.
from worker.clients.notices import Message
from worker.errors import SourceDown, SourceError, SourceRefused

SEND_SECONDS = 7.0
"""For all of it: less than the grace of a worker that stops."""
MOST_ADDRESSES = 3
HEADERS = {"User-Agent": "mintmark", "Accept-Encoding": "identity"}


class Webhook:
    """One webhook, told in its form. ``allow_private`` lets it be in our own network, too.

    ``resolve`` and ``verify`` are for those who have names or certificates of their own.
    """

    def __init__(
        self,
        form: Form,
        url: SecretStr,
        *,
        allow_private: bool = False,
        wiring: Wiring | None = None,
        resolve: addresses.Resolve = addresses.resolve,
        verify: ssl.SSLContext | None = None,
        seconds: float = SEND_SECONDS,
    ) -> None:
        self._form, self._url, self._allow_private = form, url, allow_private
        self._wiring, self._resolve, self._verify = wiring or Wiring(), resolve, verify
        self._seconds = seconds

    @property
    def name(self) -> str:
        """What it is called in logs, metrics and the database: the name of its form."""
        return self._form.name

    def fits(self, message: Message) -> bool:
        """Tell whether its form has room for as much in one message."""
        return self._form.fits(message)

    async def send(self, message: Message) -> None:
        """Hand over one message; raises SourceDown or SourceRefused: it may have arrived all the same."""
        began = time.monotonic()
        with tracing.api_call(api=self.name, operation="send") as asked:
            asked.status, error = await self._tried(message)
        self._wiring.on_request(self.name, asked.status, time.monotonic() - began)
        if error is not None:
            raise error

    async def _tried(self, message: Message) -> tuple[str, SourceError | None]:
        what = f"the {self.name} webhook"
        try:
            with anyio.fail_after(self._seconds):
                await self._post(what, message)
        except SourceError as error:
            return _class_of(error), error
        except TimeoutError:
            return "timeout", SourceDown(f"{what} did not answer within {self._seconds:g} s")
        except httpx.InvalidURL:
            return "refused", SourceRefused(f"{what} has an address that is not a URL")
        except httpx.HTTPError as error:
            lost = SourceDown(f"{what} could not be reached, or hung up ({type(error).__name__})")
            return "refused", lost
        return "2xx", None

    async def _post(self, what: str, message: Message) -> None:
        url = httpx.URL(self._url.get_secret_value())
        host, port = url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)
        found = await addresses.vetted(
            what, host, port, allow_private=self._allow_private, resolve=self._resolve
        )
        async with self._client() as client:
            *others, last = found[:MOST_ADDRESSES]
            for address in others:
                with suppress(httpx.ConnectError):
                    return await self._ask(what, client, url, address, message)
            return await self._ask(what, client, url, last, message)

    def _client(self) -> httpx.AsyncClient:
        self._verify = self._verify or httpx.create_ssl_context(trust_env=False)
        return httpx.AsyncClient(
            verify=self._verify,
            follow_redirects=False,
            trust_env=False,
            timeout=None,  # noqa: S113 - the deadline is over all of it.
        )

    async def _ask(
        self, what: str, client: httpx.AsyncClient, url: httpx.URL, address: str, message: Message
    ) -> None:
        # To the address itself, not to the name, which may lead elsewhere when it is asked for again; for TLS
        # and for the server it is the name all the same.
        async with client.stream(
            "POST",
            url.copy_with(host=address),
            json=self._form.body(message),
            headers={**HEADERS, "Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        ) as response:
            if not response.is_success:
                advice = parse_retry_after(response.headers.get("retry-after"), now=datetime.now(UTC))
                raise refusal(what, response.status_code, retry_after=advice, details=None)


def _class_of(error: SourceError) -> str:
    if isinstance(error, AnsweredDown | AnsweredNo):
        return "429" if error.status == 429 else f"{error.status // 100}xx"  # noqa: PLR2004 - HTTP's own
    return "refused"
