"""What is installed is whole: the wheel has its SQL, migrations and sample, and works from another folder."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    [made] = folder.glob("*.whl")
    return made


def pip(*arguments: str) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        *arguments,
    ]
    subprocess.run(command, env=os.environ | {"PIP_NO_INDEX": "1"}, check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it, and behind it the libraries that are here already."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=True)
    pip("--python", str(home / "bin" / "python"), "install", "--no-deps", str(wheel))
    [packages] = home.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def run(home: Path, folder: Path, *command: str, url: str = "") -> str:
    environ = {"PATH": os.environ["PATH"], "DATABASE_URL": url}
    done = subprocess.run(
        [str(home / "bin" / command[0]), *command[1:]],
        cwd=folder,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_wheel_holds_every_file_that_the_code_reads(wheel: Path) -> None:
    package = ROOT / "worker"
    beside = [path for ending in ("sql", "json") for path in package.rglob(f"*.{ending}")]
    wanted = {str(path.relative_to(ROOT)) for path in [*package.rglob("*.py"), *beside]}
    wanted |= {f"worker/{path.relative_to(ROOT)}" for path in (ROOT / "migrations").glob("*.sql")}

    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert held == wanted


def test_an_installed_mintmark_works_from_another_folder(
    installed: Path, tmp_path: Path, empty_database_url: str
) -> None:
    where = run(installed, tmp_path, "python", "-c", "import worker; print(worker.__file__)")
    assert where.startswith(str(installed))

    run(installed, tmp_path, "mintmark", "migrate", url=empty_database_url)
    listed = run(installed, tmp_path, "mintmark", "migrate", "--list", url=empty_database_url)
    brought = run(
        installed, tmp_path, "mintmark", "import", "cards", "--source", "dump", url=empty_database_url
    )

    applied = [line.split()[0] for line in listed.splitlines()[1:]]
    assert applied == sorted(
        path.stem for path in (ROOT / "migrations").glob("*.sql") if "rollback" not in path.name
    )
    assert "cards: 441 seen, 441 new" in brought
