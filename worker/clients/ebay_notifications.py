"""EBay's notifications: the proof that an address is ours, and whether an event is really eBay's.

Source: its pages on marketplace account deletion, and the Notification API's getPublicKey.
"""

import base64
import hashlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import anyio
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import BaseModel, ConfigDict, ValidationError

from worker.clients.answers import AnsweredNo
from worker.clients.ebay import Question, TokenRejected
from worker.clients.strangers import Strangers
from worker.errors import SourceGarbled, SourceRefused

Key: TypeAlias = ec.EllipticCurvePublicKey
KEY_ID = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
KEY_SECONDS = 3600.0
"""How long eBay lets its keys be kept."""
UNKNOWN_SECONDS = 300.0
MOST_KEYS = 256
LONGEST_SIGNATURE = 4096
ALGORITHM, DIGEST = "ecdsa", "sha1"
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class BadSignature(SourceRefused):
    """Raised when an event was not signed by eBay, or was changed on its way."""

    code = "bad_signature"


class _Signed(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    alg: str
    kid: str
    signature: str
    digest: str


class _KeyAnswer(BaseModel):
    key: str


def challenge_response(challenge: str, verification_token: str, endpoint: str) -> str:
    """What proves that an address is ours: the SHA-256 in hex of all three, one after the other."""
    return hashlib.sha256(f"{challenge}{verification_token}{endpoint}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Signature:
    """What has the form of a signature of eBay's; whether it is one is not known yet."""

    kid: str
    value: bytes


class Keys:
    """EBay's public keys by their ids; each is asked for once an hour, and unknown ones seldom.

    ``ask`` asks eBay with a token. ``token`` gives an application's; one that was rejected is named to it, to
    get another.
    """

    def __init__(
        self,
        ask: Callable[[Question, str], Awaitable[object]],
        token: Callable[[str | None], Awaitable[str]],
    ) -> None:
        self._ask, self._token = ask, token
        self._known: OrderedDict[str, tuple[Key | None, float]] = OrderedDict()
        self._strangers = Strangers()
        self._turns: dict[str, anyio.Lock] = {}

    async def verify(self, signature: Signature, body: bytes) -> None:
        """Check the signature of a body: ECDSA over its SHA-1, with a key of eBay's.

        Raises ``BadSignature``; ``SourceError`` when eBay cannot be asked for its key just now,
        ``CoolingDown`` when it was asked for too many, or fails.
        """
        key = await self._key(signature.kid)
        if key is None:
            raise BadSignature("eBay knows no key of this id")
        try:
            key.verify(signature.value, body, ec.ECDSA(SHA1()))  # noqa: S303 - eBay's choice.
        except InvalidSignature:
            raise BadSignature("the signature is not that of this event") from None

    async def _key(self, kid: str) -> Key | None:
        if (kept := self._kept(kid)) is not None:
            return kept[0]
        # Each waits for its own key only: strangers' shall hold up nobody.
        turn = self._turns.setdefault(kid, anyio.Lock())
        try:
            async with turn:
                kept = self._kept(kid)
                return kept[0] if kept is not None else await self._learn(kid)
        finally:
            self._turns.pop(kid, None)

    async def _learn(self, kid: str) -> Key | None:
        if kid not in self._known or self._known[kid][0] is None:
            self._strangers.admit(kid)  # Those that were good are asked for anew, whoever makes up others.
        key = await self._fetch(kid)
        self._known[kid] = (key, anyio.current_time() + (KEY_SECONDS if key else UNKNOWN_SECONDS))
        self._forget_some()
        return key

    def _kept(self, kid: str) -> tuple[Key | None, float] | None:
        kept = self._known.get(kid)
        return kept if kept is not None and kept[1] > anyio.current_time() else None

    def _forget_some(self) -> None:
        """Unknown ones first: whoever makes them up shall not drive out those that are real."""
        while len(self._known) > MOST_KEYS:
            unknown = next((kid for kid, (key, _) in self._known.items() if key is None), None)
            self._known.pop(unknown if unknown is not None else next(iter(self._known)))

    async def _fetch(self, kid: str) -> Key | None:
        question = Question(
            api="ebay_notification",
            operation="get_public_key",
            path=f"/commerce/notification/v1/public_key/{kid}",
        )
        token = await self._token(None)
        try:
            try:
                answer = await self._ask(question, token)
            except TokenRejected:
                answer = await self._ask(question, await self._token(token))
        except TokenRejected:
            raise
        except AnsweredNo:
            return None
        return read_key(answer)


def read_key(answer: object) -> Key:
    """Read what eBay answers for a key: PEM whose line ends are missing. Raises ``SourceGarbled``."""
    try:
        encoded = re.sub(r"-----[A-Z ]+-----|\s", "", _KeyAnswer.model_validate(answer).key)
        key = load_der_public_key(base64.b64decode(encoded, validate=True))
    except (ValidationError, ValueError, UnsupportedAlgorithm):
        raise SourceGarbled("ebay_notification get_public_key answered with no key") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SourceGarbled("ebay_notification get_public_key answered with a key of another kind")
    return key


def read_signature(header: str) -> Signature:
    """Read an ``X-EBAY-SIGNATURE``: JSON in base64, with an ECDSA signature of P-256 over a SHA-1.

    Raises ``BadSignature`` for all else, so that no key is asked for in its name.
    """
    if len(header) > LONGEST_SIGNATURE:
        raise BadSignature("the signature is too long to be one")
    try:
        signed = _Signed.model_validate_json(base64.b64decode(header, validate=True))
        signature = base64.b64decode(signed.signature, validate=True)
        numbers = decode_dss_signature(signature)
    except (ValidationError, ValueError):
        raise BadSignature("the signature cannot be read") from None
    if KEY_ID.fullmatch(signed.kid) is None:
        raise BadSignature("the signature names no key")
    if (signed.alg.lower(), signed.digest.lower()) != (ALGORITHM, DIGEST):
        raise BadSignature("the signature is of another kind")
    if not all(0 < number < ORDER_OF_P256 for number in numbers):
        raise BadSignature("the signature is not one of P-256")
    return Signature(signed.kid, signature)
