"""What can be held of the Dockerfile without an engine: read, linted, and its commands executed."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from tests.deploy.recipe import ALL, BUILD, LAST, copied, environment, health_check, only
from tests.deploy.room import NOBODY, room
from tests.docs.pages import ROOT
from worker.queue.vitals import Vitals
from worker.web.ops import OpsPort, ops_app

HADOLINT = Path(sysconfig.get_path("scripts")) / "hadolint"
IN_THE_IMAGE = {**environment(LAST), "PATH": "/venv/bin"}
LISTING = """
import importlib.metadata, json
print(json.dumps({one.name: one.version for one in importlib.metadata.distributions()}))
"""


def test_the_linter_for_dockerfiles_has_nothing_to_say() -> None:
    done = subprocess.run(
        [HADOLINT, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_both_stages_stand_on_the_same_python_pinned_by_digest() -> None:
    bases = [one.rest.split()[0] for one in ALL if one.word == "FROM"]

    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases[0])


def test_the_image_is_a_worker_that_is_nobody() -> None:
    assert only("USER") == f"{NOBODY}:{NOBODY}"
    assert json.loads(only("ENTRYPOINT")) == ["mintmark"]
    assert json.loads(only("CMD")) == ["worker"]


def test_what_is_copied_exists_and_goes_into_the_build() -> None:
    names = {*copied(BUILD), *copied(LAST)}
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split("\n")

    assert [name for name in names if not (ROOT / name).exists()] == []
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == names


def test_nothing_is_compiled_and_nothing_is_run_in_the_last_stage() -> None:
    installs = [one.rest for one in BUILD if "-r " in one.rest]

    assert len(installs) == 2
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs)
    assert not [one for one in LAST if one.word == "RUN"]
    assert [one.rest for one in LAST if "--from" in one.rest] == ["--from=build /venv /venv"]


def test_what_builds_the_wheel_is_taken_from_the_lock_in_full(tmp_path: Path) -> None:
    [line] = [one.rest for one in ALL if "awk" in one.rest]
    (tmp_path / "requirements-dev.lock").write_bytes((ROOT / "requirements-dev.lock").read_bytes())

    subprocess.run(line.partition("&&")[0], shell=True, cwd=tmp_path, check=True)

    taken = re.findall(r"^([\w-]+)==", (tmp_path / "build.lock").read_text("utf-8"), re.MULTILINE)
    asked = [Requirement(one) for one in requires("hatchling") or ()]
    assert set(taken) == {"hatchling"} | {
        one.name for one in asked if not one.marker or one.marker.evaluate()
    }


@pytest.mark.parametrize("ready", [True, False])
def test_the_health_check_tells_a_ready_worker_from_one_that_is_not(ready: bool, database_url: str) -> None:
    vitals = Vitals(30, claim_limit_seconds=10)
    vitals.ready = ready
    port = OpsPort(ops_app(vitals, database_url), host="127.0.0.1", port=0)
    port.start()
    try:
        environ = os.environ | {"WORKER_OPS__PORT": port.url.rpartition(":")[2]}
        command = [sys.executable, *health_check()[1:]]
        done = subprocess.run(command, env=environ, capture_output=True, check=False)
    finally:
        port.stop()

    assert (done.returncode == 0) is ready


@pytest.mark.timeout(300)
def test_the_last_stage_has_the_packages_of_the_lock_and_mintmark_and_no_other(
    image: dict[str, Path], tmp_path: Path
) -> None:
    with room(tmp_path, read_only=image) as stage:
        listed = stage.run("python", "-c", LISTING, env=IN_THE_IMAGE, user=NOBODY)

    installed = {canonicalize_name(name): exact for name, exact in json.loads(listed.stdout).items()}
    assert installed.pop(canonicalize_name("mintmark")) == version("mintmark")
    assert installed == locked("requirements.lock")


def locked(name: str) -> dict[NormalizedName, str]:
    """What a lock pins for this machine."""
    lines = re.findall(r"^[a-z][^\\\n]*", (ROOT / name).read_text("utf-8"), re.MULTILINE)
    pins = [Requirement(line) for line in lines]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in here}


@pytest.mark.timeout(300)
def test_every_command_of_the_image_starts_as_nobody_on_a_tree_that_cannot_be_written(
    image: dict[str, Path], tmp_path: Path
) -> None:
    with room(tmp_path, read_only=image) as stage:
        told = [
            stage.run("sh", "-c", f"cd /app; mintmark {name} --help", env=IN_THE_IMAGE, user=NOBODY)
            for name in ("worker", "web", "migrate")
        ]
        written = stage.run("sh", "-c", "touch /app/x /venv/x /x", env=IN_THE_IMAGE, user=NOBODY)
        bare = stage.run("sh", "-c", "cd /app; mintmark worker", env=IN_THE_IMAGE, user=NOBODY)

    assert [one.returncode for one in told] == [0, 0, 0]
    assert written.stdout.count("Read-only file system") == 3
    assert (bare.returncode, "the embedded Postgres is not installed" in bare.stdout) == (2, True)
