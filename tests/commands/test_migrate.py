"""mintmark migrate on the command line; what it does to a database is tested beside its code."""

from tests.commands.conftest import Cli
from worker.migrate_files import migration_files

NAMES = [file.id for file in migration_files()]


def test_an_empty_database_is_behind_is_brought_up_to_date_and_then_agrees(
    bare: Cli, empty_database_url: str
) -> None:
    def migrate(*options: str) -> tuple[int, str, str]:
        said = bare("migrate", *options, DATABASE_URL=empty_database_url)
        return said.code, said.out, said.err

    behind, applied, agreed = migrate("--check"), migrate(), migrate("--check")

    assert behind == (
        1,
        "",
        "".join(f"migration {name} is in this version, but was not applied\n" for name in NAMES),
    )
    assert applied == (0, "", f"applied {', '.join(NAMES)}\n")
    assert agreed == (0, "", "the database and the migrations agree\n")
    assert migrate() == (0, "", "nothing to apply\n")
    assert bare("enqueue", "demo").code == 0


def test_migrations_are_listed_with_when_they_were_applied_and_rolled_back_one_by_one(cli: Cli) -> None:
    listed = cli("migrate", "--list", "--json").rows()
    undone = cli("migrate", "--rollback", 1)
    after = cli("migrate", "--list", "--json").rows()

    assert [row["migration"] for row in listed] == NAMES
    assert all(row["applied_at"] for row in listed)
    assert (undone.code, undone.out, undone.err) == (0, "", f"rolled back {NAMES[-1]}\n")
    assert [row["applied_at"] is None for row in after] == [False] * (len(NAMES) - 1) + [True]


def test_everything_can_be_rolled_back_and_applied_again(cli: Cli) -> None:
    cli("run", "start", "demo")

    undone, again = cli("migrate", "--rollback", len(NAMES)), cli("migrate")

    assert undone.err.splitlines() == [f"rolled back {name}" for name in reversed(NAMES)]
    assert again.err == f"applied {', '.join(NAMES)}\n"
    assert cli("run", "list", "--json").rows() == []
