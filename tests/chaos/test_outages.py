"""Rows 7, 8 and 11: a Postgres that restarts, that throws everybody out, that takes no writes."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import anyio
import asyncpg
import pytest

from tests.chaos.conftest import LANE, Times
from tests.chaos.fleet import Nursery, Worker
from tests.chaos.journal import Journal
from tests.chaos.server import Server, own_server
from tests.chaos.stage import Stage, staged
from tests.conftest import Connect
from tests.queue.scene import until

Record = Callable[[str, object], None]
SLOTS = 4
RESUME_SECONDS = 5.0
LINES_A_LOOP = 5
THROW_OUT = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid()
"""


@pytest.fixture
def own() -> Iterator[Server]:
    with own_server() as started:
        yield started


@pytest.mark.scorecard(7)
async def test_a_restart_of_postgres_under_load_ends_no_worker_and_loses_no_job(
    own: Server, tmp_path: Path, nursery: Nursery, times: Times, record_property: Record
) -> None:
    restarts = ["fast", "immediate"] * times(1, 10)
    gaps: list[float] = []
    async with staged(own.url, tmp_path, nursery) as stage:
        workers = await stage.ready(2, concurrency=SLOTS)
        async with stage.producing(a_second=20, steps=2, seconds=0.2):
            for how in restarts:
                await stage.until_it_claims(workers[0])
                assert await anyio.to_thread.run_sync(own.restart, how)
                gaps.append(await claims_again(stage.journal, *workers))
        await stage.all_ended()

        verdict = await stage.verdict()
        chatty = most_said(workers)
        record_property(
            "figures",
            f"{len(restarts)} restarts, half of them immediate; claims went on {max(gaps):.1f} s after the"
            f" server was back; at most {chatty} lines of one loop about all of it; {verdict.figures()}",
        )
        assert [worker.code() for worker in workers] == [None, None]
        assert max(gaps) <= RESUME_SECONDS
        assert chatty <= LINES_A_LOOP * len(restarts)
        assert noise(workers) == []
        assert chatty, "no worker noticed"
        assert verdict.tries_used == 0
        assert set(verdict.states) == {"completed"}


async def claims_again(journal: Journal, *workers: Worker) -> float:
    """Seconds from now until each of the workers has begun a job."""
    now = anyio.current_time()

    async def begun() -> list[float]:
        later = [one for one in journal.entries("begin") if one.at > now]
        firsts = [next((one.at for one in later if one.pid == worker.pid), 0.0) for worker in workers]
        return firsts if all(firsts) else []

    return max(await until(begun, seconds=30)) - now


def most_said(workers: Sequence[Worker]) -> int:
    """How often, at most, one loop of one worker has logged that an outage began."""
    most = 0
    for worker in workers:
        said = [one["what"] for one in worker.said("outage_began")]
        most = max([most, *(said.count(what) for what in said)])
    return most


def noise(workers: Sequence[Worker]) -> list[str]:
    """Lines of their logs that are no events: what they or a library of theirs let slip."""
    return [line for worker in workers for line in worker.text().splitlines() if not line.startswith("{")]


@pytest.mark.scorecard(8)
async def test_backends_terminated_again_and_again_lose_no_job_and_repeat_none(
    stage: Stage, connect: Connect, times: Times, record_property: Record
) -> None:
    rounds, thrown_out = times(3, 30), 0
    admin = await connect()
    workers = await stage.ready(2, concurrency=SLOTS)

    async with stage.producing(a_second=20, steps=4, seconds=0.3):
        for _ in range(rounds):
            await anyio.sleep(2)  # What is tried is that it happens again and again.
            thrown_out += await admin.fetchval(THROW_OUT)
            await claims_again(stage.journal, workers[0])
    await stage.all_ended()

    verdict = await stage.verdict()
    record_property(
        "figures",
        f"{thrown_out} backends terminated in {rounds} rounds, one every 2 s; {verdict.figures()}",
    )
    assert [worker.code() for worker in workers] == [None, None]
    assert verdict.tries_used == 0
    assert verdict.crashes == 0
    assert set(verdict.states) == {"completed"}


@pytest.mark.scorecard(11)
async def test_a_server_that_turns_read_only_fails_no_job_and_uses_no_try(
    own: Server, tmp_path: Path, nursery: Nursery, times: Times, record_property: Record
) -> None:
    seconds = times(3, 30)
    async with staged(own.url, tmp_path, nursery) as stage:
        workers = await stage.ready(2, concurrency=SLOTS)
        async with stage.producing(a_second=15, steps=2, seconds=0.3):
            await stage.until_it_claims(workers[0])
            await read_only(own, "on")
            await anyio.sleep(seconds)  # How long it lasts is what is tried.
            for worker in workers:
                assert "ReadOnlySQLTransactionError" in [
                    said["error"] for said in worker.said("outage_began")
                ]
            assert [worker.code() for worker in workers] == [None, None]
            await read_only(own, "off")
            gap = await claims_again(stage.journal, *workers)
        await stage.all_ended()

        verdict = await stage.verdict()
        record_property(
            "figures",
            f"read-only for {seconds} s, claims went on after {gap:.1f} s; {verdict.figures()}",
        )
        assert gap <= 10
        assert verdict.tries_used == 0
        assert set(verdict.states) == {"completed"}


async def read_only(server: Server, value: str) -> None:
    connection = await asyncpg.connect(server.url)
    await connection.execute(f"alter system set default_transaction_read_only = {value}")
    await connection.execute("select pg_reload_conf()")
    await connection.close()


@pytest.mark.scorecard(11)
@pytest.mark.skipif(LANE != "long", reason="a real standby is for the long lane")
async def test_a_standby_that_is_promoted_takes_the_work_over(
    own: Server, tmp_path: Path, nursery: Nursery, record_property: Record
) -> None:
    # What an address that moves with the primary does: the same name, another server.
    address = own.folder.with_name("address")
    address.symlink_to(own.folder)
    url = own.url.replace(str(own.folder), str(address))
    async with staged(url, tmp_path, nursery) as stage:
        standby = await anyio.to_thread.run_sync(own.copy, "standby")
        try:
            workers = await stage.ready(2, concurrency=SLOTS)
            async with stage.producing(a_second=15, steps=2, seconds=0.3):
                await stage.until_it_claims(workers[0])
                await the_standby_follows(own)
                assert await anyio.to_thread.run_sync(own.ctl, "stop", "-m", "fast")
                address.unlink()
                address.symlink_to(standby.folder)
                await anyio.sleep(3)  # For so long nobody takes writes.
                assert await anyio.to_thread.run_sync(standby.ctl, "promote")
                gap = await claims_again(stage.journal, *workers)
            await stage.all_ended()

            verdict = await stage.verdict()
            record_property("figures", f"claims went on {gap:.1f} s after the promotion; {verdict.figures()}")
            assert [worker.code() for worker in workers] == [None, None]
            assert gap <= 10
            assert verdict.tries_used == 0
            assert set(verdict.states) == {"completed"}
        finally:
            standby.ctl("stop", "-m", "immediate")


async def the_standby_follows(server: Server) -> None:
    """Wait until a standby follows: a replica that lags may lose what was acknowledged."""
    connection = await asyncpg.connect(server.url)

    async def follows() -> bool:
        found: bool = await connection.fetchval(
            "select count(*) > 0 and bool_and(state = 'streaming') from pg_stat_replication"
        )
        return found

    await until(follows)
    await connection.close()
