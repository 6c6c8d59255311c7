"""Events that eBay sends by itself, signed, and the key to check them by (its docs on notifications)."""

import base64
import hashlib
import http.client
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal
from urllib.parse import SplitResult, urlencode, urlsplit

import anyio
import anyio.to_thread
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.control import refusal
from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.refusals import not_found
from worker.sandbox.ebay.scopes import BASE_NAME
from worker.sandbox.ebay.sellers import Seller, Sellers
from worker.sandbox.ebay.shapes import moment

SECONDS = 10
LARGEST_ANSWER = 65_536
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Topic = Literal["MARKETPLACE_ACCOUNT_DELETION", "AUTHORIZATION_REVOCATION"]


class Notice(BaseModel):
    """The body of POST /_sandbox/notify.

    ``tamper`` changes the event after it was signed; ``challenge`` asks for the proof of the address instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seller: str = ""
    to: str
    topic: Topic = "MARKETPLACE_ACCOUNT_DELETION"
    notificationId: str | None = None  # noqa: N815 - eBay's name.
    tamper: bool = False
    challenge: bool = False


class Signer:
    """A P-256 key, the same for the same seed, and what it signs."""

    def __init__(self, seed: int) -> None:
        made = hashlib.sha256(f"notification key {seed}".encode()).digest()
        number = int.from_bytes(made, "big") % (ORDER_OF_P256 - 1) + 1
        self._key = ec.derive_private_key(number, ec.SECP256R1())
        self.kid = hashlib.sha256(made).hexdigest()[:32]
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        # The real one has no line ends: between the marks stands one line.
        self.public_key = {"key": pem.replace("\n", ""), "algorithm": "ECDSA", "digest": "SHA1"}

    def header(self, body: bytes) -> str:
        """Return the X-EBAY-SIGNATURE of a body."""
        signature = self._key.sign(body, ec.ECDSA(SHA1()))  # noqa: S303 - eBay's choice.
        said = {
            "alg": "ecdsa",
            "kid": self.kid,
            "signature": base64.b64encode(signature).decode(),
            "digest": "SHA1",
        }
        return base64.b64encode(json.dumps(said).encode()).decode()


@dataclass(frozen=True, slots=True)
class Notifications:
    """The key, for who asks; the events, for whom the rehearsal names."""

    signer: Signer
    sellers: Sellers
    clock: Callable[[], datetime]

    def operations(self) -> tuple[Operation, ...]:
        """The one that is needed to check an event."""
        key = Operation(
            api="ebay_notification",
            name="get_public_key",
            path="/commerce/notification/v1/public_key/{kid}",
            answer=self.get_public_key,
            asker="application",
            scopes=frozenset({BASE_NAME}),
        )
        return (key,)

    def get_public_key(self, request: Request, _: str | None) -> Response:
        """GET /commerce/notification/v1/public_key/{kid}."""
        if request.path_params["kid"] != self.signer.kid:
            return not_found()
        return JSONResponse(self.signer.public_key)

    async def notify(self, notice: Notice) -> Response:
        """POST /_sandbox/notify: send an event, or the challenge, and tell what came back."""
        if (where := _on_this_machine(notice.to)) is None:
            return refusal("to: an http address on this machine")
        if notice.challenge:
            return await _sent(where, partial(_challenge, where, secrets.token_hex(16)))
        if (seller := self.sellers.seller(notice.seller)) is None:
            return refusal("seller: nobody has this user id", 404)
        body = json.dumps(event(notice, seller, self.clock())).encode()
        headers = {"Content-Type": "application/json", "X-EBAY-SIGNATURE": self.signer.header(body)}
        if notice.tamper:
            body = body.replace(seller.user_id.encode(), b"somebody-else")
        return await _sent(where, partial(_post, where, body, headers))


def event(notice: Notice, seller: Seller, at: datetime) -> dict[str, object]:
    """Return an event as eBay words it."""
    data = {
        "username": seller.username,
        "userId": seller.user_id,
        "eiasToken": base64.b64encode(hashlib.sha256(seller.user_id.encode()).digest()).decode(),
    }
    if notice.topic == "AUTHORIZATION_REVOCATION":
        data |= {"revokeReason": "REVOKED_BY_USER", "revocationDate": moment(at)}
    return {
        "metadata": {"topic": notice.topic, "schemaVersion": "1.0", "deprecated": False},
        "notification": {
            "notificationId": notice.notificationId or secrets.token_hex(16),
            "eventDate": moment(at),
            "publishDate": moment(at),
            "publishAttemptCount": 1,
            "data": data,
        },
    }


def _on_this_machine(url: str) -> SplitResult | None:
    try:
        where = urlsplit(url)
        usable = where.scheme == "http" and where.hostname in LOOPBACK and where.port != 0
    except ValueError:
        return None
    return where if usable else None


async def _sent(where: SplitResult, send: Callable[[], dict[str, object]]) -> Response:
    try:
        with anyio.fail_after(SECONDS + 1):
            return JSONResponse(await anyio.to_thread.run_sync(send, abandon_on_cancel=True))
    except (OSError, http.client.HTTPException) as error:
        return refusal(f"to: {where.netloc} did not answer ({type(error).__name__})", 502)


def _challenge(where: SplitResult, code: str) -> dict[str, object]:
    query = "&".join(filter(None, [where.query, urlencode({"challenge_code": code})]))
    asked = where._replace(query=query)
    return {**_call("GET", asked, None, {}), "challenge_code": code}


def _post(where: SplitResult, body: bytes, headers: dict[str, str]) -> dict[str, object]:
    return _call("POST", where, body, headers)


def _call(method: str, where: SplitResult, body: bytes | None, headers: dict[str, str]) -> dict[str, object]:
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=SECONDS)
    try:
        target = where._replace(scheme="", netloc="", fragment="").geturl() or "/"
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        text = answer.read(LARGEST_ANSWER).decode("utf-8", "replace")
        return {"status": answer.status, "body": text, "content_type": answer.getheader("Content-Type")}
    finally:
        connection.close()
