"""mintmark alert list and test."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.alerts.receiver import Postbox, Receiver, postbox, receiving
from tests.commands.conftest import Cli

RAISE = "select worker.raise_alert('job_quarantined', %s, %s, job_id => 7, data => '{\"kind\": \"demo\"}')"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as one:
        yield one


@pytest.fixture
def raised(database_url: str) -> None:
    """Two alerts, of which Slack took the first."""
    with psycopg.connect(database_url) as connection:
        connection.execute(RAISE, ("a", "Job 7 is set aside."))
        connection.execute(RAISE, ("b", "It says: password=hunter2 in red \x1b[31m"))
        connection.execute("update worker.alerts set delivered_at = now() where key = 'a'")
        connection.execute(
            "insert into worker.alert_deliveries select id, 'slack', true from worker.alerts where key = 'a'"
        )


@pytest.mark.usefixtures("raised")
def test_alerts_are_listed_newest_first_with_who_took_them(cli: Cli) -> None:
    second, first = cli("alert", "list", "--json").rows()

    assert (first["key"], first["message"], first["taken_by"]) == ("a", "Job 7 is set aside.", ["slack"])
    assert (first["alert"], first["job_id"], first["data"]) == ("job_quarantined", 7, {"kind": "demo"})
    assert (second["key"], second["delivered_at"], second["taken_by"]) == ("b", None, [])
    assert "Job 7 is set aside." in cli("alert", "list").out


@pytest.mark.usefixtures("raised")
def test_what_no_channel_took_is_listed_alone(cli: Cli) -> None:
    assert [row["key"] for row in cli("alert", "list", "--undelivered", "--json").rows()] == ["b"]


@pytest.mark.usefixtures("raised")
def test_a_list_shows_no_secret_and_steers_no_terminal(cli: Cli) -> None:
    for said in (cli("alert", "list"), cli("alert", "list", "--json")):
        assert "hunter2" not in said.out
        assert "\x1b" not in said.out
        assert "u001b" not in said.out


def test_without_alerts_the_list_says_so(cli: Cli) -> None:
    assert cli("alert", "list").err == "no alerts yet\n"
    assert cli("alert", "list", "--undelivered").err == "no alerts wait\n"


def test_every_channel_is_tried_and_told_of_also_without_a_database(
    bare: Cli, receiver: Receiver, box: Postbox
) -> None:
    said = bare(
        "alert",
        "test",
        WORKER_ALERTS__ALLOW_PRIVATE="true",
        WORKER_ALERTS__SLACK_URL=f"{receiver.url}/slack",
        WORKER_ALERTS__WEBHOOK_URL=f"{receiver.url}/webhook",
        WORKER_ALERTS__MAIL_HOST="127.0.0.1",
        WORKER_ALERTS__MAIL_PORT=str(box.port),
        WORKER_ALERTS__MAIL_SECURITY="none",
        WORKER_ALERTS__MAIL_FROM="mintmark@example.org",
        WORKER_ALERTS__MAIL_TO="ops@example.com,boss@example.com",
    )

    assert (said.code, said.err) == (0, "")
    assert [line.split() for line in said.out.splitlines()] == [
        ["ok", "webhook", "took", "it"],
        ["ok", "slack", "took", "it"],
        ["ok", "mail", "took", "it"],
    ]
    assert "This is a test" in receiver.told["slack"][0]["text"]
    assert box.to == [["ops@example.com", "boss@example.com"]]


def test_a_channel_that_does_not_work_is_named_and_the_others_are_tried_all_the_same(
    bare: Cli, receiver: Receiver
) -> None:
    receiver.status = {"hush": 404}
    env = {
        "WORKER_ALERTS__ALLOW_PRIVATE": "true",
        "WORKER_ALERTS__SLACK_URL": f"{receiver.url}/hush",
        "WORKER_ALERTS__DISCORD_URL": f"{receiver.url}/discord",
    }

    said, as_json = bare("alert", "test", **env), bare("alert", "test", "--json")

    assert (said.code, as_json.code) == (1, 1)
    assert "FAILED slack    the slack webhook answered 404" in said.out
    assert "hush" not in said.out + said.err
    assert as_json.rows() == [
        {"channel": "slack", "delivered": False, "why": "the slack webhook answered 404"},
        {"channel": "discord", "delivered": True, "why": None},
    ]


def test_a_webhook_in_our_own_network_is_refused_unless_that_is_allowed(
    bare: Cli, receiver: Receiver
) -> None:
    said = bare("alert", "test", WORKER_ALERTS__SLACK_URL=f"{receiver.url}/slack")

    assert said.code == 1
    assert "not public; alerts.allow_private = true lets that pass" in said.out
    assert receiver.told == {}


def test_without_a_channel_there_is_nothing_to_try(bare: Cli) -> None:
    said = bare("alert", "test")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("mintmark: no channel is configured")
