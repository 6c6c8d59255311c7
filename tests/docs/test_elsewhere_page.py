"""The pages of other databases know every statement, and every word of theirs is named."""

from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Connect
from tests.docs.other_databases import SAID, drawn, sources
from tests.docs.pages import ROOT
from tests.docs.sql_features import FEATURES, features_of, functions

PAGES = [ROOT / "docs" / "elsewhere.md", ROOT / "docs" / "elsewhere-statements.md"]
FUNCTIONS = """
select n.nspname || '.' || p.proname
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
 where n.nspname in ('worker', 'public')
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_tables_are_what_the_statements_are_now(page: Path) -> None:
    text = page.read_text("utf-8")

    assert drawn(text) == text, "draw it: python -m tests.docs.other_databases docs/elsewhere*.md"


def test_every_verdict_names_a_source_that_the_page_has() -> None:
    text = PAGES[0].read_text("utf-8")

    assert SAID.keys() <= FEATURES.keys()
    assert [mark for mark in sources() if f"- {mark}" not in text] == []


async def test_no_function_of_the_database_is_overlooked(connect: Connect) -> None:
    connection: asyncpg.Connection[asyncpg.Record] = await connect()

    there = {row[0] for row in await connection.fetch(FUNCTIONS)}

    assert set(functions()) == there


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("select 1 -- for update skip locked", []),
        ("select j.id from worker.jobs j for update of j skip locked", ["for update skip locked"]),
        ("select j.id from worker.jobs j for update", ["for update"]),
        ("select j.id from worker.jobs j for key share", ["for no key update, for share, for key share"]),
        ("with a as (delete from x returning id) select a.id from a", ["a CTE that writes"]),
        ("select pg_notify($1, '')", ["LISTEN, NOTIFY"]),
    ],
)
def test_what_a_text_uses_is_read_from_it(text: str, wanted: list[str]) -> None:
    assert features_of(text) == wanted
