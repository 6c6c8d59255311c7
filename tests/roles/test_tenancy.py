"""A login that is confined to one org, with every right on every table: of another's it sees none.

What there is to try is read from the catalogue, so that a new table, view or function is tried by itself.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.roles.conftest import Connection, Login, name_of

ALPHA, BRAVO = UUID(int=0xA), UUID(int=0xB)
BRAVOS_FIRST_JOB = 987_654_321
RELATIONS = """
select c.oid::regclass::text as name, c.relkind = 'v' as is_view,
       c.relrowsecurity and c.relforcerowsecurity as guarded,
       array(select a.attname::text from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                and a.attidentity = '' and a.attgenerated = '' order by a.attnum) as columns
  from pg_class c
 where c.relnamespace in ('worker'::regnamespace, 'public'::regnamespace) and c.relkind in ('r', 'p', 'v')
   and not c.relispartition and c.relname !~ '^(_?yoyo|migration_hashes)'
 order by 1
"""
FILLED = Path(__file__).with_name("filled.sql").read_text(encoding="utf-8")
COPY = """
insert into {name} ({columns}) overriding system value
select {columns} from jsonb_populate_record(null::{name}, $1::text::jsonb) r
"""
NOBODYS = ("worker.schedules",)
"""Guarded, and not a row of it belongs to an org."""


def filled_for(org: UUID, mark: str) -> str:
    return FILLED.replace(":org", f"'{org}'").replace(":mark", f"'{mark}'")


@dataclass(slots=True)
class Orgs:
    """Two orgs with rows everywhere, and what gives away a row of the second."""

    owner: Connection
    alpha: Connection
    run: UUID
    job: int = 0
    ended_job: int = 0
    marks: list[str] = field(default_factory=list)

    async def relations(self, *, views: bool = False) -> list[asyncpg.Record]:
        return [row for row in await self.owner.fetch(RELATIONS) if views or not row["is_view"]]

    def gives_away(self, row: str) -> bool:
        return any(mark in row for mark in self.marks)


@pytest.fixture
async def orgs(owner: Connection, login: Login) -> Orgs:
    """Alpha's login is an operator, and has every right on every table and view besides."""
    alpha, other = await login("mintmark_operator"), await login()
    filled = Orgs(owner, alpha, run=BRAVO)
    await owner.execute(filled_for(ALPHA, "alpha"))
    await owner.execute(f"alter table worker.jobs alter column id restart with {BRAVOS_FIRST_JOB}")
    await owner.execute(filled_for(BRAVO, "bravo"))
    for relation in await filled.relations(views=True):
        await owner.execute(f"grant all on {relation['name']} to {await name_of(alpha)}")
    await owner.execute("select worker.confine($1, $2)", await name_of(alpha), ALPHA)
    await owner.execute("select worker.confine($1, $2)", await name_of(other), BRAVO)
    filled.run = await owner.fetchval("select id from worker.runs where org_id = $1", BRAVO)
    filled.job = await owner.fetchval("select id from worker.jobs where run_id = $1", filled.run)
    filled.ended_job = filled.job + 100
    filled.marks = ["bravo", str(BRAVO), str(filled.run), str(filled.job), str(filled.ended_job)]
    return filled


async def test_of_another_orgs_rows_no_table_and_no_view_shows_any(orgs: Orgs) -> None:
    leaks, empty = [], []
    for relation in await orgs.relations(views=True):
        look = f"select t::text as row from {relation['name']} t"
        seen = [row["row"] for row in await orgs.alpha.fetch(look)]
        there = [row["row"] for row in await orgs.owner.fetch(look)]
        if any(map(orgs.gives_away, seen)):
            leaks.append(relation["name"])
        if relation["guarded"] and not any(map(orgs.gives_away, there)):
            empty.append(relation["name"])
        if relation["guarded"] and not seen and relation["name"] not in NOBODYS:
            empty.append(f"{relation['name']} for alpha")

    assert leaks == []
    assert empty == [], "a table without such rows shows nothing: fill it above"


async def test_every_table_with_an_org_or_a_run_is_guarded_even_from_its_owner(orgs: Orgs) -> None:
    of_orgs = [row for row in await orgs.relations() if {"org_id", "run_id"} & set(row["columns"])]

    assert len(of_orgs) >= 9
    assert [row["name"] for row in of_orgs if not row["guarded"]] == []


async def test_another_orgs_rows_can_neither_be_changed_nor_deleted(orgs: Orgs) -> None:
    touched = []
    for relation in (row for row in await orgs.relations() if row["guarded"]):
        name, column = relation["name"], relation["columns"][-1]
        for statement in (
            f"update {name} t set {column} = t.{column} where t::text like any ($1)",
            f"delete from {name} t where t::text like any ($1)",
        ):
            answer = await orgs.alpha.execute(statement, [f"%{mark}%" for mark in orgs.marks])
            if not answer.endswith(" 0"):
                touched.append(f"{statement}: {answer}")

    assert touched == []


async def test_nothing_can_be_put_or_moved_into_another_org(orgs: Orgs) -> None:
    done = []
    for relation in (row for row in await orgs.relations() if row["guarded"]):
        name, columns = relation["name"], relation["columns"]
        row = await orgs.owner.fetchval(
            f"select to_jsonb(t)::text from {name} t where t::text like any ($1) limit 1",
            [f"%{mark}%" for mark in orgs.marks],
        )
        tries = [(COPY.format(name=name, columns=", ".join(columns)), row)]
        if "org_id" in columns:
            tries.append((f"update {name} set org_id = $1", BRAVO))
        elif "run_id" in columns:
            tries.append((f"update {name} set run_id = $1", orgs.run))
        for statement, given in tries:
            try:
                done.append(f"{statement}: {await orgs.alpha.execute(statement, given)}")
            except asyncpg.InsufficientPrivilegeError:
                continue

    assert done == []


SAMPLES = {
    "text": "'demo'",
    "jsonb[]": "array['{}']::jsonb[]",
    "numeric": "1",
    "integer": "1",
}
FUNCTIONS = """
select p.oid::regprocedure::text as name, p.proname, coalesce(p.proargnames[1:p.pronargs], '{}') as names,
       array(select format_type(t, null) from unnest(p.proargtypes) t) as types,
       p.pronargs - p.pronargdefaults as required
  from pg_proc p
 where p.pronamespace = 'worker'::regnamespace
   and has_function_privilege('mintmark_operator', p.oid, 'execute')
 order by 1
"""


async def refusal(connection: Connection, call: str, *given: object) -> str:
    try:
        await connection.fetchval(call, *given)
    except asyncpg.PostgresError as error:
        return error.sqlstate or ""
    return "done"


async def test_every_function_says_that_there_is_no_run_and_no_job_of_another_org(orgs: Orgs) -> None:
    ids: dict[str, list[Any]] = {"uuid": [orgs.run], "bigint": [orgs.job, orgs.ended_job]}
    answers = {}
    for function in await orgs.owner.fetch(FUNCTIONS):
        arguments = dict(zip(function["names"], function["types"], strict=True))
        required = [name for name in function["names"][: function["required"]] if arguments[name] in SAMPLES]
        needed = [f"{name} => {SAMPLES[arguments[name]]}" for name in required]
        for name in (name for name, type_ in arguments.items() if type_ in ids and name != "org_id"):
            for id_ in ids[arguments[name]]:
                call = f"select worker.{function['proname']}({', '.join([*needed, f'{name} => $1'])})"
                answers[f"{call} {id_}"] = await refusal(orgs.alpha, call, id_)

    assert len(answers) >= 10
    assert set(answers.values()) == {"MM004"}, answers


async def test_a_confined_login_disconnects_accounts_of_its_own_org_alone(orgs: Orgs) -> None:
    look = "select org_id, id from public.ebay_accounts order by org_id"
    (_, own), (_, anothers) = await orgs.owner.fetch(look)

    assert await refusal(orgs.alpha, "select worker.disconnect_account($1)", anothers) == "MM004"
    assert await refusal(orgs.alpha, "select worker.disconnect_account($1)", own) == "done"

    assert [row["id"] for row in await orgs.owner.fetch(look)] == [anothers]


async def test_a_confined_login_steers_the_runs_of_its_own_org(orgs: Orgs) -> None:
    [run] = [row["id"] for row in await orgs.alpha.fetch("select id from worker.run_status")]
    [job] = [
        row["id"] for row in await orgs.alpha.fetch("select id from worker.job_status where state = 'failed'")
    ]

    await orgs.alpha.execute("select worker.retry_job($1)", job)
    await orgs.alpha.execute("select worker.enqueue('demo', run_id => $1)", run)
    await orgs.alpha.execute("select worker.pause_run($1)", run)
    await orgs.alpha.execute("select worker.cancel_job($1)", job)
    await orgs.alpha.execute("select worker.cancel_run($1)", run)

    assert await orgs.alpha.fetchval("select state::text from worker.run_status") == "cancelled"


async def test_what_a_confined_login_starts_belongs_to_its_org(orgs: Orgs) -> None:
    await orgs.owner.execute("update worker.kinds set starts_run = true where kind = 'demo'")
    run = await orgs.alpha.fetchval("select worker.start_run('demo')")
    job = await orgs.alpha.fetchval("select worker.enqueue('demo')")
    more = await orgs.alpha.fetchval("select worker.enqueue_many('demo', array['{}']::jsonb[])")

    theirs = await orgs.owner.fetch(
        "select r.org_id from worker.runs r left join worker.jobs j on j.run_id = r.id"
        " where r.id = $1 or j.id = any ($2)",
        run,
        [job, more],
    )
    assert [row["org_id"] for row in theirs] == [ALPHA] * 3
    assert await refusal(orgs.alpha, "select worker.start_run('demo', org_id => $1)", BRAVO) == "MM004"


async def test_a_login_of_two_orgs_says_for_which_it_starts_a_run(orgs: Orgs) -> None:
    await orgs.owner.execute("select worker.confine($1, $2)", await name_of(orgs.alpha), BRAVO)

    assert await refusal(orgs.alpha, "select worker.start_run('demo')") == "MM005"
    assert await refusal(orgs.alpha, "select worker.start_run('demo', org_id => $1)", BRAVO) == "done"
    assert await orgs.alpha.fetchval("select count(*) from worker.run_status") == 3


async def test_a_confined_login_enqueues_no_job_that_belongs_to_no_org(orgs: Orgs) -> None:
    for call in (
        "select worker.enqueue('demo')",
        "select worker.enqueue('demo', dedupe_key => 'x')",
        "select worker.enqueue_many('demo', array['{}']::jsonb[])",
    ):
        assert await refusal(orgs.alpha, call) == "MM005", call
        assert await refusal(orgs.owner, call) == "done", call


@pytest.mark.parametrize(
    "call",
    [
        "pause_queue('default')",
        "resume_queue('default')",
        "limit_kind('demo', 1)",
        "set_org(daily_cap_cents => 1)",
        "set_quota('ebay', 1)",
    ],
)
async def test_what_concerns_every_org_is_not_for_the_confined(call: str, orgs: Orgs) -> None:
    assert await refusal(orgs.alpha, f"select worker.{call}") == "42501"
    assert await refusal(orgs.owner, f"select worker.{call}") == "done"


@pytest.mark.parametrize(
    "escape",
    [
        f"set mintmark.org_id = '{BRAVO}'",
        "set mintmark.org_id = ''",
        "set role mintmark_operator",
        "set mintmark.actor = 'bravo'",
    ],
)
async def test_nothing_that_a_session_can_set_shows_it_more(escape: str, orgs: Orgs) -> None:
    await orgs.alpha.execute(escape)

    seen = await orgs.alpha.fetch("select name from worker.run_status")
    assert {row["name"] for row in seen} <= {"alpha"}
    assert await refusal(orgs.alpha, "select worker.pause_run($1)", orgs.run) == "MM004"


@pytest.mark.usefixtures("orgs")
async def test_a_session_can_narrow_itself_to_one_org(login: Login) -> None:
    free = await login("mintmark_operator")
    before = await free.fetchval("select count(*) from worker.run_status")

    await free.execute(f"set mintmark.org_id = '{BRAVO}'")

    names = [row["name"] for row in await free.fetch("select name from worker.run_status")]
    assert (before, names) == (2, ["bravo"])
    assert await free.fetchval("select worker.confined_to()") == [BRAVO]


async def test_who_sets_a_confined_role_is_confined_as_long_as_it_is_set(orgs: Orgs, login: Login) -> None:
    team = f"mintmark_test_{uuid4().hex[:12]}"
    free = await login("mintmark_reader")
    await orgs.owner.execute(f"create role {team} in role mintmark_reader")
    try:
        await orgs.owner.execute("select worker.confine($1, $2)", team, BRAVO)
        await orgs.owner.execute(f"set role {team}")

        names = [row["name"] for row in await orgs.owner.fetch("select name from worker.run_status")]
        await orgs.owner.execute("reset role")
        assert names == ["bravo"]

        await orgs.owner.execute(f"grant {team} to {await name_of(free)}")
        assert [row["name"] for row in await free.fetch("select name from worker.run_status")] == ["bravo"]
    finally:
        await orgs.owner.execute(f"reset role; drop role {team}")


async def test_who_is_freed_sees_everything_again(orgs: Orgs) -> None:
    await orgs.owner.execute("select worker.unconfine($1)", await name_of(orgs.alpha))

    assert await orgs.alpha.fetchval("select count(*) from worker.run_status") == 2


async def test_neither_a_worker_nor_the_owner_can_be_confined_nor_to_an_org_that_is_not(
    orgs: Orgs, login: Login
) -> None:
    worker = await name_of(await login("mintmark_worker"))
    confine = "select worker.confine($1, $2)"

    assert await refusal(orgs.owner, confine, worker, ALPHA) == "MM005"
    assert await refusal(orgs.owner, confine, await name_of(orgs.owner), ALPHA) == "MM005"
    assert await refusal(orgs.owner, confine, "nobody_at_all", ALPHA) == "MM004"
    assert await refusal(orgs.owner, confine, await name_of(orgs.alpha), UUID(int=0xC)) == "MM004"


async def test_an_org_that_somebody_is_confined_to_is_not_deleted(orgs: Orgs) -> None:
    await orgs.owner.execute("insert into public.orgs (id, name) values ($1, 'charlie')", UUID(int=0xC))
    await orgs.owner.execute("select worker.confine($1, $2)", await name_of(orgs.alpha), UUID(int=0xC))

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await orgs.owner.execute("delete from public.orgs where name = 'charlie'")
