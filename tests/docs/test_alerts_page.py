"""The page about alerts has every alert, and the JSON that is sent."""

import json
import re
from datetime import datetime
from uuid import UUID

from tests.conftest import Connect
from tests.docs.pages import ROOT, table
from worker.clients.forms import GENERIC, MOST_AS_JSON
from worker.clients.notices import Message, Notice
from worker.clients.webhooks import SEND_SECONDS
from worker.runs.alerts import FIRST_WAIT, LONGEST_WAIT, MOST_AT_ONCE

PAGE = (ROOT / "docs" / "alerts.md").read_text("utf-8")
SHAPE = re.compile(r"^<!-- shape: generic webhook -->\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


async def test_the_alerts_page_has_every_alert(connect: Connect) -> None:
    connection = await connect()

    known = await connection.fetchval("select enum_range(null::worker.alert)::text[]")

    assert [row[0] for row in table("alerts.md", "alert", "raised when")] == known


def test_the_json_of_the_page_is_the_json_that_is_sent() -> None:
    [shown] = map(json.loads, SHAPE.findall(PAGE))
    [alert] = shown["alerts"]
    ids = {name: UUID(alert[name]) for name in ("org_id", "run_id")}
    facts = alert | ids | {"raised_at": datetime.fromisoformat(alert["raised_at"])}

    assert json.dumps(GENERIC.body(Message([Notice(**facts)]))) == json.dumps(shown)


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())

    assert f"at most {MOST_AS_JSON} alerts in a message, and {MOST_AT_ONCE:,} in one whose" in text
    assert f"after {FIRST_WAIT.seconds} seconds, then after twice that" in text
    assert f"up to every {LONGEST_WAIT.seconds // 60} minutes" in text
    assert SEND_SECONDS == 7
    assert "within seven seconds" in text
