"""A room of its own for what a container would do: namespaces and a root folder, without an engine.

Its root is read-only but for ``/tmp`` and what is bound as writable. It sees the machine's ``/usr`` and
``/etc``, this Python, and what it is given; and it may have a network of its own, where nothing else is.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

NOBODY = 65532
TOOLS = ("unshare", "nsenter", "setpriv", "chroot", "mount", "ip")
PYTHON = Path(sys.base_prefix).resolve()


@dataclass(frozen=True, slots=True)
class Room:
    """A room that is held open by a process; what runs in it is killed with the test, or stopped by it."""

    holder: int
    root: Path
    own_network: bool

    def command(self, *words: str, user: int | None = None) -> list[str]:
        """The words with which something is started in here: as root, or as a user without any right."""
        ways = ["--mount", "--net"] if self.own_network else ["--mount"]
        enter = ["nsenter", f"--target={self.holder}", *ways, "--", "chroot", str(self.root)]
        if user is None:
            return [*enter, *words]
        rights = ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        return [*enter, "setpriv", f"--reuid={user}", f"--regid={user}", *rights, *words]

    def run(
        self, *words: str, env: Mapping[str, str], user: int | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run to the end; what it printed is in ``stdout``, errors among it."""
        return subprocess.run(
            self.command(*words, user=user),
            env=with_tools(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    @contextmanager
    def running(
        self, *words: str, env: Mapping[str, str], user: int, log: Path
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Start what goes on by itself; it is gone at the block's end."""
        with log.open("wb") as out:
            process = subprocess.Popen(
                self.command(*words, user=user), env=with_tools(env), stdout=out, stderr=out
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()


def with_tools(env: Mapping[str, str]) -> dict[str, str]:
    """The room's own PATH first, then where the machine's programs are."""
    return {**env, "PATH": f"{env.get('PATH', '')}:{PYTHON}/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


@contextmanager
def room(
    folder: Path,
    *,
    writable: Mapping[str, Path] | None = None,
    read_only: Mapping[str, Path] | None = None,
    names: Sequence[str] = (),
) -> Iterator[Room]:
    """Open a room; folders are bound at these paths. With ``names`` its network is its own, and they are it.

    Skips the test, visibly, where namespaces cannot be made.
    """
    require_namespaces()
    root = folder / "root"
    root.mkdir()
    hosts = folder / "hosts"
    hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *names)))
    binds = [("ro", f"{PYTHON}", PYTHON), ("ro", "/usr", Path("/usr")), ("ro", "/etc", Path("/etc"))]
    binds += [("rw", at, path) for at, path in (writable or {}).items()]
    binds += [("ro", at, path) for at, path in (read_only or {}).items()]
    if names:
        binds.append(("ro", "/etc/hosts", hosts))
    lines = [_mounted(root, *bind) for bind in binds]
    way_out = ["--net"] if names else []
    holder = subprocess.Popen(
        [
            "unshare",
            "--mount",
            *way_out,
            "--propagation=private",
            "sh",
            "-euc",
            _script(root, lines, bool(names)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == b"open\n"
        try:
            yield Room(holder.pid, root, own_network=bool(names))
        finally:
            holder.stdin.close()


def _mounted(root: Path, mode: str, at: str, path: Path) -> str:
    target = f"{root}{at}"
    make = f"mkdir -p {target}" if path.is_dir() else f"test -e {target}"
    return f"{make}; mount --bind {path} {target}; mount -o remount,bind,{mode} {target}"


def _script(root: Path, binds: Sequence[str], own_network: bool) -> str:
    return "\n".join(
        [
            f"mount -t tmpfs -o mode=755 tmpfs {root}",
            f"cd {root}; mkdir -m 1777 tmp; mkdir dev proc",
            "for name in bin sbin lib lib64; do ln -s usr/$name $name; done",
            *binds,
            "mount --rbind /dev dev; mount --rbind /proc proc; mount -t tmpfs -o mode=1777 tmpfs tmp",
            f"mount -o remount,ro {root}",
            "ip link set lo up" if own_network else ":",
            "echo open; exec cat",
        ]
    )


def require_namespaces() -> None:
    """Skip the test where we are not root, a tool is missing, or the kernel does not let us."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"no room without an engine: {', '.join(missing)} not found")
    if os.geteuid() != 0:
        pytest.skip("no room without an engine: only root may make one")
    if not Path("/bin").is_symlink():
        pytest.skip("no room without an engine: this machine's /bin is not a part of its /usr")
    tried = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("no room without an engine: the kernel lets us make no namespaces")
