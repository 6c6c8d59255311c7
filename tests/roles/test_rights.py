"""What holds of the roles as a whole, and of those who come with them."""

from datetime import timedelta

import pytest

from tests.conftest import Connect
from tests.rig import OWNER, WORKER_ROLE, as_worker, worker_login
from tests.roles.conftest import Connection, Login, name_of
from tests.runs.scene import run_row, start, working
from worker.app import kinds_of, shipped_handlers
from worker.db import Database, open_database
from worker.errors import Refused
from worker.queue.jobs import Jobs
from worker.runs.retention import Keep, retain
from worker.runs.sampling import sample
from worker.settings import Settings

ROLES = ("mintmark_producer", "mintmark_operator", "mintmark_worker", "mintmark_reader")


async def test_the_four_roles_are_there_and_none_can_log_in_or_pass_row_security(owner: Connection) -> None:
    roles = await owner.fetch(
        "select rolname, rolcanlogin or rolbypassrls or rolsuper or rolcreaterole or rolcreatedb as strong"
        " from pg_roles where rolname = any ($1)",
        ROLES,
    )

    assert {row["rolname"] for row in roles} == set(ROLES)
    assert not any(row["strong"] for row in roles)


async def test_no_function_is_executable_by_everybody(owner: Connection) -> None:
    open_to_all = await owner.fetch("""
        select p.oid::regprocedure::text
          from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
         where p.pronamespace = 'worker'::regnamespace and a.grantee = 0
    """)

    assert open_to_all == []


async def test_functions_with_the_owners_rights_look_names_up_nowhere(owner: Connection) -> None:
    definers = await owner.fetch("""
        select p.proname, p.proconfig, p.proowner = c.relowner as is_owners
          from pg_proc p, pg_class c
         where p.pronamespace = 'worker'::regnamespace and p.prosecdef and c.oid = 'worker.jobs'::regclass
    """)

    assert len(definers) >= 20
    assert [row["proname"] for row in definers if 'search_path=""' not in (row["proconfig"] or ())] == []
    assert [row["proname"] for row in definers if not row["is_owners"]] == []


GRANTED = """
select a.grantee::regrole::text as role,
       case when c.relkind = 'S' then 'sequence ' else 'table ' end
           || c.relnamespace::regnamespace || '.' || c.relname as object
  from pg_class c left join pg_attribute t on t.attrelid = c.oid,
       lateral (select x.grantee from aclexplode(c.relacl) x
                 union select x.grantee from aclexplode(t.attacl) x) a
union
select a.grantee::regrole::text, 'function worker.' || p.proname
  from pg_proc p, aclexplode(p.proacl) a where p.pronamespace = 'worker'::regnamespace
union
select a.grantee::regrole::text, 'schema ' || n.nspname from pg_namespace n, aclexplode(n.nspacl) a
"""


async def test_what_is_granted_is_what_stands_in_the_list_and_nothing_else(owner: Connection) -> None:
    granted = await owner.fetch(f"select g.role, g.object from ({GRANTED}) g where g.role = any ($1)", ROLES)
    listed = await owner.fetch("select r.role::text, r.object from worker.rights r")

    assert set(granted) == set(listed)


async def test_giving_the_rights_again_changes_nothing(owner: Connection) -> None:
    look = "select array_agg(relacl::text order by oid) from pg_class"
    policies = "select array_agg(xmin::text order by oid) from pg_policy"
    before = (await owner.fetchval(look), await owner.fetchval(policies))

    await owner.execute("select worker.grant_roles()")

    assert (await owner.fetchval(look), await owner.fetchval(policies)) == before


async def test_an_operator_cannot_write_under_anothers_name(db: Database, login: Login) -> None:
    run, operator = await start(db, "demo", {}), await login("mintmark_operator")

    await operator.execute("set mintmark.actor = 'job 5'")
    await operator.execute("select worker.pause_run($1)", run)

    said = await db.fetchrow(
        "select event, actor from worker.run_events where run_id = $1 and event = 'paused'", run
    )
    assert said is not None
    assert said["actor"] == await name_of(operator)


@pytest.mark.skipif(WORKER_ROLE == OWNER, reason="TEST_WORKER_ROLE says that workers come as the owner")
async def test_the_workers_of_these_tests_come_with_the_rights_of_a_worker_and_no_others(
    db: Database, database_url: str, connect: Connect
) -> None:
    raw = await connect()

    async with working(db, database_url):
        came = await raw.fetch(
            "select distinct usename::text from pg_stat_activity"
            " where datname = current_database() and application_name like 'mintmark %'"
            " and usename <> current_user"
        )
        own = await raw.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and application_name = 'mintmark worker' and usename = current_user"
        )

    [login] = [row["usename"] for row in came]
    groups = await raw.fetch(
        "select m.roleid::regrole::text as role from pg_auth_members m where m.member = $1::text::regrole",
        login,
    )
    assert login == worker_login(login.removesuffix("_worker"))
    assert [row["role"] for row in groups] == [WORKER_ROLE]
    assert own == 0


async def test_a_worker_keeps_house_with_its_own_rights(db: Database, database_url: str) -> None:
    run = await start(db, "demo", {})
    await db.execute("select worker.cancel_run($1)", run)
    await db.execute("update worker.run_events set at = now() - interval '40 days'")

    await db.execute("delete from worker.kinds")
    async with open_database(as_worker(database_url), size=2) as worker:
        known = kinds_of(shipped_handlers(Settings(), worker), worker)
        await Jobs(worker).publish(known)
        assert await db.fetchval("select count(*) from worker.kinds") == len(known.by_name)
        await sample(worker, ["demo"])
        await retain(worker, Keep())
        assert await db.fetchval("select count(*) from worker.run_events") == 0
        with pytest.raises(Refused, match="kept for a day at least"):
            await worker.execute("select worker.prune_events($1, 10)", timedelta(hours=1))

    assert (await run_row(db, run))["state"] == "cancelled"
