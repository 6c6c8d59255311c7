"""The image without an engine: the stages' commands executed, once for the session and all its processes."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.recipe import BUILD, LAST, copied, environment
from tests.deploy.room import require_namespaces, room
from tests.docs.pages import ROOT

INDEX_SECONDS = "15"
PASSED_ON = re.compile(r"PIP_(CERT|INDEX_URL)|(HTTPS?|NO)_PROXY", re.IGNORECASE)
"""How this machine reaches its index is not the recipe's to say."""
BROKEN_OFF = re.compile(r"timed out|Connection (refused|reset|broken|aborted)|Temporary failure in name")


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of the last stage that are not its base's, by where they stand in it.

    The RUN commands were executed as they stand, in a bare virtual environment; that takes an index.
    """
    require_namespaces()
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "image"
    with (shared / "image.lock").open("a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not folder.exists():
            _require_index(shared)
            shutil.rmtree(shared / "draft", ignore_errors=True)
            _build(shared / "draft")
            (shared / "draft").rename(folder)
    return {"/venv": folder / "venv", "/app": folder / "app"}


def _require_index(folder: Path) -> None:
    tried = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"),
            *("--retries=0", f"--timeout={INDEX_SECONDS}", f"--dest={folder / 'index'}", "--no-cache-dir"),
            "iniconfig",
        ],
        capture_output=True,
        check=False,
    )
    if tried.returncode:
        pytest.skip("the image's commands need an index of packages, and pip reaches none")


def _build(folder: Path) -> None:
    for name in ("src", "venv", "wheels", "base", "app"):
        (folder / name).mkdir(parents=True)
    for name in copied(BUILD):
        _copy(name, folder / "src")
    for name in copied(LAST):
        _copy(name, folder / "app")
    passed_on = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    env = {**passed_on, **environment(BUILD), "PATH": "/base/bin", "HOME": "/tmp"}
    with room(
        folder, writable={f"/{name}": folder / name for name in ("src", "venv", "wheels", "base")}
    ) as built:
        for line in ("python3 -m venv /base", *(one.rest for one in BUILD if one.word == "RUN")):
            done = built.run("sh", "-euc", f"cd /src; {line}", env=env)
            if done.returncode and BROKEN_OFF.search(done.stdout):
                pytest.skip(f"the image's commands lost the index of packages: {done.stdout[-300:]}")
            assert done.returncode == 0, done.stdout
    for name in ("src", "wheels", "base", "root"):  # Pytest keeps what is left of three sessions.
        shutil.rmtree(folder / name)


def _copy(name: str, folder: Path) -> None:
    if (ROOT / name).is_dir():
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / name, folder)
