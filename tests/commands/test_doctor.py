"""mintmark doctor: what is wrong is named, with what to do about it, and nothing secret is said."""

import psycopg
import pytest

from tests.commands.conftest import Cli, Said
from tests.rig import OWNER, WORKER_ROLE, as_worker
from worker.migrate_files import migration_files

LOOKED_AT = ["configuration", "database", "schema", "kinds", "roles", "wake-up", "pooler", "clocks"]
LOOKED_AT += ["keys", "credentials"]


def wrong(said: Said) -> dict[str, str]:
    return {row["what"]: row["found"] for row in said.rows() if not row["well"]}


def test_a_healthy_installation_is_well_in_everything_looked_at(cli: Cli) -> None:
    said = cli("doctor", "--json")

    assert (said.code, wrong(said)) == (0, {})
    assert [row["what"] for row in said.rows()] == LOOKED_AT
    assert [line.split()[:2] for line in cli("doctor").out.splitlines()] == [
        ["ok", name] for name in LOOKED_AT
    ]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://bob:s3cret@127.0.0.1:1/shop", "ConnectionRefusedError"),
        ("postgresql://bob:s3cret@127.0.0.1:half/shop", "ValueError"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_and_its_password_is_not(
    bare: Cli, url: str, reason: str
) -> None:
    said = bare("doctor", "--json", DATABASE_URL=url)
    people = bare("doctor", DATABASE_URL=url)

    assert (said.code, people.code) == (1, 1)
    assert set(wrong(said)) == set(LOOKED_AT) - {"configuration", "credentials"}
    assert wrong(said)["database"] == reason
    assert "WRONG database" in people.out
    assert "does DATABASE_URL name a server that is up?" in people.out
    for text in (said.out, said.err, people.out, people.err):
        assert "s3cret" not in text
        assert "half" not in text


@pytest.mark.skipif(WORKER_ROLE == OWNER, reason="TEST_WORKER_ROLE says that workers come as the owner")
def test_it_says_as_who_it_runs(cli: Cli, database_url: str) -> None:
    ours, workers = cli("doctor", "--json"), cli("doctor", "--json", DATABASE_URL=as_worker(database_url))

    found = [next(row["found"] for row in said.rows() if row["what"] == "roles") for said in (ours, workers)]
    assert found[0].endswith("(superuser)")
    assert found[1].endswith("(mintmark_worker)")
    assert (workers.code, wrong(workers)) == (0, {})


def test_a_schema_that_is_behind_is_named_migration_by_migration(cli: Cli) -> None:
    cli("migrate", "--rollback", 1)

    said = cli("doctor", "--json")

    assert said.code == 1
    newest = migration_files()[-1].id
    assert wrong(said) == {"schema": f"migration {newest} is in this version, but was not applied"}


def test_a_database_that_was_never_migrated_has_neither_schema_nor_kinds(
    bare: Cli, empty_database_url: str
) -> None:
    said = bare("doctor", "--json", DATABASE_URL=empty_database_url)

    assert said.code == 1
    assert set(wrong(said)) == {"schema", "kinds"}


def test_kinds_that_nobody_published_are_missed(cli: Cli, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("delete from worker.kinds")

    said = cli("doctor", "--json")

    assert wrong(said) == {"kinds": "0 published"}


def test_a_read_only_database_is_not_one_to_work_on(cli: Cli, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'alter database "{name}" set default_transaction_read_only = on')

    said = cli("doctor", "--json")

    assert said.code == 1
    assert "read-only" in wrong(said)["database"]


def test_a_setting_that_cannot_be_is_told_before_anything_is_looked_at(bare: Cli) -> None:
    said = bare("doctor", WORKER_QUEUE__LEASE_SECONDS="soon")

    assert (said.code, said.out) == (2, "")
    assert "WORKER_QUEUE__LEASE_SECONDS in the environment is 'soon'" in said.err
