"""The way in: a worker hears SIGTERM before anything slow is loaded, and any other command dies by it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

import anyio
import pytest

from tests.queue.processes import WorkerProcess
from tests.queue.scene import until

ROOT = Path(__file__).parents[2]
BY_SCRIPT = ("-c", "from worker.__main__ import main; main()")
BY_MODULE = ("-m", "worker")
STUCK = "from pathlib import Path; Path('loading').touch(); import time; time.sleep(60)"


@contextmanager
def loading(folder: Path, way: Sequence[str], command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process that hangs while it loads a library."""
    (folder / "typer.py").write_text(STUCK)
    environ = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    process = subprocess.Popen([sys.executable, *way, command], cwd=folder, env=environ)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def told_to_end(folder: Path, process: "subprocess.Popen[bytes]") -> int:
    async def is_loading() -> bool:
        return (folder / "loading").exists()

    async def has_ended() -> bool:
        return process.poll() is not None

    await until(is_loading, seconds=30)
    process.send_signal(signal.SIGTERM)
    await until(has_ended, seconds=5)
    return process.returncode


@pytest.mark.parametrize("way", [BY_SCRIPT, BY_MODULE], ids=["script", "module"])
async def test_a_worker_that_is_told_to_end_while_it_loads_exits_with_0(
    tmp_path: Path, way: Sequence[str]
) -> None:
    with loading(tmp_path, way, "worker") as process:
        assert await told_to_end(tmp_path, process) == 0


async def test_another_command_that_is_told_to_end_has_not_succeeded(tmp_path: Path) -> None:
    with loading(tmp_path, BY_MODULE, "migrate") as process:
        assert await told_to_end(tmp_path, process) == -signal.SIGTERM


def test_the_installed_command_goes_this_way() -> None:
    (script,) = entry_points(group="console_scripts", name="mintmark")

    assert script.value == "worker.__main__:main"


async def test_sigterm_at_any_moment_since_the_process_began_ends_a_worker_with_0(
    database_url: str, tmp_path: Path
) -> None:
    """But for the first few milliseconds, in which Python itself starts and the kernel ends the process."""
    codes: dict[float, tuple[bool, int]] = {}

    async def stop_after(seconds: float) -> None:
        worker = WorkerProcess(database_url, tmp_path, grace_seconds=1)
        try:
            await anyio.sleep(seconds)  # The moment is what is tried here.
            heard = worker.can_hear()
            worker.signal(signal.SIGTERM)
            codes[seconds] = heard, await worker.exit_code()
        finally:
            worker.end()

    for offset in (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.2):
        await stop_after(offset)

    assert {code for heard, code in codes.values() if heard} == {0}
    assert {code for heard, code in codes.values() if not heard} <= {0, -signal.SIGTERM}
