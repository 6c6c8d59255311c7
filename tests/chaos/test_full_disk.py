"""Row 18: the disk under Postgres fills up until the server gives up, and has room again."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import anyio
import asyncpg
import pytest

from tests.chaos.conftest import Times
from tests.chaos.fleet import Nursery
from tests.chaos.server import Server, own_server
from tests.chaos.stage import staged
from tests.chaos.test_outages import claims_again, noise
from tests.queue.scene import until

MEGABYTE = 1 << 20
DISK = "160m"
MOST_CPU = 0.05 * 2
"""Of one processor, for each worker while the server is gone; doubled, for a machine with other work."""

BRICK = "select pg_logical_emit_message(false, 'brick', repeat('x', 100000)); select pg_switch_wal()"


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of the test's own, which root alone can make."""
    folder = Path(tempfile.mkdtemp(prefix="mm-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0755", "mintmark-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        folder.rmdir()
        pytest.skip("a disk of its own cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@pytest.fixture
def own(disk: Path) -> Iterator[Server]:
    with own_server(disk) as started:
        yield started


@pytest.mark.scorecard(18)
async def test_a_full_disk_fails_no_job_and_all_is_done_when_there_is_room_again(
    disk: Path,
    own: Server,
    tmp_path: Path,
    nursery: Nursery,
    times: Times,
    record_property: Callable[[str, object], None],
) -> None:
    async with staged(own.url, tmp_path, nursery) as stage:
        workers = await stage.ready(2)
        async with stage.producing(a_second=20, steps=2, seconds=0.2):
            await stage.until_it_claims(workers[0])
            ballast = fill(disk)
            await run_into_the_wall(own)
            before, began = [cpu_seconds(worker.pid) for worker in workers], anyio.current_time()
            await anyio.sleep(times(3, 30))  # How long it lasts is what is tried.
            lasted = anyio.current_time() - began
            spent = max(cpu_seconds(one.pid) - was for one, was in zip(workers, before, strict=True))
            assert [worker.code() for worker in workers] == [None, None]
            ballast.unlink()
            assert await anyio.to_thread.run_sync(own.restart, "fast")
            gap = await claims_again(stage.journal, *workers)
        await stage.all_ended()

        verdict = await stage.verdict()
        assert noise(workers) == []
        record_property(
            "figures",
            f"gone for {lasted:.0f} s, workers used {100 * spent / lasted:.1f} % of a processor meanwhile;"
            f" claims went on {gap:.1f} s after the server was back; {verdict.figures()}",
        )
        assert gap <= 30
        assert spent / lasted <= MOST_CPU
        assert verdict.tries_used == 0
        assert set(verdict.states) == {"completed"}


def fill(disk: Path) -> Path:
    """Leave no room; answers what takes it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * MEGABYTE)
    return ballast


async def run_into_the_wall(server: Server) -> None:
    """Make the server want more room for its log than there is, until it has given up."""

    async def has_given_up() -> bool:
        try:
            connection = await asyncpg.connect(server.url, timeout=3, command_timeout=3)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return True
        try:
            await connection.execute(BRICK)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return connection.is_closed()
        finally:
            connection.terminate()
        return False

    await until(has_given_up, seconds=30)


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
