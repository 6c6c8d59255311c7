"""EBay's events: of accounts that were closed, whose data has to go, and of consent that was withdrawn."""

import math
from collections.abc import Mapping
from urllib.parse import parse_qs

import anyio
from pydantic import SecretStr

from worker import observe
from worker.accounts.notices import obey, read_notice
from worker.clients.ebay_notifications import BadSignature, Keys, challenge_response, read_signature
from worker.db import Database
from worker.errors import CoolingDown, NoTurn, SourceError, SourceGarbled
from worker.web.pages import Answer, json_answer
from worker.web.reception import LATER, Door, Visit

CLOSED_PATH = "/webhooks/ebay/account-deletion"
REVOKED_PATH = "/webhooks/ebay/authorization-revocation"
SIGNATURE = "x-ebay-signature"
LONGEST_CHALLENGE = 512
ANSWER_SECONDS = 3.0
"""How long eBay waits; whatever takes longer is sent again."""
OK, NO_CONTENT, BAD_REQUEST, NOT_FOUND, BAD_SIGNATURE, DOWN = 200, 204, 400, 404, 412, 503
NO_TOKEN = "WORKER_EBAY__VERIFICATION_TOKEN is not set: eBay's notices of closed accounts are not taken"  # noqa: S105


class Notifications:
    """Both addresses take both topics; ``public_url`` is where eBay reaches us."""

    def __init__(
        self, db: Database, keys: Keys, *, public_url: str, verification_token: SecretStr | None
    ) -> None:
        self._db, self._keys, self._public_url = db, keys, public_url
        self._verification_token = verification_token

    def doors(self) -> Mapping[str, Door]:
        """What answers where."""

        def door(path: str) -> Door:
            async def prove(visit: Visit) -> Answer:
                return self.prove(visit, self._public_url + path)

            return Door({"GET": prove, "POST": self.take})

        return {path: door(path) for path in (CLOSED_PATH, REVOKED_PATH)}

    def prove(self, visit: Visit, endpoint: str) -> Answer:
        """Prove that the address is ours, in answer to eBay's challenge."""
        if self._verification_token is None:
            return json_answer(NOT_FOUND, {"error": "not set up"}, why=NO_TOKEN)
        try:
            given = parse_qs(visit.query, max_num_fields=10).get("challenge_code", [])
        except ValueError:
            given = []
        if len(given) != 1 or len(given[0]) > LONGEST_CHALLENGE:
            return json_answer(BAD_REQUEST, {"error": "challenge_code is missing"}, why="no_challenge")
        token = self._verification_token.get_secret_value()
        return json_answer(OK, {"challengeResponse": challenge_response(given[0], token, endpoint)})

    async def take(self, visit: Visit) -> Answer:
        """Obey an event of eBay's; what cannot be done now is 503, so that it comes again."""
        try:
            with anyio.fail_after(ANSWER_SECONDS):
                return await self._take(visit)
        except BadSignature as error:
            return json_answer(BAD_SIGNATURE, {"error": "the signature is not good"}, why=str(error))
        except CoolingDown as error:
            later = {"Retry-After": str(math.ceil(error.wait.total_seconds()))}
            return Answer(DOWN, headers=later, why=str(error))
        except (SourceError, NoTurn, TimeoutError) as error:
            why = getattr(error, "code", "took too long")
            return Answer(DOWN, headers=LATER, why=why)

    async def _take(self, visit: Visit) -> Answer:
        signature = read_signature(",".join(visit.headers.getlist(SIGNATURE)))
        try:
            notice = read_notice(visit.body)
        except SourceGarbled as error:  # No key is asked for in the name of what is no event.
            return json_answer(BAD_REQUEST, {"error": str(error)}, why=str(error))
        await self._keys.verify(signature, visit.body)
        accounts = await obey(self._db, notice)
        known = notice.event is not None
        observe.say(
            "ebay_notification",
            topic=notice.topic,
            known=known,
            accounts=accounts,
            request_id=visit.request,
        )
        return Answer(OK if known else NO_CONTENT)
