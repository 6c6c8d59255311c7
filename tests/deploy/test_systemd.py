"""deploy/systemd: units that systemd reads without a word, locked down, and in step with the code."""

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from worker.queue.lease import EXIT_STUCK
from worker.settings_model import Settings

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
WRONG_USE = 2
MOST_EXPOSED = 15
"""In tenths: ``systemd-analyze security`` counts from 0 to 10, and calls all below 2 OK."""
Unit = pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
Analyzed = pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed: its units are only read")


def settings_of(unit: Path) -> dict[str, list[str]]:
    """What a unit sets, in all its sections; a name may stand several times."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def copied(unit: Path, folder: Path) -> Path:
    """An instance of a unit beside the others, with a program that is there."""
    program = f"{sysconfig.get_path('scripts')}/mintmark"
    for one in UNITS:
        text = one.read_text("utf-8").replace("/opt/mintmark/bin/mintmark", program)
        (folder / one.name.replace("@", "@1")).write_text(text)
    return folder / unit.name.replace("@", "@1")


@Analyzed
@Unit
def test_systemd_reads_it_and_has_nothing_to_say(unit: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", copied(unit, tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, [line for line in done.stderr.splitlines() if "mintmark" in line]) == (0, [])


@Analyzed
@Unit
def test_a_unit_is_hardly_exposed(unit: Path, tmp_path: Path) -> None:
    words = ["security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}"]
    done = subprocess.run(
        [str(ANALYZE), *words, copied(unit, tmp_path)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-200:] + done.stderr


def test_all_units_are_locked_down_alike() -> None:
    texts = [unit.read_text("utf-8") for unit in UNITS]
    locks = {text[text.index("DynamicUser=") : text.index("[Install]")] for text in texts}

    assert len(UNITS) == 3
    assert len(locks) == 1
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict"} <= set(locks.pop().splitlines())


@Unit
def test_it_starts_a_command_of_ours(unit: Path) -> None:
    [command] = settings_of(unit)["ExecStart"]
    named = re.fullmatch(r"mintmark-(\w+)@?", unit.stem)

    assert named
    assert command == f"/opt/mintmark/bin/mintmark {named[1]}"


@pytest.mark.parametrize(
    "unit", [one for one in UNITS if "migrate" not in one.stem], ids=lambda path: path.stem
)
def test_it_is_started_again_unless_its_settings_are_wrong_and_may_drain_first(unit: Path) -> None:
    told = settings_of(unit)
    [seconds] = told["TimeoutStopSec"]

    assert told["Restart"] == ["always"]
    assert told["RestartPreventExitStatus"] == [str(WRONG_USE)]
    assert told["StartLimitIntervalSec"] == ["0"]
    assert "SuccessExitStatus" not in told  # A worker that had to end itself (75) is to be seen.
    assert EXIT_STUCK != WRONG_USE
    assert float(seconds) >= Settings().queue.grace_seconds + 2
    assert told["Requires"] == ["mintmark-migrate.service"]
