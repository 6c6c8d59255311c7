"""Make what deploy/compose.yaml needs to be secret, at its first start; a volume for each who reads it.

Two passwords, the owner's and the service's, and the key ring are made once. What is derived from them is
written anew at every start, so a start that was cut off leaves nothing that does not fit together.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

MINTMARK = 65532
PRIVATE, IN_ITS_VOLUME = 0o600, 0o444
"""A password file of libpq is ignored unless it is its reader's alone; others have a volume to themselves."""


def make(volumes: Path) -> None:
    """Fill the volumes mounted below a folder: ``postgres``, ``pgbouncer``, ``mintmark``, ``grafana``."""
    owner = kept(volumes / "postgres" / "owner", secrets.token_hex(24))
    service = kept(volumes / "postgres" / "service", secrets.token_hex(24))
    kept(volumes / "grafana" / "admin", secrets.token_hex(24))
    written(volumes / "pgbouncer" / "userlist.txt", f'"mintmark_service" "{service}"\n')
    logins = {"mintmark": owner, "mintmark_service": service}
    lines = [f"*:*:mintmark:{login}:{password}\n" for login, password in logins.items()]
    written(volumes / "mintmark" / "pgpass", "".join(lines), owner=MINTMARK)
    ring = volumes / "mintmark" / "keys"
    if not ring.exists():
        written(ring, f"first:{base64.b64encode(secrets.token_bytes(32)).decode()}\n", owner=MINTMARK)


def kept(path: Path, new: str) -> str:
    """What stands in a file; if there is none, it is made with this text."""
    if not path.exists():
        written(path, new)
    return path.read_text("utf-8")


def written(path: Path, text: str, *, owner: int | None = None) -> None:
    """Write a file whole, or not at all; for an owner it is private."""
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    draft.write_text(text, "utf-8")
    draft.chmod(IN_ITS_VOLUME if owner is None else PRIVATE)
    if owner is not None:
        os.chown(draft, owner, owner)
    draft.replace(path)


if __name__ == "__main__":
    make(Path(sys.argv[1] if sys.argv[1:] else "/secrets"))
