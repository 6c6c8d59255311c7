"""Everything that the web process answers, under one roof."""

from collections.abc import Mapping

from worker.web.connecting import Connecting
from worker.web.notifications import Notifications
from worker.web.pages import Answer, json_answer
from worker.web.reception import Door, Reception, Visit

HEALTH_PATH = "/healthz"
OK = 200


def web_app(connecting: Connecting, notifications: Notifications, *, public_url: str) -> Reception:
    """The pages, eBay's addresses, and ``/healthz``, which says that this process lives and nothing more."""
    doors: Mapping[str, Door] = {
        HEALTH_PATH: Door({"GET": _alive}),
        **connecting.doors(),
        **notifications.doors(),
    }
    return Reception(doors, https=public_url.startswith("https://"))


async def _alive(_: Visit) -> Answer:
    return json_answer(OK, {"status": "ok"})
