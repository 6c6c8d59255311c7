"""Every statement of every ``.sql`` file is prepared against the migrated schema."""

from pathlib import Path

import pytest

from tests.conftest import Connect
from worker.db import statements

PACKAGE = Path(__file__).parents[2] / "worker"
FILES = sorted(PACKAGE.rglob("*.sql"))
STATEMENTS = [(path, name) for path in FILES for name in statements(path)]


@pytest.mark.parametrize(("path", "name"), STATEMENTS, ids=[f"{p.stem}-{n}" for p, n in STATEMENTS])
async def test_the_statement_fits_the_schema(path: Path, name: str, connect: Connect) -> None:
    connection = await connect()

    prepared = await connection.prepare(statements(path)[name])

    assert prepared.get_query()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_statement_has_a_caller_of_its_name(path: Path) -> None:
    callers = "".join(file.read_text(encoding="utf-8") for file in path.parent.glob("*.py"))
    uncalled = [
        name for name in statements(path) if f'"{name}"' not in callers and f"'{name}'" not in callers
    ]

    assert not uncalled
