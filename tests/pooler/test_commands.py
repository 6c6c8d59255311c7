"""The commands behind a pooler: what works does, what cannot says why and what to do."""

import pytest

from tests.commands.conftest import Cli, bare
from tests.pooler.bouncer import Bouncer

__all__ = ["bare"]


def test_doctor_finds_a_pooler_well_where_migrations_have_a_way_of_their_own(
    bare: Cli, bouncer: Bouncer, database_url: str
) -> None:
    said = bare("doctor", "--json", DATABASE_URL=bouncer.url, MIGRATIONS_URL=database_url)

    assert said.code == 0
    found = {row["what"]: row["found"] for row in said.rows()}
    assert found["pooler"] == "DATABASE_URL goes through one: statements are not prepared"
    assert found["wake-up"].startswith("a notification came back")


def test_doctor_says_that_work_is_found_by_polling_where_both_urls_are_pooled(
    bare: Cli, bouncer: Bouncer
) -> None:
    said = bare("doctor", "--json", DATABASE_URL=bouncer.url)

    assert said.code == 1
    wrong = {row["what"]: (row["found"], row["advice"]) for row in said.rows() if not row["well"]}
    assert set(wrong) == {"wake-up", "pooler"}
    assert "polling alone" in wrong["wake-up"][0]
    assert "migrations cannot" in wrong["pooler"][0]
    assert all("MIGRATIONS_URL" in advice for _, advice in wrong.values())


@pytest.mark.parametrize("arguments", [("migrate",), ("migrate", "--rollback", 1)])
def test_migrations_refuse_a_transaction_pooler_and_say_what_to_set(
    bare: Cli, bouncer: Bouncer, arguments: tuple[object, ...]
) -> None:
    said = bare(*arguments, DATABASE_URL=bouncer.url)

    assert said.code == 2
    assert "goes through a transaction pooler" in said.err
    assert "set MIGRATIONS_URL" in said.err


def test_what_only_reads_the_schema_and_what_enqueues_and_steers_goes_through(
    bare: Cli, bouncer: Bouncer
) -> None:
    checked = bare("migrate", "--check", DATABASE_URL=bouncer.url)
    enqueued = bare("enqueue", "demo", "{}")
    started = bare("run", "start", "demo", "{}")
    listed = bare("run", "list", "--json")

    assert [checked.code, enqueued.code, started.code, listed.code] == [0, 0, 0, 0]
    assert len(listed.rows()) == 1
