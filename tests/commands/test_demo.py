"""mintmark demo, twice, in an empty folder: the second changes nothing in the catalogue, and pays anew."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # Of the extra; has no types.
import psycopg
import pytest

from worker.embedded import embedded_postgres

ROOT = Path(__file__).parents[2]
DEAD = "postgresql://bob:s3cret@127.0.0.1:1/shop"
VERSIONS = "select source_card_id, xmin::text || ctid::text from card_prints order by 1"


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: pytest takes rights away from its folders, and as root the server is another user.
    made = Path(tempfile.mkdtemp(prefix="mm-"))
    yield made
    shutil.rmtree(made)


def demo(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the demo where two files and the environment name a database that is not the demo's to touch."""
    (folder / ".env").write_text(f"DATABASE_URL={DEAD}\n", encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
    environ |= {"DATABASE_URL": DEAD, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "worker", "demo"]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=100, check=False
    )


def prints(folder: Path) -> dict[str, str]:
    with embedded_postgres(folder / ".mintmark/postgres") as url, psycopg.connect(url) as connection:
        return dict(connection.execute(VERSIONS).fetchall())


def left_running(folder: Path) -> list[str]:
    """Processes that work in the folder, or were told of it."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        told = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
        if any(str(folder) in one for one in told):
            found.append(" ".join(told))
    return found


@pytest.mark.timeout(200)
def test_the_demo_normalises_everything_and_a_second_one_changes_nothing(folder: Path) -> None:
    first = demo(folder)
    after_first, running = prints(folder), left_running(folder)
    second = demo(folder)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert running == left_running(folder) == []
    assert len(after_first) == 441
    assert prints(folder) == after_first
    assert re.search(r"^sets +26 +0 +0 +26$", first.stdout, re.MULTILINE)
    assert re.search(r"^cards +441 +0 +0 +441$", first.stdout, re.MULTILINE)
    assert "rows a second" in first.stdout
    assert "Nothing was left to do" in second.stdout
    assert "0 records wait" in second.stdout
    for said in (first, second):
        rows = re.findall(r"^demo budget +(.+?) +(\d+/\d+) +(\d+) +([\d./]+) *$", said.stdout, re.MULTILINE)
        assert rows == [
            ("paused (budget)", "500/2000", "0", "500.00/500.00"),
            ("completed", "2000/2000", "0", "2000.00/2000.00"),
        ]
        assert "each was worked once and paid for once" in said.stdout
        assert "over the cap of 500.00: the run will pause" in said.stderr
        assert "Traceback" not in said.stderr
        assert "s3cret" not in said.stdout + said.stderr
