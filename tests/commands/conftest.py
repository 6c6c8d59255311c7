"""The command line as a user meets it, in this process: what it prints where, and how it exits."""

import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from worker.cli import main


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    def rows(self) -> list[dict[str, Any]]:
        """The JSON objects on stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def row(self) -> dict[str, Any]:
        [row] = self.rows()
        return row


Cli = Callable[..., Said]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """Run a command in an empty folder with no settings but those given by ``env``."""
    for name in os.environ:
        if name.startswith(("WORKER_", "DATABASE_URL", "MIGRATIONS_URL")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKER_LOG__LEVEL", "error")

    def run(*arguments: object, stdin: str = "", **env: str) -> Said:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["mintmark", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Said(code, printed.out, printed.err)

    return run


@pytest.fixture
def cli(bare: Cli, database_url: str) -> Cli:
    """Run a command on a database of the test's own."""
    return lambda *arguments, **given: bare(*arguments, **{"DATABASE_URL": database_url, **given})
