"""``mintmark sandbox``: what it prints, what it serves, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.commands.conftest import Cli

ROOT = Path(__file__).parents[2]
SECONDS = 20
BASE_SCOPE = "https://api.ebay.com/oauth/api_scope"


@contextmanager
def running(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """A sandbox in a process of its own; it is ended whatever happens."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
    command = [
        sys.executable,
        "-m",
        "worker",
        "sandbox",
        "--port",
        "0",
        "--sellers",
        "3",
        "--orders",
        "5",
        *options,
    ]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: "subprocess.Popen[str]", lines: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(lines)]


@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_how_to_use_it_and_ends_in_peace(tmp_path: Path, ends: int) -> None:
    with running(tmp_path) as process:
        url, *lines = told(process, 5)
        environment = dict(line.split("=", 1) for line in lines)
        keys = (environment["WORKER_EBAY__CLIENT_ID"], environment["WORKER_EBAY__CLIENT_SECRET"])
        with httpx.Client(base_url=url, timeout=SECONDS) as web:
            form = {"grant_type": "client_credentials", "scope": BASE_SCOPE}
            token = web.post("/identity/v1/oauth2/token", data=form, auth=keys)
            cards = web.get("/v2/cards", params={"q": "set.id:base1", "pageSize": "1"})
        process.send_signal(ends)
        code = process.wait(SECONDS)

    assert environment["WORKER_EBAY__ENVIRONMENT"] == url
    assert environment["WORKER_EBAY__RU_NAME"]
    assert token.json()["token_type"] == "Application Access Token"
    assert cards.json()["count"] == 1
    assert {answer.headers["X-Not-The-Real-Thing"] for answer in (token, cards)} == {"mintmark sandbox"}
    assert code == 0


def test_as_json_it_is_one_object_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    said = []
    for seed in ("4", "4", "5"):
        with running(tmp_path, "--json", "--seed", seed) as process:
            said.append(json.loads(told(process, 1)[0]))

    keys = [one["environment"]["WORKER_EBAY__CLIENT_SECRET"] for one in said]
    assert keys[0] == keys[1] != keys[2]
    assert said[0]["url"] == said[0]["environment"]["WORKER_EBAY__ENVIRONMENT"]
    assert said[0]["sellers"] == 3


def test_it_plays_a_file_and_writes_one_that_outlives_it(tmp_path: Path) -> None:
    faults = [{"operation": "tcgdex.sets", "kind": "status", "status": 503}]
    (tmp_path / "faults.json").write_text(
        json.dumps({"faults": faults, "quotas": {"limits": {"ebay_browse": 0}}})
    )
    with running(tmp_path, "--json", "--scenario", "faults.json", "--journal", "calls") as process:
        url = json.loads(told(process, 1)[0])["url"]
        statuses = [
            httpx.get(f"{url}{path}", timeout=SECONDS).status_code for path in ("/v2/en/sets", "/v2/en/sets")
        ]
        browse = httpx.get(f"{url}/buy/browse/v1/item_summary/search", timeout=SECONDS)

    calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    assert statuses == [503, 200]
    assert browse.status_code == 429
    assert [call["operation"] for call in calls if "operation" in call] == [
        "tcgdex.sets",
        "tcgdex.sets",
        "ebay_browse.search",
    ]


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "example.com"])
def test_it_serves_this_machine_only(bare: Cli, host: str) -> None:
    said = bare("sandbox", "--host", host, "--sellers", 1, "--orders", 0)

    assert (said.code, said.out) == (2, "")
    assert "this machine only" in said.err


def test_a_port_that_is_taken_is_told_of(bare: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = bare("sandbox", "--port", port, "--sellers", 1, "--orders", 0)

    assert said.code == 2
    assert f"nothing can listen at 127.0.0.1 port {port}" in said.err


@pytest.mark.parametrize("text", ["nonsense", '{"faults": [{"operation": "x", "kind": "explode"}]}', "[]"])
def test_a_scenario_that_makes_no_sense_is_refused_before_anything_is_served(
    bare: Cli, tmp_path: Path, text: str
) -> None:
    (tmp_path / "faults.json").write_text(text)
    said = bare("sandbox", "--scenario", "faults.json")

    assert (said.code, said.out) == (2, "")
    assert "faults.json is no scenario" in said.err


def test_a_scenario_that_is_not_there_is_told_of(bare: Cli) -> None:
    said = bare("sandbox", "--scenario", "nosuch.json")

    assert (said.code, said.out) == (2, "")
    assert "nosuch.json" in said.err
