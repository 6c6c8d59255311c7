"""What no role but the owner may do, and what each may not do of what another does."""

import asyncpg
import pytest

from tests.roles.conftest import Login

RUN = "'00000000-0000-0000-0000-00000000000b'::uuid"
A_JOB = """
insert into worker.jobs (kind, queue, max_attempts, state, payload) values ('demo', 'q', 1, 'pending', '{}')
"""
FORBIDDEN = {
    "mintmark_producer": [
        "select id from worker.runs",
        "select id from worker.jobs",
        "select id from worker.job_status",
        "select id from worker.run_status",
        "select id from public.orgs",
        "select kind from worker.kinds",
        A_JOB,
        "update worker.runs set budget_cap_cents = 1e6",
        "delete from worker.jobs",
        f"select worker.pause_run({RUN})",
        f"select worker.cancel_run({RUN})",
        "select worker.cancel_job(1)",
        "select worker.set_org(daily_cap_cents => 1e6)",
        "select worker.pause_queue('default')",
    ],
    "mintmark_reader": [
        "select worker.enqueue('demo')",
        "select worker.start_run('demo')",
        f"select worker.resume_run({RUN})",
        "select payload from worker.jobs",
        "select worker_id from worker.jobs",
        "select result from worker.job_history",
        "select id from worker.job_history_default",
        "select member from worker.org_members",
        "select id from worker.workers",
        "update worker.queues set paused = true",
        "delete from worker.run_events",
        "update public.orgs set budget_cap_cents = 1e6",
        "set row_security = off; select id from worker.runs",
    ],
    "mintmark_operator": [
        A_JOB,
        "update worker.runs set spent_cents = 0",
        "update worker.ledger set state = 'released', cents = 0",
        "delete from worker.run_events",
        "select payload from worker.jobs",
        f"select worker.log_run({RUN}, 'info', 'paused', '{{}}', 'job 5')",
        f"select worker.begin_run({RUN}, 1, 1)",
        f"select * from worker.settle({RUN}, 1, 1, '{{}}', '{{}}', '{{}}')",
        "select worker.keep_history(0)",
        "select worker.prune_events('30 days', 10)",
        f"select worker.fail_item({RUN}, 1, 'card', 'x', 'c', 'm', 0)",
        "select worker.raise_alert('run_failed', 'k', 'm')",
        "select worker.free_keys(array['k'])",
        f"select worker.confine('mintmark_reader', {RUN})",
        "select worker.unconfine('mintmark_operator')",
        "select worker.grant_roles()",
        "create function worker.mine() returns int language sql as 'select 1'",
        "alter table worker.runs disable row level security",
        "set role mintmark_worker",
    ],
    "mintmark_worker": [
        A_JOB,
        "update worker.runs set budget_cap_cents = 1e6",
        "update worker.runs set spent_cents = 0",
        f"update worker.runs set org_id = {RUN}",
        "insert into worker.ledger (org_id) select id from public.orgs",
        "update worker.ledger set cents = 0",
        "delete from worker.ledger",
        "update worker.org_days set spent_cents = 0",
        "update worker.api_quotas set used_calls = 0",
        "update public.orgs set daily_cap_cents = null",
        "delete from worker.runs",
        "delete from worker.items",
        "delete from worker.run_events",
        f"insert into worker.run_events (run_id, level, event, actor) values ({RUN}, 'info', 'x', 'ann')",
        "update worker.job_history set state = 'completed'",
        "delete from worker.job_history",
        "delete from public.card_prints",
        f"update public.raw_imports set org_id = {RUN}",
        "truncate worker.jobs",
        "create table worker.mine (n int)",
        "create table public.mine (n int)",
        "alter table worker.jobs add column mine int",
        "drop table worker.alerts",
        "drop function worker.enqueue",
        "drop policy own_org on worker.runs",
        "select worker.set_org(daily_cap_cents => 1e6)",
        "select worker.limit_kind('demo')",
        f"select worker.retry_failed({RUN})",
        f"select worker.resume_run({RUN}, 1e6)",
        f"select worker.confine('mintmark_reader', {RUN})",
        "create role mine",
        "set session authorization mintmark_operator",
    ],
}
CASES = [(role, statement) for role, all_of_it in FORBIDDEN.items() for statement in all_of_it]


@pytest.mark.parametrize("role", FORBIDDEN)
async def test_what_a_role_may_not_do_is_refused(role: str, login: Login) -> None:
    connection = await login(role)
    done = {}

    for statement in FORBIDDEN[role]:
        try:
            await connection.execute(statement)
        except asyncpg.PostgresError as error:
            if error.sqlstate != "42501":
                done[statement] = f"{error.sqlstate} {error}"
        else:
            done[statement] = "done"

    assert done == {}


def test_what_is_tried_is_tried_for_every_role_and_is_much() -> None:
    assert len(CASES) >= 40
    assert set(FORBIDDEN) == {
        "mintmark_producer",
        "mintmark_operator",
        "mintmark_worker",
        "mintmark_reader",
    }
