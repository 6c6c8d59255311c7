"""Events that eBay sends by itself: signed, provable, and only to this machine."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.scene import Scene
from worker.sandbox.serve import served

KEYS = "/commerce/notification/v1/public_key"
BEGIN, END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"


@dataclass
class Receiver:
    """Somebody to whom events are sent."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[dict[str, str]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        if code := request.query_params.get("challenge_code"):
            return JSONResponse({"challengeResponse": hashlib.sha256(code.encode()).hexdigest()})
        self.bodies.append(await request.body())
        self.signatures.append(json.loads(base64.b64decode(request.headers["x-ebay-signature"])))
        return Response(status_code=412 if b"somebody-else" in self.bodies[-1] else 204)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/events", receiver.take, methods=["GET", "POST"])])
    with served(app) as url:
        receiver.url = f"{url}/events"
        yield receiver


async def _key(scene: Scene, kid: str) -> ec.EllipticCurvePublicKey:
    answer = await scene.web.get(f"{KEYS}/{kid}", headers=await scene.application_token())
    said = answer.json()
    assert (said["algorithm"], said["digest"], "\n" in said["key"]) == ("ECDSA", "SHA1", False)
    pem = said["key"].replace(BEGIN, f"{BEGIN}\n").replace(END, f"\n{END}")
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


async def test_an_event_can_be_checked_by_the_key_that_it_names(scene: Scene, receiver: Receiver) -> None:
    answer = await scene.order("notify", {"seller": "u-anna", "to": receiver.url, "notificationId": "n-1"})

    [body], [signature] = receiver.bodies, receiver.signatures
    key = await _key(scene, signature["kid"])
    key.verify(base64.b64decode(signature["signature"]), body, ec.ECDSA(SHA1()))
    assert (signature["alg"], signature["digest"]) == ("ecdsa", "SHA1")
    assert answer.json()["status"] == 204
    said = json.loads(body)
    assert said["metadata"]["topic"] == "MARKETPLACE_ACCOUNT_DELETION"
    assert said["notification"]["notificationId"] == "n-1"
    assert said["notification"]["data"]["userId"] == "u-anna"
    assert set(said["notification"]["data"]) == {"username", "userId", "eiasToken"}


async def test_a_revocation_says_why_and_when(scene: Scene, receiver: Receiver) -> None:
    await scene.order("notify", {"seller": "u-bert", "to": receiver.url, "topic": "AUTHORIZATION_REVOCATION"})

    data = json.loads(receiver.bodies[0])["notification"]["data"]
    assert data["revokeReason"] == "REVOKED_BY_USER"
    assert data["revocationDate"] == "2026-11-21T20:00:00.000Z"


async def test_an_event_that_was_tampered_with_does_not_check_out(scene: Scene, receiver: Receiver) -> None:
    answer = await scene.order("notify", {"seller": "u-anna", "to": receiver.url, "tamper": True})

    [body], [signature] = receiver.bodies, receiver.signatures
    key = await _key(scene, signature["kid"])
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signature["signature"]), body, ec.ECDSA(SHA1()))
    assert answer.json()["status"] == 412


async def test_the_same_event_can_come_twice(scene: Scene, receiver: Receiver) -> None:
    for _ in range(2):
        await scene.order("notify", {"seller": "u-anna", "to": receiver.url, "notificationId": "n-1"})

    assert receiver.bodies[0] == receiver.bodies[1]


async def test_a_challenge_brings_back_what_was_answered_to_it(scene: Scene, receiver: Receiver) -> None:
    said = (await scene.order("notify", {"to": receiver.url, "challenge": True})).json()

    expected = hashlib.sha256(said["challenge_code"].encode()).hexdigest()
    assert json.loads(said["body"]) == {"challengeResponse": expected}
    assert said["status"] == 200


@pytest.mark.parametrize(
    "to",
    [
        "https://127.0.0.1/",
        "http://example.com/",
        "http://[",
        "http://127.0.0.1:99999/",
        "file:///etc/passwd",
    ],
)
async def test_nothing_is_sent_beyond_this_machine(scene: Scene, to: str) -> None:
    answer = await scene.web.post("/_sandbox/notify", json={"seller": "u-anna", "to": to})

    assert answer.status_code == 400


async def test_whoever_does_not_answer_and_whoever_is_unknown_is_told_of(scene: Scene) -> None:
    nobody_there = await scene.web.post(
        "/_sandbox/notify", json={"seller": "u-anna", "to": "http://127.0.0.1:1/"}
    )
    nobody = await scene.web.post("/_sandbox/notify", json={"seller": "u-x", "to": "http://127.0.0.1:1/"})

    assert (nobody_there.status_code, nobody.status_code) == (502, 404)


async def test_an_unknown_key_is_a_404_and_keys_want_the_applications_token(scene: Scene) -> None:
    headers = await scene.application_token()

    assert (await scene.web.get(f"{KEYS}/nosuch", headers=headers)).status_code == 404
    assert (await scene.web.get(f"{KEYS}/nosuch")).status_code == 400
