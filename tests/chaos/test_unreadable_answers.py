"""Row 31: what nobody can read is told apart, leads nobody on, takes no memory, and moves nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.bazaar import Bazaar, bazaar
from tests.queue.scene import until
from tests.selling.market import ENVIRONMENT
from worker.accounts.tokens import Tokens
from worker.clients.answers import AnsweredNo
from worker.clients.ebay import Ebay, Question
from worker.clients.ebay_auth import EbayAuth
from worker.db import Database
from worker.errors import SourceError, SourceGarbled

MOST_GROWN = 20  # MiB
BOMB = 200  # MiB
QUESTIONS = (
    Question(api="ebay_fulfillment", operation="get_orders", path="/sell/fulfillment/v1/order"),
    Question(api="ebay_inventory", operation="get_inventory_items", path="/sell/inventory/v1/inventory_item"),
    Question(
        api="ebay_finances",
        operation="get_transactions",
        path="/sell/finances/v1/transaction",
        host="apiz",
        of_marketplace=True,
    ),
    Question(api="ebay_identity", operation="get_user", path="/commerce/identity/v1/user/", host="apiz"),
)
PLAIN = {"kind": "body", "status": 200, "content_type": "text/plain", "text": '{"orders": [], "total": 0}'}
MOVED = """
select (select count(*) from public.ebay_cursors)::int as cursors,
       (select count(*) from public.price_observations)::int as observations,
       (select count(*) from worker.jobs j where j.checkpoint is not null)::int as checkpoints,
       (select count(*) from public.ebay_accounts a where a.last_sync_at is not null)::int as synced
"""


class Canary:
    """Listens where redirects lead, and counts who comes."""

    def __init__(self) -> None:
        self.visits = 0

    def meet(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.transport.abort()


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[Canary, str]]:
    bird = Canary()
    server = await asyncio.start_server(bird.meet, "127.0.0.1", 0)
    async with server:
        yield bird, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/latest/meta-data/"


def spoilt(location: str) -> list[tuple[dict[str, Any], type[SourceError]]]:
    """Each way to spoil an answer, and what it has to be taken for."""
    return [
        ({"kind": "truncated"}, SourceGarbled),
        ({"kind": "html", "status": 200}, SourceGarbled),
        (PLAIN, SourceGarbled),
        ({"kind": "gzip_bomb", "megabytes": BOMB}, SourceGarbled),
        ({"kind": "redirect", "location": location}, AnsweredNo),
    ]


@pytest.mark.timeout(200)
@pytest.mark.scorecard(31)
async def test_an_answer_that_nobody_can_read_moves_nothing_and_leads_nobody_on(
    db: Database, database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with (
        canary() as (bird, location),
        bazaar(db, database_url, tmp_path, sellers=6, workers=1, slots=6) as stage,
    ):
        ways = spoilt(location)
        right = await told_apart(stage, ways)
        *users, clean = stage.users
        [worker] = stage.workers
        await until_tried(stage, [await stage.sync(clean)])  # So that all is loaded.
        await stage.db.execute("truncate public.price_observations, public.ebay_cursors cascade")
        await stage.db.execute("update public.ebay_accounts set last_sync_at = null")

        before = memory(worker.process.pid, "VmRSS")
        forget_peak(worker.process.pid)
        await stage.faults(*({**way, "account": user} for user, (way, _) in zip(users, ways, strict=True)))
        jobs = [await stage.sync(user) for user in users]
        await until_tried(stage, jobs)
        grown = memory(worker.process.pid, "VmHWM") - before

        moved = await stage.db.fetchrow(MOVED)
        codes = await stage.db.fetch(
            "select l.error_id, count(*)::int as times from worker.api_log l where l.status is null"
            " group by l.error_id"
        )
        assert moved is not None

    record_property(
        "figures",
        f"{right} of {len(ways) * len(QUESTIONS)} told apart (cut short, HTML, another type, {BOMB} MiB in"
        f" gzip, 302; 4 APIs); a worker's jobs with each of them: cursors {moved['cursors']}, checkpoints"
        f" {moved['checkpoints']}, observations {moved['observations']}; memory grew by {grown:.1f} MiB at"
        f" most; connections to where the 302 leads {bird.visits}",
    )
    assert right == len(ways) * len(QUESTIONS)
    assert dict(moved) == {"cursors": 0, "observations": 0, "checkpoints": 0, "synced": 0}
    assert {row["error_id"] for row in codes} == {"source_garbled"}
    assert bird.visits == 0
    assert grown <= MOST_GROWN


async def told_apart(stage: Bazaar, ways: list[tuple[dict[str, Any], type[SourceError]]]) -> int:
    """Ask each API with each answer spoilt; answers how often it was taken for what it is."""
    right = 0
    market = stage.market
    async with Ebay(market.environment[ENVIRONMENT], deadline_seconds=20) as ebay:
        auth = EbayAuth(ebay, market.application)
        tokens = Tokens(stage.db, market.vault(), auth, environment=ebay.environment)
        token = (await tokens.access(stage.accounts[stage.users[0]])).value
        for way, wanted in ways:
            for question in QUESTIONS:
                await stage.faults({**way, "operation": f"{question.api}.{question.operation}"})
                with pytest.raises(SourceError) as caught:
                    await ebay.ask(question, token=token, request_id="test")
                right += type(caught.value) is wanted
    await stage.faults()
    return right


async def until_tried(stage: Bazaar, jobs: list[int]) -> None:
    """Wait until each of these jobs has ended, or used a try."""
    tried = (
        "select count(*)::int from worker.job_status j"
        " where j.id = any ($1) and (j.finished_at is not null or (j.attempt > 0 and j.state = 'scheduled'))"
    )

    async def all_have() -> bool:
        return bool(await stage.db.fetchval(tried, jobs) == len(jobs))

    await until(all_have, seconds=90)


def forget_peak(pid: int) -> None:
    """Let the peak of a process's memory be counted from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory(pid: int, what: str) -> float:
    """MiB of a process's memory, as the kernel counts it."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(f"{what}:"))
    return int(line.split()[1]) / 1024
