"""The two commands: a link for whoever shall connect an account, and the pages it leads to."""

import re
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psycopg
import pytest

from tests.commands.conftest import Cli, bare, cli
from worker.accounts.vault import new_key

__all__ = ["bare", "cli"]  # Fixtures, which are known by being imported.

EBAY = {
    "WORKER_EBAY__CLIENT_ID": "id",
    "WORKER_EBAY__CLIENT_SECRET": "secret",
    "WORKER_EBAY__RU_NAME": "name",
    "WORKER_SECRETS__KEYS": new_key("test"),
}
HTTPS = {"WORKER_WEB__PUBLIC_URL": "https://connect.example.com/"}


def test_a_link_is_printed_for_whoever_shall_connect(cli: Cli, database_url: str) -> None:
    said = cli("account", "connect", "--user", "u-1", **HTTPS)

    assert said.code == 0
    assert re.fullmatch(r"https://connect\.example\.com/oauth/ebay/start\?ticket=[\w-]{43}\n", said.out)
    assert "for u-1, until" in said.err
    with psycopg.connect(database_url) as sql:
        found = sql.execute("select user_id, provider, t::text from worker.oauth_tickets t").fetchall()
    assert [row[:2] for row in found] == [("u-1", "ebay")]
    assert parse_qs(urlsplit(said.out.strip()).query)["ticket"][0] not in found[0][2]


def test_the_link_comes_as_json_too(cli: Cli) -> None:
    row = cli("account", "connect", "--user", "u-1", "--json").row()

    assert set(row) == {"url", "expires_at", "org_id", "user_id"}
    assert row["url"].startswith("http://127.0.0.1:8081/oauth/ebay/start?ticket=")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--user", "u-1", "--org", uuid4()], 1, "there is no org"),
        (["--user", ""], 2, "name the user"),
    ],
)
def test_a_link_for_nobody_is_refused(arguments: list[object], code: int, sentence: str, cli: Cli) -> None:
    said = cli("account", "connect", *arguments)

    assert (said.code, said.out) == (code, "")
    assert sentence in said.err


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"WORKER_EBAY__CLIENT_ID": ""}, "eBay is not set up: set WORKER_EBAY__CLIENT_ID"),
        ({"WORKER_SECRETS__KEYS": ""}, "there is no key ring"),
        ({"WORKER_SECRETS__KEYS": "broken"}, "entry 1 of the key ring"),
        ({"WORKER_WEB__HOST": "0.0.0.0"}, "WORKER_WEB__HOST is 0.0.0.0, which others can reach"),
        ({"WORKER_WEB__HOST": "::"}, "which others can reach"),
        ({"WORKER_WEB__HOST": "box.internal"}, "which others can reach"),
        ({"WORKER_WEB__PUBLIC_URL": "http://shop.example.com"}, "only over https"),
    ],
)
def test_pages_that_cannot_be_safe_are_not_served(changed: dict[str, str], sentence: str, cli: Cli) -> None:
    said = cli("web", **{**EBAY, **changed})

    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
