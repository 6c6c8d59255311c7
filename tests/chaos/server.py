"""A Postgres whose life is in a test's hand: restarted, followed by a standby, starved of room."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rig import _quick_folder, prepare_template
from worker import embedded

LASTING: dict[str, str] = {
    "fsync": "off",  # A server that is killed loses nothing by it; only a machine would.
    "max_connections": "60",
    "shared_buffers": "16MB",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running Postgres with a migrated database."""

    url: str
    folder: Path

    def ctl(self, verb: str, *arguments: str) -> bool:
        """Run ``pg_ctl``; tells whether it worked."""
        return embedded._pg_ctl(self._server(), verb, *arguments)

    def restart(self, how: str) -> bool:
        """Restart it, ``fast`` or ``immediate``; tells whether it answers again."""
        return self.ctl("restart", "-m", how, "-l", "log")

    def copy(self, name: str) -> "Server":
        """Make and start a standby of it, beside it."""
        server, folder = self._server(), self.folder.with_name(name)
        sockets = self.url.partition("host=")[2].partition("&")[0]
        folder.mkdir(mode=0o700)
        if server.system_user is not None:
            shutil.chown(folder, server.system_user)
        how = ["-D", str(folder), "-R", "-X", "stream", "-c", "fast", "-U", "postgres", "-h", sockets]
        subprocess.run(
            [str(server.bin_path / "pg_basebackup"), *how],
            capture_output=True,
            check=True,
            user=server.system_user,
            cwd=folder,
            timeout=60,
        )
        (folder / ".s.PGSQL.5432.lock").unlink()  # The first one's, which lies among its data.
        standby = Server(self.url.replace(str(self.folder), str(folder)), folder)
        given = f"-c listen_addresses= -c unix_socket_directories='{folder}'"
        assert standby.ctl("start", "-o", given, "-l", "log"), (folder / "log").read_text()
        return standby

    def _server(self) -> Any:
        return embedded._server(self.folder)


@contextmanager
def own_server(folder: Path | None = None, **options: str) -> Iterator[Server]:
    """Start a Postgres of the test's own, in memory or in ``folder``; what is left of it goes at the end."""
    home = folder or Path(tempfile.mkdtemp(prefix="mm-", dir=_quick_folder()))
    home.chmod(0o755)
    try:
        with embedded.embedded_postgres(home / "pg", options=LASTING | options) as url:
            prepare_template(url)
            yield Server(url, home / "pg")
    finally:
        if folder is None:
            with suppress(FileNotFoundError):
                shutil.rmtree(home)
