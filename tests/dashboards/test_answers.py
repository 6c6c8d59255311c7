"""Every question of every board is asked of a real Prometheus after a while of real work, and is answered.

With ``PICTURES`` set to a folder the while is longer, and each board is drawn there as it then stands.
"""

import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import httpx
import pytest

from tests.alerts.receiver import Receiver, receiving
from tests.dashboards import story
from tests.dashboards.boards import METRIC, Panel, boards, filled_in, panels, spelled_out
from tests.dashboards.pictures import Drawn, Series, draw, named
from tests.monitoring.prometheus import program, prometheus
from tests.queue.processes import WorkerProcess
from tests.runs.scene import start, until
from tests.selling.market import Market, market
from worker.db import Database

WORKERS = 2
HURRY = 15
SCRAPE_SECONDS = 1
"""What fifteen seconds are at this pace."""
PATIENCE_SECONDS = 40
PICTURES = os.environ.get("PICTURES")
LONGER_SECONDS = 16
"""Five times: for a while that fills a picture."""
HAPPENED_ONCE = (
    "mintmark_schedules_fired_total",
    "mintmark_run_spent_cents_total",
    "mintmark_observations_total",
)
"""Or first, since the workers started, and seen all the same."""
LARGEST = 150_000
"""Bytes of a picture."""


@dataclass
class Watch:
    """A Prometheus, asked through one client, and since when it has watched."""

    client: httpx.AsyncClient
    began: float = field(default_factory=time.time)

    async def answers(self, expression: str, *, over_time: bool) -> list[dict[str, Any]]:
        """The series that a question has for an answer, each with ``values``."""
        now = time.time()
        seconds = max(2, round(now - self.began))
        asked = {"query": filled_in(expression, seconds=seconds, scrape=SCRAPE_SECONDS, factor=HURRY)}
        if over_time:
            span = {"start": f"{self.began}", "end": f"{now}", "step": f"{SCRAPE_SECONDS}s"}
            answer = await self.client.get("query_range", params=asked | span)
        else:
            answer = await self.client.get("query", params=asked)
        assert answer.status_code == 200, (expression, answer.text)
        found = [
            (one["metric"], one.get("values") or [one["value"]]) for one in answer.json()["data"]["result"]
        ]
        return [
            {"metric": labels, "values": values}
            for labels, values in found
            if any(value != "NaN" for _, value in values)
        ]

    async def knows_where_counters_begin(self) -> bool:
        """Tell whether what happens next will be seen as an increase, at every worker."""
        known = [
            await self.answers(f"count(count by (instance) ({metric})) == {WORKERS}", over_time=False)
            for metric in HAPPENED_ONCE
        ]
        return all(known)

    async def api_is_left_alone(self) -> bool:
        """Tell whether a worker leaves an API alone, because it fails."""
        return bool(await self.answers("mintmark_api_breaker > 0", over_time=False))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Market]:
    with market(tmp_path, sellers=12, orders=240) as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
async def accounts(db: Database, database_url: str, shop: Market) -> dict[str, UUID]:
    """What was before the workers start: cards, sellers, sales and prices."""
    return await story.prepare(db, database_url, shop)


@pytest.fixture
async def watch(
    accounts: dict[str, UUID], database_url: str, tmp_path: Path, shop: Market, receiver: Receiver
) -> AsyncIterator[Watch]:
    assert accounts, "what was before comes first"
    given = story.variables(shop, receiver, tmp_path)
    with ExitStack() as stack:
        workers = [
            WorkerProcess(database_url, tmp_path, concurrency=story.SLOTS, environment=given)
            for _ in range(WORKERS)
        ]
        for worker in workers:
            stack.callback(worker.end)
        places = [story.address(await worker.ready()) for worker in workers]
        running = stack.enter_context(prometheus(tmp_path, places, factor=HURRY))
        async with httpx.AsyncClient(base_url=f"{running.url}/api/v1", timeout=20) as client:
            yield Watch(client)


@pytest.fixture(autouse=True)
def _only_with_prometheus() -> None:
    """Skip before anything else is started."""
    program("prometheus")


async def unanswered(watch: Watch) -> list[str]:
    """Questions, choices and marks of alarms without an answer, and metrics without a series."""
    missing = [
        f"{panel}: {expression}"
        for panel in panels()
        for expression, over_time in asked(panel)
        if not await watch.answers(expression, over_time=over_time)
    ]
    for name, board in boards().items():
        missing += [
            f"{name}: marks: {note['expr']}"
            for note in board["annotations"]["list"]
            if not await watch.answers(note["expr"], over_time=True)
        ]
        for choice in board["templating"]["list"][1:]:
            metric, label = choice["query"]["query"].removeprefix("label_values(").rstrip(")").split(", ")
            if not await watch.answers(f'{metric}{{{label}=~".+"}}', over_time=False):
                missing.append(f"{name}: choices: {metric}")
    metrics = {
        one for panel in panels() for text in panel.expressions for one in METRIC.findall(spelled_out(text))
    }
    missing += [f"metric: {one}" for one in sorted(metrics) if not await watch.answers(one, over_time=False)]
    once = [f"sum(increase({metric}[$__range])) > 0.5" for metric in HAPPENED_ONCE]
    missing += [f"once: {one}" for one in once if not await watch.answers(one, over_time=False)]
    return missing


def asked(panel: Panel) -> list[tuple[str, bool]]:
    """The questions of a panel, and whether each is asked over time."""
    return [(target["expr"], target["range"]) for target in panel.facts["targets"]]


async def drawn(watch: Watch, panel: Panel) -> Drawn:
    """A panel with what its questions are answered now."""
    series = list[Series]()
    for target in panel.facts["targets"]:
        for one in await watch.answers(target["expr"], over_time=target["range"]):
            points = [
                (float(at) - watch.began, float(value)) for at, value in one["values"] if value != "NaN"
            ]
            series.append((named(target, one["metric"], panel), points))
    return Drawn(panel, series)


async def a_while_longer(db: Database, shop: Market, accounts: Mapping[str, UUID]) -> None:
    """Let life go on: the queue is let go on, prices are made anew, now and then more is sold."""
    await anyio.sleep(LONGER_SECONDS)
    await db.execute("select worker.resume_queue('nightly')")
    await start(db, "price_curve", {})
    for _ in range(4):
        await story.sell_more(db, shop, accounts)
        await anyio.sleep(LONGER_SECONDS)


@pytest.mark.timeout(300 if PICTURES else 150)
async def test_every_question_of_every_board_has_an_answer_after_a_while_of_work(
    db: Database, shop: Market, accounts: dict[str, UUID], watch: Watch, tmp_path: Path
) -> None:
    await until(watch.knows_where_counters_begin, seconds=40)
    async with story.waves(db):
        await story.begin(db)
        await story.hold_a_queue(db)
        await story.run_out_of_money(db)
        await story.revoke(db, shop, accounts)
        await story.let_a_clock_strike(db)
        await story.break_down(db, shop, watch.api_is_left_alone)
        await story.sell_more(db, shop, accounts)

        missing = await unanswered(watch)
        with anyio.move_on_after(PATIENCE_SECONDS):
            while missing:
                await anyio.sleep(0.3)  # Until Prometheus has come by again.
                missing = await unanswered(watch)
        assert missing == []

        if PICTURES:
            await a_while_longer(db, shop, accounts)
        shown = [await drawn(watch, panel) for panel in panels()]

    for name, board in boards().items():
        file = Path(PICTURES or tmp_path) / f"{name}.png"
        draw(board, [one for one in shown if one.panel.board == name], file)
        assert file.stat().st_size < LARGEST
