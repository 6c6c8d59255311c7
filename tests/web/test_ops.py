"""The ops port tells the truth: what does not live is a 503 that names it."""

import json
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.runs.scene import enqueue, hire, start, until
from worker.db import Database
from worker.errors import UserError
from worker.queue.vitals import Vitals
from worker.web.ops import OpsPort, ops_app

LEASE, CLAIM_LIMIT = 30.0, 10.0
NOWHERE = "postgresql://bob:s3cret@127.0.0.1:1/shop"
Ask = Callable[[str], Any]


def long_ago(seconds: float) -> float:
    return time.monotonic() - seconds


@pytest.fixture
def vitals() -> Vitals:
    """A worker that is well and at work."""
    return Vitals(LEASE, CLAIM_LIMIT, claiming=True, ready=True)


@pytest.fixture
async def web(vitals: Vitals, database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(ops_app(vitals, database_url))
    async with httpx.AsyncClient(transport=transport, base_url="http://worker") as client:
        yield client


@pytest.mark.parametrize("path", ["/healthz", "/healthz/db", "/readyz"])
async def test_a_worker_that_is_well_says_so_everywhere(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "problems": []})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("sign", "age", "told"),
    [
        ("loop_ticked", LEASE / 2 + 1, r"event loop: has not ticked for 16\.\d s"),
        ("lease_acknowledged", LEASE + 1, r"heartbeat: not acknowledged for 31\.\d s"),
        ("claimed", CLAIM_LIMIT + 1, r"claim loop: no round has ended for 11\.\d s"),
    ],
)
async def test_what_has_stopped_living_is_a_503_that_names_it(
    web: httpx.AsyncClient, vitals: Vitals, sign: str, age: float, told: str
) -> None:
    setattr(vitals, sign, long_ago(age))

    for path in ("/healthz", "/readyz"):
        answer = await web.get(path)
        assert answer.status_code == 503
        assert answer.json()["status"] == "failing"
        [problem] = answer.json()["problems"]
        assert re.fullmatch(told, problem)


@pytest.mark.parametrize(
    ("sign", "age"),
    [("loop_ticked", LEASE / 2 - 1), ("lease_acknowledged", LEASE - 1), ("claimed", CLAIM_LIMIT - 1)],
)
async def test_what_is_only_slow_is_alive(
    web: httpx.AsyncClient, vitals: Vitals, sign: str, age: float
) -> None:
    setattr(vitals, sign, long_ago(age))

    assert (await web.get("/healthz")).status_code == 200


async def test_several_problems_are_all_named(web: httpx.AsyncClient, vitals: Vitals) -> None:
    vitals.loop_ticked = vitals.lease_acknowledged = vitals.claimed = long_ago(100)

    problems = (await web.get("/healthz")).json()["problems"]

    assert [one.partition(":")[0] for one in problems] == ["event loop", "heartbeat", "claim loop"]


async def test_a_worker_that_claims_nothing_on_purpose_has_no_hung_claim_loop(
    web: httpx.AsyncClient, vitals: Vitals
) -> None:
    vitals.claimed, vitals.claiming = long_ago(1000), False

    assert (await web.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ready": False}, "not started yet"),
        ({"stopping": True}, "stopping"),
        (
            {"schema_problem": "migration 0009 is in this version, but was not applied"},
            "schema: migration 0009",
        ),
    ],
)
async def test_a_worker_that_lives_but_should_get_no_work_is_healthy_and_not_ready(
    web: httpx.AsyncClient, vitals: Vitals, change: dict[str, Any], told: str
) -> None:
    for name, value in change.items():
        setattr(vitals, name, value)

    ready = await web.get("/readyz")

    assert (await web.get("/healthz")).status_code == 200
    assert ready.status_code == 503
    [problem] = ready.json()["problems"]
    assert problem.startswith(told)


async def test_a_database_that_is_down_makes_it_unready_but_not_unhealthy_and_no_password_is_shown(
    vitals: Vitals,
) -> None:
    transport = httpx.ASGITransport(ops_app(vitals, NOWHERE))
    async with httpx.AsyncClient(transport=transport, base_url="http://worker") as web:
        health, ready, database = [await web.get(path) for path in ("/healthz", "/readyz", "/healthz/db")]

    assert health.status_code == 200
    for answer in (ready, database):
        assert answer.status_code == 503
        assert answer.json()["problems"] == ["database: ConnectionRefusedError"]
        assert "s3cret" not in answer.text


async def test_how_long_no_claim_has_ended_is_measured_when_it_is_asked_for(
    web: httpx.AsyncClient, vitals: Vitals
) -> None:
    vitals.claimed = long_ago(1000)
    stuck = await claim_age(web)
    vitals.claiming = False

    assert 1000 <= stuck < 1060
    assert await claim_age(web) == 0


async def claim_age(web: httpx.AsyncClient) -> float:
    [line] = re.findall(r"^mintmark_claim_age_seconds (.+)$", (await web.get("/metrics")).text, re.MULTILINE)
    return float(line)


async def test_anything_else_is_not_found(web: httpx.AsyncClient) -> None:
    assert (await web.get("/")).status_code == 404
    assert (await web.post("/healthz")).status_code == 405


NAMES = {
    "mintmark_jobs_claimed": {"queue"},
    "mintmark_jobs_finished": {"kind", "ending"},
    "mintmark_job_duration_seconds": {"kind"},
    "mintmark_job_pickup_seconds": {"queue"},
    "mintmark_queue_depth": {"queue", "state"},
    "mintmark_queue_oldest_seconds": {"queue"},
    "mintmark_queue_paused": {"queue"},
    "mintmark_runs": {"state"},
    "mintmark_runs_paused": {"reason"},
    "mintmark_run_spent_cents": {"kind"},
    "mintmark_observations": {"source", "basis"},
    "mintmark_price_age_seconds": {"quantile"},
    "mintmark_api_quota_remaining": {"api"},
    "mintmark_api_quota_calls": {"api"},
    "mintmark_accounts_revoked": set[str](),
    "mintmark_budget_denied": set[str](),
    "mintmark_items": {"kind", "outcome"},
    "mintmark_lease_lost": set[str](),
    "mintmark_jobs_rescued": {"kind"},
    "mintmark_jobs_quarantined": set[str](),
    "mintmark_claim_age_seconds": set[str](),
    "mintmark_handlers_deaf": {"kind"},
    "mintmark_wakeup_mode": {"mode"},
    "mintmark_threads_abandoned": set[str](),
    "mintmark_loop_lag_seconds": set[str](),
    "mintmark_db_oldest_xmin_seconds": set[str](),
    "mintmark_jobs_dead_tuples": set[str](),
    "mintmark_jobs_unknown_kind": set[str](),
    "mintmark_schedules_fired": {"kind"},
    "mintmark_alerts": {"channel", "outcome"},
    "mintmark_alerts_waiting": set[str](),
    "mintmark_api_requests": {"api", "status"},
    "mintmark_api_request_seconds": {"api"},
    "mintmark_api_breaker": {"api"},
    "mintmark_spans": {"outcome"},
}
SPENT = 'mintmark_run_spent_cents_total{kind="demo"} 6.0'
FINISHED = 'mintmark_jobs_finished_total{ending="done",kind="demo"} 1.0'
NEVER_HERE = {
    "mintmark_schedules_fired",
    "mintmark_spans",
    "mintmark_alerts",
    "mintmark_price_age_seconds",
    "mintmark_api_quota_remaining",
    "mintmark_api_quota_calls",
    "mintmark_api_requests",
    "mintmark_api_request_seconds",
    "mintmark_api_breaker",
}


@pytest.mark.timeout(90)
async def test_a_worker_process_tells_of_itself_from_its_start_to_a_blocked_loop_and_its_end(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    await start(db, "demo", {"items": 3, "cost_cents": 2})
    process = hire(database_url, tmp_path, lease_seconds=2, heartbeat_seconds=0.3)
    try:
        url = await until(lambda: _ops_url(tmp_path))
        async with httpx.AsyncClient(base_url=url) as web:

            async def answers(path: str, code: int) -> httpx.Response | None:
                found = await web.get(path)
                return found if found.status_code == code else None

            async def told() -> bool:
                text = (await web.get("/metrics")).text
                return all(one in text for one in (SPENT, FINISHED, "mintmark_queue_depth{"))

            await until(lambda: answers("/readyz", 200))
            await until(told)
            families = text_string_to_metric_families((await web.get("/metrics")).text)
            labels = {one.name: {name for s in one.samples for name in s.labels} - {"le"} for one in families}
            await enqueue(db, "demo", {"block": True, "seconds": 2.5})
            hung = await until(lambda: answers("/healthz", 503))
            await until(lambda: answers("/healthz", 200))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()

    assert [one.partition(" for")[0] for one in hung.json()["problems"]] == ["event loop: has not ticked"]
    assert set(NAMES) == {name for name in labels if not name.endswith("_created")}
    assert {name: labels[name] for name in NAMES if labels[name]} == {
        name: wanted for name, wanted in NAMES.items() if wanted and name not in NEVER_HERE
    }


async def _ops_url(folder: Path) -> str | None:
    lines = _log(folder / "workers.log")
    return next((line["url"] for line in lines if line.get("event") == "ops_port"), None)


def _log(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]


@pytest.fixture
def taken() -> Any:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_is_taken_is_a_sentence_that_says_what_to_set(vitals: Vitals, taken: int) -> None:
    port = OpsPort(ops_app(vitals, NOWHERE), host="127.0.0.1", port=taken)

    with pytest.raises(
        UserError, match=rf"the ops port 127\.0\.0\.1:{taken} cannot be opened.*WORKER_OPS__PORT"
    ):
        port.start()
